"""The command line inside this process; what only a process of its own shows is in tests/interop."""

import asyncio
import io
import os
import runpy
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from iec104mm2ss import __version__, cli
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.process import FileClaim, raise_file_limit
from iec104mm2ss.settings.site import Site
from tests.program import free_port

# Files and signals as POSIX has them: os.kill(SIGTERM) of Windows would end the tests.
resource = pytest.importorskip("resource")
assert sys.platform != "win32"

SITE = """\
nogui
111,RTU-ABB,,32,N,127.0.0.1:{rtu}
111,OSI-1,{port},33,Y,127.0.0.1,bind=127.0.0.1
"""
WITH_A_BAD_ROW = "111,BAD,70000,33,Y,127.0.0.1\n"


def site(text: str = "") -> str:
    return SITE.format(rtu=free_port(), port=free_port()) + text


class Ending:
    """Stands for the gateway: is stopped by a signal as soon as it runs."""

    number = signal.SIGTERM

    def __init__(self, *_: object) -> None:
        pass

    async def run(self) -> None:
        os.kill(os.getpid(), self.number)
        await asyncio.Event().wait()

    def entries(self) -> tuple[()]:
        return ()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Start every test in an empty folder, and leave limits and signals as they were."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"iec104mm2ss {__version__}\n"


def test_the_package_can_be_run_as_a_module(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["iec104mm2ss", "--version"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("iec104mm2ss", run_name="__main__")
    assert stopped.value.code == 0
    assert __version__ in capsys.readouterr().out


def test_the_module_does_nothing_when_it_is_only_imported() -> None:
    assert runpy.run_module("iec104mm2ss.__main__", run_name="imported")["main"] is cli.main


@pytest.mark.parametrize(
    "wrong",
    [["-t", "0"], ["-t", "soon"], ["-t", "-5"], ["-t", "²"], ["--demo-seconds", "1.5"], ["--unknown"], ["site.csv"]],
)
def test_wrong_usage_ends_with_2_and_names_what_is_wrong(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(wrong)
    assert stopped.value.code == 2
    assert wrong[-1] in capsys.readouterr().err


def test_the_options_reach_the_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sites: list[Site] = []

    class Noting(Ending):
        def __init__(self, wanted: Site, *_: object) -> None:
            sites.append(wanted)

    monkeypatch.setattr(cli, "Gateway", Noting)
    for name in ("a.csv", "iec104mm2ss.csv"):
        (folder / name).write_text(site())
    assert cli.main(["-i", "a.csv", "-n", "-t", "60", "-s", "127.0.0.1", "-s", "127.0.0.2"]) == 0
    assert cli.main([]) == 0
    assert [(it.path, it.nogui, it.ntp_servers, it.ntp_interval) for it in sites] == [
        (Path("a.csv"), True, ("127.0.0.1", "127.0.0.2"), 60),
        (Path("iec104mm2ss.csv"), True, (), 900),
    ]


def test_the_demonstration_gets_its_time_and_its_log_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[object, ...]] = []

    def noting(*arguments: object) -> int:
        calls.append(arguments)
        return 7

    monkeypatch.setattr("iec104mm2ss.demo.run_demo", noting)
    assert cli.main(["--demo", "--demo-seconds", "5", "--log-dir", "logs"]) == 7
    assert cli.main(["--demo"]) == 7
    assert calls == [(5, Path("logs")), (None, Path("log"))]


def test_check_says_what_would_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "site.csv").write_text(site())
    assert cli.main(["--check", "-i", "site.csv"]) == 0
    assert capsys.readouterr().out == "site.csv: 1 group, 1 master\n"


def test_check_names_file_row_and_column_of_what_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "site.csv").write_text(site(WITH_A_BAD_ROW))
    assert cli.main(["--check", "-i", "site.csv"]) == 78
    refused, summary = capsys.readouterr().out.splitlines()
    assert refused.startswith("site.csv:4:C: ")
    assert "70000" in refused
    assert summary == "site.csv: 1 group, 1 master"


