"""The commands as their users run them, in processes of their own, against a control socket."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from iec104mm2ss.console.snapshot import State
from tests.console.served import Served
from tests.program import ROOT, environment, eventually

if sys.platform == "win32":
    pytest.skip("the server of these tests is a Unix socket", allow_module_level=True)

COMMAND = (sys.executable, "-c", "import sys; from iec104mm2ss.ctl.cli import gateway; sys.exit(gateway())")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


def start(served: Served, *words: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "--ctl", str(served.path), *words],
        cwd=served.folder,
        env=environment() | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def run(served: Served, *words: str, **variables: str) -> tuple[int, str, str]:
    with start(served, *words, **variables) as process:
        out, err = process.communicate(timeout=20)
    return process.returncode, out, err


def test_status_of_a_running_program(served: Served) -> None:
    status, out, err = run(served, "status")
    assert (status, err) == (0, "")
    assert "\x1b" not in out
    assert "5 entries: 5 online" in out


def test_a_terminal_for_few_scripts_is_no_trouble(served: Served) -> None:
    served.plant.states["111/S"] = (State.FAULT, "Port belegt: größer")
    plain = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    status, out, err = run(served, "status", **plain)
    assert (status, err) == (1, "")
    assert "gr\\xf6\\xdfer" in out


def test_a_reader_that_has_enough_is_no_trouble(served: Served) -> None:
    with start(served, "trace", "111/S") as process:
        eventually(lambda: bool(served.plant.sinks.get("111/S")), "the tap")
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        served.run(lambda: served.plant.say("111/S", times=100))
        assert process.stderr.read() == ""
    assert process.returncode == 141


@pytest.mark.parametrize("words", [("trace", "111/S"), ("trace", "111/S", "--pcap", "-")])
def test_ctrl_c_ends_quietly(served: Served, words: tuple[str, ...]) -> None:
    with start(served, *words) as process:
        eventually(lambda: bool(served.plant.sinks.get("111/S")), "the tap")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_top_draws_on_a_terminal(served: Served) -> None:
    import pty  # noqa: PLC0415 - not on Windows

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--ctl", str(served.path), "top", "--interval", "0.1"],
        cwd=ROOT,
        env=environment() | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        seen = b""
        while seen.count(b"5 entries: 5 online") < 2:
            seen += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        while piece := _read(ours):
            seen += piece
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"Traceback" not in seen
    shown_cursor, left_screen = b"\x1b[?25h", b"\x1b[?1049l"
    assert shown_cursor + left_screen in seen


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


def test_top_is_for_terminals(served: Served) -> None:
    status, _, err = run(served, "top")
    assert (status, err) == (1, "iec104mm2ssctl: top needs a terminal; `status` is for pipes and files\n")


def test_help_needs_no_program(served: Served) -> None:
    for words in (("--help",), ("status", "--help"), ("trace", "--help"), ("split", "--help")):
        status, out, err = run(served, *words)
        assert (status, err) == (0, "")
        assert out.startswith("usage: ")
