"""Setting the clock; nothing here sets the clock of the machine that runs the tests."""

import sys
import time
from datetime import UTC, datetime

import pytest

from iec104mm2ss.ntp.clock import PRIVILEGE, SystemClock, system_time

NANOSECONDS = 1_000_000_000
if sys.platform == "win32":
    pytest.skip("sets the clock by another call", allow_module_level=True)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What the system's call was given."""
    made: list[tuple[int, int]] = []
    monkeypatch.setattr(time, "clock_settime_ns", lambda clock, value: made.append((clock, value)))
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000 * NANOSECONDS + 7)
    return made


@pytest.mark.parametrize(
    ("seconds", "nanoseconds"), [(0.003, 3_000_000), (-3600.0, -3600 * NANOSECONDS), (2**-20, 954)]
)
def test_the_wall_clock_is_set_with_full_resolution(
    settings: list[tuple[int, int]], seconds: float, nanoseconds: int
) -> None:
    SystemClock().step(seconds)
    assert settings == [(time.CLOCK_REALTIME, 1_700_000_000 * NANOSECONDS + 7 + nanoseconds)]


def test_a_missing_privilege_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(time, "clock_settime_ns", refuse)
    with pytest.raises(PermissionError):
        SystemClock().step(1.0)
    assert PRIVILEGE == "root"


def test_both_clocks_are_read() -> None:
    wall, monotonic = time.time(), time.monotonic()
    reading = SystemClock().read()
    assert wall <= reading.wall <= wall + 60
    assert monotonic <= reading.monotonic <= monotonic + 60
    assert 0 < SystemClock.resolution < 0.1


@pytest.mark.parametrize(
    ("moment", "members"),
    [
        (datetime(2023, 11, 14, 22, 13, 20, 999_999, tzinfo=UTC), (2023, 11, 0, 14, 22, 13, 20, 999)),
        (datetime(2028, 2, 29, tzinfo=UTC), (2028, 2, 0, 29, 0, 0, 0, 0)),
        (datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC), (1969, 12, 0, 31, 23, 59, 59, 500)),
    ],
)
def test_windows_gets_the_members_of_its_systemtime(moment: datetime, members: tuple[int, ...]) -> None:
    microseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution)
    assert system_time(microseconds * 1000) == members
