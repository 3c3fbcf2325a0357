"""What a peer can do wrong inside and around the APCI."""

from __future__ import annotations

import math

import pytest

from iec104mm2ss.link import Closed, Link, LinkParameters, LinkTested, MisuseError, Received, Role, State, Tolerated
from tests.link.octets import (
    ASDU,
    EVERY_OPEN_LINK,
    STARTDT_ACT,
    STARTDT_CON,
    STOPDT_ACT,
    STOPDT_CON,
    TESTFR_ACT,
    TESTFR_CON,
    i_frame,
    i_frames,
    link_in,
    s_frame,
    started,
)

LEGAL_U_OCTETS = {0x07, 0x0B, 0x13, 0x23, 0x43, 0x83}
ILLEGAL_U_OCTETS = [octet for octet in range(256) if octet & 3 == 3 and octet not in LEGAL_U_OCTETS]


def u_frame(octet: int, rest: str = "00 00 00") -> bytes:
    return bytes([0x68, 0x04, octet]) + bytes.fromhex(rest)


def test_a01_one_octet_at_a_time_three_seconds_each_is_parsed() -> None:
    link = started(Role.CONTROLLED)
    for position, octet in enumerate(TESTFR_ACT[:-1]):
        assert link.receive(bytes([octet]), 2.0 * position) == []
    assert link.receive(TESTFR_ACT[-1:], 14.9) == [LinkTested()]
    assert link.take_output() == TESTFR_CON


@pytest.mark.parametrize("cut", range(1, 16))
@pytest.mark.parametrize("state", [State.STOPPED, State.STARTED])
def test_a02_incomplete_apdu_closes_t1_after_its_first_octet(state: State, cut: int) -> None:
    link = link_in(Role.CONTROLLED, state)
    apdu = i_frame(0)
    link.receive(apdu[:1], 2.0)
    for position in range(1, cut):
        link.receive(apdu[position : position + 1], 3.0)
    assert link.next_deadline() == 17.0
    assert link.on_deadline(16.999) == []
    assert link.on_deadline(17.0) == [Closed("APDU still incomplete t1 (15 s) after its first octet")]


def test_a02_each_apdu_has_its_own_t1() -> None:
    link = started(Role.CONTROLLED)
    link.receive(TESTFR_CON[:3], 1.0)
    link.receive(TESTFR_CON[3:] + TESTFR_CON[:1], 5.0)
    assert link.on_deadline(16.0) == []
    assert link.next_deadline() == 20.0
    link.receive(TESTFR_CON[1:], 6.0)
    assert link.next_deadline() == 26.0  # t3 alone


@pytest.mark.parametrize(("role", "state"), EVERY_OPEN_LINK)
@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        ("00", "octet 0x00 where an APDU starts with 0x68"),  # A03
        ("16", "octet 0x16 where an APDU starts with 0x68"),
        ("69", "octet 0x69 where an APDU starts with 0x68"),
        ("01 68", "octet 0x01 where an APDU starts with 0x68"),
        ("02 02 68 00 12 12", "octet 0x02 where an APDU starts with 0x68"),
        ("68 00", "APDU length 0 outside 4..253"),  # A04
        ("68 01 00", "APDU length 1 outside 4..253"),
        ("68 02 01 00", "APDU length 2 outside 4..253"),
        ("68 03 01 00 00", "APDU length 3 outside 4..253"),
        ("68 fe", "APDU length 254 outside 4..253"),  # A05
        ("68 ff", "APDU length 255 outside 4..253"),
        ("68 08 43 00 00 00 ff ff ff ff", "APDU length 8 in a U-frame"),  # A06
        ("68 08 01 00 00 00 ff ff ff ff", "APDU length 8 in an S-frame"),
        ("68 04 00 00 00 00", "APDU length 4 in an I-frame"),  # A10
        ("68 09 00 00 00 00 01 01 03 00 01", "APDU length 9 in an I-frame"),
    ],
)
def test_a03_to_a06_and_a10_close_at_once(role: Role, state: State, octets: str, reason: str) -> None:
    link = link_in(role, state)
    assert link.receive(bytes.fromhex(octets), 1.0) == [Closed(reason)]
    assert (link.state, link.close_reason) == (State.CLOSED, reason)


def test_frames_before_a_fault_are_processed() -> None:
    link = started(Role.CONTROLLED)
    events = link.receive(i_frames(0, 3) + TESTFR_ACT + b"\x00" + i_frame(3), 1.0)
    assert events == [Received([ASDU] * 3), LinkTested(), Closed("octet 0x00 where an APDU starts with 0x68")]
    assert link.take_output() == TESTFR_CON
    assert link.received == 3


@pytest.mark.parametrize("octet", ILLEGAL_U_OCTETS)
def test_a07_illegal_u_octet_of_a_master_closes(octet: int) -> None:
    link = started(Role.CONTROLLED)
    assert link.receive(u_frame(octet), 1.0) == [Closed(f"illegal U-frame 0x{octet:02X}")]
    assert link.take_output() == b""


@pytest.mark.parametrize("octet", [*ILLEGAL_U_OCTETS, STARTDT_ACT[2], STOPDT_ACT[2]])
def test_a07_an_rtu_is_borne_twice_within_t1(octet: int) -> None:
    link = started(Role.CONTROLLING)
    tolerated = [Tolerated(f"illegal U-frame 0x{octet:02X}")]
    assert link.receive(u_frame(octet), 1.0) == tolerated
    assert link.receive(u_frame(octet), 2.0) == tolerated
    assert link.receive(u_frame(octet), 16.0) == tolerated
    assert (link.state, link.take_output()) == (State.STARTED, b"")
    assert link.receive(u_frame(octet), 16.5) == [
        Closed(f"illegal U-frame 0x{octet:02X}, the third within t1 (15 s)"),
    ]


