"""A watch over one master's commands: who tries out the addresses of an RTU shows by how many points he tries."""

from collections import OrderedDict
from math import inf
from typing import Final

from iec104mm2ss.routing.table import POINT_COMMANDS, SWITCHING
from iec104mm2ss.wire.asdu import common_address, ioa, type_id

SPAN: Final = 5.0
"""Seconds within which points are counted together."""

REFUSED_POINTS: Final = 5
"""Different points refused within `SPAN` that raise an alarm: a control centre knows its points and what it may do."""

SWITCHED_POINTS: Final = 20
"""Different points switched within `SPAN` that raise an alarm though nothing is refused: feeder groups are smaller."""

PAUSE: Final = 60.0
"""Seconds from one alarm of a session to its next."""


class Watch:
    """The commands of one session, as that master writes them. A call takes the same time however many there were."""

    def __init__(self) -> None:
        self._refused = _Points(REFUSED_POINTS)
        self._switched = _Points(SWITCHED_POINTS)
        self._quiet_until = -inf

    def commanded(self, asdu: bytes, now: float) -> str:
        """Note any ASDU of the master as it comes; return the alarm that it raises, empty for none.

        Set points do not count: a master may send those of a whole plant in every cycle of its control.
        """
        if type_id(asdu) not in SWITCHING or not self._switched.makes_many(asdu, now):
            return ""
        return self._alarm(f"{SWITCHED_POINTS} different points commanded within {SPAN:g} s", now)

    def refused(self, asdu: bytes, now: float) -> str:
        """Note that an ASDU of the master was refused, by whomever; return the alarm that it raises, empty for none."""
        if type_id(asdu) not in POINT_COMMANDS or not self._refused.makes_many(asdu, now):
            return ""
        return self._alarm(f"commands to {REFUSED_POINTS} different points refused within {SPAN:g} s", now)

    def _alarm(self, what: str, now: float) -> str:
        if now < self._quiet_until:
            return ""
        self._quiet_until = now + PAUSE
        return f"alarm: {what}; unless you meant this, disable the entry and find out who sends"


class _Points:
    """The `most` different points that were touched last, each with the time when it was."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: OrderedDict[tuple[int, int], float] = OrderedDict()

    def makes_many(self, asdu: bytes, now: float) -> bool:
        """Touch the point of `asdu`; return whether `most` different ones were within `SPAN`."""
        point = common_address(asdu), ioa(asdu)
        self._times[point] = now
        self._times.move_to_end(point)
        if len(self._times) > self._most:
            self._times.popitem(last=False)
        return len(self._times) == self._most and now - next(iter(self._times.values())) <= SPAN
