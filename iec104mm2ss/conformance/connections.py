"""Several connections, and new ones after a fault (IEC 60870-5-104, clauses 7.1 and 10)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from iec104mm2ss.conformance import asdus
from iec104mm2ss.conformance.bench import probe, start
from iec104mm2ss.conformance.verdict import FailedError
from iec104mm2ss.wire.apci import UFunction

if TYPE_CHECKING:
    from iec104mm2ss.conformance.bench import Bench
    from iec104mm2ss.conformance.tester import Tester

_BETWEEN_TRIES: Final = 0.1


def second_connection(bench: Bench) -> str:
    """A second connection that is not started leaves the first one as it is; it may be refused."""
    first, subject = bench.started(), bench.subject
    second = bench.connect()
    second.send_u(UFunction.TESTFR_ACT)
    second.wait_quiet(subject.quiet)
    try:
        probe(first, subject.patience)
    except FailedError as error:
        raise FailedError(f"the first connection is lost to the second one: {error}") from None
    first.ask(asdus.interrogation(subject.ca))
    first.wait_acknowledged(subject.patience)
    return "the second is closed" if second.closed_at is not None else "both stay"


def after_fault(bench: Bench) -> str:
    """A new connection after one that broke the rules starts from the beginning."""
    faulty, subject = bench.started(), bench.subject
    faulty.ask(asdus.link_test(subject.ca))
    faulty.wait_acknowledged(subject.patience)
    faulty.send(bytes.fromhex("690443000000"))
    faulty.wait_quiet(subject.quiet)
    faulty.close()
    return _serves(bench, _anew(bench))


def after_reset(bench: Bench) -> str:
    """A new connection after one that was reset in the midst of an answer starts from the beginning."""
    crashed, subject = bench.started(), bench.subject
    crashed.ask(asdus.interrogation(subject.ca))
    crashed.wait_acknowledged(subject.patience)
    crashed.reset()
    return _serves(bench, _anew(bench))


def _anew(bench: Bench) -> Tester:
    """Return a started connection; a station that has just lost one may need a moment to know."""
    patience = bench.subject.patience
    deadline = time.monotonic() + patience
    while True:
        tester = bench.connect()
        try:
            start(tester, patience)
        except FailedError as error:
            if tester.closed_at is None or time.monotonic() > deadline:
                raise FailedError(f"data transfer cannot be started anew: {error}") from None
            time.sleep(_BETWEEN_TRIES)
        else:
            return tester


def _serves(bench: Bench, tester: Tester) -> str:
    """Ask something: the tester accuses numbers that do not start at 0."""
    tester.ask(asdus.interrogation(bench.subject.ca))
    tester.take(lambda arrival: arrival.is_data, bench.subject.patience, "I-frame on the new connection")
    tester.wait_acknowledged(bench.subject.patience)
    return ""
