"""The router of one group: the only door to everything else in this package."""

from collections import Counter
from collections.abc import Hashable, Sequence

from iec104mm2ss.routing.addresses import free_originator
from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.delivery import Delivery
from iec104mm2ss.routing.dispatch import Dispatch
from iec104mm2ss.routing.intake import Intake
from iec104mm2ss.routing.ledger import Ledger
from iec104mm2ss.routing.notes import Note, Notes, Tally
from iec104mm2ss.routing.policy import MasterPolicy, Policy
from iec104mm2ss.routing.reader import Reader
from iec104mm2ss.routing.request import Session
from iec104mm2ss.routing.transfer import Transfer
from iec104mm2ss.wire.asdu import fault


class MalformedAsduError(Exception):
    """A master sent an ASDU whose structure is impossible: its connection is to be closed with this reason."""


class Router:
    """Takes ASDUs from the RTU and from started masters, and decides who gets what.

    The caller appends nothing to the event buffer itself. After every call it moves what `take` gives to the RTU and
    what the sessions' readers give to the masters, says `notes()` in the logs and asks `next_deadline` anew.
    Times are monotonic seconds.
    """

    def __init__(self, policy: Policy, buffer: EventBuffer) -> None:
        self._policy = policy
        self._buffer = buffer
        self._notes = Notes()
        self._transfer = Transfer()
        self._ledger = Ledger(buffer, self._notes, select_timeout=policy.select_timeout)
        self._dispatch = Dispatch(policy, self._ledger, self._transfer)
        self._intake = Intake(policy, self._ledger, self._dispatch, self._transfer)
        self._delivery = Delivery(policy, self._ledger, self._dispatch, self._transfer)

    def adopt(self, policy: Policy) -> None:
        """Go on with another policy of the same CA: sessions keep their OAs, selected points their time.

        What waits for the RTU has to be allowed by this policy too.
        """
        self._policy = self._intake.policy = self._dispatch.policy = self._delivery.policy = policy
        self._ledger.ownership.timeout = policy.select_timeout

    def join(self, who: Hashable, policy: MasterPolicy, reader: Reader) -> Session:
        """Start a session: its master has just been sent STARTDT con, and the caller starts its reader."""
        session = Session(who, policy, reader, self._originator(policy))
        self._dispatch.join(session)
        return session

    def _originator(self, policy: MasterPolicy) -> int:
        if not self._policy.stamp:
            return 0
        used = {session.oa for session in self._dispatch.sessions} | self._ledger.pending.originators()
        return free_originator(policy.oa, used=used, reserved=self._policy.reserved)

    def leave(self, session: Session) -> None:
        """End a session: its master stops or is gone. What the RTU still answers is swallowed.

        The caller stops the reader, once the master has acknowledged what it may still acknowledge.
        """
        self._dispatch.leave(session)
        self._ledger.orphan(session)
        self._transfer.leave(session)

    def rtu_lost(self, now: float) -> None:
        """Give up everything that the RTU had, except events that masters may fetch later."""
        self._ledger.rtu_lost()
        self._dispatch.rtu_lost()
        self._transfer.clear()
        self._buffer.rtu_lost(now)

    def from_rtu(self, asdus: Sequence[bytes], now: float) -> bool:
        """Append the RTU's ASDUs to the event buffer, each for those who may have it.

        Returns whether all were values for everybody: then there is nothing new to `take`, to note or to wait for.
        """
        return self._delivery.receive(asdus, now)

    def from_master(self, session: Session, asdus: Sequence[bytes], now: float) -> None:
        """Take a master's ASDUs in order.

        Raises MalformedAsduError at the first one that cannot be; those before it count.
        """
        for asdu in asdus:
            if reason := fault(asdu):
                raise MalformedAsduError(reason)
            self._intake.receive(session, asdu, now)

    def take(self, n: int, now: float) -> list[bytes]:
        """Return up to `n` ASDUs for the RTU; they count as sent."""
        return self._dispatch.take(n, now)

    def next_deadline(self) -> float:
        """Return when `on_deadline` is to be called, never too late but maybe early; inf when nothing waits."""
        return self._ledger.deadlines.next()

    def on_deadline(self, now: float) -> None:
        """Refuse what waited too long and let what the RTU did not answer block nobody."""
        for request in self._ledger.deadlines.due(now):
            if request.sent is None:
                self._dispatch.expire(request, now)
            else:
                self._ledger.overdue(request, now)
        self._dispatch.wake()

    def notes(self) -> list[Note]:
        """Return the lines for the logs since the last call."""
        return self._notes.take()

    @property
    def tally(self) -> Counter[Tally]:
        """What was counted since the router was built."""
        return self._notes.tally

    @property
    def unanswered(self) -> int:
        """How many requests the RTU has and has not finished."""
        return sum(1 for _ in self._ledger.pending)
