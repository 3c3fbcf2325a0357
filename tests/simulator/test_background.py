"""The simulator in the background of a terminal that it would read typed lines from."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import environment
from tests.simulator.program import RtuFile

if sys.platform != "linux":
    pytest.skip("looks at processes in /proc", allow_module_level=True)

import pty


def test_a_terminal_in_whose_background_it_runs_does_not_stop_it(tmp_path: Path) -> None:
    file = RtuFile("301,Y,31,301,1,0")
    file.add(32)
    file.write(tmp_path / "iec104rs.csv")
    ours, theirs = pty.openpty()
    script = (
        "import fcntl, os, runpy, sys, termios\n"
        "os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        "child = os.fork()\n"
        "if child: sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "os.setpgid(0, 0)\n"
        "sys.argv = ['iec104rs', '-n', '--send', '1']\n"
        "runpy.run_module('iec104mm2ss.simulator', run_name='__main__')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment(debug=False),
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as simulator:
        os.close(theirs)
        assert simulator.stderr
        said = simulator.stderr.readline()
        (child,) = _children(simulator.pid)
        try:
            assert "1 RTU, 1 station" in said
            with pytest.raises(subprocess.TimeoutExpired):
                simulator.wait(0.5)
            assert _state(child) == "S"
            os.kill(child, signal.SIGTERM)
            assert simulator.wait(3) == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.close(ours)


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def _state(pid: int) -> str:
    """S for one that waits, T for one that was stopped."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
