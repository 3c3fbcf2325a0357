"""One connection of a modelled station: sequence numbers, windows and timers, written apart from `iec104mm2ss.link`."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

from iec104mm2ss.wire.apci import Framer, UFunction, encode_i, encode_s, encode_u

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.network import Transport

_MODULO = 32768
_LOOK = 0.01


@dataclass(frozen=True, slots=True)
class Manners:
    """How a station keeps the standard: k, w and the timers (s); 0 for a `w` that never acknowledges."""

    k: int = 12
    w: int = 8
    t1: float = 15.0
    t2: float = 10.0
    t3: float = 20.0


class Station(Protocol):
    """Whose connection it is."""

    def blame(self, what: str) -> None:
        """Note what the gateway has done against the standard."""

    def on_function(self, peer: Peer, function: int) -> None:
        """Know of a U-frame other than TESTFR."""

    def on_asdu(self, peer: Peer, asdu: bytes, written: float) -> None:
        """Know of an I-frame that the gateway wrote at `written`."""

    def on_acknowledged(self, peer: Peer, count: int) -> None:
        """Know that the gateway has acknowledged so many more."""

    def on_closed(self, peer: Peer, why: str) -> None:
        """Know of the end, whoever made it."""


class Peer(asyncio.Protocol):
    """Sends what its station gives it as the window allows, acknowledges, tests, and judges what the gateway sends.

    `limit` is the gateway's k. `carries` is whether I-frames may flow, `wild` whether this side has broken the protocol
    itself, so that nothing the gateway does can be held against it.
    """

    transport: Transport

    def __init__(self, station: Station, manners: Manners, limit: int) -> None:
        self.manners = manners
        self.limit = limit
        self.carries = False
        self.wild = False
        self.mute = False
        self.stopping = False
        self.closed = False
        self.sent = self.acknowledged = self.received = self.confirmed = 0
        self.queue: deque[tuple[bytes, Callable[[float], None] | None]] = deque()
        self._station = station
        self._framer = Framer()
        self._loop: Any = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._oldest_sent: deque[float] = deque()
        self._oldest_received = self._testing = inf
        self._timer: asyncio.TimerHandle | None = None
        self._armed = inf

    # What the network tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._arm(self._loop.time() + self.manners.t3)

    def data_received(self, data: bytes) -> None:
        written = self.transport.written
        controls, asdus = self._framer.feed(data)
        if self._framer.fault is not None:
            self._station.blame(self._framer.fault)
        for control, asdu in zip(controls, asdus, strict=True):
            self._heard = self._loop.time()
            if control & 1 == 0:
                self._i_frame(control, asdu, written)
            elif control & 2 == 0:
                self._acknowledge_by(control >> 17)
            else:
                self._u_frame(control & 0xFF)
            if self.closed:
                return
        self.flush()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._over(f"lost: {exc}" if exc else "closed")

    def close(self, why: str) -> None:
        """Close properly."""
        self.transport.close()
        self._over(why)

    def abort(self, why: str) -> None:
        """Close without waiting for what is still to be written."""
        self.transport.abort()
        self._over(why)

    def vanish(self) -> None:
        """Be gone without a word."""
        self.transport.vanish()
        self._over("vanished")

    def _over(self, why: str) -> None:
        if not self.closed:
            self.closed, self.carries = True, False
            if self._timer is not None:
                self._timer.cancel()
            self._station.on_closed(self, why)

    # What the station wants.

    def function(self, function: UFunction) -> None:
        """Send a U-frame."""
        self.write(encode_u(function))

    def write(self, octets: bytes) -> None:
        """Send octets as they are."""
        if not self.closed:
            self.transport.write(octets)

    def post(self, asdu: bytes, then: Callable[[float], None] | None = None) -> None:
        """Send an ASDU when the window allows; `then` gets the time when the gateway has read it."""
        self.queue.append((asdu, then))

    @property
    def outstanding(self) -> int:
        return self.sent - self.acknowledged

    def flush(self) -> None:
        """Send what the window allows."""
        now = self._loop.time()
        while (
            self.queue and self.carries and not self.stopping and self.outstanding < self.manners.k and not self.closed
        ):
            asdu, then = self.queue.popleft()
            octets = encode_i(self.sent % _MODULO, self.received % _MODULO, (asdu,))
            self._confirm()
            self.sent += 1
            self._oldest_sent.append(now)
            self._arm(now + self.manners.t1)
            if then is None:
                self.transport.write(octets)
            else:
                self.transport.write_marked(octets, then)

    def acknowledge(self) -> None:
        """Acknowledge all that has come."""
        if self.received > self.confirmed and not self.closed:
            self._confirm()
            self.transport.write(encode_s(self.received % _MODULO))

    def _confirm(self) -> None:
        self.confirmed, self._oldest_received = self.received, inf

    # What the gateway sends.

    def _i_frame(self, control: int, asdu: bytes, written: float) -> None:
        if (control & 0xFFFF) >> 1 != self.received % _MODULO:
            self._blame(f"N(S) {(control & 0xFFFF) >> 1} where {self.received % _MODULO} was expected")
        if not self.carries:
            self._blame("I-frame while stopped")
        self.received += 1
        if self._oldest_received == inf:
            self._oldest_received = self._loop.time()
            self._arm(self._oldest_received + self.manners.t2)
        if self.received - self.confirmed > self.limit:
            self._blame(f"{self.received - self.confirmed} I-frames unacknowledged, k is {self.limit}")
        self._acknowledge_by(control >> 17)
        self._station.on_asdu(self, asdu, written)
        if not self.mute and self.received - self.confirmed >= self.manners.w and not self.closed:
            self.acknowledge()

    def _acknowledge_by(self, nr: int) -> None:
        count = (nr - self.acknowledged) % _MODULO
        if count > self.outstanding:
            self._blame(f"N(R) {nr} where {self.acknowledged % _MODULO} to {self.sent % _MODULO} were expected")
        elif count:
            self.acknowledged += count
            for _ in range(count):
                self._oldest_sent.popleft()
            self._station.on_acknowledged(self, count)

    def _u_frame(self, function: int) -> None:
        if function == UFunction.TESTFR_ACT:
            self.function(UFunction.TESTFR_CON)
        elif function == UFunction.TESTFR_CON:
            self._testing = inf
        else:
            self._station.on_function(self, function)

    def _blame(self, what: str) -> None:
        if not self.wild:
            self._station.blame(what)

    # Timers.

    def _deadlines(self) -> tuple[float, float, float, float]:
        manners = self.manners
        t1 = self._oldest_sent[0] + manners.t1 if self._oldest_sent else inf
        t2 = inf if self.mute else self._oldest_received + manners.t2
        return t1, t2, self._testing + manners.t1, self._heard + manners.t3 if self._testing == inf else inf

    def _arm(self, at: float) -> None:
        """Look at the clock at a time, if not sooner: deadlines mostly move on before they are due."""
        if at < self._armed:
            if self._timer is not None:
                self._timer.cancel()
            self._armed = at
            self._timer = self._loop.call_at(at, self._on_timer)

    def _on_timer(self) -> None:
        now, self._armed = self._loop.time(), inf
        t1, t2, tested, t3 = self._deadlines()
        if not self.transport.is_reading():
            pass  # a station that hangs looks at no clock either
        elif min(t1, tested) <= now:
            self.close("t1 of the station")
            return
        elif t2 <= now:
            self.acknowledge()
        elif t3 <= now:
            self._testing = now
            self.function(UFunction.TESTFR_ACT)
        self._arm(max(now + _LOOK, min(self._deadlines())))
