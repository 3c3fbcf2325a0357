"""Command transmission (IEC 60870-5-104, clause 7.7; -101, clause 7.4.7), with a command that the user permits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.conformance import asdus
from iec104mm2ss.conformance.answers import mirror, refused, rest, short
from iec104mm2ss.conformance.subject import ABSENT_IOA
from iec104mm2ss.conformance.verdict import FailedError, InconclusiveError, NotApplicableError
from iec104mm2ss.wire.asdu import cause, is_negative
from iec104mm2ss.wire.causes import Cause

if TYPE_CHECKING:
    from iec104mm2ss.conformance.bench import Bench
    from iec104mm2ss.conformance.subject import Order, Subject
    from iec104mm2ss.conformance.tester import Tester


def direct(bench: Bench) -> str:
    """An execute without a select is either refused or confirmed and terminated."""
    tester = bench.started()
    if not _execute(bench, tester):
        return "refused: this command wants to be selected first"
    return "confirmed and terminated"


def select_and_execute(bench: Bench) -> str:
    """A select is confirmed, the execute that follows is confirmed and terminated."""
    tester = bench.started()
    _select(bench, tester)
    if not _execute(bench, tester):
        raise FailedError("the execute of a selected command was refused")
    return ""


def select_and_cancel(bench: Bench) -> str:
    """A select that was deactivated is gone: the execute is refused."""
    tester, order = _needs_select(bench), _order(bench)
    _select(bench, tester)
    cancel = order.asdu(bench.subject.ca, select=True, cause=Cause.DEACTIVATION, time=asdus.now())
    answer = mirror(tester, cancel, bench.subject.patience)
    if cause(answer) != Cause.DEACTIVATION_CON or is_negative(answer):
        raise FailedError(f"the deactivation of the select is answered with {short(answer)}")
    if _execute(bench, tester):
        raise FailedError("the command was executed although its select was cancelled")
    return ""


def select_times_out(bench: Bench) -> str:
    """A select does not hold for ever: the execute that comes too late is refused."""
    tester, subject = _needs_select(bench), bench.subject
    _select(bench, tester)
    wait = subject.select_timeout + subject.slack(subject.select_timeout)
    tester.wait_quiet(wait)
    if tester.closed_at is not None:
        raise FailedError("the station closed the connection while the select was running out")
    if _execute(bench, tester):
        raise FailedError(f"the command was executed {wait:g} s after its select (--select-timeout)")
    return f"refused {wait:g} s after the select"


def unknown_object(bench: Bench) -> str:
    """A select of an object that the station has not is refused."""
    request = _order(bench).asdu(bench.subject.ca, select=True, time=asdus.now(), ioa=ABSENT_IOA)
    answer = mirror(bench.started(), request, bench.subject.patience)
    if not is_negative(answer) or cause(answer) not in {Cause.UNKNOWN_IOA, Cause.ACTIVATION_CON}:
        raise FailedError(f"answered with {short(answer)}")
    return short(answer)


def _order(bench: Bench) -> Order:
    order = bench.subject.order
    if order is None:
        raise NotApplicableError(permission(bench.subject))
    return order


def permission(subject: Subject) -> str:
    """Return what the cases of this module lack; empty where they may run."""
    return "" if subject.order else "needs --allow-commands IOA"


def _select(bench: Bench, tester: Tester) -> None:
    request = _order(bench).asdu(bench.subject.ca, select=True, time=asdus.now())
    answer = mirror(tester, request, bench.subject.patience)
    if refused(answer):
        raise InconclusiveError(f"the select is refused: {short(answer)}")


def _execute(bench: Bench, tester: Tester) -> bool:
    """Execute, and wait for the termination; whether it was confirmed."""
    subject = bench.subject
    request = _order(bench).asdu(subject.ca, time=asdus.now())
    answer = mirror(tester, request, subject.patience)
    if cause(answer) != Cause.ACTIVATION_CON:
        raise InconclusiveError(f"the station does not know this command: {short(answer)}")
    if is_negative(answer):
        return False
    rest(tester, request, Cause.RETURN_REMOTE, subject.patience)
    return True


def _needs_select(bench: Bench) -> Tester:
    """Return a connection with a station on which an execute without a select is refused."""
    tester = bench.started()
    if _execute(bench, tester):
        raise NotApplicableError("the command is executed without a select, too")
    return tester
