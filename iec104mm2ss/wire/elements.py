"""Information elements: what the octets of one information object say, for every type of -101 and -104.

Clauses are those of IEC 60870-5-101: 7.2.6 for the elements, 7.3 for the types they make up. Decoding never fails:
octets that are not of their type's length come back as `Opaque`. Reserved bits are dropped.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntFlag
from functools import partial
from typing import Any, Final, NamedTuple

from iec104mm2ss.wire.asdu import HEADER_LENGTH, IOA_LENGTH, MAX_IOA, ioas, is_sequence
from iec104mm2ss.wire.time import CP16Time2a, CP24Time2a, CP56Time2a
from iec104mm2ss.wire.types import TypeId, object_size, type_name

Tag = CP24Time2a | CP56Time2a


class Quality(IntFlag):
    """Quality descriptor, clauses 7.2.6.1 to 7.2.6.4; EI only with protection equipment, OV only with QDS."""

    IV = 0x80
    NT = 0x40
    SB = 0x20
    BL = 0x10
    EI = 0x08
    OV = 0x01


class CounterFlag(IntFlag):
    """What a counter reading carries beside its sequence number, clause 7.2.6.9."""

    IV = 0x80
    CA = 0x40
    CY = 0x20


GOOD: Final = Quality(0)
SOUND: Final = CounterFlag(0)


@dataclass(frozen=True, slots=True)
class Monitored:
    """A value with its quality: types 1-14, 21, 30-36.

    `value` is 0 or 1 for a single point, 0 to 3 for a double point (1 OFF, 2 ON), -64 to 63 for a step position,
    an unsigned 32 bit string, -1 to 1-2**-15 normalized, a signed 16 bit integer scaled, or a short float.
    """

    value: float
    quality: Quality = GOOD
    time: Tag | None = None
    transient: bool = False


@dataclass(frozen=True, slots=True)
class Counter:
    """An integrated total: types 15, 16, 37. `reading` is a signed 32 bit integer, `sequence` 0 to 31."""

    reading: int
    sequence: int = 0
    flags: CounterFlag = SOUND
    time: Tag | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """What protection equipment reports: types 17-19, 38-40.

    `value` is the event state 0 to 3 of types 17 and 38 (1 OFF, 2 ON), the start events (six bits) of 18 and 39 or
    the output circuits (four bits) of 19 and 40; `elapsed` is the relay's elapsed, duration or operating time.
    """

    value: int
    quality: Quality
    elapsed: CP16Time2a
    time: Tag | None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """Sixteen single points packed, with the bits that changed: type 20."""

    status: int
    changed: int
    quality: Quality


@dataclass(frozen=True, slots=True)
class Command:
    """A command or set point: types 45-51, 58-64. `value` is as in `Monitored`.

    `qualifier` is QU 0 to 31 with 45-47 and 58-60, QL 0 to 127 with set points; bit strings have neither it nor S/E.
    """

    value: float
    select: bool = False
    qualifier: int = 0
    time: Tag | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a measured value: types 110-112. `qualifier` is the octet QPM, clause 7.2.6.24."""

    value: float
    qualifier: int


@dataclass(frozen=True, slots=True)
class Qualifier:
    """The single number that types 70, 100, 101, 104, 105, 107 and 113 carry.

    It is COI, QOI, QCC, FBP, QRP, TSC or QPA, in that order; 107 has a time tag too.
    """

    value: int
    time: Tag | None = None


@dataclass(frozen=True, slots=True)
class File:
    """File transfer: types 120-127, clause 7.3.6; a field that the type does not have is None.

    `qualifier` is FRQ, SRQ, SCQ, LSQ, AFQ or SOF, `length` counts octets, `start` and `stop` bound a log query, where
    a directory entry has its time of creation in `start`.
    """

    name: int
    section: int | None = None
    length: int | None = None
    qualifier: int | None = None
    checksum: int | None = None
    segment: bytes | None = None
    start: CP56Time2a | None = None
    stop: CP56Time2a | None = None


@dataclass(frozen=True, slots=True)
class Opaque:
    """Octets whose meaning is not known; none at all for a read command (102)."""

    octets: bytes


