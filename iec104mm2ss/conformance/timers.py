"""Time-outs (IEC 60870-5-104, clauses 5.2 and 9.6) and how long a confirmation takes."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from iec104mm2ss.conformance import asdus
from iec104mm2ss.conformance.answers import mirror
from iec104mm2ss.conformance.bench import probe
from iec104mm2ss.conformance.verdict import FailedError, InconclusiveError, NotApplicableError
from iec104mm2ss.wire.apci import UFunction

if TYPE_CHECKING:
    from iec104mm2ss.conformance.bench import Bench
    from iec104mm2ss.conformance.subject import Subject
    from iec104mm2ss.conformance.tester import Tester

_PROBES = 10


def test_while_stopped(bench: Bench) -> str:
    """TESTFR act is confirmed before STARTDT act."""
    return f"after {probe(bench.connect(), bench.subject.patience):.3f} s"


def test_while_started(bench: Bench) -> str:
    """TESTFR act is confirmed after STARTDT act."""
    return f"after {probe(bench.started(), bench.subject.patience):.3f} s"


def t3_while_stopped(bench: Bench) -> str:
    """A connection that was never started is tested after t3 of silence."""
    return _tested(bench.connect(), bench.subject)


def t3_while_started(bench: Bench) -> str:
    """A started connection is tested after t3 of silence."""
    _t3(bench.subject)
    return _tested(bench.started(), bench.subject)


def t3_restarts(bench: Bench) -> str:
    """A frame in the midst of the silence starts t3 anew."""
    t3, tester = _t3(bench.subject), bench.started()
    tester.wait_quiet(min(t3 / 4, bench.subject.quiet))
    arrivals = tester.wait_quiet(tester.last_sent + 0.6 * t3 - time.monotonic())
    if any(arrival.function == UFunction.TESTFR_ACT for arrival in arrivals):
        raise FailedError(f"TESTFR act before 60 % of t3 ({t3:g} s) had passed")
    probe(tester, bench.subject.patience)
    return _tested(tester, bench.subject)


def t1_of_test(bench: Bench) -> str:
    """The station closes t1 after a TESTFR act that nobody confirms."""
    t3, tester, subject = _t3(bench.subject), bench.connect(), bench.subject
    tester.confirms_tests = False
    act = tester.take_u(UFunction.TESTFR_ACT, 2 * t3 + subject.slack(t3))
    return _closed_at_t1(tester, subject, act.at, "TESTFR act")


def t1_of_data(bench: Bench) -> str:
    """The station closes t1 after the first I-frame that nobody acknowledges, whatever other frames come meanwhile."""
    tester, subject = bench.started(acknowledges=False), bench.subject
    tester.ask(asdus.interrogation(subject.ca))
    first = tester.take(lambda arrival: arrival.is_data, subject.patience, "I-frame")
    tester.wait_quiet(first.at + subject.parameters.t1 / 2 - time.monotonic())
    if tester.closed_at is None:
        tester.send_u(UFunction.TESTFR_ACT)
    return _closed_at_t1(tester, subject, first.at, f"N(S) {first.control >> 1 & 0x7FFF}")


def t2(bench: Bench) -> str:
    """An I-frame is acknowledged within t2."""
    tester, subject = bench.started(), bench.subject
    tester.ask(asdus.link_test(subject.ca))
    allowed = subject.parameters.t2 + subject.slack(subject.parameters.t2)
    return f"after {tester.wait_acknowledged(allowed):.3f} s"


def reply_times(bench: Bench) -> str:
    """Confirmations come at once: the slowest of ten TESTFR con, and that of an interrogation."""
    tester, subject = bench.started(), bench.subject
    slowest = max(probe(tester, subject.patience) for _ in range(_PROBES))
    began = time.monotonic()
    mirror(tester, asdus.interrogation(subject.ca), subject.patience)
    confirmation = time.monotonic() - began
    text = f"TESTFR con {slowest * 1000:.1f} ms, confirmation of C_IC_NA_1 {confirmation * 1000:.1f} ms"
    if max(slowest, confirmation) > subject.quick:
        raise FailedError(f"{text}; {subject.quick:g} s is the limit (--reply)")
    return text


def _t3(subject: Subject) -> float:
    if math.isinf(subject.parameters.t3):
        raise NotApplicableError("the station sends no test frames of its own (--t3 0)")
    return subject.parameters.t3


def _tested(tester: Tester, subject: Subject) -> str:
    """Wait for TESTFR act, t3 after the last frame either way."""
    t3 = _t3(subject)
    slack = subject.slack(t3)
    give_up = time.monotonic() + 3 * (t3 + slack)
    idle_since = tester.last_sent
    while arrival := tester.next(min(idle_since + t3 + slack, give_up)):
        if arrival.function == UFunction.TESTFR_ACT:
            return _in_time(arrival.at - idle_since, t3, slack, "TESTFR act", "the last frame", "t3")
        idle_since = max(arrival.at, tester.last_sent)
        # An acknowledgement that is still to come is a frame, too.
        idle_since = _acknowledged_since(tester, idle_since)
    if tester.closed_at is None and time.monotonic() >= give_up:
        raise InconclusiveError(f"the station is never silent for t3 ({t3:g} s)")
    raise FailedError(f"no TESTFR act {t3 + slack:.2f} s after the last frame; t3 is {t3:g} s")


def _acknowledged_since(tester: Tester, idle_since: float) -> float:
    if tester.confirmed == tester.received:
        return idle_since
    tester.acknowledge()
    return tester.last_sent


def _closed_at_t1(tester: Tester, subject: Subject, since: float, what: str) -> str:
    t1 = subject.parameters.t1
    slack = subject.slack(t1)
    if not tester.is_closed(since + t1 + slack - time.monotonic()) or tester.closed_at is None:
        raise FailedError(f"not closed {t1 + slack:.2f} s after {what}; t1 is {t1:g} s")
    return _in_time(tester.closed_at - since, t1, slack, "closed", what, "t1")


def _in_time(elapsed: float, timeout: float, slack: float, what: str, since: str, name: str) -> str:
    text = f"{what} {elapsed:.2f} s after {since}"
    if abs(elapsed - timeout) > slack:
        raise FailedError(f"{text}; {name} is {timeout:g} s")
    return text
