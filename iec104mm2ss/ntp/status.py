"""What people see of the clock: in the window, in `status` and as metrics."""

from dataclasses import dataclass
from datetime import UTC, datetime

TRYING = "Trying NTP servers to update local time .."

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SHOWN_AS_MILLISECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """This clock was `offset` seconds behind `server` (0 once it was set) at `when`, seconds since 1970."""

    server: str
    offset: float
    when: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStatus:
    """How it stands with the clock.

    `text` is the sentence for the head line, `good` whether nobody has to do anything about it, `why` what the servers
    or the setting failed by, `compared` the last answer that could be believed.
    """

    text: str = TRYING
    good: bool = False
    why: str = ""
    compared: Comparison | None = None

    def brief(self, now: float) -> str:
        """`clock +3 ms (pool.ntp.org, 41 s ago)`; `now` is seconds since 1970."""
        if self.compared is None:
            return "clock not compared"
        difference, age = _difference(self.compared.offset), _age(now - self.compared.when)
        return f"clock {difference} ({self.compared.server}, {age} ago)"


def local(wall: float) -> str:
    """Write a time, seconds since 1970, as the time of day here."""
    return f"{_here(wall):%Y-%m-%d %H:%M:%S}"


def iso(wall: float) -> str:
    """Write a time as the log files do: to the millisecond, with its distance from UTC."""
    return _here(wall).isoformat(" ", "milliseconds")


def _here(wall: float) -> datetime:
    return datetime.fromtimestamp(wall, UTC).astimezone()


def _difference(seconds: float) -> str:
    if abs(seconds) < _SHOWN_AS_MILLISECONDS:
        return f"{round(seconds * 1000):+d} ms"
    return f"{round(seconds):+d} s"


def _age(seconds: float) -> str:
    """Round down: two minutes are no hour. Never negative, whoever set the clock meanwhile."""
    if seconds < 2 * _MINUTE:
        return f"{max(0.0, seconds):.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds // _MINUTE:.0f} min"
    return f"{seconds // _HOUR:.0f} h" if seconds < 2 * _DAY else f"{seconds // _DAY:.0f} d"
