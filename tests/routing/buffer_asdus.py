"""ASDUs for the tests of the event buffer; the RTU's CA is 10."""


def value(number: int, ca: int = 10) -> bytes:
    """M_SP_NA_1, spontaneous, OA 0: no time tag, so never replayed."""
    return b"\x01\x01\x03\x00" + ca.to_bytes(2, "little") + number.to_bytes(3, "little") + b"\x01"


def event(number: int, ca: int = 10) -> bytes:
    """M_SP_TB_1, spontaneous, OA 0, 12:03:41.198 on 5 June 2026."""
    head = b"\x1e\x01\x03\x00" + ca.to_bytes(2, "little") + number.to_bytes(3, "little")
    return head + b"\x01\xce\xa0\x03\x0c\xa5\x06\x1a"


def confirmation(number: int, ca: int = 10) -> bytes:
    """C_SC_NA_1, activation confirmation, OA 0, ON."""
    return b"\x2d\x01\x07\x00" + ca.to_bytes(2, "little") + number.to_bytes(3, "little") + b"\x01"


M_EI = b"\x46\x01\x04\x00\x0b\x00\x00\x00\x00\x00"
"""M_EI_NA_1, initialized, CA 11, IOA 0, local power on."""
