"""The commands against a desk with a plant of its own; what the real programs make of them is in tests/interop."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iec104mm2ss.console.names import lines
from iec104mm2ss.console.snapshot import State
from iec104mm2ss.ctl.cli import gateway, simulator
from iec104mm2ss.settings.load import load
from tests.console.plant import TEXT
from tests.console.served import Served

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the server of these tests is a Unix socket")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


@pytest.fixture
def run(served: Served, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command; return its exit status and what it printed on standard output and error."""

    def run_(*words: str) -> tuple[int, str, str]:
        status = gateway(["--ctl", str(served.path), *words])
        printed = capfd.readouterr()
        return status, printed.out, printed.err

    return run_


def test_status_is_a_table_and_a_summary(run: Run, served: Served) -> None:
    served.plant.states["111/2407"] = (State.WAITING, "nobody is connected")
    status, out, err = run("status")
    assert (status, err) == (1, "")
    assert out.split()[:4] == ["GROUP", "ENTRY", "ROLE", "STATE"]
    assert (
        "111  OSI-1    master  WAITING  port 2407        32  2m 11s  1.2M  4.1k       -  nobody is connected; " in out
    )
    assert "5 entries: 4 online, 1 waiting | file " in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("down", "health", "name"),
    [([], 0, "up"), (["111/2407"], 1, "degraded"), (["111/S"], 1, "degraded"), (["111/S", "112/S"], 2, "down")],
)
def test_the_exit_status_is_the_health(run: Run, served: Served, down: list[str], health: int, name: str) -> None:
    served.plant.states = dict.fromkeys(down, (State.RETRYING, "Connection refused"))
    status, out, _ = run("status", "--json")
    assert (status, json.loads(out)["health"]) == (health, name)
    assert run("status")[0] == health


def test_the_status_of_one_group_is_its_own(run: Run, served: Served) -> None:
    served.plant.states["111/S"] = (State.FAULT, "port in use")
    status, out, _ = run("status", "112")
    assert (status, out.count("\n")) == (0, 4)
    status, out, _ = run("status", "111/S", "--json")
    assert (status, [entry["key"] for entry in json.loads(out)["entries"]]) == (2, ["111/S"])
    status, out, err = run("status", "999")
    assert (status, out) == (1, "")
    assert err.startswith("iec104mm2ssctl: there is no entry '999'; there are 111/S, 111/2406, ")


def test_json_has_what_the_manual_says(run: Run) -> None:
    _, out, _ = run("status", "--json")
    content = json.loads(out)
    assert {"program", "version", "host", "pid", "file", "at", "started", "uptime", "entries", "health"} <= set(content)
    assert {"key", "group", "name", "role", "state", "reason", "age", "peer", "received"} <= set(content["entries"][0])
    _, out, _ = run("show", "111", "--json")
    assert json.loads(out)["entry"]["key"] == "111/S"


def test_show_tells_everything_about_an_entry(run: Run) -> None:
    status, out, _ = run("show", "111/OSI-1")
    assert status == 0
    assert out.startswith("111/2407  OSI-1  master  ONLINE for 2m 11s\n")
    for part in ("Connection\n  V(S)  12\n", "  port no  2407\n", "  options  k=20\n", "10.9.9.9  3 times"):
        assert part in out


def test_the_end_of_a_log(run: Run, served: Served) -> None:
    (served.folder / "111-2407.log").write_bytes(b"one\ntwo \x1b[31m\nthree \xff\n")
    assert run("log", "OSI-1", "-n", "2")[0] == 1
    assert run("log", "Liwa") == (0, "", "nothing is logged yet\n")
    assert run("log", "111/OSI-1", "-n", "2") == (0, "two \\x1b[31m\nthree \\xff\n", "")


@pytest.mark.parametrize("command", ["restart", "disconnect", "disable", "enable"])
def test_an_action_is_done_and_said(run: Run, served: Served, command: str) -> None:
    status, out, _ = run(command, "Liwa")
    assert (status, served.plant.done) == (0, [f"{command} 112/S"])
    assert out.startswith("112/S Liwa is ")


