"""What the RTU gets next: sessions take turns, and requests whose answers could be mixed up go one after another."""

from math import inf

from iec104mm2ss.routing.ledger import RTU_LOST, Ledger
from iec104mm2ss.routing.notes import Tally
from iec104mm2ss.routing.policy import CLOCK_PATIENCE, COMMAND_AGE, Policy, refusal
from iec104mm2ss.routing.request import Point, Request, Rivalry, Session
from iec104mm2ss.routing.table import POINT_COMMANDS, Kind
from iec104mm2ss.routing.transfer import Transfer
from iec104mm2ss.routing.waiting import Waiting

OWNED = "another master has selected this point"


class Dispatch:
    """The waiting requests of all sessions."""

    def __init__(self, policy: Policy, ledger: Ledger, transfer: Transfer) -> None:
        self.policy = policy
        self._ledger = ledger
        self._transfer = transfer
        self._waiting = Waiting()
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
        self._give_up(session, "its master is gone")

    def rtu_lost(self) -> None:
        """Drop all that waits: a command is never kept over the RTU's reconnect either."""
        for session in self._sessions:
            self._give_up(session, RTU_LOST)

    def _give_up(self, session: Session, why: str) -> None:
        for request in self._waiting.clear(session):
            self._ledger.give_up(request, why)
        self.wake()

    def wake(self) -> None:
        """Look through the waiting requests again: something that held them may have ended."""
        self._nothing_ready = False

    def enqueue(self, request: Request, now: float) -> None:
        """Let `request` wait for its turn, a clock synchronisation in front of its session's other requests."""
        self._waiting.add(request, first=request.kind is Kind.CLOCK)
        if request.kind is Kind.CLOCK:
            self._ledger.deadlines.set(request, now + CLOCK_PATIENCE)
        elif request.command:
            self._ledger.deadlines.set(request, now + COMMAND_AGE)
        self.wake()

    def withdraw(self, request: Request) -> None:
        """Let a waiting request never reach the RTU, without a word to its session."""
        self._waiting.remove(request)
        request.deadline = inf
        self.wake()

    def expire(self, request: Request, now: float) -> None:
        """Refuse a request that waited too long."""
        self._waiting.remove(request)
        self._refuse_late(request, now)
        self.wake()

    def _refuse_late(self, request: Request, now: float) -> None:
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
                self._waiting.remove(request)
                self._sessions = self._sessions[turn + 1 :] + self._sessions[: turn + 1]
                return request
        return None

    def _first_free(self, session: Session) -> Request | None:
        """Return the first request that nothing holds; a held command holds its session's later ones to that point."""
        points: set[Point] = set()
        rivalries: set[Rivalry] = set()
        for request in session.waiting:
            if not (request.command and request.point in points):
                # What holds one request holds its session's others like it: a flood is not looked at one by one.
                if request.rivalry not in rivalries and not self._is_held(request):
                    return request
                rivalries.add(request.rivalry)
            if request.command:
                points.add(request.point)
        return None

    def _is_held(self, request: Request) -> bool:
        """Whether the answer could be taken for another session's, or the RTU is busy with an interrogation."""
        if request.kind is Kind.FILE:
            return False
        if request.kind is Kind.INTERROGATION:
            busy = any(running.blocking for running in self._ledger.pending.interrogations(request.type_id))
        else:
            busy = any(_could_be_mixed_up(request, other) for other in self._ledger.pending.with_key(request.key))
        if busy:
            self._waiting.hold(request)
        return busy or self._waiting.is_behind(request)

    def _hand_on(self, request: Request, now: float) -> bool:
        if request.deadline <= now:
            # The timer that would have refused it comes late when the event loop does.
            self._refuse_late(request, now)
            return False
        # What was allowed when the request came may have been taken back while it waited.
        if reason := self._no_more(request, now):
            self._ledger.refuse_request(request, reason, now)
            return False
        if request.kind is Kind.FILE:
            request.deadline = inf
            self._transfer.requested(request.outgoing)
            return True
        if request.kind is Kind.INTERROGATION:
            self._merge(request)
        self._ledger.handed_on(request, now)
        return True

    def _no_more(self, request: Request, now: float) -> str | None:
        if self._owned_by_other(request, now):
            return OWNED
        return refusal(self.policy, request.asker.policy, request.outgoing)

    def _owned_by_other(self, request: Request, now: float) -> bool:
        if request.type_id not in POINT_COMMANDS:
            return False
        return self._ledger.ownership.owner(request.point, now) not in (None, request.asker)

    def _merge(self, request: Request) -> None:
        """Serve the interrogations that wait for the very same together with `request`."""
        for session in self._sessions:
            for other in [waiting for waiting in session.waiting if waiting.asked_like(request)]:
                self._waiting.remove(other)
                request.members |= other.members
                self._ledger.notes.count(Tally.MERGED)


def _could_be_mixed_up(request: Request, other: Request) -> bool:
    """Whether an answer to `other`, which the RTU has, might be one to `request`.

    So the cancel of an interrogation waits as long as that serves anybody else: it would stop that one's too.
    """
    return other.blocking and any(asker is not request.asker for asker in other.askers)
