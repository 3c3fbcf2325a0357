"""Interrogations, read, clock and test command (IEC 60870-5-104, clauses 7.2 to 7.10; -101, clause 7.4)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from iec104mm2ss.conformance import asdus
from iec104mm2ss.conformance.answers import Procedure, mirror, refused, served, short
from iec104mm2ss.conformance.verdict import FailedError, InconclusiveError, NotApplicableError
from iec104mm2ss.wire.asdu import BROADCAST_CA, cause, common_address, ioas, object_count, type_id
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.describe import describe_asdu
from iec104mm2ss.wire.types import TypeId, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iec104mm2ss.conformance.bench import Bench
    from iec104mm2ss.conformance.tester import Tester

_INTERROGATED: Final = frozenset(
    {
        TypeId.M_SP_NA_1,
        TypeId.M_DP_NA_1,
        TypeId.M_ST_NA_1,
        TypeId.M_BO_NA_1,
        TypeId.M_ME_NA_1,
        TypeId.M_ME_NB_1,
        TypeId.M_ME_NC_1,
        TypeId.M_PS_NA_1,
        TypeId.M_ME_ND_1,
    }
)
"""What an interrogation is answered with; all without time tag (-101, clause 7.4.5)."""
_COUNTERS: Final = frozenset({TypeId.M_IT_NA_1, TypeId.M_IT_TB_1})
_GROUPS: Final = range(Cause.INTERROGATED_BY_GROUP_1, Cause.INTERROGATED_BY_GROUP_16 + 1)


def station(bench: Bench) -> str:
    """C_IC_NA_1 is confirmed, answered with cause 20 and terminated, in this order."""
    try:
        procedure = _interrogated(bench, bench.started(), Cause.INTERROGATED_BY_STATION)
    except NotApplicableError as error:
        raise FailedError(str(error)) from None
    return _counted(procedure)


def broadcast(bench: Bench) -> str:
    """C_IC_NA_1 to the common address 65535 is answered with that of the station."""
    subject = bench.subject
    request = asdus.interrogation(BROADCAST_CA)
    procedure = served(bench.started(), request, Cause.INTERROGATED_BY_STATION, subject.patience)
    for asdu in (procedure.confirmation, *procedure.values, procedure.termination):
        if common_address(asdu) == BROADCAST_CA:
            raise FailedError(f"answered with the broadcast address: {describe_asdu(asdu)}")
    return _counted(procedure)


def groups(bench: Bench) -> str:
    """Interrogations of the groups 1 to 16 are answered with their causes 21 to 36, or refused."""
    tester = bench.started()
    answered = [group for group in _GROUPS if _group_served(bench, tester, group)]
    if not answered:
        raise NotApplicableError("the station refuses all 16 groups")
    return "groups " + ", ".join(str(group - Cause.INTERROGATED_BY_STATION) for group in answered)


def _group_served(bench: Bench, tester: Tester, group: int) -> bool:
    try:
        _interrogated(bench, tester, group)
    except NotApplicableError:
        return False
    return True


def counters(bench: Bench) -> str:
    """C_CI_NA_1 is confirmed, answered with counters of cause 37 and terminated."""
    subject = bench.subject
    request = asdus.counter_interrogation(subject.ca)
    procedure = served(bench.started(), request, Cause.COUNTERS_GENERAL, subject.patience)
    _check_values(procedure.values, _COUNTERS, subject.ca)
    return _counted(procedure)


def read(bench: Bench) -> str:
    """C_RD_NA_1 of an object that the interrogation has shown is answered with it, cause 5."""
    tester, subject = bench.started(), bench.subject
    shown = _interrogated(bench, tester, Cause.INTERROGATED_BY_STATION).values
    if not shown:
        raise InconclusiveError("the interrogation shows no object that could be read")
    ioa = ioas(shown[0])[0]
    tester.ask(asdus.read(subject.ca, ioa))
    answer = tester.take(
        lambda arrival: arrival.is_data and _belongs_to_read(arrival.asdu), subject.patience, f"answer for IOA {ioa}"
    ).asdu
    if type_id(answer) == TypeId.C_RD_NA_1:
        if cause(answer) == Cause.UNKNOWN_TYPE:
            raise NotApplicableError("the station does not serve C_RD_NA_1")
        raise FailedError(f"IOA {ioa}, which the interrogation has shown, is answered with C_RD_NA_1 {short(answer)}")
    if ioa not in ioas(answer):
        raise FailedError(f"IOA {ioa} was asked for: {describe_asdu(answer)}")
    return describe_asdu(answer)


def clock(bench: Bench) -> str:
    """C_CS_NA_1 is confirmed; the station's clock is set to that of this machine."""
    return _confirmed(bench, asdus.clock(bench.subject.ca), same_objects=False)


def link_test(bench: Bench) -> str:
    """C_TS_TA_1 is confirmed with its test counter."""
    return _confirmed(bench, asdus.link_test(bench.subject.ca), same_objects=True)


def _interrogated(bench: Bench, tester: Tester, qualifier: int) -> Procedure:
    subject = bench.subject
    procedure = served(tester, asdus.interrogation(subject.ca, qualifier), qualifier, subject.patience)
    _check_values(procedure.values, _INTERROGATED, subject.ca)
    return procedure


def _check_values(values: Iterable[bytes], types: frozenset[TypeId], ca: int) -> None:
    for asdu in values:
        if type_id(asdu) not in types:
            raise FailedError(f"{type_name(type_id(asdu))} is no answer to an interrogation: {describe_asdu(asdu)}")
        if common_address(asdu) != ca:
            raise FailedError(f"values of another common address: {describe_asdu(asdu)}")


def _counted(procedure: Procedure) -> str:
    objects = sum(object_count(asdu) for asdu in procedure.values)
    return f"{objects} objects in {len(procedure.values)} ASDUs"


def _belongs_to_read(asdu: bytes) -> bool:
    return type_id(asdu) == TypeId.C_RD_NA_1 or cause(asdu) == Cause.REQUEST


def _confirmed(bench: Bench, request: bytes, *, same_objects: bool) -> str:
    began = time.monotonic()
    confirmation = mirror(bench.started(), request, bench.subject.patience, same_objects=same_objects)
    if refused(confirmation):
        raise NotApplicableError(f"the station does not serve it: {short(confirmation)}")
    return f"{short(confirmation)} after {time.monotonic() - began:.3f} s"
