"""A modelled RTU: tells of events whether anybody listens or not, sends those unconfirmed again, answers requests."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from itertools import islice
from math import inf
from typing import TYPE_CHECKING

from iec104mm2ss.wire.apci import UFunction
from tests.simulation.book import COUNTER, REMEMBERED, TAGGED, VALUE, Sent, key_of
from tests.simulation.invariant import Invariant
from tests.simulation.peer import Manners, Peer
from tests.station import (
    ACT,
    ACTCON,
    ACTTERM,
    DEACT,
    DEACTCON,
    NEGATIVE,
    TIME,
    UNKNOWN_CA,
    asdu,
    is_select,
    with_header,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from random import Random

    from tests.simulation.book import Book, Request
    from tests.simulation.invariant import Court
    from tests.simulation.loop import VirtualLoop
    from tests.simulation.network import Address, Network

_COMMANDS = frozenset((*range(45, 52), *range(58, 65)))
_COMMAND_AGE, _CLOCK_PATIENCE, _SILENCE = 5.0, 0.1, 10.0
_APART = 0.001
_ROUNDING = 1e-6


@dataclass(slots=True)
class Temper:
    """How an RTU answers: bounds of its delay (s), the probabilities that it refuses or says nothing, or no end.

    `mirrors` the originator address into answers, or sends 0. `points` are the values of an interrogation.
    """

    delay: tuple[float, float] = (0.01, 0.5)
    refuses: float = 0.05
    silent: float = 0.0
    endless: float = 0.0
    mirrors: bool = True
    points: int = 5


@dataclass(slots=True)
class _Claim:
    session: object
    since: float
    until: float


@dataclass(slots=True)
class _Running:
    """An interrogation that the gateway wrote at `written`; `step` is what comes next."""

    asdu: bytes
    written: float
    left: int
    step: asyncio.TimerHandle | None = None


class Rtu:
    """One station at one or more addresses of the network."""

    def __init__(
        self, loop: VirtualLoop, network: Network, random: Random, court: Court, book: Book, ca: int, *hosts: Address
    ) -> None:
        self.ca = ca
        self.hosts = hosts
        self.manners = Manners()
        self.temper = Temper()
        self.select_timeout = 30.0
        self.gateway_k = 12
        self.starts = True
        self.peer: Peer | None = None
        self.sent: list[Sent] = []
        self.broadcasts: list[Sent] = []
        self.forgotten: set[int] = set()
        self.created: list[tuple[float, int]] = []
        self.closed: list[str] = []
        self._interrogating: dict[int, _Running] = {}
        self._loop, self._network, self._random = loop, network, random
        self._court, self._book = court, book
        self._unconfirmed: deque[tuple[int, bytes]] = deque()
        self._told = 0
        self._answers: dict[bytes, float] = {}
        self._unfinished: Counter[int] = Counter()
        self._mixed: set[int] = set()
        self._flight: deque[int] = deque()
        self._claims: dict[bytes, _Claim] = {}

    # Its life.

    def listen(self, *, on: bool = True) -> None:
        """Accept connections at all its addresses, or refuse them."""
        for host in self.hosts:
            if on:
                self._network.serve(*host, self._accept)
            else:
                self._network.withdraw(*host)

    def _accept(self) -> Peer:
        if self.peer is not None:
            self.peer.close("a new connection")
        self.peer = Peer(self, self.manners, self.gateway_k)
        return self.peer

    def forget(self) -> None:
        """Lose all events that are not confirmed, as at a power failure without a battery."""
        self.forgotten |= {event for event, _ in self._unconfirmed}
        self._unconfirmed.clear()
        self._told = 0

    @property
    def started(self) -> bool:
        return self.peer is not None and self.peer.carries

    def blame(self, what: str) -> None:
        self._court.blame(Invariant.PROTOCOL, f"towards the RTU: {what}")

    def on_function(self, peer: Peer, function: int) -> None:
        match function:
            case UFunction.STARTDT_ACT if self.starts:
                peer.function(UFunction.STARTDT_CON)
                peer.carries = True
                for number in tuple(self._interrogating):
                    self._end(self._break_off(number), ACTTERM)
                self._send_again(peer)
            case UFunction.STOPDT_ACT:
                peer.acknowledge()
                peer.carries = False
                peer.function(UFunction.STOPDT_CON)

    def _send_again(self, peer: Peer) -> None:
        for event, objects in islice(self._unconfirmed, self._told, None):
            self._tell(event, objects)
        peer.flush()

    def on_acknowledged(self, peer: Peer, count: int) -> None:
        for _ in range(count):
            if self._flight.popleft() >= 0 and self._told:
                self._unconfirmed.popleft()
                self._told -= 1

    def on_closed(self, peer: Peer, why: str) -> None:
        if peer is self.peer:
            self.closed.append(why)
            self.peer = None
            self._flight.clear()
            self._told = 0
            self._unfinished.clear()
            self._mixed.clear()
            self._claims.clear()
            for number in tuple(self._interrogating):
                self._break_off(number)

    # What it tells.

    def event(self, *, ca: int | None = None) -> None:
        """Something happens: it is told with its time, now or as soon as somebody listens, until it is confirmed."""
        ca = self.ca if ca is None else ca
        event = len(self.created)
        self.created.append((self._loop.time(), ca))
        objects = asdu(TAGGED, 3, ca, event.to_bytes(3, "little"))
        self._unconfirmed.append((event, objects))
        if self.started:
            self._tell(event, objects)

    def value(self, *, type_id: int = VALUE, cause: int = 3, ca: int | None = None) -> None:
        """Tell a value without time, if anybody listens."""
        if self.started:
            header = asdu(type_id, cause, self.ca if ca is None else ca, b"\1\0\0", oa=self._random.choice((0, 0, 7)))
            self._send(header, -1, for_all=True)

    def flush(self) -> None:
        """Let what was told go, as far as the window allows."""
        if self.peer is not None:
            self.peer.flush()

    def unnumbered(self, octets: bytes, then: Callable[[float], None] | None = None) -> None:
        """Send an ASDU that is no value; `then` gets the time when the gateway has read it."""
        if self.peer is not None and self.started:
            self._flight.append(-1)
            self.peer.post(octets, then)

    def _tell(self, event: int, objects: bytes) -> None:
        self._told += 1
        self._send(objects, event, for_all=True)

    def _send(self, start: bytes, event: int, *, for_all: bool, asked: float = inf) -> None:
        assert self.peer is not None
        number = len(self.sent)
        octets = start + number.to_bytes(4, "little") + b"\0" + (TIME if start[0] == TAGGED else b"")
        place = len(self.broadcasts) if for_all else -1
        sent = Sent(number, octets, event, place, self._loop.time(), self.peer, asked)
        self.sent.append(sent)
        if for_all:
            self.broadcasts.append(sent)
        self._flight.append(event)
        self.peer.post(octets)

    # What it is asked.

    def on_asdu(self, peer: Peer, asdu: bytes, written: float) -> None:
        request = self._judge(asdu, written)
        if self._random.random() < self.temper.silent:
            return
        if int.from_bytes(asdu[4:6], "little") != self.ca:
            if request is not None:
                request.refused_by_rtu = True
            self._soon(peer, asdu, lambda: self._confirm(asdu, UNKNOWN_CA | NEGATIVE))
        elif asdu[0] in (100, 101) and asdu[2] & 63 == ACT:
            self._interrogated(peer, asdu, written)
        elif asdu[2] & 63 == DEACT:
            self._cancelled(peer, asdu)
        elif asdu[0] == 102:
            self._soon(peer, asdu, lambda: self._send_value(asdu, 5, VALUE, written))
        else:
            self._commanded(peer, asdu, request)

    def _soon(self, peer: Peer, asdu: bytes, answer: Callable[[], None]) -> asyncio.TimerHandle:
        """Answer after a while; of one point in the order of the requests, as no RTU does it otherwise."""
        low, high = self.temper.delay
        at = max(self._loop.time() + self._random.uniform(low, high), self._answers.get(asdu[6:9], 0.0) + _APART)
        self._answers[asdu[6:9]] = at

        def act() -> None:
            if peer is self.peer and peer.carries:
                answer()
                peer.flush()

        return self._loop.call_at(at, act)

    def _confirm(self, asdu: bytes, cause: int, then: Callable[[float], None] | None = None) -> None:
        oa = asdu[3] if self.temper.mirrors else 0
        self.unnumbered(with_header(asdu, cause=cause | asdu[2] & 0x80, oa=oa), then)

    def _send_value(self, request: bytes, cause: int, type_id: int, asked: float) -> None:
        oa = request[3] if self.temper.mirrors else 0
        self._send(bytes((type_id, 1, cause, oa)) + request[4:9], -1, for_all=False, asked=asked)

    def answers_can_be_mixed_up(self, sent: Sent) -> bool:
        """Whether the gateway may not know any more who asked for a value.

        It waits 10 s for a confirmation and then lets the next interrogation go, and forgets the request 60 s later.
        """
        number = 101 if sent.asdu[0] == COUNTER else 100
        return number in self._mixed or self._loop.time() - sent.asked >= REMEMBERED

    def _interrogated(self, peer: Peer, asdu: bytes, written: float) -> None:
        if self._unfinished[asdu[0]]:
            self._mixed.add(asdu[0])
        self._unfinished[asdu[0]] += 1
        running = self._interrogating[asdu[0]] = _Running(asdu, written, self.temper.points)
        if self._random.random() < self.temper.refuses:
            running.step = self._soon(peer, asdu, lambda: self._end(asdu, ACTCON | NEGATIVE))
            return

        def confirm() -> None:
            self._confirm(asdu, ACTCON)
            running.step = self._soon(peer, asdu, lambda: self._go_on(peer, running))

        running.step = self._soon(peer, asdu, confirm)

    def _go_on(self, peer: Peer, running: _Running) -> None:
        asdu = running.asdu
        cause, type_id = (asdu[9], VALUE) if asdu[0] == 100 else (37, COUNTER)
        count = min(running.left, 3)
        for _ in range(count):
            self._send_value(asdu, cause, type_id, running.written)
        running.left -= count
        if running.left:
            running.step = self._soon(peer, asdu, lambda: self._go_on(peer, running))
        else:
            self._end(asdu, ACTTERM)

    def _end(self, interrogation: bytes, cause: int) -> None:
        self._interrogating.pop(interrogation[0], None)
        self._confirm(interrogation, cause, lambda _: self._finished(interrogation[0]))

    def _break_off(self, number: int) -> bytes:
        """End an interrogation without a word; returns its request."""
        running = self._interrogating.pop(number)
        if running.step is not None:
            running.step.cancel()
        return running.asdu

    def _finished(self, number: int) -> None:
        self._unfinished[number] = max(0, self._unfinished[number] - 1)

    def _cancelled(self, peer: Peer, asdu: bytes) -> None:
        if asdu[0] in self._interrogating:
            self._break_off(asdu[0])
        claim = self._claims.get(asdu[6:9])

        def confirm() -> None:
            self._confirm(asdu, DEACTCON, lambda _: self._finished(asdu[0]))
            if claim is not None and self._claims.get(asdu[6:9]) is claim:
                del self._claims[asdu[6:9]]

        self._soon(peer, asdu, confirm)

    def _commanded(self, peer: Peer, asdu: bytes, request: Request | None) -> None:
        if request is not None and self._random.random() < self.temper.refuses:
            request.refused_by_rtu = True
            self._soon(peer, asdu, lambda: self._finish(asdu, ACTCON | NEGATIVE, request))
            return
        ends = asdu[0] in _COMMANDS and not is_select(asdu) and self._random.random() >= self.temper.endless

        def confirm() -> None:
            self._confirm(asdu, ACTCON)
            if ends:
                self._soon(peer, asdu, lambda: self._finish(asdu, ACTTERM, request))

        self._soon(peer, asdu, confirm)

    def _finish(self, asdu: bytes, cause: int, request: Request | None) -> None:
        self._confirm(asdu, cause)
        claim = self._claims.get(asdu[6:9])
        if claim is not None and request is not None and claim.session is request.session:
            del self._claims[asdu[6:9]]

    # What the gateway may let through.

    def _judge(self, asdu: bytes, written: float) -> Request | None:
        if asdu[0] in (100, 101):
            self._judge_interrogation(asdu, written)
            return None
        request = self._book.requests.get(key_of(asdu))
        if asdu[0] == 102:
            return None
        if request is None:
            self._court.blame(Invariant.CONTENT, f"the RTU got {asdu.hex(' ')}, which no master has sent")
            return None
        self._court.expect(request.allowed, Invariant.ISOLATION, f"the RTU got {asdu.hex(' ')}, which it must not get")
        self._court.expect(request.handed_on == inf, Invariant.ONCE, f"the RTU got {asdu.hex(' ')} twice")
        refused = any(answer & NEGATIVE for answer in request.answers)
        self._court.expect(not refused, Invariant.ONCE, f"the RTU got {asdu.hex(' ')}, which was refused before")
        request.handed_on = written
        allowed = _CLOCK_PATIENCE if asdu[0] == 103 else _COMMAND_AGE
        late = written - request.read
        self._court.expect(
            late <= allowed + _ROUNDING, Invariant.LATE, f"{asdu.hex(' ')} was handed on after {late:.3f} s"
        )
        if asdu[0] in _COMMANDS and asdu[2] & 63 == ACT:
            self._judge_selection(asdu, request, written)
        return request

    def _judge_interrogation(self, asdu: bytes, written: float) -> None:
        running = self._interrogating.get(asdu[0])
        if running is None or asdu[2] & 63 != ACT:
            return
        after = written - running.written
        what = f"a further interrogation {after:.3f} s after one that runs"
        self._court.expect(after >= _SILENCE - _ROUNDING, Invariant.SHIELD, what)

    def _judge_selection(self, asdu: bytes, request: Request, written: float) -> None:
        point = asdu[6:9]
        claim = self._claims.get(point)
        if claim is not None and claim.session is not request.session and written < claim.until - _ROUNDING:
            self._court.blame(
                Invariant.SELECTION, f"{asdu.hex(' ')} for a point selected {written - claim.since:.3f} s ago"
            )
        if is_select(asdu):
            self._claims[point] = _Claim(request.session, written, written + self.select_timeout)
        elif claim is not None and claim.session is request.session:
            self._claims[point] = _Claim(request.session, written, written + _SILENCE)
