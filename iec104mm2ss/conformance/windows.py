"""Sequence numbers, k and w (IEC 60870-5-104, clauses 5.1 and 5.5)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from iec104mm2ss.conformance import asdus
from iec104mm2ss.conformance.bench import start
from iec104mm2ss.conformance.verdict import FailedError, InconclusiveError
from iec104mm2ss.wire.apci import SEQUENCE_MODULO

if TYPE_CHECKING:
    from iec104mm2ss.conformance.bench import Bench
    from iec104mm2ss.conformance.subject import Subject
    from iec104mm2ss.conformance.tester import Tester

_STALL: Final = 0.5
"""Seconds without an I-frame after which a station is taken to have stopped, at most a quarter of t1."""


def numbers_from_zero(bench: Bench) -> str:
    """N(S) of a new connection starts at 0 and counts: the tester accuses what does not."""
    tester = bench.connect()
    start(tester, bench.subject.patience)
    _some_data(bench, tester)
    return f"{tester.received} I-frames"


def ns_skipped(bench: Bench) -> str:
    """An N(S) that leaves one out makes the station close."""
    tester, subject = bench.started(), bench.subject
    tester.send_numbered(asdus.link_test(subject.ca), 1, tester.received)
    return tester.wait_closed(subject.patience)


def ns_repeated(bench: Bench) -> str:
    """An N(S) that was there before makes the station close."""
    tester, subject = bench.started(), bench.subject
    tester.ask(asdus.link_test(subject.ca))
    tester.wait_acknowledged(subject.patience)
    tester.send_numbered(asdus.link_test(subject.ca), 0, tester.received)
    return tester.wait_closed(subject.patience)


def nr_of_unsent(bench: Bench) -> str:
    """An S-frame that acknowledges what was never sent makes the station close."""
    tester = bench.started()
    tester.acknowledge(_beyond(bench, tester))
    return tester.wait_closed(bench.subject.patience)


def nr_of_unsent_in_data(bench: Bench) -> str:
    """An I-frame that acknowledges what was never sent makes the station close."""
    tester = bench.started()
    tester.send_numbered(asdus.link_test(bench.subject.ca), 0, _beyond(bench, tester))
    return tester.wait_closed(bench.subject.patience)


def nr_falls_back(bench: Bench) -> str:
    """An N(R) below one that was sent before makes the station close."""
    tester = bench.started()
    _some_data(bench, tester)
    tester.acknowledge()
    tester.acknowledge(tester.confirmed - 1)
    return tester.wait_closed(bench.subject.patience)


def w(bench: Bench) -> str:
    """The w-th I-frame is acknowledged without waiting for t2."""
    tester, subject = bench.started(), bench.subject
    count = subject.parameters.w
    tester.send(b"".join(tester.frame(asdus.link_test(subject.ca)) for _ in range(count)))
    elapsed = tester.wait_acknowledged(min(subject.patience, subject.parameters.t2 / 2))
    return f"{count} I-frames acknowledged after {elapsed:.3f} s"


def k(bench: Bench) -> str:
    """The station stops after k I-frames that are not acknowledged, and goes on when they are."""
    tester, subject = bench.started(acknowledges=False), bench.subject
    limit = subject.parameters.k
    _fill_window(tester, subject)
    waiting = tester.received
    if waiting > limit:
        raise FailedError(f"{waiting} I-frames not acknowledged; k is {limit}")
    tester.acknowledge()
    went_on = _data_comes(tester, subject.patience)
    if went_on and waiting == limit:
        return f"stopped at {waiting}, went on when they were acknowledged"
    if waiting == limit:
        raise FailedError(f"stopped at {waiting} and did not go on when they were acknowledged")
    guess = f"; is its k {waiting} (--k)?" if went_on else " and has nothing more to send"
    raise InconclusiveError(f"the station stopped at {waiting} I-frames, below k ({limit}){guess}")


def wrap(bench: Bench) -> str:
    """The numbers go from 32767 to 0 both ways."""
    tester, subject = bench.started(), bench.subject
    while tester.sent <= SEQUENCE_MODULO:
        tester.send(b"".join(tester.frame(asdus.link_test(subject.ca)) for _ in range(subject.parameters.w)))
        while tester.received < tester.sent:
            if not _data_comes(tester, subject.patience):
                raise _stuck(tester)
    tester.wait_acknowledged(subject.patience)
    return f"{tester.sent} I-frames sent, {tester.received} received"


def _stuck(tester: Tester) -> FailedError | InconclusiveError:
    if tester.closed_at is None:
        return InconclusiveError(f"the station has answered {tester.received} of {tester.sent} C_TS_TA_1")
    return FailedError(f"closed by the station after {tester.sent} I-frames to it and {tester.received} from it")


def _fill_window(tester: Tester, subject: Subject) -> None:
    """Ask one thing after the other until the station no longer answers, or has answered too often."""
    stall = min(_STALL, subject.parameters.t1 / 4)
    while tester.received <= subject.parameters.k:
        tester.ask(asdus.link_test(subject.ca))
        if not _data_comes(tester, stall):
            return


def _data_comes(tester: Tester, within: float) -> bool:
    deadline = time.monotonic() + within
    while arrival := tester.next(deadline):
        if arrival.is_data:
            return True
    return False


def _some_data(bench: Bench, tester: Tester) -> None:
    tester.ask(asdus.link_test(bench.subject.ca))
    if not _data_comes(tester, bench.subject.patience):
        raise InconclusiveError("the station has sent no I-frame")


def _beyond(bench: Bench, tester: Tester) -> int:
    """Return an N(R) that no window of the station reaches."""
    return tester.confirmed + bench.subject.parameters.k + 1000
