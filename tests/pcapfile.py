"""Reads a capture file of raw IP packets with TCP inside, and checks every length and checksum in it."""

import struct
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import NamedTuple

SYN, PSH, ACK = 0x02, 0x08, 0x10


class Packet(NamedTuple):
    """`source` and `target` are `address port`; `moment` is in microseconds."""

    moment: int
    source: str
    target: str
    sequence: int
    acknowledged: int
    flags: int
    options: bytes
    payload: bytes


def read(path: Path) -> list[Packet]:
    """Every packet of a file that ends with a whole one."""
    octets = path.read_bytes()
    magic, major, minor, _, _, longest, link_type = struct.unpack_from("<IHHiIII", octets)
    assert (magic, major, minor, link_type) == (0xA1B2C3D4, 2, 4, 101)
    packets, offset = [], 24
    while offset < len(octets):
        seconds, microseconds, kept, length = struct.unpack_from("<IIII", octets, offset)
        assert kept == length <= longest
        assert microseconds < 1_000_000
        offset += 16 + length
        assert offset <= len(octets)
        packets.append(packet(seconds * 1_000_000 + microseconds, octets[offset - length : offset]))
    return packets


def packet(moment: int, octets: bytes) -> Packet:
    """Take the IP header off."""
    if octets[0] >> 4 == 4:
        assert octets[0] & 15 == 5
        assert octets[9] == 6
        assert int.from_bytes(octets[2:4], "big") == len(octets)
        assert one_complement_sum(octets[:20]) == 0xFFFF
        source, target = IPv4Address(octets[12:16]), IPv4Address(octets[16:20])
        pseudo = octets[12:20] + bytes([0, 6]) + (len(octets) - 20).to_bytes(2, "big")
        return segment(moment, f"{source}", f"{target}", pseudo, octets[20:])
    assert octets[0] >> 4 == 6
    assert octets[6] == 6
    assert int.from_bytes(octets[4:6], "big") == len(octets) - 40
    pseudo = octets[8:40] + (len(octets) - 40).to_bytes(4, "big") + bytes([0, 0, 0, 6])
    return segment(moment, f"{IPv6Address(octets[8:24])}", f"{IPv6Address(octets[24:40])}", pseudo, octets[40:])


def segment(moment: int, source: str, target: str, pseudo: bytes, octets: bytes) -> Packet:
    """Take the TCP header off."""
    assert one_complement_sum(pseudo + octets) == 0xFFFF
    from_port, to_port, sequence, acknowledged, length, flags = struct.unpack_from("!HHIIBB", octets)
    data = (length >> 4) * 4
    ends = f"{source} {from_port}", f"{target} {to_port}"
    return Packet(moment, *ends, sequence, acknowledged, flags, octets[20:data], octets[data:])


def one_complement_sum(octets: bytes) -> int:
    """Add the 16-bit words, each carry at once."""
    total = 0
    for high, low in zip(octets[::2], octets[1::2] + bytes(1), strict=False):
        total += high << 8 | low
        total = (total & 0xFFFF) + (total >> 16)
    return total
