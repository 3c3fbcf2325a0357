"""Octets of a journal: records that each say how long they are and what their CRC is.

A record is the length of its body (2 octets), the body's CRC-32 (4) and the body: a letter for its kind, then
- `J`: format, group, RTU's common address; the first record of every segment;
- `E`: position, time of arrival (seconds since 1970), the ASDU as the RTU sent it;
- `P`: for each master row its port and the position from which on it has not acknowledged everything.
All numbers are little-endian.
"""

from __future__ import annotations

from binascii import crc32
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT: Final = 1
_HEAD: Final = Struct("<HI")
_HEADER: Final = Struct("<cBIH")
_EVENT: Final = Struct("<cQd")
_PLACE: Final = Struct("<HQ")


class Event(NamedTuple):
    """An ASDU of the RTU, 6 to 249 octets, its position in the event buffer, and when it came in seconds since 1970."""

    position: int
    time: float
    asdu: bytes


def header(group: int, ca: int) -> bytes:
    """Return the record that every segment of a group begins with."""
    return _record(_HEADER.pack(b"J", _FORMAT, group, ca))


def event(it: Event) -> bytes:
    """Return the record of an event."""
    return _record(_EVENT.pack(b"E", it.position, it.time) + it.asdu)


def places(positions: Mapping[int, int]) -> bytes:
    """Return the record that says where each master row is, by its port."""
    return _record(b"P" + b"".join(_PLACE.pack(port, position) for port, position in positions.items()))


def _record(body: bytes) -> bytes:
    return _HEAD.pack(len(body), crc32(body)) + body


class Contents:
    """What the segments of one group hold, read one after the other."""

    def __init__(self) -> None:
        self.events: dict[int, Event] = {}
        self.positions: dict[int, int] = {}

    def read(self, octets: bytes) -> int:
        """Take in records up to the first that is torn or damaged, and return where that begins."""
        at = 0
        while (body := _body(octets, at)) is not None:
            self._take(body)
            at += _HEAD.size + len(body)
        return at

    def _take(self, body: bytes) -> None:
        match body[:1]:
            case b"E":
                _, position, time = _EVENT.unpack_from(body)
                self.events[position] = Event(position, time, body[_EVENT.size :])
            case b"P":
                self.positions = dict(_PLACE.iter_unpack(body[1:]))


def _body(octets: bytes, at: int) -> bytes | None:
    if len(octets) - at < _HEAD.size:
        return None
    length, crc = _HEAD.unpack_from(octets, at)
    body = octets[at + _HEAD.size : at + _HEAD.size + length]
    # An empty body is no record of ours: a file that a crash left full of zeros would else be full of them.
    return body if 0 < length == len(body) and crc32(body) == crc else None
