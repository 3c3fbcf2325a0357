"""The parameters of one connection: the timeouts and windows of IEC 60870-5-104, clauses 9.6 and 5.5."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MAX_WINDOW = 32767  # one less than the modulo of N(S), so that N(R) tells nothing acknowledged from everything


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkParameters:
    """Timeouts in seconds and windows in I-frames; the defaults are the standard's.

    t0: until a TCP connection is given up; > 0, finite (used by the client, not by the link).
    t1: until a sent or test APDU must have been acknowledged; > 0, finite.
    t2: until received I-frames are acknowledged; > 0, less than t1.
    t3: silence until a test frame is sent; > 0, `math.inf` = never.
    k: I-frames sent and not yet acknowledged, 1..32767.
    w: received I-frames after which an acknowledgement is sent at the latest, 1..k.
    idle: time without any frame either way after which the connection is closed; > 0, `math.inf` = never.

    Raises ValueError with the offending value. The standard also recommends w <= 2k/3; that is a matter for a
    warning where the values are configured.
    """

    t0: float = 30.0
    t1: float = 15.0
    t2: float = 10.0
    t3: float = 20.0
    k: int = 12
    w: int = 8
    idle: float = math.inf

    def __post_init__(self) -> None:
        for name in ("t0", "t1", "t2"):
            _check_seconds(name, getattr(self, name), limit="a finite number of seconds above 0", finite=True)
        for name in ("t3", "idle"):
            _check_seconds(name, getattr(self, name), limit="a number of seconds above 0", finite=False)
        if self.t2 >= self.t1:
            raise ValueError(f"t2 {self.t2} must be less than t1 {self.t1}")
        if not 1 <= self.k <= _MAX_WINDOW:
            raise ValueError(f"k {self.k} outside 1..{_MAX_WINDOW}")
        if not 1 <= self.w <= self.k:
            raise ValueError(f"w {self.w} outside 1..k, where k is {self.k}")


def _check_seconds(name: str, value: float, *, limit: str, finite: bool) -> None:
    # NaN fails every comparison, so the test asks for what is right
    if not value > 0 or (finite and math.isinf(value)):
        raise ValueError(f"{name} {value} must be {limit}")
