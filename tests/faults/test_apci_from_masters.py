"""Group A of the faults: malformed APCI on a master's connection, through the running program."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.endpoint import STARTDT_ACT, STARTDT_CON, TESTFR_ACT, TESTFR_CON, i_frame
from tests.stage import MASTER_CA, RTU_CA, T1, assert_event_arrives
from tests.station import ACTTERM, interrogation, single_command

if TYPE_CHECKING:
    from tests.stage import Stage

LEGAL_U = {0x07, 0x0B, 0x13, 0x23, 0x43, 0x83}
ILLEGAL_U = [octet for octet in range(3, 256, 4) if octet not in LEGAL_U]
ILLEGAL_S = range(5, 256, 4)
both_states = pytest.mark.parametrize("started", [False, True], ids=["connected", "started"])


def assert_closed_for(stage: Stage, octets: bytes, *reason: str, started: bool) -> None:
    log = stage.victims_log()
    with stage.victim(started=started) as victim:
        victim.send_raw(octets)
        victim.wait_closed()
        assert victim.sent == 0
    stage.gateway.wait_log("VICTIM", *reason, since=log)


@both_states
def test_a01_start_octet_alone_and_the_rest_later(stage: Stage, started: bool) -> None:  # noqa: FBT001
    with stage.victim(started=started) as victim:
        victim.send_segments([TESTFR_ACT[:1], TESTFR_ACT[1:]], pause=0.5)
        victim.wait_frame(TESTFR_CON)
    stage.assert_healthy()


def test_a01_a_request_one_octet_per_segment(stage: Stage) -> None:
    with stage.victim() as victim:
        with victim.sending():
            frame = victim.next_i_frame(interrogation(MASTER_CA))
            victim.send_segments([bytes((octet,)) for octet in frame], pause=0.003)
        victim.take_until(interrogation(MASTER_CA, ACTTERM))
    stage.assert_healthy()


def test_a02_incomplete_apdu_is_given_t1(stage: Stage) -> None:
    log = stage.victims_log()
    frame = i_frame(0, 0, interrogation(MASTER_CA))
    asked = len(stage.station.requests)
    victims = [stage.victim(started=cut % 2 == 0) for cut in range(1, len(frame))]
    for cut, victim in enumerate(victims, 1):
        victim.fall_silent()
        victim.send_raw(frame[:cut])
    sent_at = victims[-1].opened_at
    assert min(victim.wait_closed(T1 + 5) for victim in victims) > sent_at + T1 / 2
    for victim in victims:
        victim.close()
    stage.gateway.wait_log("VICTIM", "incomplete", since=log)
    assert interrogation(RTU_CA) not in [
        request[:3] + b"\0" + request[4:] for request in stage.station.requests[asked:]
    ]
    stage.assert_healthy()


@both_states
@pytest.mark.parametrize("octets", ["00", "16", "69", "0168", "020268001212"])
def test_a03_first_octet_is_not_68(stage: Stage, octets: str, started: bool) -> None:  # noqa: FBT001
    assert_closed_for(stage, bytes.fromhex(octets), f"0x{octets[:2]}", started=started)
    stage.assert_healthy()


@both_states
@pytest.mark.parametrize("octets", ["6800", "680100", "680243 00", "68030100 0000"])
def test_a04_length_below_four(stage: Stage, octets: str, started: bool) -> None:  # noqa: FBT001
    assert_closed_for(stage, bytes.fromhex(octets), f"length {int(octets[2:4], 16)}", started=started)
    stage.assert_healthy()


@both_states
@pytest.mark.parametrize("octets", ["68fe", "68ff"])
def test_a05_length_above_253_without_waiting_for_the_body(stage: Stage, octets: str, started: bool) -> None:  # noqa: FBT001
    assert_closed_for(stage, bytes.fromhex(octets), f"length {int(octets[2:4], 16)}", started=started)
    stage.assert_healthy()


@both_states
@pytest.mark.parametrize("octets", ["680843000000ffffffff", "6808010000000000 0000", "68050700 000000"])
def test_a06_supervisory_frame_longer_than_four(stage: Stage, octets: str, started: bool) -> None:  # noqa: FBT001
    assert_closed_for(stage, bytes.fromhex(octets), f"length {int(octets[2:4], 16)}", started=started)
    stage.assert_healthy()


@both_states
def test_a07_every_illegal_u_octet_closes(stage: Stage, started: bool) -> None:  # noqa: FBT001
    for octet in ILLEGAL_U:
        assert_closed_for(stage, bytes((0x68, 4, octet, 0, 0, 0)), f"0x{octet:02x}", started=started)
    stage.assert_healthy()


@both_states
def test_a08_legal_u_octet_with_other_octets_set_is_accepted(stage: Stage, started: bool) -> None:  # noqa: FBT001
    with stage.victim(started=started) as victim:
        victim.send_raw(bytes.fromhex("680443010000"))
        victim.wait_frame(TESTFR_CON)
        assert victim.times_seen(STARTDT_CON) == int(started)
    stage.assert_healthy()


def test_a09_s_frame_with_high_bits_closes(stage: Stage) -> None:
    for octet in ILLEGAL_S:
        assert_closed_for(stage, bytes((0x68, 4, octet, 0, 0, 0)), f"0x{octet:02x}", started=True)
    stage.assert_healthy()


@pytest.mark.parametrize("tail", ["ff0200", "000300"], ids=["octet 2", "bit 0 of N(R)"])
def test_a09_sloppy_s_frame_is_accepted(stage: Stage, tail: str) -> None:
    with stage.victim() as victim:
        victim.send_raw(bytes.fromhex("680401" + tail))
        victim.test()
    stage.assert_healthy()


@both_states
@pytest.mark.parametrize("length", range(4, 10))
def test_a10_i_frame_without_a_whole_asdu_header(stage: Stage, length: int, started: bool) -> None:  # noqa: FBT001
    octets = bytes((0x68, length)) + i_frame(0, 0, interrogation(MASTER_CA))[2 : 2 + length]
    asked = len(stage.station.requests)
    assert_closed_for(stage, octets, f"length {length}", started=started)
    assert len(stage.station.requests) == asked
    stage.assert_healthy()


@pytest.mark.parametrize("seed", range(8))
def test_a11_random_octets(stage: Stage, seed: int) -> None:
    source = random.Random(seed)
    before = stage.gateway.memory()
    for started in (False, True):
        with stage.victim(started=started) as victim:
            victim.send_raw(source.randbytes(1 << 20))
            victim.wait_closed()
    assert stage.gateway.memory() < before + 16
    stage.assert_healthy()


def test_a12_fifty_requests_in_one_segment(stage: Stage) -> None:
    orders = [single_command(MASTER_CA, 2000 + n) for n in range(50)]
    asked = len(stage.station.requests)
    with stage.victim() as victim:
        with victim.sending():
            victim.send_raw(b"".join(map(victim.next_i_frame, orders)))
        answers = victim.take(2 * len(orders))
    assert [a for a in answers if a[2] == ACTTERM] == [
        single_command(MASTER_CA, 2000 + n, cause=ACTTERM) for n in range(50)
    ]
    assert [int.from_bytes(r[6:9], "little") for r in stage.station.requests[asked:]] == list(range(2000, 2050))
    stage.assert_healthy()


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        bytes.fromhex("16030100c8010000c40303"),
        bytes.fromhex("000100000006010300000001"),
        b"\r\n\r\n",
    ],
    ids=["HTTP", "TLS", "Modbus", "banner grab"],
)
def test_a13_other_protocols(stage: Stage, octets: bytes) -> None:
    assert_closed_for(stage, octets, f"0x{octets[0]:02x}", started=False)
    stage.assert_healthy()


@both_states
@pytest.mark.parametrize("octet", [0x0B, 0x23])
def test_a15_confirmation_that_nobody_asked_for(stage: Stage, octet: int, started: bool) -> None:  # noqa: FBT001
    assert_closed_for(stage, bytes((0x68, 4, octet, 0, 0, 0)), "without its act", started=started)
    stage.assert_healthy()


@both_states
def test_a15_testfr_con_that_nobody_asked_for_is_ignored(stage: Stage, started: bool) -> None:  # noqa: FBT001
    with stage.victim(started=started) as victim:
        victim.send_raw(TESTFR_CON)
        victim.test()
    stage.assert_healthy()


def test_a16_startdt_twice_confirms_twice_without_a_second_m_ei(stage: Stage) -> None:
    with stage.victim() as victim:
        victim.send_raw(STARTDT_ACT)
        victim.wait_frame(STARTDT_CON, count=2)
        assert assert_event_arrives(victim, stage.rtu.link) == []
    stage.assert_healthy()


def test_a16_stopdt_twice_confirms_twice(stage: Stage) -> None:
    with stage.victim() as victim:
        victim.stop()
        victim.stop()
        victim.test()
    stage.assert_healthy()


def test_many_malformed_connections_at_once(stage: Stage) -> None:
    """The listener and the others outlive a burst of broken peers."""

    def break_off(seed: int) -> None:
        with stage.victim(started=False) as victim:
            victim.send_raw(b"\x00" + random.Random(seed).randbytes(64))
            victim.wait_closed()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(break_off, range(100)))
    stage.assert_healthy()
