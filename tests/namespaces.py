"""Two network namespaces joined by a line that loses, delays and doubles packets as it is told.

They need root on Linux. The line is a thread between two TUN devices, so it takes nothing of the kernel that containers
often lack.
"""

from __future__ import annotations

import ctypes
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

if sys.platform != "win32":
    import fcntl

OURS, THEIRS = "10.104.0.1", "10.104.0.2"
SMALL_MTU = 128  # octets of a packet: a segment carries 88
_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a line treats packets: parts of 1 that are lost or come twice, seconds they take at least and at most."""

    lost: float = 0.0
    doubled: float = 0.0
    delay: tuple[float, float] = (0.0, 0.0)


class Line:
    """Carries packets between two devices until it is closed. Rules may change at any time."""

    def __init__(self, *devices: int) -> None:
        self.rules = Rules()
        self._other = dict(zip(devices, reversed(devices), strict=True))
        self._source = random.Random(104)
        self._on_the_way: list[tuple[float, int, int, bytes]] = []
        self._carried = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        self._thread.join(5)
        for device in self._other:
            os.close(device)

    def _run(self) -> None:
        while not self._closed:
            for device in select.select([*self._other], [], [], self._wait())[0]:
                self._take(os.read(device, 65536), self._other[device])
            while self._on_the_way and self._on_the_way[0][0] <= time.monotonic():
                _, _, device, packet = heapq.heappop(self._on_the_way)
                os.write(device, packet)

    def _wait(self) -> float:
        due = self._on_the_way[0][0] - time.monotonic() if self._on_the_way else 0.05
        return min(max(due, 0.0), 0.05)

    def _take(self, packet: bytes, device: int) -> None:
        rules, draw = self.rules, self._source
        if draw.random() < rules.lost:
            return
        for _ in range(1 + (draw.random() < rules.doubled)):
            self._carried += 1
            due = time.monotonic() + draw.uniform(*rules.delay)
            heapq.heappush(self._on_the_way, (due, self._carried, device, packet))


class Cable:
    """The gateway's namespace and the peer's, with the addresses OURS and THEIRS. Skips the test where it cannot be."""

    def __init__(self) -> None:
        self._here, self._there = f"iec104-{os.getpid()}a", f"iec104-{os.getpid()}b"
        self._line: Line | None = None

    def __enter__(self) -> Self:
        if sys.platform != "linux":
            pytest.skip("network namespaces are Linux's")
        try:
            self._lay()
        except (OSError, subprocess.CalledProcessError) as error:
            self.__exit__()
            reason = getattr(error, "stderr", None) or error
            pytest.skip(f"no network namespace can be made (root, iproute2 and /dev/net/tun are needed): {reason}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.close()
        for name in (self._here, self._there):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)  # noqa: S607 - where it is

    def _lay(self) -> None:
        for name in (self._here, self._there):
            _run("ip", "netns", "add", name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        devices = [_within(name, _new_device) for name in (self._here, self._there)]
        for name, own, other in ((self._here, OURS, THEIRS), (self._there, THEIRS, OURS)):
            _run("ip", "-n", name, "address", "add", own, "peer", other, "dev", "line")
            _run("ip", "-n", name, "link", "set", "line", "up")
        self._line = Line(*devices)

    def behave(self, rules: Rules) -> None:
        """Treat packets like that from now on."""
        assert self._line is not None
        self._line.rules = rules

    def narrow(self) -> None:
        """Carry only small packets from now on, so that an APDU may take several."""
        for name in (self._here, self._there):
            _run("ip", "-n", name, "link", "set", "line", "mtu", str(SMALL_MTU))

    def route(self, *words: str) -> None:
        """Add a route to the gateway's namespace."""
        _run("ip", "-n", self._here, "route", "add", *words)

    def here(self, act: Callable[[], T]) -> T:
        """Act in the gateway's namespace; sockets and processes made meanwhile belong to it."""
        return _within(self._here, act)

    def there(self, act: Callable[[], T]) -> T:
        """Act in the peer's namespace."""
        return _within(self._there, act)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def _new_device() -> int:
    """Return the program's end of a new device named `line`."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    try:
        if sys.platform != "win32":
            fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", b"line", _IFF_TUN | _IFF_NO_PI))
    except OSError:
        os.close(device)
        raise
    return device


def _enter(namespace: str) -> None:
    with Path(f"/run/netns/{namespace}").open("rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "the namespace cannot be entered")


def _within(namespace: str, act: Callable[[], T]) -> T:
    """Act in a thread that has entered the namespace: it has no way back."""
    results: list[T] = []
    failures: list[BaseException] = []

    def enter_and_act() -> None:
        try:
            _enter(namespace)
            results.append(act())
        except (Exception, pytest.fail.Exception) as failure:  # noqa: BLE001 - handed to the caller
            failures.append(failure)

    thread = threading.Thread(target=enter_and_act)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]
