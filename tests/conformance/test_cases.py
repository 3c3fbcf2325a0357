"""Every case passes with a good station, and fails with one that is wrong in the point that the case is about."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.conformance.catalogue import CASES, Case
from iec104mm2ss.conformance.run import Result, judge
from iec104mm2ss.conformance.subject import Order, Subject
from iec104mm2ss.conformance.verdict import Verdict
from iec104mm2ss.link.parameters import LinkParameters
from tests.conformance.fake import LATE, T1, T2, T3, FakeStation, K, W
from tests.conformance.fake_answers import BREAKER, CA, SELECTED_FOR

if TYPE_CHECKING:
    from collections.abc import Iterator

GENEROUS = {"patience": 8.0, "tolerance": 2.0, "quick": 2.0}
STRICT = {"patience": 0.7, "tolerance": 0.2, "quick": LATE / 2}
"""What is strict only makes a wrong station fail sooner; a good one on a busy machine needs time."""
AT_ONCE = 12
"""Cases run side by side, each with a station of its own: nearly all of their time they wait."""


def subject(port: int, *, patience: float, tolerance: float, quick: float) -> Subject:
    return Subject(
        host="127.0.0.1",
        port=port,
        ca=CA,
        parameters=LinkParameters(t1=T1, t2=T2, t3=T3, k=K, w=W),
        patience=patience,
        quiet=0.4,
        quick=quick,
        tolerance=tolerance,
        select_timeout=SELECTED_FOR,
        order=Order(BREAKER),
        may_set_clock=True,
        may_take_long=True,
    )


def judged(case: Case, wrong: str = "") -> Result:
    with FakeStation(wrong) as station:
        return judge(case, subject(station.port, **(STRICT if wrong else GENEROUS)))


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool


@pytest.fixture(scope="module")
def with_good(pool: ThreadPoolExecutor) -> dict[str, Future[Result]]:
    return {case.name: pool.submit(judged, case) for case in CASES}


@pytest.fixture(scope="module")
def with_wrong(pool: ThreadPoolExecutor) -> dict[str, Future[Result]]:
    return {case.name: pool.submit(judged, case, case.name) for case in CASES}


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_a_good_station_passes(with_good: dict[str, Future[Result]], name: str) -> None:
    result = with_good[name].result()
    assert result.verdict is Verdict.PASSED, "\n".join((result.reason, *result.evidence))


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_a_station_that_is_wrong_here_fails(with_wrong: dict[str, Future[Result]], name: str) -> None:
    result = with_wrong[name].result()
    assert result.verdict is Verdict.FAILED, "\n".join((result.reason, *result.evidence))
