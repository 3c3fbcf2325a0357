"""This machine's clock: the one place that reads it for NTP and sets it."""

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

if sys.platform == "win32":
    import ctypes

_NANOSECONDS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ERROR_PRIVILEGE_NOT_HELD = 1314

PRIVILEGE = "admin" if sys.platform == "win32" else "root"
"""What somebody who may set the clock is called on this system."""


class Reading(NamedTuple):
    """Seconds since 1970 (UTC), and the monotonic seconds of the same moment, which no setting of the clock moves."""

    wall: float
    monotonic: float


class Clock(Protocol):
    """A clock that can be read and set."""

    @property
    def resolution(self) -> float:
        """Seconds between two values that a reading can have."""

    def read(self) -> Reading:
        """Read it."""

    def step(self, seconds: float) -> None:
        """Set it forward, or back where `seconds` is negative.

        Raises PermissionError without the privilege, OSError where the system does not accept the time.
        """


class SystemClock:
    """The clock of this machine."""

    resolution = time.get_clock_info("time").resolution

    def read(self) -> Reading:
        """Read it."""
        return Reading(time.time(), time.monotonic())

    def step(self, seconds: float) -> None:
        """Set it, as `Clock` says."""
        _set(time.time_ns() + round(seconds * _NANOSECONDS))


def system_time(nanoseconds: int) -> tuple[int, ...]:
    """Return the members of a Windows SYSTEMTIME for a time since 1970; SetSystemTime ignores the day of the week."""
    moment = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    day = (moment.year, moment.month, 0, moment.day)
    return (*day, moment.hour, moment.minute, moment.second, moment.microsecond // 1000)


if sys.platform == "win32":

    def _set(nanoseconds: int) -> None:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        members = (ctypes.c_uint16 * 8)(*system_time(nanoseconds))
        if not kernel.SetSystemTime(ctypes.byref(members)):
            error = ctypes.WinError(ctypes.get_last_error())
            # Python does not make a PermissionError of this one.
            raise PermissionError(*error.args) if error.winerror == _ERROR_PRIVILEGE_NOT_HELD else error

else:

    def _set(nanoseconds: int) -> None:
        time.clock_settime_ns(time.CLOCK_REALTIME, nanoseconds)
