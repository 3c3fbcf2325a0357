"""What is compared: ASDUs of one information object each, however many came in one."""

from __future__ import annotations


def objects(asdu: bytes) -> list[bytes]:
    """Cut an ASDU into ASDUs of one object each, in order."""
    count, header = asdu[1] & 0x7F, asdu[:1] + b"\1" + asdu[2:6]
    if asdu[1] & 0x80:
        first, octets = int.from_bytes(asdu[6:9], "little"), asdu[9:]
        size = len(octets) // count
        return [
            header + (first + place).to_bytes(3, "little") + octets[size * place : size * (place + 1)]
            for place in range(count)
        ]
    size = (len(asdu) - 6) // count
    return [header + asdu[6 + size * place : 6 + size * (place + 1)] for place in range(count)]


def object_address(asdu: bytes) -> int:
    return int.from_bytes(asdu[6:9], "little")
