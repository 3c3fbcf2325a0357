"""The requests that the cases send. None of them operates anything; commands are `subject.Order`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from iec104mm2ss.wire.asdu import build
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.elements import Qualifier, encode_objects
from iec104mm2ss.wire.time import CP56Time2a
from iec104mm2ss.wire.types import TypeId

UNDEFINED_TYPE: Final = 99
"""Reserved by the standard for further definitions in control direction."""
GENERAL_COUNTER_REQUEST: Final = 5
TEST_COUNTER: Final = 0x1234


def now() -> CP56Time2a:
    """Return this machine's local time as a tag."""
    return CP56Time2a.from_datetime(datetime.now().astimezone())


def interrogation(
    ca: int,
    qualifier: int = Cause.INTERROGATED_BY_STATION,
    *,
    cause: int = Cause.ACTIVATION,
    originator: int = 0,
    test: bool = False,
) -> bytes:
    """C_IC_NA_1; the qualifiers 20 to 36 are those of the station and of its groups."""
    objects = encode_objects(TypeId.C_IC_NA_1, [(0, Qualifier(qualifier))])
    return build(TypeId.C_IC_NA_1, cause, ca, objects, originator=originator, test=test)


def counter_interrogation(ca: int) -> bytes:
    """C_CI_NA_1, a general request that neither freezes nor resets."""
    return _of_station(TypeId.C_CI_NA_1, ca, Qualifier(GENERAL_COUNTER_REQUEST))


def link_test(ca: int) -> bytes:
    """C_TS_TA_1, the test command of -104."""
    return _of_station(TypeId.C_TS_TA_1, ca, Qualifier(TEST_COUNTER, now()))


def clock(ca: int) -> bytes:
    """C_CS_NA_1 with this machine's local time."""
    objects = encode_objects(TypeId.C_CS_NA_1, [(0, now())])
    return build(TypeId.C_CS_NA_1, Cause.ACTIVATION, ca, objects)


def read(ca: int, ioa: int) -> bytes:
    """C_RD_NA_1."""
    return build(TypeId.C_RD_NA_1, Cause.REQUEST, ca, ioa.to_bytes(3, "little"))


def undefined(ca: int) -> bytes:
    """Return an ASDU of a type that does not exist."""
    return build(UNDEFINED_TYPE, Cause.ACTIVATION, ca, bytes(4))


def _of_station(type_id: TypeId, ca: int, element: Qualifier) -> bytes:
    return build(type_id, Cause.ACTIVATION, ca, encode_objects(type_id, [(0, element)]))
