"""Writes traced frames as a capture file that Wireshark reads: one TCP segment for each APDU.

The segments are made up here, whatever they were on the wire: each connection begins with a handshake before its first
frame, then sequence and acknowledgement numbers count what has been traced. The file is a classic pcap (draft-ietf-
opsawg-pcap) of raw IP packets (LINKTYPE_RAW) with microseconds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iec104mm2ss.trace.frames import TracedFrame

    Address = IPv4Address | IPv6Address

_FILE_HEADER: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
_KNOWN_PORT: Final = 2404
_LONGEST_SEGMENT: Final = 1440
_WINDOW: Final = 65535
# MSS; window scale 14, so that no window is ever full: the file need not hold the S-frames that open it.
_SYN_OPTIONS: Final = struct.pack("!BBHBBBB", 2, 4, _LONGEST_SEGMENT, 1, 3, 3, 14)
_TCP: Final = 6
_HOPS: Final = 64
_DO_NOT_FRAGMENT: Final = 0x4000
_SYN, _PSH, _ACK = 0x02, 0x08, 0x10


class PcapWriter:
    """Writes the frames of any number of connections into a binary file, which stays the caller's.

    Frames with the same `local` and `peer` are one connection. Whoever reads the file meanwhile sees whole packets, up
    to the last frame written. Building and writing raise OSError as the file does.

    Wireshark and TShark look for IEC 60870-5-104 on port 2404 only; `decode_as` says what to tell them of the others.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._connections: dict[tuple[str, str], _Connection] = {}
        self._put(_FILE_HEADER)

    @property
    def decode_as(self) -> tuple[str, ...]:
        """The options with which TShark and Wireshark decode all connections written so far.

        One `-d tcp.port==2407,iec60870_104` for each port other than 2404; of the two ports of a connection the lower
        one is taken for the station's.
        """
        ports = {connection.server.port for connection in self._connections.values()} - {_KNOWN_PORT}
        return tuple(word for port in sorted(ports) for word in ("-d", f"tcp.port=={port},iec60870_104"))

    def write(self, frame: TracedFrame) -> None:
        """Append a frame. ValueError where an address is neither IPv4 nor IPv6."""
        key = frame.local, frame.peer
        packets: list[bytes] = []
        if key not in self._connections:
            self._connections[key] = _Connection(*key)
            packets += self._connections[key].handshake()
        packets += self._connections[key].segments(frame.octets, outgoing=frame.outgoing)
        self._put(b"".join(_record(frame.moment, packet) for packet in packets))

    def _put(self, octets: bytes) -> None:
        self._file.write(octets)
        self._file.flush()


@dataclass(slots=True)
class _End:
    """One end of a connection; `sequence` is that of the next octet it sends."""

    address: bytes
    port: int
    sequence: int = 0

    def advance(self, count: int) -> None:
        self.sequence = (self.sequence + count) % (1 << 32)


class _Connection:
    def __init__(self, local: str, peer: str) -> None:
        (own, own_port), (other, other_port) = _address(local), _address(peer)
        version = max(own.version, other.version)
        self._local = _End(_packed(own, version), own_port)
        self._peer = _End(_packed(other, version), other_port)

    @property
    def server(self) -> _End:
        """The end that has likely listened: ports that the system chooses for the other one are high."""
        return min(self._local, self._peer, key=lambda end: (end.port != _KNOWN_PORT, end.port == 0, end.port))

    def handshake(self) -> Iterator[bytes]:
        server = self.server
        client = self._peer if server is self._local else self._local
        yield _packet(client, server, _SYN, options=_SYN_OPTIONS)
        client.advance(1)
        yield _packet(server, client, _SYN | _ACK, options=_SYN_OPTIONS)
        server.advance(1)
        yield _packet(client, server, _ACK)

    def segments(self, octets: bytes, *, outgoing: bool) -> Iterator[bytes]:
        sender, receiver = (self._local, self._peer) if outgoing else (self._peer, self._local)
        for start in range(0, len(octets), _LONGEST_SEGMENT):
            payload = octets[start : start + _LONGEST_SEGMENT]
            yield _packet(sender, receiver, _PSH | _ACK, payload=payload)
            sender.advance(len(payload))


def _address(text: str) -> tuple[Address, int]:
    """Host and port of `host:port`; zeros where a connection was over before it could be asked (`?`)."""
    host, _, port = text.rpartition(":")
    return (ip_address(host.strip("[]")), int(port)) if host else (IPv4Address(0), 0)


def _packed(address: Address, version: int) -> bytes:
    """Octets of an address; in IPv6 that of IPv4 is mapped."""
    return address.packed if address.version == version else IPv6Address(f"::ffff:{address}").packed


def _record(moment: float, packet: bytes) -> bytes:
    seconds, microseconds = divmod(round(moment * 1_000_000), 1_000_000)
    return struct.pack("<IIII", seconds, microseconds, len(packet), len(packet)) + packet


def _packet(sender: _End, receiver: _End, flags: int, *, payload: bytes = b"", options: bytes = b"") -> bytes:
    """RFC 9293 3.1 in RFC 791 3.1 or RFC 8200 3."""
    words = (20 + len(options)) // 4
    acknowledged = receiver.sequence if flags & _ACK else 0
    head = struct.pack("!HHIIBB", sender.port, receiver.port, sender.sequence, acknowledged, words << 4, flags)
    tail = options + payload
    # The pseudo-header of RFC 8200 8.1; the shorter one of IPv4 has the same sum.
    pseudo = sender.address + receiver.address + struct.pack("!II", len(head) + 6 + len(tail), _TCP)
    checksum = _checksum(pseudo + head + struct.pack("!HHH", _WINDOW, 0, 0) + tail)
    return _in_ip(sender, receiver, head + struct.pack("!HHH", _WINDOW, checksum, 0) + tail)


def _in_ip(sender: _End, receiver: _End, segment: bytes) -> bytes:
    ends = sender.address + receiver.address
    if len(ends) > 8:  # noqa: PLR2004 - two addresses of IPv4
        return struct.pack("!IHBB", 6 << 28, len(segment), _TCP, _HOPS) + ends + segment
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(segment), 0, _DO_NOT_FRAGMENT, _HOPS, _TCP)
    return head + struct.pack("!H", _checksum(head + ends)) + ends + segment


def _checksum(octets: bytes) -> int:
    """RFC 1071: a sum of 16-bit words with end-around carry is the remainder by 0xFFFF, but 0xFFFF where that is 0."""
    total = int.from_bytes(octets + bytes(len(octets) % 2), "big")
    return 0xFFFF - (total % 0xFFFF or 0xFFFF)
