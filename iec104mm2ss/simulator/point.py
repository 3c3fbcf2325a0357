"""What a controlled station has: points that it monitors and controls that operate them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Final

from iec104mm2ss.wire.asdu import HEADER_LENGTH, IOA_LENGTH, MAX_COUNT, MAX_IOA, MAX_LENGTH, build
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.elements import GOOD, Counter, CounterFlag, Element, Monitored, Quality, encode_objects
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

_COUNTERS: Final = frozenset({TypeId.M_IT_NA_1, TypeId.M_IT_TB_1})
_TYPES: Final = frozenset(UNTAGGED) | frozenset(UNTAGGED.values()) | {TypeId.M_ME_ND_1}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a point says at one moment. `value` is as in `wire.elements`; of a counter's quality only IV is sent."""

    value: float
    quality: Quality = GOOD


@dataclass(frozen=True, slots=True)
class Point:
    """A monitored object: its address, the type in which it reports changes and what it says in the beginning.

    `type_id` is 1, 3, 5, 7, 9, 11, 13, 15, 21 or 30-37. `interrogated` says whether a station interrogation includes
    it; counters answer counter interrogations only. Raises ValueError for another type or a value it cannot carry.
    """

    ioa: int
    type_id: int
    value: float
    name: str = ""
    quality: Quality = GOOD
    interrogated: bool = True

    def __post_init__(self) -> None:
        if self.type_id not in _TYPES:
            raise ValueError(f"{type_name(self.type_id)} cannot be simulated")
        self.check(self.initial)

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

    def check(self, reading: Reading) -> None:
        """Raise ValueError where an ASDU of this point cannot say that."""
        encode_objects(self.untagged, [(self.ioa, _element(self.untagged, reading))])

    def report(self, reading: Reading, cause: int, ca: int, wall: datetime) -> bytes:
        """Return one ASDU of this point alone, with `wall` as its time tag where its type has one."""
        element = _element(self.type_id, reading, CP56Time2a.from_datetime(wall))
        return build(self.type_id, cause, ca, encode_objects(self.type_id, [(self.ioa, element)]))


@dataclass(frozen=True, slots=True)
class Control:
    """A commanded object: single (45, 58) or double (46, 59), and the point that shows how it stands.

    `type_id` is the untagged one of the two. `status` is the point's address. Raises ValueError for another type.
    """

    ioa: int
    type_id: int
    status: int
    select_required: bool = False

    def __post_init__(self) -> None:
        if self.type_id not in {TypeId.C_SC_NA_1, TypeId.C_DC_NA_1}:
            raise ValueError(f"{type_name(self.type_id)} cannot be simulated")
        if not 0 <= self.ioa <= MAX_IOA:
            raise ValueError(f"IOA {self.ioa} is not within 0 to {MAX_IOA}")

    def permits(self, order: float) -> bool:
        """Whether the command states an order; 0 and 3 of a double command do not."""
        return self.type_id == TypeId.C_SC_NA_1 or order in {1, 2}


def pack(
    objects: Iterable[tuple[Point, Reading]], cause: Cause, ca: int, *, originator: int, test: bool
) -> Iterator[bytes]:
    """Return untagged ASDUs with as many objects each as they hold; the order of the points is kept."""
    for type_id, run in groupby(objects, lambda item: item[0].untagged):
        capacity = min(MAX_COUNT, (MAX_LENGTH - HEADER_LENGTH) // (IOA_LENGTH + (object_size(type_id) or 0)))
        while batch := list(islice(run, capacity)):
            octets = encode_objects(type_id, ((point.ioa, _element(type_id, reading)) for point, reading in batch))
            yield build(type_id, cause, ca, octets, count=len(batch), originator=originator, test=test)


def _element(type_id: int, reading: Reading, time: CP56Time2a | None = None) -> Element:
    tag = time if type_id in UNTAGGED else None
    if type_id in _COUNTERS:
        return Counter(int(reading.value), flags=CounterFlag(reading.quality & Quality.IV), time=tag)
    return Monitored(reading.value, reading.quality, tag)
