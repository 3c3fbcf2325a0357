"""A watch over one master's commands: who tries out the addresses of an RTU shows by how many points he tries."""

from collections import OrderedDict
from math import inf
from typing import Final

from iec104mm2ss.routing.table import PARAMETERS, POINT_COMMANDS, SWITCHING, UNKNOWN_CAUSES
from iec104mm2ss.wire.asdu import common_address, ioa, type_id

SPAN: Final = 5.0
"""Seconds within which points are counted together."""

REFUSED_POINTS: Final = 5
"""Different points refused within `SPAN` that raise an alarm: a control centre knows its points and what it may do."""

SWITCHED_POINTS: Final = 20
"""Different points switched within `SPAN` that raise an alarm though nothing is refused: feeder groups are smaller."""

PAUSE: Final = 60.0
"""Seconds from one alarm to the next of the same kind."""

_SET_POINTS = POINT_COMMANDS - SWITCHING


class Watch:
    """The commands of one master row, as that master writes them. A call takes the same time however many there were.

    Set points that an RTU takes, or refuses as one in local control does, do not count: a master may send those of a
    whole plant in every cycle of its control.
    """

    def __init__(self) -> None:
        self._refused = _Points(REFUSED_POINTS)
        self._switched = _Points(SWITCHED_POINTS)

    def commanded(self, asdu: bytes, now: float) -> str:
        """Note any ASDU of the master as it comes; return the alarm that it raises, empty for none."""
        if type_id(asdu) not in SWITCHING or not self._switched.raise_alarm(asdu, now):
            return ""
        return _alarm(f"{SWITCHED_POINTS} different points commanded")

    def refused(self, asdu: bytes, now: float) -> str:
        """Note that the gateway refused an ASDU of the master; return the alarm that it raises, empty for none."""
        if type_id(asdu) not in POINT_COMMANDS | PARAMETERS or not self._refused.raise_alarm(asdu, now):
            return ""
        return _alarm(f"commands to {REFUSED_POINTS} different points refused")

    def refused_by_rtu(self, asdu: bytes, cause: int, now: float) -> str:
        """Note that the RTU refused an ASDU of the master with this cause; return the alarm, empty for none.

        A set point counts where the RTU does not know it (causes 44 to 47).
        """
        return self.refused(asdu, now) if type_id(asdu) not in _SET_POINTS or cause in UNKNOWN_CAUSES else ""


def _alarm(what: str) -> str:
    return f"alarm: {what} within {SPAN:g} s; unless you meant this, disable the entry and find out who sends"


class _Points:
    """The `most` different points that were touched last, each with the time when it was."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: OrderedDict[tuple[int, int], float] = OrderedDict()
        self._quiet_until = -inf

    def raise_alarm(self, asdu: bytes, now: float) -> bool:
        """Touch the point of `asdu`; return whether `most` different ones were within `SPAN`, once in `PAUSE`."""
        self._touch((common_address(asdu), ioa(asdu)), now)
        if len(self._times) < self._most or now - next(iter(self._times.values())) > SPAN or now < self._quiet_until:
            return False
        self._quiet_until = now + PAUSE
        return True

    def _touch(self, point: tuple[int, int], now: float) -> None:
        self._times[point] = now
        self._times.move_to_end(point)
        if len(self._times) > self._most:
            self._times.popitem(last=False)