Element = (
    Monitored
    | Counter
    | Protection
    | StatusChange
    | Command
    | Parameter
    | Qualifier
    | CP16Time2a
    | CP56Time2a
    | File
    | Opaque
)


class _Form(NamedTuple):
    """How a value is coded in its first octets."""

    size: int
    read: Callable[[bytes], float]
    write: Callable[[float], bytes]


def _whole(value: float, low: int, high: int) -> int:
    if not low <= value <= high or value != int(value):
        raise ValueError(f"{value} is not an integer within {low} to {high}")
    return int(value)


def _bit_form(mask: int) -> _Form:
    return _Form(1, lambda octets: octets[0] & mask, lambda value: bytes((_whole(value, 0, mask),)))


def _integer_form(size: int, *, signed: bool) -> _Form:
    low, high = (-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1) if signed else (0, (1 << 8 * size) - 1)
    return _Form(
        size,
        lambda octets: int.from_bytes(octets[:size], "little", signed=signed),
        lambda value: _whole(value, low, high).to_bytes(size, "little", signed=signed),
    )


def _read_step(octets: bytes) -> float:
    position = octets[0] & 0x7F
    return position - 128 if position & 0x40 else position


def _write_step(value: float) -> bytes:
    return bytes((_whole(value, -64, 63) & 0x7F,))


def _read_normalized(octets: bytes) -> float:
    return int.from_bytes(octets[:2], "little", signed=True) / 32768


def _write_normalized(value: float) -> bytes:
    if not -1 <= value <= 1:
        raise ValueError(f"{value} is not a normalized value within -1 to 1")
    return min(round(value * 32768), 32767).to_bytes(2, "little", signed=True)


def _read_short(octets: bytes) -> float:
    return float(struct.unpack_from("<f", octets)[0])


