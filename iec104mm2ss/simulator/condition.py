"""The filter of a signal: what a master must send before an index send goes on."""

import math
from typing import Final

from iec104mm2ss.settings.signals import Condition
from iec104mm2ss.wire.asdu import ioa, type_id
from iec104mm2ss.wire.elements import (
    Command,
    Counter,
    Element,
    Monitored,
    Parameter,
    Protection,
    Qualifier,
    decode_objects,
)
from iec104mm2ss.wire.types import TypeId, type_name

_ON_TYPE_ALONE: Final = frozenset({TypeId.C_IC_NA_1, TypeId.C_CS_NA_1})
_NORMALIZED: Final = frozenset({TypeId.C_SE_NA_1, TypeId.C_SE_TA_1, TypeId.P_ME_NA_1})
_SHORT: Final = frozenset({TypeId.C_SE_NC_1, TypeId.C_SE_TC_1, TypeId.P_ME_NC_1})
_SHORT_PRECISION: Final = 2.0**-23
_NORMALIZED_PRECISION: Final = 2.0**-14
"""Two steps: masters round or cut off, and multiply by 32767 or by 32768."""


def is_met(condition: Condition, asdu: bytes) -> bool:
    """Whether a received ASDU has the type, the first IOA and the value, of those that the filter gives.

    Interrogation and clock synchronisation (100, 103) need not have the other two.
    """
    number = type_id(asdu)
    if condition.type_id is not None and condition.type_id != number:
        return False
    if condition.type_id in _ON_TYPE_ALONE:
        return True
    if condition.ioa is not None and condition.ioa != ioa(asdu):
        return False
    return condition.value is None or _has_value(asdu, condition.value)


def describe(condition: Condition) -> str:
    """Return the filter in words: `C_DC_NA_1, IOA 21001, value 2 within 5 s`."""
    parts = (
        "" if condition.type_id is None else type_name(condition.type_id),
        "" if condition.ioa is None else f"IOA {condition.ioa}",
        "" if condition.value is None else f"value {condition.value:g}",
    )
    return f"{', '.join(filter(None, parts))} within {condition.timeout:g} s"


def _has_value(asdu: bytes, wanted: float) -> bool:
    objects = decode_objects(asdu)
    value = _value(objects[0][1]) if objects else None
    if value is None:
        return False
    relative = _SHORT_PRECISION if type_id(asdu) in _SHORT else 0.0
    absolute = _NORMALIZED_PRECISION if type_id(asdu) in _NORMALIZED else 0.0
    return math.isclose(value, wanted, rel_tol=relative, abs_tol=absolute)


def _value(element: Element) -> float | None:
    match element:
        case Command(value) | Monitored(value) | Parameter(value) | Protection(value) | Qualifier(value):
            return value
        case Counter(reading):
            return reading
    return None
