"""A time server on loopback that answers as it is told, and a clock that only tests set. Neither uses ntplib."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING, Self

from iec104mm2ss.ntp.clock import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# 1 January 1900 to 1 January 1970: 70 years, 17 of them leap years.
_SECONDS_TO_1970 = (70 * 365 + 17) * 86_400
_LAYOUT = struct.Struct("!BBbb 4s4s4s 8s8s8s8s")
_POLL = 0.05

T = 1_700_000_000.0
"""14 November 2023, 22:13:20 UTC: what a new FakeClock shows."""


def stamp(wall: float) -> bytes:
    """Return an NTP time stamp; it begins again at 0 in 2036."""
    return round((wall + _SECONDS_TO_1970) * 2**32).to_bytes(9, "big")[1:]


def reply(
    question: bytes,
    *,
    received: float,
    sent: float | None = None,
    mode: int = 4,
    stratum: int = 2,
    leap: int = 0,
    reference: bytes = b"\x0a\x01\x01\x01",
    origin: bytes | None = None,
) -> bytes:
    """Return an answer without fault, but for what is given. Times are seconds since 1970, `sent` as `received`."""
    return _LAYOUT.pack(
        leap << 6 | 3 << 3 | mode,
        stratum,
        6,
        -20,
        bytes(4),
        bytes(4),
        reference,
        stamp(received),
        question[40:48] if origin is None else origin,
        stamp(received),
        stamp(received if sent is None else sent),
    )


class FakeClock:
    """Stands still but for `step`, which raises `refusal` if there is one, and for who sets its members."""

    def __init__(self, wall: float = T, monotonic: float = 50.0, resolution: float = 0.0) -> None:
        self.wall = wall
        self.monotonic = monotonic
        self.resolution = resolution
        self.refusal: OSError | None = None
        self.steps: list[float] = []

    def read(self) -> Reading:
        return Reading(self.wall, self.monotonic)

    def step(self, seconds: float) -> None:
        self.steps.append(seconds)
        if self.refusal is not None:
            raise self.refusal
        self.wall += seconds


class FakeTimeServer:
    """Sends what `answer` returns for every question, in a thread.

    With `stranger` another port of the same host sends it.
    """

    def __init__(self, answer: Callable[[bytes], Sequence[bytes]], *, stranger: bool = False) -> None:
        self._answer = answer
        self.asked = 0
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self._sock.settimeout(_POLL)
        self._stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM) if stranger else None
        self.port = int(self._sock.getsockname()[1])
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="fake time server")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._thread.join()
        for sock in (self._sock, self._stranger):
            if sock is not None:
                sock.close()

    def _serve(self) -> None:
        while not self._leaving.is_set():
            try:
                question, peer = self._sock.recvfrom(1024)
            except TimeoutError:
                continue
            self.asked += 1
            for answer in self._answer(question):
                (self._stranger or self._sock).sendto(answer, peer)