def _write_short(value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except OverflowError as error:
        raise ValueError(f"{value} is no short floating point number") from error


_SINGLE: Final = _bit_form(0x01)
_TWO_BITS: Final = _bit_form(0x03)
_FOUR_BITS: Final = _bit_form(0x0F)
_SIX_BITS: Final = _bit_form(0x3F)
_STEP: Final = _Form(1, _read_step, _write_step)
_BITS: Final = _integer_form(4, signed=False)
_NORMALIZED: Final = _Form(2, _read_normalized, _write_normalized)
_SCALED: Final = _integer_form(2, signed=True)
_SHORT: Final = _Form(4, _read_short, _write_short)
_READING: Final = _integer_form(4, signed=True)


class _Layout(NamedTuple):
    """A value, the octet that annotates it (quality or qualifier, perhaps the value's own octet) and a time tag."""

    form: _Form
    annotation: int
    mask: int
    tag: type[CP24Time2a | CP56Time2a] | None

    @property
    def front(self) -> int:
        return max(self.form.size, self.annotation + 1)

    def split(self, octets: bytes) -> tuple[float, int, Tag | None]:
        tag = self.tag.decode(octets[-self.tag.SIZE :]) if self.tag else None
        return self.form.read(octets), octets[self.annotation] & self.mask, tag

    def join(self, value: float, annotation: int, tag: Tag | None, between: bytes = b"") -> bytes:
        if type(tag) is not (self.tag or type(None)) or annotation & ~self.mask:
            raise ValueError(f"no place for annotation {annotation:#x} or time tag {tag}")
        octets = bytearray(self.form.write(value).ljust(self.front, b"\0"))
        octets[self.annotation] |= annotation
        return bytes(octets) + between + (tag.encode() if tag else b"")


_TAGS: Final[dict[int, type[CP24Time2a | CP56Time2a] | None]] = {0: None, 3: CP24Time2a, 7: CP56Time2a}


def _layouts(*rows: tuple[_Form, int, int, tuple[int, ...]], between: int = 0) -> dict[int, _Layout]:
    """Layouts by type id from rows of form, place and mask of the annotation, and types; their sizes give the tags."""
    layouts = {}
    for form, annotation, mask, types in rows:
        for type_id in types:
            untagged = max(form.size, annotation + 1) + between
            layouts[type_id] = _Layout(form, annotation, mask, _TAGS[(object_size(type_id) or 0) - untagged])
    return layouts


_MONITORED: Final = _layouts(
    (_SINGLE, 0, 0xF0, (TypeId.M_SP_NA_1, TypeId.M_SP_TA_1, TypeId.M_SP_TB_1)),
    (_TWO_BITS, 0, 0xF0, (TypeId.M_DP_NA_1, TypeId.M_DP_TA_1, TypeId.M_DP_TB_1)),
    (_STEP, 1, 0xF1, (TypeId.M_ST_NA_1, TypeId.M_ST_TA_1, TypeId.M_ST_TB_1)),
    (_BITS, 4, 0xF1, (TypeId.M_BO_NA_1, TypeId.M_BO_TA_1, TypeId.M_BO_TB_1)),
    (_NORMALIZED, 2, 0xF1, (TypeId.M_ME_NA_1, TypeId.M_ME_TA_1, TypeId.M_ME_TD_1)),
    (_NORMALIZED, 0, 0x00, (TypeId.M_ME_ND_1,)),
    (_SCALED, 2, 0xF1, (TypeId.M_ME_NB_1, TypeId.M_ME_TB_1, TypeId.M_ME_TE_1)),
    (_SHORT, 4, 0xF1, (TypeId.M_ME_NC_1, TypeId.M_ME_TC_1, TypeId.M_ME_TF_1)),
)
_COUNTERS: Final = _layouts((_READING, 4, 0xFF, (TypeId.M_IT_NA_1, TypeId.M_IT_TA_1, TypeId.M_IT_TB_1)))
_PROTECTION: Final = _layouts(
    (_TWO_BITS, 0, 0xF8, (TypeId.M_EP_TA_1, TypeId.M_EP_TD_1)),
    (_SIX_BITS, 1, 0xF8, (TypeId.M_EP_TB_1, TypeId.M_EP_TE_1)),
    (_FOUR_BITS, 1, 0xF8, (TypeId.M_EP_TC_1, TypeId.M_EP_TF_1)),
    between=CP16Time2a.SIZE,
)
_STATUS_CHANGES: Final = _layouts((_BITS, 4, 0xF1, (TypeId.M_PS_NA_1,)))
_COMMANDS: Final = _layouts(
    (_SINGLE, 0, 0xFC, (TypeId.C_SC_NA_1, TypeId.C_SC_TA_1)),
    (_TWO_BITS, 0, 0xFC, (TypeId.C_DC_NA_1, TypeId.C_DC_TA_1, TypeId.C_RC_NA_1, TypeId.C_RC_TA_1)),
    (_NORMALIZED, 2, 0xFF, (TypeId.C_SE_NA_1, TypeId.C_SE_TA_1)),
    (_SCALED, 2, 0xFF, (TypeId.C_SE_NB_1, TypeId.C_SE_TB_1)),
    (_SHORT, 4, 0xFF, (TypeId.C_SE_NC_1, TypeId.C_SE_TC_1)),
    (_BITS, 0, 0x00, (TypeId.C_BO_NA_1, TypeId.C_BO_TA_1)),
)
_PARAMETERS: Final = _layouts(
    (_NORMALIZED, 2, 0xFF, (TypeId.P_ME_NA_1,)),
    (_SCALED, 2, 0xFF, (TypeId.P_ME_NB_1,)),
    (_SHORT, 4, 0xFF, (TypeId.P_ME_NC_1,)),
)
_QUALIFIERS: Final = _layouts(
    (_integer_form(1, signed=False), 0, 0x00, (TypeId.M_EI_NA_1, TypeId.C_IC_NA_1, TypeId.C_CI_NA_1)),
    (_integer_form(1, signed=False), 0, 0x00, (TypeId.C_RP_NA_1, TypeId.P_AC_NA_1)),
    (_integer_form(2, signed=False), 0, 0x00, (TypeId.C_TS_NA_1, TypeId.C_TS_TA_1)),
)
_FILES: Final[dict[int, tuple[tuple[str, int], ...]]] = {
    TypeId.F_FR_NA_1: (("name", 2), ("length", 3), ("qualifier", 1)),
    TypeId.F_SR_NA_1: (("name", 2), ("section", 1), ("length", 3), ("qualifier", 1)),
    TypeId.F_SC_NA_1: (("name", 2), ("section", 1), ("qualifier", 1)),
    TypeId.F_LS_NA_1: (("name", 2), ("section", 1), ("qualifier", 1), ("checksum", 1)),
    TypeId.F_AF_NA_1: (("name", 2), ("section", 1), ("qualifier", 1)),
    TypeId.F_SG_NA_1: (("name", 2), ("section", 1), ("length", 1)),
    TypeId.F_DR_TA_1: (("name", 2), ("length", 3), ("qualifier", 1), ("start", 7)),
    TypeId.F_SC_NB_1: (("name", 2), ("start", 7), ("stop", 7)),
}
_SEGMENT_HEADER: Final = 4


def _decode_monitored(layout: _Layout, octets: bytes) -> Monitored:
    value, quality, tag = layout.split(octets)
    transient = layout.form is _STEP and octets[0] & 0x80 != 0
    return Monitored(value, Quality(quality), tag, transient)


def _encode_monitored(layout: _Layout, element: Monitored) -> bytes:
    octets = layout.join(element.value, element.quality, element.time)
    if not element.transient:
        return octets
    if layout.form is not _STEP:
        raise ValueError("only a step position can be transient")
    return bytes((octets[0] | 0x80,)) + octets[1:]


def _decode_counter(layout: _Layout, octets: bytes) -> Counter:
    reading, notation, tag = layout.split(octets)
    return Counter(int(reading), notation & 0x1F, CounterFlag(notation & 0xE0), tag)


def _encode_counter(layout: _Layout, element: Counter) -> bytes:
    return layout.join(element.reading, _whole(element.sequence, 0, 31) | element.flags, element.time)


def _decode_protection(layout: _Layout, octets: bytes) -> Protection:
    value, quality, tag = layout.split(octets)
    elapsed = CP16Time2a.decode(octets[layout.front :])
    return Protection(int(value), Quality(quality), elapsed, tag)


def _encode_protection(layout: _Layout, element: Protection) -> bytes:
    return layout.join(element.value, element.quality, element.time, element.elapsed.encode())


def _decode_status_change(layout: _Layout, octets: bytes) -> StatusChange:
    value, quality, _ = layout.split(octets)
    changed, status = divmod(int(value), 1 << 16)
    return StatusChange(status, changed, Quality(quality))


def _encode_status_change(layout: _Layout, element: StatusChange) -> bytes:
    bits = _whole(element.status, 0, 0xFFFF) | _whole(element.changed, 0, 0xFFFF) << 16
    return layout.join(bits, element.quality, None)


def _qualifier_shift(layout: _Layout) -> int:
    """QU stands above the two bits of SCS, DCS or RCS; QL has the low bits of an octet of its own."""
    return 2 if layout.annotation == 0 else 0


def _decode_command(layout: _Layout, octets: bytes) -> Command:
    value, annotation, tag = layout.split(octets)
    return Command(value, annotation & 0x80 != 0, (annotation & 0x7F) >> _qualifier_shift(layout), tag)


def _encode_command(layout: _Layout, element: Command) -> bytes:
    shift = _qualifier_shift(layout)
    annotation = _whole(element.qualifier, 0, 0x7F >> shift) << shift
    return layout.join(element.value, annotation | 0x80 * element.select, element.time)


def _decode_parameter(layout: _Layout, octets: bytes) -> Parameter:
    value, qualifier, _ = layout.split(octets)
    return Parameter(value, qualifier)


def _encode_parameter(layout: _Layout, element: Parameter) -> bytes:
    return layout.join(element.value, element.qualifier, None)


def _decode_qualifier(layout: _Layout, octets: bytes) -> Qualifier:
    value, _, tag = layout.split(octets)
    return Qualifier(int(value), tag)


def _encode_qualifier(layout: _Layout, element: Qualifier) -> bytes:
    return layout.join(element.value, 0, element.time)


class _Codec(NamedTuple):
    element: type[Element]
    decode: Callable[[bytes], Element]
    encode: Callable[[Any], bytes]


def _family(
    element: type[Element],
    decode: Callable[[_Layout, bytes], Element],
    encode: Callable[[_Layout, Any], bytes],
    layouts: dict[int, _Layout],
) -> dict[int, _Codec]:
    return {
        type_id: _Codec(element, partial(decode, layout), partial(encode, layout))
        for type_id, layout in layouts.items()
    }


_CODECS: Final[dict[int, _Codec]] = {
    **_family(Monitored, _decode_monitored, _encode_monitored, _MONITORED),
    **_family(Counter, _decode_counter, _encode_counter, _COUNTERS),
    **_family(Protection, _decode_protection, _encode_protection, _PROTECTION),
    **_family(StatusChange, _decode_status_change, _encode_status_change, _STATUS_CHANGES),
    **_family(Command, _decode_command, _encode_command, _COMMANDS),
    **_family(Parameter, _decode_parameter, _encode_parameter, _PARAMETERS),
    **_family(Qualifier, _decode_qualifier, _encode_qualifier, _QUALIFIERS),
    TypeId.C_CS_NA_1: _Codec(CP56Time2a, CP56Time2a.decode, CP56Time2a.encode),
    TypeId.C_CD_NA_1: _Codec(CP16Time2a, CP16Time2a.decode, CP16Time2a.encode),
}


def _decode_file(type_id: int, octets: bytes) -> File:
    fields: dict[str, Any] = {}
    for name, size in _FILES[type_id]:
        field, octets = octets[:size], octets[size:]
        fields[name] = CP56Time2a.decode(field) if size == CP56Time2a.SIZE else int.from_bytes(field, "little")
    return File(**fields, segment=octets if type_id == TypeId.F_SG_NA_1 else None)


def decode(type_id: int, octets: bytes) -> Element:
    """What one information object of this type says, from its octets without the object address.

    `Opaque` for octets that are not of the type's length, types the standard does not define, and read commands.
    """
    if type_id == TypeId.F_SG_NA_1:
        return _decode_file(type_id, octets) if len(octets) >= _SEGMENT_HEADER else Opaque(octets)
    if len(octets) != object_size(type_id) or type_id == TypeId.C_RD_NA_1:
        return Opaque(octets)
    codec = _CODECS.get(type_id)
    return codec.decode(octets) if codec else _decode_file(type_id, octets)


def encode(type_id: int, element: Element) -> bytes:
    """Octets of one information object without its address; `Opaque` gives its octets for any type.

    Raises ValueError for an element that the type does not carry, a value out of its range, a missing or an
    unexpected time tag. File transfer (120-127) is only decoded.
    """
    if isinstance(element, Opaque):
        return element.octets
    codec = _CODECS.get(type_id)
    if codec is None or not isinstance(element, codec.element):
        raise ValueError(f"{type_name(type_id)} does not carry {element}")
    return codec.encode(element)


def decode_objects(asdu: bytes) -> list[tuple[int, Element]]:
    """The information objects of a whole ASDU, in order, each with its address.

    Those that its octets hold whole if it is cut short; one with all the octets where the size is not known.
    """
    type_id, addresses, size = asdu[0], ioas(asdu), object_size(asdu[0])
    first = HEADER_LENGTH + IOA_LENGTH
    if size is None:
        return [(address, decode(type_id, asdu[first:])) for address in addresses[:1]]
    step = size if is_sequence(asdu) else size + IOA_LENGTH
    spans = ((first + step * place, first + step * place + size) for place in range(len(addresses)))
    return [
        (address, decode(type_id, asdu[start:end]))
        for address, (start, end) in zip(addresses, spans, strict=True)
        if end <= len(asdu)
    ]


def encode_objects(type_id: int, objects: Iterable[tuple[int, Element]]) -> bytes:
    """Octets of information objects, each with its own address (SQ=0), for `asdu.build`.

    Raises ValueError as `encode` does, and for an address beyond 0xFFFFFF.
    """
    octets = bytearray()
    for address, element in objects:
        if not 0 <= address <= MAX_IOA:
            raise ValueError(f"IOA {address} is not within 0 to {MAX_IOA}")
        octets += address.to_bytes(IOA_LENGTH, "little") + encode(type_id, element)
    return bytes(octets)
