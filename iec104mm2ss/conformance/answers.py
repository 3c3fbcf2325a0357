"""What a station answers to a request: its mirror, values, the termination (IEC 60870-5-101, clauses 6 and 7.2.3)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from iec104mm2ss.conformance.verdict import FailedError, NotApplicableError
from iec104mm2ss.wire.asdu import BROADCAST_CA, HEADER_LENGTH, cause, common_address, is_negative, type_id
from iec104mm2ss.wire.causes import Cause, cause_label
from iec104mm2ss.wire.describe import describe_asdu
from iec104mm2ss.wire.types import type_name

if TYPE_CHECKING:
    from iec104mm2ss.conformance.tester import Arrival, Tester

UNKNOWN: Final = frozenset({Cause.UNKNOWN_TYPE, Cause.UNKNOWN_CAUSE, Cause.UNKNOWN_CA, Cause.UNKNOWN_IOA})
_INTERROGATED: Final = range(Cause.INTERROGATED_BY_STATION, Cause.COUNTERS_GROUP_4 + 1)
_MIRRORED: Final = UNKNOWN | {Cause.ACTIVATION_CON, Cause.DEACTIVATION_CON}


class Procedure(NamedTuple):
    """A request that was served: every ASDU that belongs to the answer."""

    confirmation: bytes
    values: list[bytes]
    termination: bytes


def mirror(tester: Tester, request: bytes, within: float, *, same_objects: bool = True) -> bytes:
    """Send a request and return its mirror: a confirmation, positive or negative, or one of the causes 44 to 47.

    Accuses a mirror that differs in more than the cause and the originator address, which a case of its own judges;
    `same_objects` is False for the clock, whose confirmation may tell the station's time.
    """
    tester.ask(request)
    what = f"confirmation of {type_name(type_id(request))}"
    asdu = tester.take(lambda arrival: _answers(arrival, request, _MIRRORED), within, what).asdu
    _compare(asdu, request, same_objects=same_objects)
    return asdu


def served(tester: Tester, request: bytes, why: int, within: float) -> Procedure:
    """Send a request and return the whole answer, whose values have the cause `why`.

    Raises NotApplicableError where the station does not serve it.
    """
    confirmation = mirror(tester, request, within)
    if refused(confirmation):
        raise NotApplicableError(f"the station does not serve it: {describe_asdu(confirmation)}")
    return Procedure(confirmation, *rest(tester, request, why, within))


def rest(tester: Tester, request: bytes, why: int, within: float) -> tuple[list[bytes], bytes]:
    """Return what follows a confirmation: values with the cause `why`, and the termination; `within` is for each."""
    values: list[bytes] = []
    deadline = time.monotonic() + within
    while arrival := tester.next(deadline):
        if _answers(arrival, request, {Cause.ACTIVATION_TERM}):
            _compare(arrival.asdu, request)
            return values, arrival.asdu
        if arrival.is_data and cause(arrival.asdu) in {why, *_INTERROGATED}:
            values.append(_of_cause(arrival.asdu, why))
            deadline = time.monotonic() + within
    until = f"within {within:g} s" if tester.closed_at is None else "before the station closed the connection"
    raise FailedError(f"no termination of {type_name(type_id(request))} {until}, after {len(values)} ASDUs of values")


def refused(confirmation: bytes) -> bool:
    """Whether a mirror says that the station does not do it."""
    return is_negative(confirmation) or cause(confirmation) in UNKNOWN


def short(asdu: bytes) -> str:
    """Return cause and P/N for a sentence: `actcon(7) negative`."""
    return cause_label(cause(asdu)) + " negative" * is_negative(asdu)


def _of_cause(asdu: bytes, why: int) -> bytes:
    if cause(asdu) != why:
        raise FailedError(f"values with {cause_label(cause(asdu))}, not {cause_label(why)}: {describe_asdu(asdu)}")
    return asdu


def _answers(arrival: Arrival, request: bytes, causes: frozenset[Cause] | set[Cause]) -> bool:
    asdu = arrival.asdu
    return arrival.is_data and type_id(asdu) == type_id(request) and cause(asdu) in causes


def _compare(answer: bytes, request: bytes, *, same_objects: bool = True) -> None:
    if same_objects and (answer[1], answer[HEADER_LENGTH:]) != (request[1], request[HEADER_LENGTH:]):
        raise FailedError(f"the answer has other objects than the request: {describe_asdu(answer)}")
    if common_address(request) not in {common_address(answer), BROADCAST_CA}:
        raise FailedError(f"the answer has another common address: {describe_asdu(answer)}")
