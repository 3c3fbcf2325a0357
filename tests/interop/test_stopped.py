"""A program that stands still: stopped, it recovers alone; where its loop hangs, systemd's watchdog starves."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from iec104mm2ss.link.parameters import LinkParameters
from tests.gateway.scene import Rtu, master, numbers, play, value
from tests.program import Gateway, Site, eventually
from tests.transport.recorder import until

if sys.platform == "win32":
    pytest.skip("SIGSTOP, and systemd", allow_module_level=True)

PATIENT = LinkParameters(t1=60, t2=0.3, t3=60)
STRICT = LinkParameters(t1=1, t2=0.5, t3=1)
OPTIONS: dict[str, Any] = {"t1": 1, "t2": 0.5, "t3": 1}
STOPPED = 6.0
"""Seconds: many times every timer of the links, and more than what the heartbeat says nothing of."""
PATIENCE = 20.0

HANGS = """
import signal, sys, time
from iec104mm2ss import cli

def hang(*_):
    print("hangs", flush=True)
    time.sleep(5)
    print("goes on", flush=True)

signal.signal(signal.SIGUSR1, hang)
sys.exit(cli.main())
"""


def test_a_stopped_program_recovers_alone(tmp_path: Path) -> None:
    """Of two groups one has peers that wait for it, the other peers that give it up."""

    async def scenario() -> None:
        async with AsyncExitStack() as stack:
            waiting = await stack.enter_async_context(Rtu(PATIENT))
            strict = await stack.enter_async_context(Rtu(STRICT))
            site = Site()
            site.rtu(1, 32, waiting.port, name="WAITS", **OPTIONS)
            port = site.master(1, "M-WAITS", 32, **OPTIONS)
            site.rtu(2, 32, strict.port, name="GIVES-UP", **OPTIONS)
            other = site.master(2, "M-GIVES-UP", 32, **OPTIONS)
            gateway = stack.enter_context(Gateway(tmp_path, site))
            await until(lambda: waiting.started and strict.started, PATIENCE)
            patient = await stack.enter_async_context(master(port, PATIENT))
            lost = await stack.enter_async_context(master(other, STRICT))
            waiting.send(*map(value, range(5)))
            await until(lambda: numbers(patient.asdus) == list(range(5)), PATIENCE)

            gateway.signal(signal.SIGSTOP)
            waiting.send(value(5))
            await asyncio.sleep(STOPPED)
            waiting.send(value(6))
            gateway.signal(signal.SIGCONT)

            await until(lambda: numbers(patient.asdus) == list(range(7)), PATIENCE)
            await until(lambda: lost.reasons, PATIENCE)
            await until(lambda: len(strict.peers) > 1 and strict.started, PATIENCE)
            again = await stack.enter_async_context(master(other, STRICT))
            strict.send(value(9))
            await until(lambda: numbers(again.asdus) == [9], PATIENCE)
            assert (patient.reasons, len(waiting.peers)) == ([], 1)
            await until(lambda: "nothing ran for" in gateway.output(), PATIENCE)

    play(scenario)


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], set[str]]]:
    """Be systemd; give what a program started from now on says, until it is silent for so many seconds."""
    address = tmp_path / "notify"
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(address))
    monkeypatch.setenv("NOTIFY_SOCKET", str(address))
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")

    def heard(silence: float) -> set[str]:
        lines: set[str] = set()
        manager.settimeout(silence)
        while True:
            try:
                lines |= set(manager.recv(4096).decode().splitlines())
            except (TimeoutError, BlockingIOError):
                return lines

    with manager:
        yield heard


def test_the_watchdog_starves_while_the_event_loop_hangs(tmp_path: Path, heard: Callable[[float], set[str]]) -> None:
    site = Site()
    site.rtu(1, 32, 1)
    site.master(1, "M", 32)
    with Gateway(tmp_path, site, launcher=("-c", HANGS)) as gateway:
        eventually(lambda: "READY=1" in heard(0.0), "that it is ready")
        eventually(lambda: "WATCHDOG=1" in heard(0.0), "that it beats")
        gateway.signal(signal.SIGUSR1)
        eventually(lambda: "hangs" in gateway.output(), "that it hangs")
        heard(0.0)
        assert heard(3.0) == set()
        assert "goes on" not in gateway.output()
        eventually(lambda: "WATCHDOG=1" in heard(0.0), "that it beats again")
    assert "STOPPING=1" in heard(0.0)
