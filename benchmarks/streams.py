"""The octets of a whole load, made before the clock starts: sending is slicing, checking is a memory compare."""

import struct
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

SEQUENCE_MODULO = 32768
READ_SIZE = 65536
STARTDT_ACT = b"\x68\x04\x07\x00\x00\x00"
STARTDT_CON = b"\x68\x04\x0b\x00\x00\x00"
TESTFR_ACT = b"\x68\x04\x43\x00\x00\x00"
TESTFR_CON = b"\x68\x04\x83\x00\x00\x00"

_I_HEADER = struct.Struct("<BBHH")
_S_FRAME = struct.Struct("<BBHH")
_M_BO_NA_1 = struct.Struct("<BBBBH3sIB")
_QUALITIES = (0x00, 0x10, 0x20, 0x40, 0x80, 0x01)


@dataclass(frozen=True, slots=True)
class Stream:
    """What one connection carries towards the master: 32768 I-frames, over and over.

    `octets` is one period followed by `READ_SIZE` octets of the next, so any slice of up to that size that begins
    inside the period is contiguous. `ends[i]` is the place after frame i, `period` the octets of one round.
    """

    octets: bytes
    ends: list[int]

    @property
    def period(self) -> int:
        """Octets of the 32768 frames."""
        return self.ends[-1]

    def frames(self, place: int) -> int:
        """Whole frames before the octet at `place` of the period."""
        return bisect_right(self.ends, place)

    def place(self, frames: int) -> int:
        """Where frame number `frames` of the period begins, 0..32768."""
        return self.ends[frames - 1] if frames else 0


@lru_cache(maxsize=64)
def stream(ca: int, first_ns: int) -> Stream:
    """The load as it looks under one CA, N(S) counted from `first_ns`, N(R) 0 as nothing is sent the other way.

    The ASDUs are M_BO_NA_1 of one object: a type that a decoding gateway handles cheaply and passes bit by bit. Its 32
    bits, quality octet and IOA differ from one ASDU to the next, so that none can be taken for another.
    """
    frames = [_i_frame((first_ns + number) % SEQUENCE_MODULO, _asdu(ca, number)) for number in range(SEQUENCE_MODULO)]
    period = b"".join(frames)
    octets = period + period[:READ_SIZE]
    if TESTFR_ACT in octets:
        raise AssertionError("a TESTFR act could not be told from this load")
    return Stream(octets, list(accumulate(map(len, frames))))


def _i_frame(ns: int, asdu: bytes) -> bytes:
    return _I_HEADER.pack(0x68, 4 + len(asdu), ns << 1, 0) + asdu


def _asdu(ca: int, number: int) -> bytes:
    bits = number * 2654435761 & 0xFFFFFFFF
    ioa = (number + 1).to_bytes(3, "little")
    return _M_BO_NA_1.pack(7, 1, 3, 0, ca, ioa, bits, _QUALITIES[number % len(_QUALITIES)])


def s_frame(nr: int) -> bytes:
    """An S-frame for a total of `nr` I-frames received."""
    return _S_FRAME.pack(0x68, 4, 1, (nr % SEQUENCE_MODULO) << 1)


def end_of_initialisation(ca: int) -> bytes:
    """The I-frame M_EI_NA_1 that greets a master which has started, without its last octet (COI): any cause will do."""
    return _I_HEADER.pack(0x68, 14, 0, 0) + struct.pack("<BBBBH3s", 70, 1, 4, 0, ca, b"\0\0\0")
