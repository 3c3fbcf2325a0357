"""Group A of the faults: malformed APCI on the connection to an RTU, through the running program."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.endpoint import STARTDT_ACT, STARTDT_CON, STOPDT_ACT, STOPDT_CON, TESTFR_ACT, TESTFR_CON, i_frame
from tests.peers import started_master
from tests.stage import MASTER_CA, RTU_CA, T1, assert_served
from tests.station import single_point

if TYPE_CHECKING:
    from tests.stage import Attacker, RtuStage

both_states = pytest.mark.parametrize("kind", ["pending", "started"])
EVENT = single_point(RTU_CA, 7)


def assert_goes_on(stage: RtuStage, attacker: Attacker) -> None:
    """The connection that was offended is the one that still serves a master."""
    link = attacker.ready()
    with started_master(attacker.port) as master:
        assert_served(master, link)
    assert link.ended is None
    stage.assert_healthy()


@both_states
def test_a01_start_octet_alone_and_the_rest_later(rtu_stage: RtuStage, kind: str) -> None:
    link = rtu_stage.attacker(kind).ready()
    seen = link.times_seen(TESTFR_CON)
    link.send_segments([TESTFR_ACT[:1], TESTFR_ACT[1:]], pause=0.5)
    link.wait_frame(TESTFR_CON, count=seen + 1)
    rtu_stage.assert_healthy()


def test_a02_incomplete_apdu_is_given_t1(rtu_stage: RtuStage) -> None:
    cases = [(cut, rtu_stage.attacker()) for cut in (1, 2, 5, 6, 15)]
    since = {attacker.name: len(rtu_stage.gateway.log(attacker.name)) for _, attacker in cases}
    for cut, attacker in cases:
        link = attacker.ready()
        link.fall_silent()
        link.send_raw(i_frame(link.sent, link.received, EVENT)[:cut])
    for _, attacker in cases:
        attacker.lost(attacker.rtu.link)
        rtu_stage.gateway.wait_log(attacker.name, "incomplete", f"t1 ({T1} s)", since=since[attacker.name])
    rtu_stage.assert_healthy()


@both_states
@pytest.mark.parametrize("octets", ["00", "69", "0168", "020268001212"])
def test_a03_first_octet_is_not_68(rtu_stage: RtuStage, octets: str, kind: str) -> None:
    rtu_stage.assert_lost_for(bytes.fromhex(octets), f"0x{octets[:2]}", kind=kind)


@both_states
@pytest.mark.parametrize("octets", ["6800", "680100", "68030100 0000"])
def test_a04_length_below_four(rtu_stage: RtuStage, octets: str, kind: str) -> None:
    rtu_stage.assert_lost_for(bytes.fromhex(octets), f"length {int(octets[2:4], 16)}", kind=kind)


@both_states
@pytest.mark.parametrize("octets", ["68fe", "68ff"])
def test_a05_length_above_253_without_waiting_for_the_body(rtu_stage: RtuStage, octets: str, kind: str) -> None:
    rtu_stage.assert_lost_for(bytes.fromhex(octets), f"length {int(octets[2:4], 16)}", kind=kind)


@both_states
@pytest.mark.parametrize("octets", ["680843000000ffffffff", "6808010000000000 0000"])
def test_a06_supervisory_frame_longer_than_four(rtu_stage: RtuStage, octets: str, kind: str) -> None:
    rtu_stage.assert_lost_for(bytes.fromhex(octets), "length 8", kind=kind)


@pytest.mark.parametrize("octet", [0x03, 0x0F, 0x17, 0x47, 0xC3, 0xFF])
def test_a07_two_illegal_u_octets_are_ignored(rtu_stage: RtuStage, octet: int) -> None:
    attacker = rtu_stage.attacker()
    link = attacker.ready()
    since = len(rtu_stage.gateway.log(attacker.name))
    link.send_raw(2 * bytes((0x68, 4, octet, 0, 0, 0)))
    rtu_stage.gateway.wait_log(attacker.name, f"0x{octet:02x}", since=since)
    assert_goes_on(rtu_stage, attacker)


@both_states
def test_a07_the_third_illegal_u_octet_within_t1_is_one_too_many(rtu_stage: RtuStage, kind: str) -> None:
    rtu_stage.assert_lost_for(3 * bytes.fromhex("680417000000"), "0x17", kind=kind)


def test_a08_legal_u_octet_with_other_octets_set_is_accepted(rtu_stage: RtuStage) -> None:
    attacker = rtu_stage.attacker()
    link = attacker.ready()
    seen = link.times_seen(TESTFR_CON)
    link.send_raw(bytes.fromhex("680443010000"))
    link.wait_frame(TESTFR_CON, count=seen + 1)
    assert_goes_on(rtu_stage, attacker)


@pytest.mark.parametrize("octet", [0x05, 0x09, 0x81, 0xFD])
def test_a09_s_frame_with_high_bits_closes(rtu_stage: RtuStage, octet: int) -> None:
    rtu_stage.assert_lost_for(bytes((0x68, 4, octet, 0, 0, 0)), f"0x{octet:02x}", kind="started")


@both_states
@pytest.mark.parametrize("length", [4, 9])
def test_a10_i_frame_without_a_whole_asdu_header(rtu_stage: RtuStage, length: int, kind: str) -> None:
    octets = bytes((0x68, length)) + i_frame(0, 0, EVENT)[2 : 2 + length]
    rtu_stage.assert_lost_for(octets, f"length {length}", kind=kind)


@both_states
def test_a11_random_octets(rtu_stage: RtuStage, kind: str) -> None:
    rtu_stage.assert_lost_for(b"\x00" + random.Random(kind).randbytes(1 << 20), "0x00", kind=kind)


def test_a12_fifty_apdus_in_one_segment(rtu_stage: RtuStage) -> None:
    attacker = rtu_stage.attacker()
    link = attacker.ready()
    with started_master(attacker.port) as master:
        with link.sending():
            link.send_raw(b"".join(link.next_i_frame(single_point(RTU_CA, ioa)) for ioa in range(1, 51)))
        assert master.take(50) == [single_point(MASTER_CA, ioa) for ioa in range(1, 51)]
    assert_goes_on(rtu_stage, attacker)


@pytest.mark.parametrize("octets", [STARTDT_CON, STOPDT_CON, TESTFR_CON], ids=["STARTDT", "STOPDT", "TESTFR"])
def test_a15_confirmation_that_nobody_asked_for_is_ignored(rtu_stage: RtuStage, octets: bytes) -> None:
    attacker = rtu_stage.attacker()
    attacker.ready().send_raw(octets)
    assert_goes_on(rtu_stage, attacker)


@pytest.mark.parametrize("octets", [STARTDT_ACT, STOPDT_ACT], ids=["STARTDT", "STOPDT"])
def test_a16_act_from_an_rtu_is_not_confirmed(rtu_stage: RtuStage, octets: bytes) -> None:
    """A controlled station has no business with it."""
    attacker = rtu_stage.attacker()
    link = attacker.ready()
    link.send_raw(octets)
    assert_goes_on(rtu_stage, attacker)
    assert {frame.octets for frame in link.supervisory} & {STARTDT_CON, STOPDT_CON} == set()


def test_lost_rtu_is_connected_again_without_a_storm(rtu_stage: RtuStage) -> None:
    """Connections that end at once are not tried again at once, either."""
    attacker = rtu_stage.attacker()
    first = attacker.ready()
    first.send_raw(b"\x00")
    attacker.lost(first)
    second = attacker.ready()
    assert second.opened_at - first.ended_at > 0.5
    rtu_stage.assert_healthy()
