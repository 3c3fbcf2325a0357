"""What the masters of a load must get, as octets made beforehand: `load.c` sends it and compares with it."""

import struct
from collections.abc import Callable, Iterable

POINTS = 2000
"""Of an RTU that is interrogated."""

_HEADER = struct.Struct("<BBBBH3s")
_PERIOD = 32768
_QUALITIES = (0x00, 0x10, 0x20, 0x40, 0x80, 0x01)
_SPONTANEOUS, _ACTIVATION_CONFIRMATION, _TERMINATION, _INTERROGATED = 3, 7, 10, 20
_TIME = bytes.fromhex("d2041e0f6b0b1a")
"""CP56Time2a: 2026-11-11 (a Wednesday), 15:30:01.234."""


def uniform(ca: int) -> list[bytes]:
    """32768 times M_BO_NA_1: a type that a decoding gateway handles cheaply and passes bit by bit.

    The 32 bits, the quality and the IOA differ from one to the next, so that none can be taken for another.
    """
    return [_asdu(7, _SPONTANEOUS, ca, number, _bits(number)) for number in range(_PERIOD)]


def mixed(ca: int) -> list[bytes]:
    """32768 ASDUs of six types with and without time tags, of 10 to 21 octets."""
    kinds: tuple[tuple[int, Callable[[int], bytes]], ...] = (
        (1, lambda number: bytes((number & 1 | _quality(number),))),
        (31, lambda number: bytes((number & 3 | _quality(number),)) + _TIME),
        (7, _bits),
        (36, lambda number: struct.pack("<fB", number / 4, 0) + _TIME),
        (13, lambda number: struct.pack("<fB", number / 4, 0)),
        (11, lambda number: struct.pack("<hB", number % _PERIOD - 1000, 0)),
    )
    # The kinds follow each other by the bits of a hash: at regular intervals a processor would learn the lengths.
    chosen = (kinds[(number * 2654435761 >> 16) % len(kinds)] for number in range(_PERIOD))
    return [_asdu(kind, _SPONTANEOUS, ca, number, value(number)) for number, (kind, value) in enumerate(chosen)]


def interrogated(ca: int) -> list[bytes]:
    """The whole answer to a general interrogation: its confirmation, 2000 single points, its termination."""
    values = [_asdu(1, _INTERROGATED, ca, number, bytes((number & 1,))) for number in range(POINTS)]
    first, last = (_asdu(100, cause, ca, -1, b"\x14") for cause in (_ACTIVATION_CONFIRMATION, _TERMINATION))
    return [first, *values, last]


def commanded(ca: int) -> list[bytes]:
    """Confirmation and termination of a single command without select, over and over."""
    return [_asdu(45, cause, ca, 5000, b"\x01") for cause in (_ACTIVATION_CONFIRMATION, _TERMINATION)]


def _quality(number: int) -> int:
    return _QUALITIES[number % len(_QUALITIES)] & 0xF0


def _bits(number: int) -> bytes:
    return struct.pack("<IB", number * 2654435761 & 0xFFFFFFFF, _QUALITIES[number % len(_QUALITIES)])


def _asdu(type_id: int, cause: int, ca: int, number: int, value: bytes) -> bytes:
    return _HEADER.pack(type_id, 1, cause, 0, ca, (number + 1).to_bytes(3, "little")) + value


def octets(asdus: Iterable[bytes]) -> bytes:
    """Return a script as `load.c` reads it."""
    return b"".join(bytes((len(asdu),)) + asdu for asdu in asdus)