@pytest.mark.parametrize("rest", ["01 00 00", "00 01 00", "00 00 ff"])
def test_a08_other_octets_of_a_u_frame_are_ignored(rest: str) -> None:
    link = started(Role.CONTROLLED)
    event, tested = link.receive(u_frame(0x43, rest), 1.0)
    assert isinstance(event, Tolerated)
    assert tested == LinkTested()
    assert event.text.startswith("U-frame 0x43 with octets 2 to 4 not zero")
    assert (link.state, link.take_output()) == (State.STARTED, TESTFR_CON)


@pytest.mark.parametrize("octet", range(5, 256, 4))
@pytest.mark.parametrize("role", Role)
def test_a09_other_bits_in_the_first_octet_of_an_s_frame_close(role: Role, octet: int) -> None:
    link = started(role)
    assert link.receive(u_frame(octet), 1.0) == [Closed(f"S-frame with first octet 0x{octet:02X} instead of 0x01")]


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("68 04 01 80 02 00", "S-frame with second octet 0x80 instead of 0x00"),
        ("68 04 01 00 03 00", "bit 0 of the N(R) octets set, with N(R) 1"),
        ("68 0e 00 00 03 00 01 01 03 00 01 00 64 00 00 01", "bit 0 of the N(R) octets set, with N(R) 1"),
    ],
)
def test_a09_harmless_bits_are_borne(octets: str, text: str) -> None:
    link = started(Role.CONTROLLED)
    link.send([ASDU], 0.0)
    assert Tolerated(text) in link.receive(bytes.fromhex(octets), 1.0)
    assert (link.state, link.acknowledged) == (State.STARTED, 1)


def test_one_tolerated_event_a_call() -> None:
    link = started(Role.CONTROLLED)
    sloppy = u_frame(0x83, "01 00 00")
    assert len(link.receive(sloppy * 3, 1.0)) == 1
    assert len(link.receive(sloppy, 2.0)) == 1


def test_a12_fifty_apdus_in_one_segment() -> None:
    link = started(Role.CONTROLLING)
    asdus = [ASDU[:-1] + bytes([number]) for number in range(50)]
    segment = b"".join(i_frame(ns, 0, asdu) for ns, asdu in enumerate(asdus))
    assert link.receive(segment, 1.0) == [Received(asdus)]
    assert link.take_output() == s_frame(50)


@pytest.mark.parametrize(("con", "name"), [(STARTDT_CON, "STARTDT con"), (STOPDT_CON, "STOPDT con")])
def test_a15_unasked_confirmation(con: bytes, name: str) -> None:
    master, rtu = started(Role.CONTROLLED), started(Role.CONTROLLING)
    assert master.receive(con, 1.0) == [Closed(f"{name} without its act")]
    assert rtu.receive(con, 1.0) == [Tolerated(f"{name} without its act")]
    assert rtu.state is State.STARTED


def test_a15_unasked_test_confirmation() -> None:
    master, rtu = started(Role.CONTROLLED), started(Role.CONTROLLING)
    assert master.receive(TESTFR_CON, 1.0) == []
    assert rtu.receive(TESTFR_CON, 1.0) == [Tolerated("TESTFR con without TESTFR act")]


@pytest.mark.parametrize(("role", "state"), EVERY_OPEN_LINK)
def test_end_of_stream_closes(role: Role, state: State) -> None:
    link = link_in(role, state)
    link.receive(TESTFR_CON, 1.0)
    assert link.receive_eof(3.5)[-1] == Closed("closed by peer, 2.5 s after the last frame")
    assert link.state is State.CLOSED


def test_end_of_stream_within_an_apdu() -> None:
    link = started(Role.CONTROLLED)
    link.receive(i_frame(0)[:5], 1.0)
    assert link.incomplete == i_frame(0)[:5]
    reason = "closed by peer within an APDU (5 octets of it came), 1.0 s after the last frame"
    assert link.receive_eof(1.0) == [Closed(reason)]
    assert link.close_reason == reason


def closed() -> Link:
    link = started(Role.CONTROLLED, LinkParameters(idle=60.0))
    link.withhold = True
    link.receive(i_frame(0), 1.0)
    link.test(1.0)
    link.receive(b"\x00", 1.0)
    return link


def test_a_closed_link_does_nothing_more() -> None:
    link = closed()
    assert link.next_deadline() == math.inf
    assert link.on_deadline(1000.0) == []
    assert link.receive(TESTFR_ACT, 2.0) == []
    assert link.receive_eof(2.0) == []
    link.release(1, 2.0)
    assert (link.window, link.take_output()) == (0, TESTFR_ACT)
    assert link.take_output() == b""


def test_a_closed_link_refuses_to_send() -> None:
    link = closed()
    with pytest.raises(MisuseError, match=r"send\(\) of 1 ASDUs, window 0: .* CONTROLLED link that is CLOSED"):
        link.send([ASDU], 2.0)
    for call, name in ((link.start, "start"), (link.stop, "stop"), (link.test, "test")):
        with pytest.raises(MisuseError, match=rf"{name}\(\): .* CLOSED"):
            call(2.0)
