"""A master's ASDU comes in: dropped, answered by the gateway, or a request for the RTU."""

from iec104mm2ss.routing.addresses import towards_rtu
from iec104mm2ss.routing.dispatch import OWNED, Dispatch
from iec104mm2ss.routing.ledger import Ledger
from iec104mm2ss.routing.notes import Tally
from iec104mm2ss.routing.policy import WAITING_LIMIT, Clock, Policy, refusal
from iec104mm2ss.routing.request import Request, Session
from iec104mm2ss.routing.table import (
    ACTIVATION,
    CLOCK,
    CONTROL_TYPES,
    COUNTER_INTERROGATION,
    DEACTIVATION,
    INTERROGATION,
    MONITORING_TYPES,
    POINT_COMMANDS,
    READ,
    REQUESTED,
    UNKNOWN_CA,
    UNKNOWN_CAUSE,
    Kind,
    is_command,
    kind,
)
from iec104mm2ss.routing.transfer import Transfer
from iec104mm2ss.wire.asdu import (
    cause,
    common_address,
    originator,
    type_id,
    with_common_address,
    with_originator,
)
from iec104mm2ss.wire.describe import describe_asdu


class Intake:
    """Turns the ASDUs of masters into requests, or into the gateway's own answer."""

    def __init__(self, policy: Policy, ledger: Ledger, dispatch: Dispatch, transfer: Transfer) -> None:
        self.policy = policy
        self._ledger = ledger
        self._dispatch = dispatch
        self._transfer = transfer

    def receive(self, session: Session, asdu: bytes, now: float) -> None:
        """Take one structurally sound ASDU of a started session."""
        self._ledger.commanded(session, asdu, now)
        if type_id(asdu) in MONITORING_TYPES:
            self._ledger.notes.count(
                Tally.MONITORING, f"{describe_asdu(asdu)}: dropped, only an RTU sends this", session
            )
            return
        ca = towards_rtu(type_id(asdu), common_address(asdu), master=session.policy.ca, rtu=self.policy.ca)
        if ca is None:
            self._mirror(session, asdu, UNKNOWN_CA, Tally.WRONG_CA, now)
        elif not _cause_is_possible(asdu):
            self._mirror(session, asdu, UNKNOWN_CAUSE, Tally.WRONG_CAUSE, now)
        elif reason := refusal(self.policy, session.policy, asdu):
            self._ledger.refuse(session, asdu, reason, now)
        elif len(session.waiting) >= WAITING_LIMIT:
            self._overflow(session, asdu, now)
        else:
            session.overflowing = False
            self._request(session, asdu, ca, now)

    def _overflow(self, session: Session, asdu: bytes, now: float) -> None:
        # A line for each would let one master flood the disk as well.
        reason = "" if session.overflowing else "too many requests wait; further ones are counted only"
        session.overflowing = True
        self._ledger.refuse(session, asdu, reason, now, tally=Tally.OVERFLOW)

    def _mirror(self, session: Session, asdu: bytes, number: int, tally: Tally, now: float) -> None:
        self._ledger.answer(session, asdu, now, negative=True, number=number)
        self._ledger.notes.count(tally, f"{describe_asdu(asdu)}: answered with cause {number} by the gateway", session)
        self._ledger.refused(session, asdu, now)

    def _request(self, session: Session, asdu: bytes, ca: int, now: float) -> None:
        outgoing = with_originator(with_common_address(asdu, ca), session.oa)
        request = Request(kind(asdu), session, outgoing, {session: asdu}, arrived=now, command=is_command(asdu))
        if request.kind is Kind.CLOCK:
            self._synchronise(request, now)
        elif request.kind is Kind.FILE:
            self._transfer_file(request, now)
        elif request.kind is Kind.INTERROGATION:
            self._interrogate(request, now)
        elif request.kind is Kind.CANCEL and request.type_id in (INTERROGATION, COUNTER_INTERROGATION):
            self._stop_interrogating(request, now)
        elif request.type_id in POINT_COMMANDS:
            self._operate(request, now)
        else:
            self._dispatch.enqueue(request, now)

    def _synchronise(self, request: Request, now: float) -> None:
        session, asdu = request.asker, request.members[request.asker]
        if session.policy.clock is Clock.CONFIRM:
            self._ledger.answer(session, asdu, now, negative=False)
            self._ledger.notes.tell(session, f"{describe_asdu(asdu)}: confirmed by the gateway, not forwarded")
        elif self._another_clock_is_on_its_way():
            self._ledger.refuse(session, asdu, "another clock synchronisation is unanswered", now)
        else:
            self._dispatch.enqueue(request, now)

    def _another_clock_is_on_its_way(self) -> bool:
        waits = any(request.kind is Kind.CLOCK for session in self._dispatch.sessions for request in session.waiting)
        return waits or any(request.blocking for request in self._ledger.pending.of_type(CLOCK))

    def _transfer_file(self, request: Request, now: float) -> None:
        session = request.asker
        if self._transfer.holder(now) not in (None, session):
            asdu = request.members[session]
            self._ledger.refuse(session, asdu, "another master's file transfer is under way", now)
            return
        self._transfer.hold(session, originator(request.members[session]), now)
        self._dispatch.enqueue(request, now)

    def _interrogate(self, request: Request, now: float) -> None:
        session = request.asker
        if any(other.outgoing == request.outgoing for other in session.waiting):
            asdu = request.members[session]
            self._ledger.refuse(session, asdu, "the same interrogation of this master waits already", now)
            return
        self._dispatch.enqueue(request, now)

    def _stop_interrogating(self, request: Request, now: float) -> None:
        waited = self._withdraw(request)
        alike = self._running_like(request)
        running = alike.pop() if alike else None
        for unanswered in alike:
            del unanswered.members[request.asker]
        if running is not None and len(running.members) > 1:
            del running.members[request.asker]
            self._confirm(request, "others still interrogate", now)
        elif running is None and waited:
            self._confirm(request, "it had not reached the RTU", now)
        else:
            self._dispatch.enqueue(request, now)

    def _withdraw(self, request: Request) -> bool:
        withdrawn = [other for other in request.asker.waiting if request.deactivates(other)]
        for other in withdrawn:
            self._dispatch.withdraw(other)
        return bool(withdrawn)

    def _running_like(self, request: Request) -> list[Request]:
        """Return what the cancel `request` would stop, oldest first; all but the last were never answered."""
        running = self._ledger.pending.interrogations(request.type_id)
        return [it for it in running if request.asker in it.members and request.deactivates(it)]

    def _confirm(self, request: Request, why: str, now: float) -> None:
        session, asdu = request.asker, request.members[request.asker]
        self._ledger.answer(session, asdu, now, negative=False)
        self._ledger.notes.tell(session, f"{describe_asdu(asdu)}: confirmed by the gateway, {why}")

    def _operate(self, request: Request, now: float) -> None:
        if self._ledger.ownership.owner(request.point, now) not in (None, request.asker):
            self._ledger.refuse_request(request, OWNED, now)
        else:
            self._dispatch.enqueue(request, now)


_COMMON_CAUSES = (ACTIVATION, DEACTIVATION)
_CAUSES = {READ: (REQUESTED,), CLOCK: (ACTIVATION,)}


def _cause_is_possible(asdu: bytes) -> bool:
    """What a master may write (IEC 60870-5-101, 7.3): a clock cannot be deactivated, private types are free."""
    number = type_id(asdu)
    return number not in CONTROL_TYPES or cause(asdu) in _CAUSES.get(number, _COMMON_CAUSES)