def test_set_edits_and_diff_shows_it_and_save_writes_it(run: Run, served: Served) -> None:
    assert run("diff") == (0, "", "")
    status, out, err = run("set", "111/OSI-1", "port=2410", "k=16", "--dry-run")
    assert (status, out.splitlines()[0], err) == (0, "111/2407 is removed", "")
    assert "would be disconnected: 111/2407" in out
    assert served.plant.done == []
    status, out, _ = run("set", "111/OSI-1", "port=2410", "k=16")
    assert (status, out.splitlines()[-1]) == (0, "not saved: `save` writes it to the file")
    assert "+111,OSI-1,2410,32,Y,127.0.0.1,k=16" in run("diff")[1].splitlines()
    assert run("save")[:2] == (0, f"{served.folder / 'site.csv'} is written, with 1 edit\n")
    assert run("diff") == (0, "", "")
    assert (served.folder / "site.csv.bak").exists()


def test_set_refuses_at_the_field(run: Run, served: Served) -> None:
    status, out, err = run("set", "111/OSI-1", "port=0")
    assert (status, out) == (1, "")
    assert err.startswith("port no: ")
    assert served.plant.done == []
    assert run("set", "111/OSI-1", "k=20") == (0, "nothing differs\n", "")


@pytest.mark.parametrize("words", [["set", "111", "port"], ["set", "111", "=3"], ["set", "111"], ["status", "-x"], []])
def test_wrong_usage_is_exit_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        gateway(words)
    assert ending.value.code == 2
    assert "usage: iec104mm2ssctl" in capsys.readouterr().err


def test_reload_and_what_it_would_do(run: Run, served: Served) -> None:
    path = served.folder / "site.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2406,32", "2406,33"), encoding="utf-8")
    assert run("reload", "--dry-run")[:2] == (0, "1 would change\n  111/2406 differs; disconnected: 111/2406\n")
    assert served.plant.done == []
    assert run("reload")[:2] == (0, "1 changed\n  111/2406 differs; disconnected: 111/2406\n")
    assert run("reload")[:2] == (0, "nothing differs\n")
    path.write_text("", encoding="utf-8")
    status, _, err = run("reload")
    assert (status, "the file is empty" in err) == (1, True)


def test_a_program_that_is_not_there_is_exit_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "none.sock"
    assert gateway(["--ctl", str(path), "status"]) == 2
    assert capsys.readouterr().err == (
        f"iec104mm2ssctl: there is no control socket {path}: no program runs there; --ctl names another socket\n"
    )


def test_the_commands_of_the_other_program_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Served(tmp_path) as served:
        assert simulator(["--ctl", str(served.path), "status"]) == 1
    assert "belongs to iec104mm2ss: use iec104mm2ssctl" in capsys.readouterr().err


def test_what_the_program_cannot_do_is_exit_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Served(tmp_path, program="iec104rs") as served:
        assert simulator(["--ctl", str(served.path), "send", "301:10"]) == 1
        assert simulator(["--ctl", str(served.path), "stop"]) == 1
    assert capsys.readouterr().err == "iec104rsctl: this program simulates no RTUs\n" * 2


def test_split_cuts_a_file_by_its_groups_and_never_overwrites(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site.csv"
    site.write_text(TEXT, encoding="utf-8")
    assert gateway(["split", str(site), "--parts", "2", "--out", str(tmp_path / "out")]) == 0
    first, second = sorted((tmp_path / "out").iterdir())
    assert capsys.readouterr().out == (
        f"{first}: 1 group (111) with 2 masters\n{second}: 1 group (112) with 1 master\n"
    )
    assert [set(lines(load(path).site)) for path in (first, second)] == [
        {"111/S", "111/2406", "111/2407"},
        {"112/S", "112/2507"},
    ]
    assert gateway(["split", str(site), "--parts", "2", "--out", str(tmp_path / "out")]) == 1
    assert "exists already; nothing is written" in capsys.readouterr().err
    assert gateway(["split", str(site), "--parts", "3"]) == 1
    assert gateway(["split", str(tmp_path / "none.csv"), "--parts", "3"]) == 1
