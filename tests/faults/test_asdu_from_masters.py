"""Group B of the faults: what a master sends wrongly or strangely, and what the RTU gets of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.peers import RawMaster, started_master
from tests.stage import MASTER_CA, RTU_CA
from tests.station import (
    ACT,
    ACTCON,
    BROADCAST_CA,
    NEGATIVE,
    TEST,
    TIME,
    UNKNOWN_CA,
    UNKNOWN_IOA,
    address,
    asdu,
    clock,
    common_address,
    counter_interrogation,
    interrogation,
    read,
    single_command,
    single_point,
    with_header,
)

if TYPE_CHECKING:
    from tests.stage import Stage

FILE = address(1) + b"\1\0"


def arrived(stage: Stage, victim: RawMaster, *asdus: bytes) -> list[bytes]:
    """Send these from the victim; return what the RTU got, without the OA that the gateway stamps.

    They are followed by a read of a point that does not exist; when its answer is back, all are through.
    """
    start = len(stage.station.requests)
    last = read(MASTER_CA, 0xFFFF)
    victim.post(*asdus, last)
    victim.take_until(with_header(last, cause=UNKNOWN_IOA | NEGATIVE))
    return [
        request for request in _without_oa(stage.station.requests[start:]) if request != with_header(last, ca=RTU_CA)
    ]


def _without_oa(asdus: list[bytes]) -> list[bytes]:
    return [with_header(item, oa=0) for item in asdus]


def assert_closed_and_not_forwarded(stage: Stage, octets: bytes) -> None:
    start, log = len(stage.station.requests), stage.victims_log()
    with stage.victim() as victim:
        victim.post(octets)
        victim.wait_closed()
        stage.gateway.wait_log("VICTIM", "disconnected", victim.name, since=log)
    stage.assert_healthy()
    assert {request[0] for request in stage.station.requests[start:]} <= {100}  # the health check's


def test_b01_count_of_zero_closes(stage: Stage) -> None:
    assert_closed_and_not_forwarded(stage, asdu(45, ACT, MASTER_CA, b"", vsq=0))


@pytest.mark.parametrize("vsq", [2, 0x7F, 0xFF])
def test_b02_count_beyond_the_octets_closes(stage: Stage, vsq: int) -> None:
    assert_closed_and_not_forwarded(stage, asdu(45, ACT, MASTER_CA, address(100) + b"\1", vsq=vsq))


def test_b04_octets_after_the_last_object_close(stage: Stage) -> None:
    assert_closed_and_not_forwarded(stage, single_command(MASTER_CA, 100) + b"\0")


@pytest.mark.parametrize("type_id", [52, 99, 114, 128, 200, 255])
def test_b05_types_that_nobody_has_defined_are_forwarded(stage: Stage, type_id: int) -> None:
    private = asdu(type_id, ACT, MASTER_CA, address(7) + b"\xaa\xbb\xcc")
    with stage.victim() as victim:
        assert arrived(stage, victim, private) == [with_header(private, ca=RTU_CA)]
    stage.assert_healthy()


def test_b06_test_bit_is_kept_both_ways(stage: Stage) -> None:
    with stage.victim() as victim:
        assert arrived(stage, victim, interrogation(MASTER_CA, ACT | TEST)) == [interrogation(RTU_CA, ACT | TEST)]
        assert interrogation(MASTER_CA, ACTCON | TEST) in victim.asdus
    stage.assert_healthy()


def test_b07_broadcast_becomes_the_rtus_address_for_four_types(stage: Stage) -> None:
    reset = asdu(105, ACT, BROADCAST_CA, address(0) + b"\1")
    asked = [interrogation(BROADCAST_CA), counter_interrogation(BROADCAST_CA), clock(BROADCAST_CA), reset]
    with stage.victim() as victim:
        got = arrived(stage, victim, *asked, single_command(BROADCAST_CA, 100))
    by_type = {request[0]: common_address(request) for request in got}
    assert by_type == {100: RTU_CA, 101: RTU_CA, 103: RTU_CA, 105: RTU_CA, 45: BROADCAST_CA}
    stage.assert_healthy()


def test_b07_other_address_is_the_rtus_to_refuse(stage: Stage) -> None:
    with stage.victim() as victim:
        assert arrived(stage, victim, single_command(77, 100)) == [single_command(77, 100)]
        assert single_command(77, 100, 1, UNKNOWN_CA | NEGATIVE) in victim.asdus
    stage.assert_healthy()


def test_b07_address_zero_is_refused(stage: Stage) -> None:
    """No station has it."""
    with stage.victim() as victim:
        assert arrived(stage, victim, single_command(0, 100)) == []
        assert single_command(0, 100, 1, UNKNOWN_CA | NEGATIVE) in victim.asdus
    stage.assert_healthy()


def test_b07_the_rtus_own_address_from_a_master_that_has_another_is_refused_here(stage: Stage) -> None:
    """Two stations would merge, and a command could reach the wrong one."""
    log = stage.victims_log()
    with stage.victim() as victim:
        assert arrived(stage, victim, single_command(RTU_CA, 100)) == []
        assert single_command(RTU_CA, 100, 1, UNKNOWN_CA | NEGATIVE) in victim.asdus
    stage.gateway.wait_log("VICTIM", "46", since=log)
    stage.assert_healthy()


def test_b08_originator_of_the_master_comes_back_in_the_answer(stage: Stage) -> None:
    with stage.victim() as victim:
        victim.post(single_command(MASTER_CA, 100, oa=0), single_command(MASTER_CA, 101, oa=99))
        answers = victim.take(4)
    assert {(int.from_bytes(answer[6:9], "little"), answer[3]) for answer in answers} == {(100, 0), (101, 99)}
    stage.assert_healthy()


def test_b14_monitoring_types_from_a_master_are_dropped(stage: Stage) -> None:
    """A spoof must reach neither the RTU nor another master."""
    log = stage.victims_log()
    with stage.victim() as victim:
        assert arrived(stage, victim, single_point(MASTER_CA, 1), asdu(36, 3, MASTER_CA, bytes(8) + TIME)) == []
        stage.gateway.wait_log("VICTIM", "M_SP_NA_1", since=log)
    stage.assert_healthy()
    assert single_point(MASTER_CA, 1) not in stage.witness.asdus


@pytest.mark.parametrize("cause", [3, 7, 10, 20])
def test_b14_command_with_a_cause_of_the_other_side_is_not_executed(stage: Stage, cause: int) -> None:
    with stage.victim() as victim:
        assert arrived(stage, victim, single_command(MASTER_CA, 100, 1, cause)) == []
    stage.assert_healthy()


def test_b15_file_transfer_belongs_to_one_master_at_a_time(stage: Stage) -> None:
    stage.station.silent_types = {120, 122}
    select = asdu(122, 13, MASTER_CA, FILE + b"\0\1")
    ready = asdu(120, 13, RTU_CA, FILE + b"\x10\0\0\0")
    segments = [asdu(125, 13, RTU_CA, FILE + bytes((1, 200)) + bytes((n,)) * 200) for n in range(40)]
    last = asdu(123, 13, RTU_CA, FILE + b"\0\1\0")  # F_LS: the file is complete, transferred without deactivation
    with stage.victim() as victim, stage.victim() as second:
        assert arrived(stage, victim, select) == [with_header(select, ca=RTU_CA)]
        assert arrived(stage, second, select) == []
        stage.rtu.link.post(ready, *segments, last)
        victim.take_until(with_header(last, ca=MASTER_CA))
        files = [item for item in victim.asdus if item[0] in range(120, 128)]
        assert files == [with_header(item, ca=MASTER_CA) for item in (ready, *segments, last)]
        assert [item for item in second.asdus if item[0] in {120, 123, 125}] == []
    stage.station.silent_types = set()
    stage.assert_healthy()


def test_b16_reset_and_parameters_are_forwarded_and_logged(stage: Stage) -> None:
    requests = [
        asdu(105, ACT, MASTER_CA, address(0) + b"\1"),
        asdu(107, ACT, MASTER_CA, address(0) + b"\x55\xaa" + TIME),
        asdu(110, ACT, MASTER_CA, address(5) + b"\0\1\1"),
        asdu(113, ACT, MASTER_CA, address(5) + b"\1"),
    ]
    log = stage.victims_log()
    with stage.victim() as victim:
        assert sorted(arrived(stage, victim, *requests)) == sorted(with_header(item, ca=RTU_CA) for item in requests)
        victim.wait_for(lambda: len(victim.asdus) >= 6, "the answers")
        answers = [item for item in victim.asdus if item[0] in {105, 107, 110, 113}]
        assert sorted(answers) == sorted(with_header(item, cause=ACTCON) for item in requests)
    for name in ("C_RP_NA_1", "P_ME_NA_1", "P_AC_NA_1"):
        stage.gateway.wait_log("VICTIM", name, since=log)
    stage.assert_healthy()


def test_b16_monitor_only_master_is_refused_all_of_it(stage: Stage) -> None:
    requests = [
        asdu(105, ACT, MASTER_CA, address(0) + b"\1"),
        asdu(110, ACT, MASTER_CA, address(5) + b"\0\1\1"),
        asdu(113, ACT, MASTER_CA, address(5) + b"\1"),
        single_command(MASTER_CA, 100),
    ]
    start = len(stage.station.requests)
    with started_master(stage.monitor_port) as monitor:
        monitor.post(*requests)
        assert monitor.take(4) == [with_header(item, cause=ACTCON | NEGATIVE) for item in requests]
    assert stage.station.requests[start:] == []
    stage.assert_healthy()
