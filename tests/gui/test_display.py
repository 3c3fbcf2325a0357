"""Where there is no display, or none any more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from iec104mm2ss.gui.display import missing
from tests.gui.conftest import start_display
from tests.peers import RawRtu, started_master
from tests.program import Site, environment
from tests.station import Station

ROOT = Path(__file__).parents[2]
GATEWAY = """
import sys
from functools import partial
from iec104mm2ss import cli
from iec104mm2ss.gui import window

window.run_window = partial(window.run_window, ready=lambda _: print("ready", flush=True))
sys.exit(cli.main(sys.argv[1:]))
"""
OUTLIVES = """
import os, sys, threading, time
from pathlib import Path
from iec104mm2ss.gui.window import run_window
from tests.gui.fake_line import FakeLine, site

def lost():
    print("lost", flush=True)
    time.sleep(0.2)
    print("goes on", flush=True)
    os._exit(7)

run_window(FakeLine(site(1, 1)), "iec104mm2ss", report=print, memory=Path(sys.argv[1]), display_lost=lost,
           ready=lambda _: print("ready", flush=True))
"""


def test_a_display_is_found(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", display)
    assert missing() == ""


def test_no_display_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    assert missing() == "no window: DISPLAY is not set"
    monkeypatch.setenv("DISPLAY", ":987654")
    assert "987654" in missing()
    assert "\n" not in missing()


def test_no_tk_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setitem(sys.modules, "tkinter", None)
    assert "apt install python3-tk" in missing()


def test_a_program_outlives_its_display(tmp_path: Path) -> None:
    server, name = start_display()
    program = subprocess.Popen(
        [sys.executable, "-c", OUTLIVES, str(tmp_path / "memory.json")],
        cwd=ROOT,
        env={**os.environ, "DISPLAY": name, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert program.stdout is not None
    try:
        assert program.stdout.readline() == "ready\n"
        server.kill()
        server.wait(10)
        rest, _ = program.communicate(timeout=30)
        assert (rest, program.returncode) == ("lost\ngoes on\n", 7)
    finally:
        program.kill()
        program.wait(10)
        server.kill()
        server.wait(10)


def test_a_gateway_outlives_its_display(tmp_path: Path) -> None:
    server, name = start_display()
    with RawRtu(Station(32)) as rtu:
        site = Site()
        site.rtu(111, 32, rtu.port)
        port = site.master(111, "ONE", 32)
        gateway = subprocess.Popen(
            [sys.executable, "-c", GATEWAY, "-i", str(site.write(tmp_path / "site.csv")), "--log-dir", str(tmp_path)],
            cwd=tmp_path,
            env={**environment(), "DISPLAY": name, "XDG_CONFIG_HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert gateway.stdout is not None
        try:
            assert gateway.stdout.readline() == "ready\n"
            with started_master(port) as master:
                server.kill()
                server.wait(10)
                master.test()
                gateway.terminate()
                _, said = gateway.communicate(timeout=30)
                assert "the display is gone, and the window with it: the gateway goes on without" in said
                assert (gateway.returncode, "Traceback" in said) == (0, False)
        finally:
            gateway.kill()
            gateway.wait(10)
            server.kill()
            server.wait(10)
