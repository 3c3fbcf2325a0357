"""When each promise of a connection falls due; the t1 and t2 of I-frames are in `sequence`, with their windows."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iec104mm2ss.link.parameters import LinkParameters


class Timers:
    """Deadlines in monotonic seconds, `math.inf` where nothing is promised; no frame clears another one's t1."""

    __slots__ = ("_act", "_act_name", "_active", "_incomplete", "_parameters", "_test", "heard")

    def __init__(self, parameters: LinkParameters, now: float) -> None:
        self.heard = now
        """When the last complete frame came."""
        self._parameters = parameters
        self._active = now
        self._act = math.inf
        self._act_name = ""
        self._test = math.inf
        self._incomplete = math.inf

    def frames_received(self, now: float) -> None:
        """Restart t3 and the idle time."""
        self.heard = self._active = now

    def frames_sent(self, now: float) -> None:
        """Restart the idle time."""
        self._active = now

    def act_sent(self, name: str, now: float) -> None:
        """Wait t1 for the confirmation of STARTDT act or STOPDT act."""
        self._act_name = name
        self._act = now + self._parameters.t1

    def act_confirmed(self) -> None:
        """The STARTDT act or STOPDT act is confirmed."""
        self._act = math.inf

    @property
    def testing(self) -> bool:
        """Whether a TESTFR act waits for its confirmation."""
        return self._test != math.inf

    def test_sent(self, now: float) -> None:
        """Wait t1 for TESTFR con; t3 rests meanwhile."""
        self._test = now + self._parameters.t1

    def test_confirmed(self) -> None:
        """The TESTFR act is confirmed."""
        self._test = math.inf

    def framed(self, pending: int, now: float, *, progress: bool) -> None:
        """Give an incomplete APDU of `pending` octets t1; with `progress` it began in the data just received."""
        if not pending:
            self._incomplete = math.inf
        elif progress or self._incomplete == math.inf:
            self._incomplete = now + self._parameters.t1

    @property
    def test_due(self) -> float:
        """When silence has lasted t3 and a TESTFR act is to be sent."""
        return math.inf if self.testing else self.heard + self._parameters.t3

    @property
    def promised(self) -> float:
        """When t1 of the first STARTDT, STOPDT or TESTFR act that is not confirmed ends."""
        return min(self._act, self._test)

    def earliest(self) -> float:
        """The first of all these deadlines."""
        return min(self.test_due, self._act, self._test, self._incomplete, self._active + self._parameters.idle)

    def broken_promise(self, now: float) -> str | None:
        """Why the connection has to be closed at `now`."""
        t1 = self._parameters.t1
        if now >= self._act:
            return f"{self._act_name} not confirmed within t1 ({t1:g} s)"
        if now >= self._test:
            return f"TESTFR act not confirmed within t1 ({t1:g} s)"
        if now >= self._incomplete:
            return f"APDU still incomplete t1 ({t1:g} s) after its first octet"
        if now >= self._active + self._parameters.idle:
            return f"no frame either way for {self._parameters.idle:g} s (idle)"
        return None


class Quota:
    """How often something is borne: `allowed` times within `seconds`."""

    __slots__ = ("_seconds", "_times")

    def __init__(self, allowed: int, seconds: float) -> None:
        self._times: deque[float] = deque(maxlen=allowed + 1)
        self._seconds = seconds

    def exceeded_by(self, now: float) -> bool:
        """Count one more at `now`; whether it is one too many."""
        times = self._times
        times.append(now)
        return len(times) == times.maxlen and now - times[0] < self._seconds