def test_check_is_content_with_warnings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "site.csv").write_text(site(f"111,OSI-2,{free_port()},33,Y,\n"))
    assert cli.main(["--check", "-i", "site.csv"]) == 0
    assert "site.csv:4:F: warning: the filter is empty" in capsys.readouterr().out


def test_check_prints_any_name_into_a_file_of_few_characters(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = f"111,ŁÓDŹ,{(port := free_port())},33,Y,127.0.0.1\n111,B,{port},33,Y,127.0.0.1\n"
    (folder / "site.csv").write_text(site(twice), encoding="utf-8")
    octets = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(octets, encoding="ascii", write_through=True))
    assert cli.main(["--check", "-i", "site.csv"]) == 78
    assert rb"M/\u0141\xd3D\u0179" in octets.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "the file cannot be read: No such file or directory"),
        ("", "the file is empty"),
        ("# nothing but a comment\n", "the file has no entry that can be read"),
    ],
    ids=["missing", "empty", "comment"],
)
@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_file_without_content_ends_with_78_and_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], content: str | None, reason: str, arguments: list[str]
) -> None:
    if content is not None:
        (folder / "site.csv").write_text(content)
    assert cli.main(["-i", "site.csv", *arguments]) == 78
    output, errors = capsys.readouterr()
    first, *others = (output or errors).splitlines()
    assert f"site.csv: {reason}" in first
    assert others == (["site.csv: 0 groups, 0 masters"] if arguments and content is not None else [])
    assert not (folder / "log").exists()


def test_a_file_in_which_no_group_can_run_ends_with_78_after_all_reasons(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "site.csv").write_text("111,RTU-ABB,,32,N,127.0.0.1:2404\n")
    assert cli.main(["-i", "site.csv"]) == 78
    reason, summary = capsys.readouterr().err.splitlines()
    assert "site.csv:1: group 111 is not started: it has no master" in reason
    assert summary.endswith("site.csv: nothing in it can run")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_gateway_with_0(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(cli, "Gateway", type("Ended", (Ending,), {"number": number}))
    (folder / "iec104mm2ss.csv").write_text(site(WITH_A_BAD_ROW))
    assert cli.main([]) == 0
    errors = capsys.readouterr().err
    assert f"{number.name}: stopping" in errors
    assert "iec104mm2ss.csv:4:C: " in errors
    assert "window" not in errors


def test_without_a_display_a_line_says_that_there_is_no_window(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "Gateway", Ending)
    monkeypatch.delenv("DISPLAY", raising=False)
    (folder / "iec104mm2ss.csv").write_text(site().removeprefix("nogui\n"))
    assert cli.main([]) == 0
    assert "no window: DISPLAY is not set; the gateway goes on without" in capsys.readouterr().err
    assert cli.main(["-n"]) == 0
    assert "window" not in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "name"), [([], "log"), (["--log-dir", "other"], "other")])
def test_the_logs_are_in_the_start_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], name: str
) -> None:
    class Stopped(Gateway):
        async def run(self) -> None:
            asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGTERM)
            await super().run()

    monkeypatch.setattr(cli, "Gateway", Stopped)
    (folder / "iec104mm2ss.csv").write_text(site())
    assert cli.main(arguments) == 0
    assert "connecting to 127.0.0.1:" in (folder / name / "111-S-RTU-ABB.log").read_text()


def test_as_many_files_may_be_open_as_the_system_allows() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    raise_file_limit()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)


def test_on_windows_limits_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    raise_file_limit()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_a_second_program_with_the_same_file_does_not_start(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "iec104mm2ss.csv").write_text(site())
    claim = FileClaim(folder / "iec104mm2ss.csv")
    assert claim.renew()
    assert cli.main([]) == 75
    assert "another program runs with this file" in capsys.readouterr().err
    claim.release()
