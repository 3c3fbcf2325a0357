import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from iec104mm2ss.systemd import Service

if sys.platform == "win32":
    pytest.skip("systemd has Unix sockets", allow_module_level=True)

HANGS = """
import asyncio, time
from iec104mm2ss.systemd import Service

async def main():
    service = Service()
    for _ in range(3):
        service.beat(asyncio.get_running_loop().time())
        await asyncio.sleep(0.1)
    time.sleep(0.9)

asyncio.run(main())
"""


class Manager:
    """The service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._name = address.replace("@", "\0", 1)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self._name)

    def service(self, **environment: str) -> Service:
        return Service({"NOTIFY_SOCKET": self.address, **environment})

    def heard(self) -> list[str]:
        """Return the lines of every message that has come."""
        self.socket.settimeout(0)
        lines = []
        while True:
            try:
                lines += self.socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return lines

    def stuff(self) -> None:
        """Fill the queue of messages."""
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as others, suppress(BlockingIOError):
            others.settimeout(0)
            for _ in range(100_000):
                others.sendto(b"stuff", self._name)


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@iec104mm2ss-test-{os.getpid()}"
    made = Manager(address)
    with closing(made.socket):
        yield made


def test_a_service_says_that_it_is_ready_and_that_it_stops(manager: Manager) -> None:
    with closing(manager.service()) as service:
        service.ready()
        assert manager.heard() == ["READY=1"]
        service.stopping()
        assert manager.heard() == ["STOPPING=1"]


def test_a_status_is_one_line_and_said_when_it_changes(manager: Manager) -> None:
    with closing(manager.service()) as service:
        service.status("2 of 3 RTUs online\nREADY=1")
        assert manager.heard() == ["STATUS=2 of 3 RTUs online READY=1"]
        service.status("2 of 3 RTUs online\nREADY=1")
        assert manager.heard() == []
        service.status("name with a lone surrogate \ud800")
        assert manager.heard() == ["STATUS=name with a lone surrogate ?"]


def test_a_reload_has_its_time_and_ends_with_ready(manager: Manager) -> None:
    with closing(manager.service()) as service:
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        service.reloading()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        reloading, moment = manager.heard()
        assert reloading == "RELOADING=1"
        assert before <= int(moment.removeprefix("MONOTONIC_USEC=")) <= after
        service.ready()
        assert manager.heard() == ["READY=1"]


def test_the_watchdog_is_fed_after_half_its_time(manager: Manager) -> None:
    with closing(manager.service(WATCHDOG_USEC="30000000", WATCHDOG_PID=str(os.getpid()))) as service:
        assert service.watchdog == 30.0
        service.beat(100.0)
        assert manager.heard() == ["WATCHDOG=1"]
        service.beat(114.9)
        assert manager.heard() == []
        service.beat(115.0)
        assert manager.heard() == ["WATCHDOG=1"]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": ""},
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},
    ],
)
def test_without_a_watchdog_of_its_own_a_beat_says_nothing(manager: Manager, environment: dict[str, str]) -> None:
    with closing(manager.service(**environment)) as service:
        assert service.watchdog == math.inf
        service.beat(0.0)
        service.beat(1e9)
        assert manager.heard() == []


def test_a_blocked_loop_starves_the_watchdog(tmp_path: Path) -> None:
    manager = Manager(str(tmp_path / "notify"))
    with closing(manager.socket):
        environment = {**os.environ, "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "100000"}
        environment.pop("WATCHDOG_PID", None)
        subprocess.run([sys.executable, "-c", HANGS], env=environment, check=True, timeout=60)
        assert manager.heard() == ["WATCHDOG=1"] * 3


def test_what_the_manager_has_no_room_for_is_said_later(manager: Manager) -> None:
    with closing(manager.service()) as service:
        manager.stuff()
        service.reloading()
        service.status("1 of 3 RTUs online")
        service.status("2 of 3 RTUs online")
        service.ready()
        assert set(manager.heard()) == {"stuff"}
        service.beat(1.0)
        assert manager.heard() == ["STATUS=2 of 3 RTUs online", "READY=1"]
        service.beat(2.0)
        assert manager.heard() == []


@pytest.mark.parametrize(
    "address",
    ["", "relative", "vsock:2:4711", "/nobody/listens/here", "/" + "x" * 200, "@nobody-listens-here", "@"],
)
def test_without_a_manager_nothing_happens(address: str) -> None:
    environment = {"NOTIFY_SOCKET": address} if address else {}
    with closing(Service({**environment, "WATCHDOG_USEC": "30000000"})) as service:
        service.reloading()
        service.ready()
        service.status("1 of 1 RTUs online")
        service.beat(0.0)
        service.beat(1.0)
        service.stopping()


def test_nothing_is_said_after_close(manager: Manager) -> None:
    service = manager.service(WATCHDOG_USEC="30000000")
    service.close()
    service.ready()
    service.beat(0.0)
    assert manager.heard() == []
    service.close()
