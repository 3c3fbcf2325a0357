"""What a station does with requests that it cannot serve, and with the bits that it has to give back (-101, 7.2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iec104mm2ss.conformance import asdus
from iec104mm2ss.conformance.answers import mirror, refused, rest, short
from iec104mm2ss.conformance.subject import ABSENT_IOA
from iec104mm2ss.conformance.verdict import FailedError, InconclusiveError, NotApplicableError
from iec104mm2ss.wire.asdu import cause, is_negative, is_test, originator
from iec104mm2ss.wire.causes import Cause, cause_label
from iec104mm2ss.wire.describe import describe_asdu

if TYPE_CHECKING:
    from iec104mm2ss.conformance.bench import Bench

_FOREIGN_CA: Final = 65533
_ORIGINATOR: Final = 7


def unknown_type(bench: Bench) -> str:
    """A type that does not exist is mirrored with cause 44 and P/N = 1."""
    return _mirrored(bench, asdus.undefined(bench.subject.ca), Cause.UNKNOWN_TYPE)


def unknown_cause(bench: Bench) -> str:
    """An interrogation with cause 3 is mirrored with cause 45 and P/N = 1."""
    return _mirrored(bench, asdus.interrogation(bench.subject.ca, cause=Cause.SPONTANEOUS), Cause.UNKNOWN_CAUSE)


def unknown_ca(bench: Bench) -> str:
    """An interrogation of a common address that the station has not is mirrored with cause 46 and P/N = 1."""
    ca = _FOREIGN_CA - (bench.subject.ca == _FOREIGN_CA)
    return _mirrored(bench, asdus.interrogation(ca), Cause.UNKNOWN_CA)


def unknown_ioa(bench: Bench) -> str:
    """C_RD_NA_1 of an object that the station has not is mirrored with cause 47 and P/N = 1."""
    answer = _answer(bench, asdus.read(bench.subject.ca, ABSENT_IOA))
    if cause(answer) == Cause.UNKNOWN_TYPE:
        raise NotApplicableError("the station does not serve C_RD_NA_1")
    return _negative(answer, Cause.UNKNOWN_IOA)


def test_bit(bench: Bench) -> str:
    """An interrogation with the T bit gets the T bit back, in confirmation and termination."""
    for asdu in _whole_answer(bench, asdus.interrogation(bench.subject.ca, test=True), values=False):
        if not is_test(asdu):
            raise FailedError(f"the T bit of the request is missing: {describe_asdu(asdu)}")
    return ""


def originator_address(bench: Bench) -> str:
    """An interrogation with originator address 7 gets 7 back, with the values too."""
    request = asdus.interrogation(bench.subject.ca, originator=_ORIGINATOR)
    for asdu in _whole_answer(bench, request, values=True):
        if originator(asdu) != _ORIGINATOR:
            raise FailedError(f"originator address {originator(asdu)}, not {_ORIGINATOR}: {describe_asdu(asdu)}")
    return ""


def _answer(bench: Bench, request: bytes) -> bytes:
    return mirror(bench.started(), request, bench.subject.patience)


def _mirrored(bench: Bench, request: bytes, why: Cause) -> str:
    return _negative(_answer(bench, request), why)


def _negative(answer: bytes, why: Cause) -> str:
    if cause(answer) != why or not is_negative(answer):
        raise FailedError(f"{short(answer)}, not {cause_label(why)} negative")
    return ""


def _whole_answer(bench: Bench, request: bytes, *, values: bool) -> list[bytes]:
    tester, patience = bench.started(), bench.subject.patience
    confirmation = mirror(tester, request, patience)
    if refused(confirmation):
        raise InconclusiveError(f"the interrogation is refused: {short(confirmation)}")
    shown, termination = rest(tester, request, Cause.INTERROGATED_BY_STATION, patience)
    return [confirmation, *(shown if values else []), termination]
