"""Format and length of APDUs, and the control octets of U-frames (IEC 60870-5-104, clause 5)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from iec104mm2ss.conformance import asdus
from iec104mm2ss.conformance.bench import probe
from iec104mm2ss.conformance.verdict import FailedError
from iec104mm2ss.wire.apci import UFunction, encode_u

if TYPE_CHECKING:
    from iec104mm2ss.conformance.bench import Bench
    from iec104mm2ss.conformance.tester import Arrival, Tester

_UNKNOWN_FUNCTIONS: Final = (0x03, 0x0F, 0x47, 0xC3, 0xFF)
"""None, both bits of STARTDT, STARTDT with TESTFR, both bits of TESTFR, all: one function at a time is allowed."""
_CONFIRMATIONS: Final = frozenset({UFunction.STARTDT_CON, UFunction.STOPDT_CON, UFunction.TESTFR_CON})
_BETWEEN_OCTETS: Final = 0.005


def _closes(bench: Bench, octets: bytes) -> str:
    tester = bench.started()
    tester.send(octets)
    return tester.wait_closed(bench.subject.patience)


def start_octet(bench: Bench) -> str:
    """Octet 69 where an APDU has to start makes the station close."""
    return _closes(bench, bytes.fromhex("690443000000"))


def length_too_short(bench: Bench) -> str:
    """A length below 4 leaves no room for the control field."""
    return _closes(bench, bytes.fromhex("6803430000"))


def length_too_long(bench: Bench) -> str:
    """254 is more than the 253 that an APDU may have."""
    return _closes(bench, bytes.fromhex("68fe0000000064010600") + bytes(246))


def i_without_asdu(bench: Bench) -> str:
    """An I-frame has to have a whole ASDU header."""
    return _closes(bench, bytes.fromhex("680400000000"))


def unknown_function(bench: Bench) -> str:
    """A U-frame without one single legal function is not acted on; whether the station closes is its own affair."""
    return ", ".join(_unknown_function(bench, octet) for octet in _UNKNOWN_FUNCTIONS)


def _unknown_function(bench: Bench, octet: int) -> str:
    tester = bench.connect()
    tester.send(bytes((0x68, 4, octet, 0, 0, 0)))
    deadline = time.monotonic() + bench.subject.quiet
    while arrival := tester.next(deadline):
        if arrival.function in _CONFIRMATIONS:
            raise FailedError(f"control octet {octet:02X} was acted on: answered with {arrival.function:02X}")
    return f"{octet:02X} {'ignored' if tester.closed_at is None else 'closes'}"


def frames_in_one_segment(bench: Bench) -> str:
    """Two U-frames that come together are both confirmed; two requests and TESTFR act are answered one by one."""
    tester, patience = bench.connect(), bench.subject.patience
    tester.send(encode_u(UFunction.STARTDT_ACT) + encode_u(UFunction.TESTFR_ACT))
    _take_all(tester, {UFunction.STARTDT_CON, UFunction.TESTFR_CON}, patience)
    requests = [tester.frame(asdus.link_test(bench.subject.ca)) for _ in range(2)]
    tester.send(b"".join((*requests, encode_u(UFunction.TESTFR_ACT))))
    tester.take_u(UFunction.TESTFR_CON, patience)
    tester.wait_acknowledged(patience)
    return ""


def _take_all(tester: Tester, missing: set[int | None], within: float) -> None:
    def is_last(arrival: Arrival) -> bool:
        missing.discard(arrival.function)
        return not missing

    tester.take(is_last, within, "confirmation of both U-frames")


def octet_by_octet(bench: Bench) -> str:
    """An I-frame whose octets come in segments of their own is one frame."""
    tester, patience = bench.started(), bench.subject.patience
    octets = tester.frame(asdus.link_test(bench.subject.ca))
    tester.note(f"{len(octets)} octets follow one by one")
    for octet in octets:
        tester.send(bytes((octet,)))
        time.sleep(_BETWEEN_OCTETS)
    tester.wait_acknowledged(patience)
    probe(tester, patience)
    return f"{len(octets)} octets, {_BETWEEN_OCTETS * 1000:g} ms apart"
