"""The texts of the head line and of `status`, and what is said of failing servers."""

import sys
import time

import pytest

from iec104mm2ss.ntp.complaints import Complaints
from iec104mm2ss.ntp.status import ClockStatus, Comparison, local


@pytest.mark.parametrize(
    ("offset", "age", "text"),
    [
        (0.003, 41.0, "clock +3 ms (pool.ntp.org, 41 s ago)"),
        (-0.0004, 0.0, "clock +0 ms (pool.ntp.org, 0 s ago)"),
        (-0.25, 0.0, "clock -250 ms (pool.ntp.org, 0 s ago)"),
        (9.9, 119.0, "clock +9900 ms (pool.ntp.org, 119 s ago)"),
        (10.0, 120.0, "clock +10 s (pool.ntp.org, 2 min ago)"),
        (-3600.0, 7199.0, "clock -3600 s (pool.ntp.org, 119 min ago)"),
        (0.0, 7200.0, "clock +0 ms (pool.ntp.org, 2 h ago)"),
        (0.0, 3 * 86_400.0, "clock +0 ms (pool.ntp.org, 3 d ago)"),
        (0.0, -3600.0, "clock +0 ms (pool.ntp.org, 0 s ago)"),  # somebody set the clock back since
    ],
)
def test_the_clock_in_a_few_words(offset: float, age: float, text: str) -> None:
    status = ClockStatus(compared=Comparison("pool.ntp.org", offset, when=1000.0))
    assert status.brief(1000.0 + age) == text


def test_a_clock_that_was_never_compared() -> None:
    assert ClockStatus().brief(0.0) == "clock not compared"


def test_times_are_those_of_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":
        pytest.skip("the time zone of a process cannot be changed here")
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        assert local(1_700_000_000.0) == "2023-11-14 23:13:20"
        assert local(1_690_000_000.0) == "2023-07-22 06:26:40"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_each_ones_reason_is_said_once_until_it_changes() -> None:
    complaints = Complaints()
    assert complaints.failed("a", "no answer", 0.0) == "a: no answer"
    assert complaints.failed("b", "no answer", 1.0) == "b: no answer"
    assert complaints.failed("a", "no answer", 2.0) is None
    assert complaints.failed("a", "Connection refused", 3.0) == "a: Connection refused"
    assert complaints.failed("a", "Connection refused", 3602.9) is None
    assert complaints.failed("a", "Connection refused", 3603.0) == "a: still Connection refused"
    assert complaints.failed("a", "Connection refused", 3604.0) is None


def test_the_end_is_news_only_where_there_was_a_beginning() -> None:
    complaints = Complaints()
    assert not complaints.over("a")
    complaints.failed("a", "no answer", 0.0)
    assert complaints.over("a")
    assert not complaints.over("a")
    assert complaints.failed("a", "no answer", 1.0) == "a: no answer"
