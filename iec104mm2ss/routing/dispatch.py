"""What the RTU gets next: sessions take turns, and requests whose answers could be mixed up go one after another."""

from math import inf

from iec104mm2ss.routing.ledger import Ledger
from iec104mm2ss.routing.notes import Tally
from iec104mm2ss.routing.policy import CLOCK_PATIENCE, COMMAND_AGE
from iec104mm2ss.routing.request import Point, Request, Session
from iec104mm2ss.routing.table import POINT_COMMANDS, Kind
from iec104mm2ss.routing.transfer import Transfer

OWNED = "another master has selected this point"


class Dispatch:
    """The waiting requests of all sessions."""

    def __init__(self, ledger: Ledger, transfer: Transfer) -> None:
        self._ledger = ledger
        self._transfer = transfer
        self._sessions: list[Session] = []
        self._nothing_ready = False

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The started sessions, the next one to be served first."""
        return tuple(self._sessions)

    def join(self, session: Session) -> None:
        """Let `session` take its turns."""
        self._sessions.append(session)

    def leave(self, session: Session) -> None:
        """Drop a session and what it had waiting: a command is never kept over a reconnect."""
        self._sessions.remove(session)
        for request in session.waiting:
            request.deadline = inf
            self._ledger.notes.count(Tally.LOST)
        session.waiting.clear()

    def wake(self) -> None:
        """Look through the waiting requests again: something that held them may have ended."""
        self._nothing_ready = False

    def enqueue(self, request: Request, now: float) -> None:
        """Let `request` wait for its turn, a clock synchronisation in front of its session's other requests."""
        waiting = request.asker.waiting
        if request.kind is Kind.CLOCK:
            waiting.insert(0, request)
            self._ledger.deadlines.set(request, now + CLOCK_PATIENCE)
        else:
            waiting.append(request)
            if request.command:
                self._ledger.deadlines.set(request, now + COMMAND_AGE)
        self.wake()

    def expire(self, request: Request, now: float) -> None:
        """Refuse a request that waited too long."""
        request.asker.waiting.remove(request)
        age = f"{now - request.arrived:.1f} s"
        self._ledger.refuse_request(request, f"not handed to the RTU within {age}", now, tally=Tally.EXPIRED)

    def take(self, n: int, now: float) -> list[bytes]:
        """Return up to `n` ASDUs for the RTU, and expect their answers from now on."""
        taken: list[bytes] = []
        while len(taken) < n and not self._nothing_ready:
            request = self._next()
            if request is None:
                self._nothing_ready = True
            elif self._hand_on(request, now):
                taken.append(request.outgoing)
        return taken

    def _next(self) -> Request | None:
        for turn, session in enumerate(self._sessions):
            request = self._first_free(session)
            if request is not None:
                session.waiting.remove(request)
                self._sessions = self._sessions[turn + 1 :] + self._sessions[: turn + 1]
                return request
        return None

    def _first_free(self, session: Session) -> Request | None:
        held: set[Point] = set()
        for request in session.waiting:
            operates = request.type_id in POINT_COMMANDS
            if not (operates and request.point in held) and not self._is_held(request):
                return request
            if operates:
                held.add(request.point)
        return None

    def _is_held(self, request: Request) -> bool:
        """Whether the answer could be taken for another session's, or the RTU is busy with an interrogation."""
        if request.kind is Kind.INTERROGATION:
            return any(running.blocking for running in self._ledger.pending.interrogations(request.type_id))
        alike = self._ledger.pending.with_key(request.key)
        return any(other.blocking and other.asker is not request.asker for other in alike)

    def _hand_on(self, request: Request, now: float) -> bool:
        if request.kind is Kind.FILE:
            request.deadline = inf
            self._transfer.requested(request.outgoing)
            return True
        if self._owned_by_other(request, now):
            self._ledger.refuse_request(request, OWNED, now)
            return False
        if request.kind is Kind.INTERROGATION:
            self._merge(request)
        self._ledger.handed_on(request, now)
        return True

    def _owned_by_other(self, request: Request, now: float) -> bool:
        if request.type_id not in POINT_COMMANDS:
            return False
        return self._ledger.ownership.owner(request.point, now) not in (None, request.asker)

    def _merge(self, request: Request) -> None:
        """Serve the interrogations that wait for the very same together with `request`."""
        for session in self._sessions:
            for other in [waiting for waiting in session.waiting if waiting.asked_like(request)]:
                session.waiting.remove(other)
                request.members |= other.members
                self._ledger.notes.count(Tally.MERGED)
