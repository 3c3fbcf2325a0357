"""What a command makes of the point that shows its effect."""

import math
from collections.abc import Mapping
from typing import Final

from iec104mm2ss.simulator.point import Control, Point, Reading
from iec104mm2ss.wire.types import TypeId

_LOWEST_STEP, _HIGHEST_STEP = -64, 63
_ON: Final = {TypeId.C_SC_NA_1: 1, TypeId.C_DC_NA_1: 2, TypeId.C_RC_NA_1: 2}
"""The order of a switching command that means on or higher; the other one means off or lower."""
_SWITCHED: Final[Mapping[int, tuple[int, int]]] = {TypeId.M_SP_NA_1: (0, 1), TypeId.M_DP_NA_1: (1, 2)}
_FRACTIONAL: Final = frozenset({TypeId.M_ME_NA_1, TypeId.M_ME_ND_1, TypeId.M_ME_NC_1})


def effect(control: Control, order: float, point: Point, present: Reading) -> Reading | None:
    """Return what the status says after an order that the control permits; None where it cannot say that.

    On and off set single and double points, higher and lower move step positions, one step within -64 to 63. A set
    point or bit string is taken over as a number, rounded where the status is whole. Whatever else is the status, such
    as a measured value of a switching command, stays as it is. The quality stays too.
    """
    value = _switched(control, order, point, present.value) if control.type_id in _ON else _rounded(point, order)
    return _if_possible(point, Reading(value, present.quality))


def _switched(control: Control, order: float, point: Point, present: float) -> float:
    on = order == _ON[TypeId(control.type_id)]
    if point.untagged in _SWITCHED:
        return _SWITCHED[point.untagged][on]
    if point.untagged == TypeId.M_ST_NA_1 and control.type_id == TypeId.C_RC_NA_1:
        return min(_HIGHEST_STEP, max(_LOWEST_STEP, present + (1 if on else -1)))
    return present


def _rounded(point: Point, order: float) -> float:
    return order if point.untagged in _FRACTIONAL else math.floor(order + 0.5)


def _if_possible(point: Point, reading: Reading) -> Reading | None:
    try:
        point.encode(reading)
    except ValueError:
        return None
    return reading
