"""Transmission control using start and stop (IEC 60870-5-104, clause 5.3)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from iec104mm2ss.conformance import asdus
from iec104mm2ss.conformance.bench import start, stop
from iec104mm2ss.conformance.verdict import FailedError, InconclusiveError
from iec104mm2ss.wire.apci import UFunction

if TYPE_CHECKING:
    from iec104mm2ss.conformance.bench import Bench


def startdt(bench: Bench) -> str:
    """STARTDT act is confirmed."""
    tester = bench.connect()
    began = time.monotonic()
    start(tester, bench.subject.patience)
    return f"after {time.monotonic() - began:.3f} s"


def silent_before_start(bench: Bench) -> str:
    """No I- or S-frame comes before STARTDT act: the tester accuses every one."""
    tester = bench.connect()
    tester.wait_quiet(bench.subject.quiet)
    if tester.closed_at is not None:
        raise FailedError("the station closed a connection that was not started")
    return f"for {bench.subject.quiet:g} s"


def i_before_start(bench: Bench) -> str:
    """An I-frame before STARTDT act makes the station close."""
    tester = bench.connect()
    tester.send_numbered(asdus.link_test(bench.subject.ca), 0, 0)
    return tester.wait_closed(bench.subject.patience)


def s_before_start(bench: Bench) -> str:
    """An S-frame before STARTDT act makes the station close."""
    tester = bench.connect()
    tester.acknowledge()
    return tester.wait_closed(bench.subject.patience)


def stopdt(bench: Bench) -> str:
    """STOPDT act is confirmed, and nothing but U-frames comes from then on."""
    tester = bench.started()
    began = time.monotonic()
    stop(tester, bench.subject.patience)
    elapsed = time.monotonic() - began
    tester.wait_quiet(bench.subject.quiet)
    return f"after {elapsed:.3f} s"


def start_again(bench: Bench) -> str:
    """After STOPDT the same connection can be started again, and its numbers go on: the tester accuses others."""
    tester, subject = bench.started(), bench.subject
    tester.ask(asdus.interrogation(subject.ca))
    tester.wait_acknowledged(subject.patience)
    stop(tester, subject.patience)
    start(tester, subject.patience)
    before = tester.received
    tester.ask(asdus.interrogation(subject.ca))
    tester.take(lambda arrival: arrival.is_data, subject.patience, "I-frame after the second start")
    return f"N(S) goes on from {before}"


def i_after_stop(bench: Bench) -> str:
    """An I-frame after STOPDT con makes the station close."""
    tester, subject = bench.started(), bench.subject
    stop(tester, subject.patience)
    tester.send_numbered(asdus.link_test(subject.ca), tester.sent, tester.received)
    return tester.wait_closed(subject.patience)


def stop_acknowledges(bench: Bench) -> str:
    """What came before STOPDT act is acknowledged before STOPDT con."""
    tester, subject = bench.started(), bench.subject
    tester.ask(asdus.link_test(subject.ca))
    tester.send_u(UFunction.STOPDT_ACT)
    tester.take_u(UFunction.STOPDT_CON, subject.patience)
    if tester.acknowledged < tester.sent:
        raise FailedError("STOPDT con before the I-frame that preceded STOPDT act was acknowledged")
    return ""


def stop_waits(bench: Bench) -> str:
    """STOPDT con waits until what the station has sent is acknowledged."""
    tester, subject = bench.started(acknowledges=False), bench.subject
    tester.ask(asdus.interrogation(subject.ca))
    tester.wait_acknowledged(subject.patience)
    if tester.received == tester.confirmed:
        raise InconclusiveError("the station has sent no I-frame")
    tester.send_u(UFunction.STOPDT_ACT)
    arrivals = tester.wait_quiet(min(subject.quiet, subject.parameters.t1 / 2))
    if any(arrival.function == UFunction.STOPDT_CON for arrival in arrivals):
        waiting = tester.received - tester.confirmed
        raise FailedError(f"STOPDT con while {waiting} I-frames of the station were not acknowledged")
    tester.acknowledge()
    tester.take_u(UFunction.STOPDT_CON, subject.patience)
    return ""
