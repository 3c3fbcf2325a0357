"""The APCI of IEC 60870-5-104 (clause 5): cutting a TCP stream into APDUs, and building them.

An APDU is the start octet, one length octet and four control octets, followed in an I-frame by the ASDU. The length
octet counts everything behind itself.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

START = 0x68
MAX_LENGTH = 253
SEQUENCE_MODULO = 32768

Frames = tuple[list[int], list[bytes]]
"""Side by side the four control octets of each frame, a little-endian integer, and its ASDU, empty in S- and U-frames.

I-frame: bit 0 clear, N(S) in bits 1-15, N(R) in bits 17-31. S-frame: 01 in bits 0-1, N(R) in bits 17-31.
U-frame: 11 in bits 0-1, the function in bits 0-7.
"""

_HEAD_OCTETS = 6
_CONTROL_OCTETS = 4
_MIN_ASDU_OCTETS = 6  # type, VSQ, cause, OA and two octets of CA
_MIN_I_LENGTH = _CONTROL_OCTETS + _MIN_ASDU_OCTETS
_MAX_ASDU_OCTETS = MAX_LENGTH - _CONTROL_OCTETS
_FRAME_KINDS = {0: "an I-frame", 1: "an S-frame", 2: "an I-frame", 3: "a U-frame"}

_unpack_head = Struct("<HI").unpack_from
# How long a frame is that begins with these two octets.
_SHORT_OCTETS = {START | _CONTROL_OCTETS << 8: _HEAD_OCTETS}
_I_OCTETS = {START | length << 8: 2 + length for length in range(_MIN_I_LENGTH, MAX_LENGTH + 1)}


class UFunction(IntEnum):
    """The six legal first control octets of a U-frame; any other octet with 11 in bits 0-1 is illegal."""

    STARTDT_ACT = 0x07
    STARTDT_CON = 0x0B
    STOPDT_ACT = 0x13
    STOPDT_CON = 0x23
    TESTFR_ACT = 0x43
    TESTFR_CON = 0x83


class Framer:
    """Cuts the octets of one connection into frames, however TCP has split them; holds at most 254 octets.

    `fault` is set once, at the first impossible start or length octet, without waiting for the body. Nothing after it
    can be trusted, so `feed` returns no more frames from then on.
    """

    __slots__ = ("fault", "rest")

    def __init__(self) -> None:
        self.fault: str | None = None
        self.rest = b""
        """What is held of an incomplete APDU."""

    @property
    def pending(self) -> int:
        """Octets of an incomplete APDU that are held."""
        return len(self.rest)

    def feed(self, data: bytes) -> Frames:
        """Complete frames in order, those before a fault included."""
        controls: list[int] = []
        asdus: list[bytes] = []
        if self.fault is not None:
            return controls, asdus
        if self.rest:
            data = self.rest + data
            self.rest = b""
        offset, end = 0, len(data)
        while end - offset >= _HEAD_OCTETS:
            head, control = _unpack_head(data, offset)
            sizes = _SHORT_OCTETS if control & 1 else _I_OCTETS
            following = offset + sizes.get(head, end + 1)
            if following > end:
                break
            controls.append(control)
            asdus.append(data[offset + _HEAD_OCTETS : following])
            offset = following
        if offset < end:
            self._keep(data[offset:])
        return controls, asdus

    def _keep(self, rest: bytes) -> None:
        self.fault = _head_fault(rest[:3])
        self.rest = rest if self.fault is None else b""


def _head_fault(head: bytes) -> str | None:
    """Why no APDU can begin with these up to three octets."""
    if head[:1] not in {b"", b"\x68"}:
        return f"octet 0x{head[0]:02X} where an APDU starts with 0x68"
    if len(head) > 1 and not _CONTROL_OCTETS <= head[1] <= MAX_LENGTH:
        return f"APDU length {head[1]} outside {_CONTROL_OCTETS}..{MAX_LENGTH}"
    if len(head) > 2 and not _length_fits(head[1], head[2]):  # noqa: PLR2004  the third octet tells the format
        return f"APDU length {head[1]} in {_FRAME_KINDS[head[2] & 3]}"
    return None


def _length_fits(length: int, first_control_octet: int) -> bool:
    if first_control_octet & 1:
        return length == _CONTROL_OCTETS
    return length >= _MIN_I_LENGTH


_SEQUENCE_OCTETS = [(number << 1).to_bytes(2, "little") for number in range(SEQUENCE_MODULO)]
_I_START = {size: bytes((START, _CONTROL_OCTETS + size)) for size in range(_MIN_ASDU_OCTETS, _MAX_ASDU_OCTETS + 1)}
_S_START = bytes((START, _CONTROL_OCTETS, 0x01, 0x00))


def encode_s(nr: int) -> bytes:
    """S-frame that acknowledges everything before N(R) `nr`, 0..32767."""
    return _S_START + _SEQUENCE_OCTETS[nr]


def lone_s_frame(octets: bytes) -> int:
    """N(R) if these octets are one flawless S-frame and nothing else, else -1."""
    if len(octets) != _HEAD_OCTETS or not octets.startswith(_S_START) or octets[4] & 1:
        return -1
    return octets[4] >> 1 | octets[5] << 7


def encode_u(function: UFunction) -> bytes:
    """U-frame."""
    return bytes((START, _CONTROL_OCTETS, function, 0, 0, 0))


def encode_i(first_ns: int, nr: int, asdus: Sequence[bytes]) -> bytes:
    """I-frames, joined: N(S) counts up from `first_ns` and wraps, all carry N(R) `nr`; both 0..32767.

    Raises ValueError for an ASDU that is not 6..249 octets long.
    """
    numbers = _SEQUENCE_OCTETS[first_ns : first_ns + len(asdus)]
    while len(numbers) < len(asdus):
        numbers += _SEQUENCE_OCTETS[: len(asdus) - len(numbers)]
    # Slices put the four parts of all frames in their places at two thirds of the cost of a loop over the frames.
    parts = [_SEQUENCE_OCTETS[nr]] * (4 * len(asdus))
    try:
        parts[::4] = [_I_START[len(asdu)] for asdu in asdus]
    except KeyError as size:
        text = f"ASDU of {size} octets, outside {_MIN_ASDU_OCTETS}..{_MAX_ASDU_OCTETS}"
        raise ValueError(text) from None
    parts[1::4] = numbers
    parts[3::4] = asdus
    return b"".join(parts)
