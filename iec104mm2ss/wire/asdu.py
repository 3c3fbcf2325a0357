"""The ASDU header: pure functions on the octets of one ASDU, without its APCI.

They are called for every frame, so they read and replace octets in place of building objects, and except for
`fault` they take for granted that the six header octets are there; `wire.apci.Framer` lets nothing shorter through.
The layout is that of IEC 60870-5-104: two octets of cause, two of common address, three of object address.
"""

from itertools import chain
from typing import Final

from iec104mm2ss.wire.types import TypeId, object_size, type_name

HEADER_LENGTH: Final = 6
IOA_LENGTH: Final = 3
MAX_LENGTH: Final = 249
MAX_IOA: Final = 0xFFFFFF
MAX_COUNT: Final = 127
BROADCAST_CA: Final = 0xFFFF

_SEQUENCE: Final = 0x80
_NEGATIVE: Final = 0x40
_TEST: Final = 0x80
_CAUSE: Final = 0x3F

_OCTETS: Final = tuple(bytes((value,)) for value in range(256))


def _expected_length(type_id: int, qualifier: int) -> int:
    size, count = object_size(type_id), qualifier & MAX_COUNT
    if count == 0:
        return -1
    if size is None:
        return 0
    if qualifier & _SEQUENCE:
        return HEADER_LENGTH + IOA_LENGTH + count * size
    return HEADER_LENGTH + count * (IOA_LENGTH + size)


def _expected_lengths(type_id: int) -> tuple[int, ...]:
    if type_id not in _STANDARD:
        return (0,) * 256
    return tuple(_expected_length(type_id, qualifier) for qualifier in range(256))


_STANDARD: Final = frozenset(TypeId)

EXPECTED_LENGTH: Final = tuple(chain.from_iterable(_expected_lengths(type_id) for type_id in range(256)))
"""Exact ASDU length in octets, indexed by `type_id << 8 | variable_structure_qualifier`.

0 where any length is fine (F_SG_NA_1 with its segment, types the standard does not define), -1 where none is (a
standard type without information objects).
"""


def type_id(asdu: bytes) -> int:
    """Type identification, 0 to 255."""
    return asdu[0]


def is_sequence(asdu: bytes) -> bool:
    """SQ: one address followed by the elements of consecutive addresses."""
    return asdu[1] >= _SEQUENCE


def object_count(asdu: bytes) -> int:
    """Number of information objects or elements announced, 0 to 127."""
    return asdu[1] & MAX_COUNT


def cause(asdu: bytes) -> int:
    """Cause of transmission, 0 to 63, without the T and P/N bits."""
    return asdu[2] & _CAUSE


def is_negative(asdu: bytes) -> bool:
    """P/N: a negative confirmation."""
    return asdu[2] & _NEGATIVE != 0


def is_test(asdu: bytes) -> bool:
    """T: a test that must not operate anything."""
    return asdu[2] >= _TEST


def originator(asdu: bytes) -> int:
    """Originator address (OA), 0 to 255; 0 is the default that names nobody."""
    return asdu[3]


def common_address(asdu: bytes) -> int:
    """Common address (CA) of the station, 0 to 65535; 65535 is the broadcast address."""
    return asdu[4] | asdu[5] << 8


def ioa(asdu: bytes) -> int:
    """Address of the first information object, 0 to 0xFFFFFF; 0 when the ASDU ends before it."""
    return int.from_bytes(asdu[6:9], "little")


def with_originator(asdu: bytes, oa: int) -> bytes:
    """The same ASDU with originator address `oa`, 0 to 255."""
    return asdu if asdu[3] == oa else asdu[:3] + _OCTETS[oa] + asdu[4:]


def with_common_address(asdu: bytes, ca: int) -> bytes:
    """The same ASDU with common address `ca`, 0 to 65535."""
    return asdu[:4] + ca.to_bytes(2, "little") + asdu[6:]


def with_cause(asdu: bytes, cause: int, *, negative: bool) -> bytes:
    """The same ASDU with another cause, 0 to 63, and P/N bit; the T bit is kept."""
    octet = asdu[2] & _TEST | _NEGATIVE * negative | cause
    return asdu[:2] + _OCTETS[octet] + asdu[3:]


def ioas(asdu: bytes) -> tuple[int, ...]:
    """Addresses of all information objects, in order; those that the octets hold if the ASDU is cut short.

    Of types whose object size is not known only the first address is, unless SQ counts them up from there.
    """
    qualifier, length = asdu[1], len(asdu)
    count = qualifier & MAX_COUNT
    if length < HEADER_LENGTH + IOA_LENGTH:
        return ()
    if qualifier & _SEQUENCE:
        first = ioa(asdu)
        return tuple(range(first, first + count))
    size = object_size(asdu[0])
    if size is None:
        return (ioa(asdu),)
    step = IOA_LENGTH + size
    starts = range(HEADER_LENGTH, min(length - 2, HEADER_LENGTH + count * step), step)
    return tuple(int.from_bytes(asdu[start : start + IOA_LENGTH], "little") for start in starts)


def fault(asdu: bytes) -> str | None:
    """Why the structure of this ASDU is impossible, None if it is not.

    Types whose object size is not known are taken as they are: a gateway passes what it cannot judge.
    """
    if len(asdu) < HEADER_LENGTH:
        return f"ASDU of {len(asdu)} octets has no whole header"
    expected = EXPECTED_LENGTH[asdu[0] << 8 | asdu[1]]
    if expected == 0:
        return None
    if expected < 0:
        return f"{type_name(asdu[0])} without information objects"
    if expected != len(asdu):
        return f"{type_name(asdu[0])} with count {object_count(asdu)} has {len(asdu)} octets, not {expected}"
    if is_sequence(asdu) and ioa(asdu) + object_count(asdu) - 1 > MAX_IOA:
        return f"{object_count(asdu)} objects from IOA {ioa(asdu)} pass {MAX_IOA}"
    return None


def build(  # noqa: PLR0913 - the fields of the header, most of them keywords with the usual value
    type_id: int,
    cause: int,
    ca: int,
    objects: bytes,
    *,
    count: int = 1,
    sequence: bool = False,
    originator: int = 0,
    negative: bool = False,
    test: bool = False,
) -> bytes:
    """One ASDU from its header fields and the octets of its information objects, addresses included.

    Raises ValueError for a field out of range or an ASDU longer than 249 octets. That the objects agree with
    type, count and sequence is the caller's matter; `fault` tells.
    """
    if not 0 <= count <= MAX_COUNT or not 0 <= cause <= _CAUSE or not 0 <= ca <= BROADCAST_CA:
        raise ValueError(f"count {count}, cause {cause} or CA {ca} is out of range")
    if len(objects) > MAX_LENGTH - HEADER_LENGTH:
        raise ValueError(f"{len(objects)} octets of objects do not fit into one ASDU")
    qualifier = _SEQUENCE * sequence | count
    transmission = _TEST * test | _NEGATIVE * negative | cause
    return bytes((type_id, qualifier, transmission, originator, ca & 0xFF, ca >> 8)) + objects
