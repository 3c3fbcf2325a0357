"""Every request from its arrival to its end: what was promised to whom, and how it went."""

from math import inf

from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.deadlines import Deadlines
from iec104mm2ss.routing.notes import Notes, Tally
from iec104mm2ss.routing.ownership import Ownership
from iec104mm2ss.routing.pending import Pending
from iec104mm2ss.routing.policy import CONFIRMATION_TIME, INTERROGATION_TIME, LATE_ANSWER_TIME, TERMINATION_TIME
from iec104mm2ss.routing.request import Request, Session
from iec104mm2ss.routing.table import (
    ACTIVATION,
    ACTIVATION_CONFIRMATION,
    DEACTIVATION,
    DEACTIVATION_CONFIRMATION,
    TERMINATION,
    UNKNOWN_CAUSES,
    Kind,
)
from iec104mm2ss.wire.asdu import cause, is_negative, with_cause
from iec104mm2ss.wire.causes import cause_name
from iec104mm2ss.wire.describe import describe_asdu

RTU_LOST = "the RTU is lost"

_CONFIRMING = {ACTIVATION: ACTIVATION_CONFIRMATION, DEACTIVATION: DEACTIVATION_CONFIRMATION}
# A read is answered by a value; an RTU that confirms it first still has the value to send.
_TIME_AFTER_CONFIRMATION = {
    Kind.EXECUTE: TERMINATION_TIME,
    Kind.INTERROGATION: INTERROGATION_TIME,
    Kind.READ: CONFIRMATION_TIME,
}


class Ledger:
    """Pending requests, owned points and deadlines, kept in step."""

    def __init__(self, buffer: EventBuffer, notes: Notes, *, select_timeout: float) -> None:
        self.buffer = buffer
        self.notes = notes
        self.pending = Pending()
        self.ownership = Ownership(select_timeout)
        self.deadlines: Deadlines[Request] = Deadlines()

    def answer(self, session: Session, asdu: bytes, now: float, *, negative: bool, number: int | None = None) -> None:
        """Mirror a master's ASDU as the gateway's own answer, with cause `number` or the confirming one."""
        confirming = number if number is not None else _CONFIRMING.get(cause(asdu), cause(asdu))
        self.buffer.append_own(session.reader, with_cause(asdu, confirming, negative=negative), now)

    def refuse(self, session: Session, asdu: bytes, reason: str, now: float, *, tally: Tally = Tally.REFUSED) -> None:
        """Answer a master's ASDU negatively: it does not reach the RTU."""
        self.answer(session, asdu, now, negative=True)
        text = f"{describe_asdu(asdu)}: refused by the gateway: {reason}" if reason else ""
        self.notes.count(tally, text, session)
        # A command that was too late, because the RTU is slow, is nothing that its master did wrong.
        if tally is not Tally.EXPIRED:
            self.refused(session, asdu, now)

    def refuse_request(self, request: Request, reason: str, now: float, *, tally: Tally = Tally.REFUSED) -> None:
        """Answer a request that waited negatively: it will not reach the RTU any more."""
        request.deadline = inf
        for session, asdu in request.members.items():
            self.refuse(session, asdu, reason, now, tally=tally)

    def commanded(self, session: Session, asdu: bytes, now: float) -> None:
        """Watch what a master sends."""
        self._alarm(session, session.watch.commanded(asdu, now))

    def refused(self, session: Session, asdu: bytes, now: float) -> None:
        """Watch what the gateway refuses to a master."""
        self._alarm(session, session.watch.refused(asdu, now))

    def _alarm(self, session: Session, alarm: str) -> None:
        if alarm:
            self.notes.count(Tally.WALK, alarm, session)

    def handed_on(self, request: Request, now: float) -> None:
        """Expect the RTU's answer to `request`."""
        request.sent = now
        self.pending.add(request)
        self.ownership.handed_on(request, now)
        self.deadlines.set(request, now + CONFIRMATION_TIME)

    def progressed(self, request: Request, now: float) -> None:
        """Note a value that the RTU sent for an interrogation, as a sloppy one does even without ACTCON."""
        request.confirmed = request.confirmed or now
        request.deadline = now + INTERROGATION_TIME

    def answered(self, request: Request, asdu: bytes, now: float) -> None:
        """Note a confirmation or termination, and end the request where it is the last."""
        number = cause(asdu)
        if request.kind is Kind.CANCEL and number not in UNKNOWN_CAUSES:
            self.ownership.cancelled(request)
        if number in UNKNOWN_CAUSES or is_negative(asdu):
            self.ownership.free(request)
            self.end(request, f"refused by the RTU: {cause_name(number)}", now)
            for session, asked in request.members.items():
                self._alarm(session, session.watch.refused_by_rtu(asked, number, now))
        elif number == ACTIVATION_CONFIRMATION and request.kind in _TIME_AFTER_CONFIRMATION:
            request.confirmed = now
            self.deadlines.set(request, now + _TIME_AFTER_CONFIRMATION[request.kind])
        else:
            self.end(request, "terminated" if number == TERMINATION else "confirmed", now)

    def end(self, request: Request, outcome: str, now: float) -> None:
        """Expect nothing more for `request` and say how it ended."""
        self.pending.remove(request)
        self._executed(request)
        request.deadline = inf
        self.notes.count(Tally.DONE)
        for session, asdu in request.members.items():
            self.notes.tell(session, f"{describe_asdu(asdu)}: {outcome} after {now - request.arrived:.3f} s")

    def _executed(self, request: Request) -> None:
        if request.kind is Kind.EXECUTE:
            self.ownership.free(request)

    def overdue(self, request: Request, now: float) -> None:
        """Let a request that the RTU left unanswered block nobody, and later forget it."""
        if request.confirmed is not None:
            self.end(request, "confirmed, but its end was never reported;", now)
        elif request.blocking:
            request.blocking = False
            self._executed(request)
            self.deadlines.set(request, now + LATE_ANSWER_TIME)
            self._unanswered(request)
        else:
            self.end(request, "never answered;", now)

    def _unanswered(self, request: Request) -> None:
        for session, asdu in request.members.items():
            text = f"{describe_asdu(asdu)}: no answer of the RTU within {CONFIRMATION_TIME:g} s"
            self.notes.count(Tally.UNANSWERED, text, session)

    def orphan(self, session: Session) -> None:
        """Let the requests of a session that is gone swallow their answers."""
        for request in self.pending:
            asdu = request.members.pop(session, None)
            if asdu is not None:
                self._give_up(session, asdu, "its master is gone")

    def give_up(self, request: Request, why: str) -> None:
        """Forget a request without an answer: there is nobody to answer, or nobody left to ask."""
        request.deadline = inf
        for session, asdu in request.members.items():
            self._give_up(session, asdu, why)

    def _give_up(self, session: Session, asdu: bytes, why: str) -> None:
        self.notes.count(Tally.LOST, f"{describe_asdu(asdu)}: given up, {why}", session)

    def rtu_lost(self) -> None:
        """Give up what the RTU has not answered: nothing will come on a link that is gone."""
        for request in self.pending:
            self.give_up(request, RTU_LOST)
        self.pending = Pending()
        self.ownership.clear()
