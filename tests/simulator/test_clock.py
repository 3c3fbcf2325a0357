from datetime import UTC, datetime, timedelta, timezone

import pytest

from iec104mm2ss.simulator.clock import ahead
from tests.simulator.bay import TAG, WALL, octets

CLOCK = "67010600 2000 000000"


@pytest.mark.parametrize(
    ("wall", "seconds"),
    [
        (WALL, 0.0),
        (WALL - timedelta(seconds=1.5), 1.5),
        (WALL + timedelta(days=1), -86400.0),
        (datetime(2026, 3, 5, 12, 3, 41, 198000, tzinfo=timezone(timedelta(hours=2))), 0.0),  # tags are local time
    ],
)
def test_how_far_the_masters_clock_is_ahead(wall: datetime, seconds: float) -> None:
    assert ahead(octets(CLOCK) + TAG, wall) == seconds


@pytest.mark.parametrize(
    "asdu",
    [
        f"{CLOCK} 0000 00 00 00 00 1a",  # day and month 0
        "68010600 2000 000000 aa55",  # a test command
        CLOCK,  # cut short
    ],
)
def test_no_time_has_no_difference(asdu: str) -> None:
    assert ahead(octets(asdu), datetime(2026, 3, 5, tzinfo=UTC)) is None
