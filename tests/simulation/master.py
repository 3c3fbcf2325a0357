"""A modelled master: one SCADA system with a row of its own, which judges all that it is sent."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from math import inf
from typing import TYPE_CHECKING

from iec104mm2ss.wire.apci import UFunction
from tests.simulation.book import NUMBERED, REMEMBERED, Request, Sent, key_of
from tests.simulation.invariant import Invariant
from tests.simulation.network import GATEWAY
from tests.simulation.peer import Manners, Peer
from tests.station import ACTTERM, DEACTCON, NEGATIVE, common_address

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from random import Random

    from tests.simulation.book import Book, RequestKey
    from tests.simulation.invariant import Court
    from tests.simulation.loop import VirtualLoop
    from tests.simulation.network import Network, Transport
    from tests.simulation.rtu import Rtu

_END_OF_INITIALISATION = 70
_UNKNOWN = range(44, 48)


def _count_interrogation(session: Session, key: RequestKey) -> None:
    session.interrogations[key] += 1
    session.asked[key] += 1
    if key[1]:
        session.asked_before_cancels[key].append(session.asked[key[0], 0, key[2]])


class Session:
    """From STARTDT con to STOPDT con or the end of the connection: what was got and asked in it."""

    def __init__(self, peer: Peer, now: float) -> None:
        self.peer = peer
        self.began = now
        self.ca = -1
        self.number = -1
        self.place = -1
        self.open: dict[RequestKey, Request] = {}
        self.originators: set[tuple[RequestKey, int]] = set()
        self.cas: set[tuple[RequestKey, int]] = set()
        self.interrogations: Counter[RequestKey] = Counter()
        self.asked: Counter[RequestKey] = Counter()
        self.asked_before_cancels: defaultdict[RequestKey, deque[int]] = defaultdict(deque)
        self.reads: Counter[bytes] = Counter()


class Master:
    """One row's SCADA system, from one address. `wants` a connection, or none; it may hold several.

    `lost` tells how many ASDUs the gateway has counted as lost for the row, `gaps` how many were seen to be missing.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        network: Network,
        random: Random,
        court: Court,
        book: Book,
        rtu: Rtu,
        key: tuple[int, int],
        host: str,
    ) -> None:
        self.key = key
        self.host = host
        self.manners = Manners()
        self.gateway_k = 12
        self.cas: set[int] = set()
        self.wants = True
        self.commands = True
        self.gaps = 0
        self.lost: Callable[[], int] = int
        self.gets_all = False
        self.may_be_several = False
        self.retry = (0.5, 3.0)
        self.peers: list[Peer] = []
        self.sessions: dict[Peer, Session] = {}
        self.starts: list[float] = []
        self.got: set[int] = set()
        self.answered: Counter[tuple[int, int]] = Counter()
        self.closed: list[str] = []
        self._loop, self._network, self._random = loop, network, random
        self._court, self._book, self._rtu = court, book, rtu
        self._dialling: set[asyncio.Future[Transport]] = set()
        self._again: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"master {self.key[0]}/{self.key[1]}"

    # Its connections.

    def seek(self) -> None:
        """Connect until there is a connection, if one is wanted."""
        self._again = None
        if self.wants and not self.peers and not self._dialling:
            self.dial()
        if self.wants:
            self._again = self._loop.call_later(self._random.uniform(*self.retry), self.seek)

    def leave(self) -> None:
        """Be connected no more."""
        self.wants = False
        if self._again is not None:
            self._again.cancel()
            self._again = None
        for peer in tuple(self.peers):
            peer.close("it leaves")

    def come(self) -> None:
        """Be connected."""
        self.wants = True
        if self._again is None:
            self.seek()

    def dial(self) -> None:
        """Make one more connection."""
        answer: asyncio.Future[Transport] = self._loop.create_future()
        self._dialling.add(answer)
        answer.add_done_callback(self._answered)
        self._network.dial(self.host, (GATEWAY, self.key[1]), answer)

    def _answered(self, answer: asyncio.Future[Transport]) -> None:
        self._dialling.discard(answer)
        if answer.exception() is None:
            peer = Peer(self, self.manners, self.gateway_k)
            self.peers.append(peer)
            answer.result().open(peer)
            self._loop.call_later(self._random.uniform(0, 0.2), self.start, peer)

    def start(self, peer: Peer) -> None:
        """Ask for data."""
        if not peer.closed and peer not in self.sessions:
            peer.function(UFunction.STARTDT_ACT)

    def stop(self, peer: Peer) -> None:
        """Ask for no more data, and for them again after a while."""
        if peer in self.sessions and not peer.stopping:
            peer.queue.clear()
            peer.stopping = True
            peer.acknowledge()
            peer.function(UFunction.STOPDT_ACT)

    def on_function(self, peer: Peer, function: int) -> None:
        if function == UFunction.STARTDT_CON:
            peer.carries = True
            self.sessions[peer] = Session(peer, self._loop.time())
            self.starts.append(self._loop.time())
        elif function == UFunction.STOPDT_CON:
            peer.carries = peer.stopping = False
            self.sessions.pop(peer, None)
            self._loop.call_later(self._random.uniform(0, 5), self.start, peer)

    def on_acknowledged(self, peer: Peer, count: int) -> None:
        pass

    def on_closed(self, peer: Peer, why: str) -> None:
        self.closed.append(why)
        self.peers.remove(peer)
        self.sessions.pop(peer, None)

    def blame(self, what: str) -> None:
        self._court.blame(Invariant.PROTOCOL, f"towards {self}: {what}")

    # What it asks.

    @property
    def session(self) -> Session | None:
        """One that can ask."""
        return next(
            (it for it in self.sessions.values() if it.peer.carries and not (it.peer.wild or it.peer.stopping)), None
        )

    def ask(self, session: Session, asdu: bytes, *, allowed: bool = True) -> Request:
        """Send a request; what it asks for is expected from now on."""
        request = Request(asdu, session, allowed=allowed)
        key = key_of(asdu)
        if asdu[0] in (100, 101):
            _count_interrogation(session, key)
        elif asdu[0] == 102:
            session.reads[asdu[6:9]] += 1
        else:
            self._book.add(request)
        session.open[key] = request
        session.originators.add((key, asdu[3]))
        session.cas.add((key, common_address(asdu)))

        def read(when: float) -> None:
            request.read = when

        session.peer.post(asdu, read)
        return request

    # What it is sent.

    def on_asdu(self, peer: Peer, asdu: bytes, written: float) -> None:
        session = self.sessions.get(peer)
        if session is None:
            return
        if asdu[0] == _END_OF_INITIALISATION:
            self._initialised(session, asdu)
        elif session.ca < 0:
            self._court.blame(Invariant.PROTOCOL, f"{self} got {asdu.hex(' ')} before the end of initialisation")
        elif asdu[0] in NUMBERED:
            self._value(session, asdu)
        else:
            self._answer(session, asdu)

    def _initialised(self, session: Session, asdu: bytes) -> None:
        fits = session.ca < 0 and asdu[1:4] == b"\1\4\0" and common_address(asdu) in self.cas
        self._court.expect(fits, Invariant.ISOLATION, f"{self} got the end of initialisation {asdu.hex(' ')}")
        session.ca = common_address(asdu)

    # Values of the RTU.

    def _value(self, session: Session, asdu: bytes) -> None:
        number = int.from_bytes(asdu[9:13], "little")
        if number >= len(self._rtu.sent):
            self._court.blame(Invariant.NEIGHBOUR, f"{self} got {asdu.hex(' ')}, which its RTU has not sent")
            return
        sent = self._rtu.sent[number]
        self._court.expect(
            number > session.number, Invariant.ORDER, f"{self} got number {number} after {session.number}"
        )
        session.number = number
        self._judge_octets(session, sent, asdu)
        if sent.place >= 0:
            self._judge_gap(session, sent)
            session.place = sent.place
            if sent.event >= 0:
                self.got.add(sent.event)
        elif not (self._is_interrogated(session, asdu) or self._rtu.answers_can_be_mixed_up(sent)):
            self._court.blame(Invariant.ISOLATION, f"{self} got {asdu.hex(' ')}, which it has not asked for")

    def _judge_octets(self, session: Session, sent: Sent, asdu: bytes) -> None:
        fits = asdu[:3] == sent.asdu[:3] and asdu[6:] == sent.asdu[6:] and (asdu[3] == 0 or sent.place < 0)
        self._court.expect(fits, Invariant.CONTENT, f"{self} got {asdu.hex(' ')} for {sent.asdu.hex(' ')}")
        ca = common_address(sent.asdu)
        right = session.ca if ca == self._rtu.ca else ca
        hidden = ca == session.ca != self._rtu.ca
        self._court.expect(
            common_address(asdu) == right and not hidden,
            Invariant.ISOLATION,
            f"{self} got {asdu.hex(' ')} with a CA for {sent.asdu.hex(' ')}",
        )

    def is_hidden(self, ca: int) -> bool:
        """Whether the gateway keeps another station's ASDU with this CA from the row, or did."""
        return ca in self.cas and ca != self._rtu.ca

    def _judge_gap(self, session: Session, sent: Sent) -> None:
        if sent.place == session.place + 1:
            return
        for missed in self._rtu.broadcasts[max(session.place + 1, 0) : sent.place][::-1]:
            if missed.at <= session.began or missed.peer is not sent.peer:
                return
            self.gaps += not self.is_hidden(common_address(missed.asdu))
            if self.gaps > self.lost():
                self._court.blame(
                    Invariant.DELIVERY, f"{self} got number {sent.number} without {missed.number} before it"
                )

    def _is_interrogated(self, session: Session, asdu: bytes) -> bool:
        cause = asdu[2] & 63
        if cause == 5:
            session.reads[asdu[6:9]] -= 1
            return session.reads[asdu[6:9]] >= 0
        number = 100 if cause < 37 else 101
        return self.gets_all or any(key[0] == number and count for key, count in session.interrogations.items())

    # Answers.

    def _answer(self, session: Session, asdu: bytes) -> None:
        key, cause = key_of(asdu), asdu[2] & 63
        request = session.open.get(key)
        if cause in _UNKNOWN and (request is None or asdu[2] & 0x7F in request.answers):
            # This answer does not tell whether it is one to an activation or to its cancel.
            key = asdu[0], 1, asdu[6:]
            request = session.open.get(key)
        if request is None:
            if not self._is_forgotten(asdu):
                self._court.blame(Invariant.ISOLATION, f"{self} got {asdu.hex(' ')}, which it has not asked for")
            return
        self._court.expect(
            (key, asdu[3]) in session.originators, Invariant.ISOLATION, f"{self} got {asdu.hex(' ')} with another OA"
        )
        fits = common_address(asdu) == session.ca or (key, common_address(asdu)) in session.cas
        self._court.expect(fits, Invariant.ISOLATION, f"{self} got {asdu.hex(' ')} with another CA")
        self.answered[asdu[0], asdu[2]] += 1
        if asdu[0] in (100, 101):
            self._interrogation_answered(session, key, asdu)
        elif asdu[0] == 102:
            session.reads[asdu[6:9]] -= 1
        else:
            self._command_answered(request, asdu)

    def _is_forgotten(self, asdu: bytes) -> bool:
        """Whether the gateway may take an answer for one to another command of that type for that point.

        It remembers for 70 s who asked.
        """
        request = self._book.requests.get(key_of(asdu))
        return request is not None and self._loop.time() - request.handed_on >= REMEMBERED

    def _interrogation_answered(self, session: Session, key: RequestKey, asdu: bytes) -> None:
        cause, negative = asdu[2] & 63, bool(asdu[2] & NEGATIVE)
        if cause in (ACTTERM, DEACTCON) or negative:
            session.interrogations[key] -= 1
        left = session.interrogations[key]
        self._court.expect(left >= 0, Invariant.ISOLATION, f"{self} got {asdu.hex(' ')} too often")
        if key[1]:
            # What was asked after the cancel is not stopped by it.
            stopped, before = (asdu[0], 0, asdu[6:]), session.asked_before_cancels[key].popleft()
            if not negative and session.asked[stopped] == before:
                session.interrogations[stopped] = 0

    def _command_answered(self, request: Request, asdu: bytes) -> None:
        octet = asdu[2] & 0x7F
        twice = octet in request.answers
        self._court.expect(not twice, Invariant.ISOLATION, f"{self} got {asdu.hex(' ')} twice")
        request.answers.append(octet)
        done = octet & NEGATIVE and request.handed_on < inf and not request.refused_by_rtu
        self._court.expect(not done, Invariant.ONCE, f"{self} got {asdu.hex(' ')} for what the RTU has executed")
