"""What a controlled station has: points that it monitors and controls that operate them."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from typing import Final

from iec104mm2ss.wire.asdu import HEADER_LENGTH, IOA_LENGTH, MAX_COUNT, MAX_IOA, MAX_LENGTH, build
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.elements import GOOD, Counter, CounterFlag, Monitored, Quality, encode_objects
from iec104mm2ss.wire.time import CP56Time2a
from iec104mm2ss.wire.types import TypeId, object_size, type_name

UNTAGGED: Final[dict[int, TypeId]] = {
    TypeId.M_SP_TB_1: TypeId.M_SP_NA_1,
    TypeId.M_DP_TB_1: TypeId.M_DP_NA_1,
    TypeId.M_ST_TB_1: TypeId.M_ST_NA_1,
    TypeId.M_BO_TB_1: TypeId.M_BO_NA_1,
    TypeId.M_ME_TD_1: TypeId.M_ME_NA_1,
    TypeId.M_ME_TE_1: TypeId.M_ME_NB_1,
    TypeId.M_ME_TF_1: TypeId.M_ME_NC_1,
    TypeId.M_IT_TB_1: TypeId.M_IT_NA_1,
}
"""The types with CP56Time2a and their twins without, in which interrogations are answered."""

UNTAGGED_COMMANDS: Final[dict[int, TypeId]] = {
    TypeId.C_SC_TA_1: TypeId.C_SC_NA_1,
    TypeId.C_DC_TA_1: TypeId.C_DC_NA_1,
    TypeId.C_RC_TA_1: TypeId.C_RC_NA_1,
    TypeId.C_SE_TA_1: TypeId.C_SE_NA_1,
    TypeId.C_SE_TB_1: TypeId.C_SE_NB_1,
    TypeId.C_SE_TC_1: TypeId.C_SE_NC_1,
    TypeId.C_BO_TA_1: TypeId.C_BO_NA_1,
}
"""The commands with CP56Time2a and their twins without; a control takes both."""

_COUNTERS: Final = frozenset({TypeId.M_IT_NA_1, TypeId.M_IT_TB_1})
_TYPES: Final = frozenset(UNTAGGED) | frozenset(UNTAGGED.values()) | {TypeId.M_ME_ND_1}
_TWO_ORDERS: Final = frozenset({TypeId.C_DC_NA_1, TypeId.C_RC_NA_1})

STATION_GROUPS: Final = 16
COUNTER_GROUPS: Final = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """What a point says at one moment. `value` is as in `wire.elements`; of a counter's quality only IV is sent."""

    value: float
    quality: Quality = GOOD


@dataclass(frozen=True, slots=True)
class Point:
    """A monitored object: its address, the type in which it reports changes and what it says in the beginning.

    `type_id` is 1, 3, 5, 7, 9, 11, 13, 15, 21 or 30-37. `interrogated` says whether an interrogation of the whole
    station includes it, for a counter that of all counters; `group` is the one, 1 to 16 and for a counter 1 to 4,
    whose interrogation does. `octets` is its address and element as in the beginning, without a time tag. Raises
    ValueError for another type or group, or a value it cannot carry.
    """

    ioa: int
    type_id: int
    value: float
    name: str = ""
    quality: Quality = GOOD
    interrogated: bool = True
    group: int | None = None
    octets: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.type_id not in _TYPES:
            raise ValueError(f"{type_name(self.type_id)} cannot be simulated")
        groups = COUNTER_GROUPS if self.is_counter else STATION_GROUPS
        if self.group is not None and not 1 <= self.group <= groups:
            raise ValueError(f"group {self.group} is not within 1 to {groups}")
        object.__setattr__(self, "octets", self.encode(self.initial))

    @property
    def initial(self) -> Reading:
        """What it says in the beginning."""
        return Reading(self.value, self.quality)

    @property
    def is_counter(self) -> bool:
        """Whether it is an integrated total."""
        return self.type_id in _COUNTERS

    @property
    def untagged(self) -> int:
        """Its type without a time tag."""
        return UNTAGGED.get(self.type_id, self.type_id)

    @property
    def key(self) -> tuple[int, int]:
        """What it is to a master: points of the same address and untagged type show the same thing."""
        return self.ioa, self.untagged

    def encode(self, reading: Reading) -> bytes:
        """Return address and element, without a time tag. Raises ValueError for a value that it cannot carry."""
        return encode_objects(self.untagged, [(self.ioa, self._element(reading))])

    def report(self, octets: bytes, cause: int, ca: int, wall: datetime) -> bytes:
        """Return one ASDU of this point alone, with `wall` as its time tag where its type has one.

        `octets` comes from `encode`, or is the attribute: a time tag only ever follows what is there without one.
        """
        tag = CP56Time2a.from_datetime(wall).encode() if self.type_id in UNTAGGED else b""
        return build(self.type_id, cause, ca, octets + tag)

    def _element(self, reading: Reading) -> Monitored | Counter:
        if self.is_counter:
            return Counter(int(reading.value), flags=CounterFlag(reading.quality & Quality.IV))
        return Monitored(reading.value, reading.quality)


@dataclass(frozen=True, slots=True)
class Control:
    """A commanded object and the point that shows how it stands.

    `type_id` is 45 single, 46 double, 47 regulating step, 48-50 set point or 51 bit string; the twin with time tag is
    served too. `status` is the point's address. Raises ValueError for another type.
    """

    ioa: int
    type_id: int
    status: int
    select_required: bool = False

    def __post_init__(self) -> None:
        if self.type_id not in UNTAGGED_COMMANDS.values():
            raise ValueError(f"{type_name(self.type_id)} cannot be simulated")
        if not 0 <= self.ioa <= MAX_IOA:
            raise ValueError(f"IOA {self.ioa} is not within 0 to {MAX_IOA}")

    def permits(self, order: float) -> bool:
        """Whether the command states an order; 0 and 3 of double and step commands do not, nor do NaN and infinity."""
        return order in {1, 2} if self.type_id in _TWO_ORDERS else math.isfinite(order)


def pack(
    objects: Iterable[tuple[Point, bytes]], cause: Cause, ca: int, *, originator: int, test: bool
) -> Iterator[bytes]:
    """Return untagged ASDUs with as many objects each as they hold; the order of the points is kept."""
    for type_id, run in groupby(objects, lambda item: item[0].untagged):
        capacity = min(MAX_COUNT, (MAX_LENGTH - HEADER_LENGTH) // (IOA_LENGTH + (object_size(type_id) or 0)))
        while batch := [octets for _, octets in islice(run, capacity)]:
            yield build(type_id, cause, ca, b"".join(batch), count=len(batch), originator=originator, test=test)
