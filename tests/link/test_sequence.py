from __future__ import annotations

import pytest

from iec104mm2ss.link import Acknowledged, Closed, LinkParameters, MisuseError, Received, Role, State
from tests.link.octets import (
    ASDU,
    COMMAND,
    EVERY_OPEN_LINK,
    OTHER,
    TESTFR_ACT,
    i_frame,
    i_frames,
    link_in,
    s_frame,
    started,
)

ROLES = pytest.mark.parametrize("role", Role)


@ROLES
@pytest.mark.parametrize("ns", [1, 3, 5, 4 + 16384, 32767])
def test_c01_wrong_ns_closes(role: Role, ns: int) -> None:
    link = started(role)
    link.receive(i_frames(0, 4), 1.0)
    assert link.receive(i_frame(ns), 2.0) == [Closed(f"N(S) {ns} where 4 was expected")]


@ROLES
def test_c01_frames_before_the_wrong_one_are_delivered(role: Role) -> None:
    link = started(role)
    events = link.receive(i_frame(0) + i_frame(1, 0, OTHER) + i_frame(3) + i_frame(2), 1.0)
    assert events == [Received([ASDU, OTHER]), Closed("N(S) 3 where 2 was expected")]
    assert link.received == 2


@ROLES
@pytest.mark.parametrize("nr", [1, 6, 7, 16384, 32767])
@pytest.mark.parametrize("kind", ["S", "I"])
def test_c02_impossible_nr_closes(role: Role, nr: int, kind: str) -> None:
    link = started(role)
    link.send([ASDU] * 5, 1.0)
    assert link.receive(s_frame(2), 1.0) == [Acknowledged(2)]
    octets = s_frame(nr) if kind == "S" else i_frame(0, nr)
    assert link.receive(octets, 2.0) == [Closed(f"N(R) {nr} where 2 to 5 can be acknowledged")]


@ROLES
def test_acknowledgements_by_s_and_i_frames_are_one_event(role: Role) -> None:
    link = started(role)
    link.send([ASDU] * 5, 1.0)
    stream = s_frame(1) + i_frame(0, 1) + i_frame(1, 3) + s_frame(3) + i_frame(2, 4)
    assert link.receive(stream, 2.0) == [Acknowledged(4), Received([ASDU] * 3)]
    assert (link.acknowledged, link.outstanding, link.window) == (4, 1, 11)


@ROLES
def test_c03_wraps_in_both_directions(role: Role) -> None:
    # 32767 frames a batch: every batch crosses the wrap at another place
    (peer,) = set(Role) - {role}
    parameters = LinkParameters(k=32767, w=32767)
    sender, receiver = started(role, parameters), started(peer, parameters)
    batch = [ASDU] * 32767
    for _ in range(8):
        sender.send(batch, 1.0)
        assert receiver.receive(sender.take_output(), 1.0) == [Received(batch)]
        assert sender.receive(receiver.take_output(), 1.0) == [Acknowledged(32767)]
    assert (sender.sent, sender.acknowledged, receiver.received, receiver.confirmed) == (8 * 32767,) * 4
    assert (sender.state, receiver.state) == (State.STARTED, State.STARTED)


@ROLES
def test_c03_the_octets_at_the_wrap(role: Role) -> None:
    link = started(role, LinkParameters(k=32767, w=32767))
    link.send([ASDU] * 32766, 1.0)
    link.receive(i_frames(0, 32766, 0), 1.0)
    link.receive(s_frame(32766), 1.0)
    link.take_output()
    link.send([ASDU, OTHER, COMMAND], 2.0)
    assert link.take_output() == (
        bytes.fromhex("68 0e fc ff fc ff") + ASDU  # N(S) 32766, N(R) 32766
        + bytes.fromhex("68 0e fe ff fc ff") + OTHER  # N(S) 32767
        + bytes.fromhex("68 0e 00 00 fc ff") + COMMAND  # N(S) 0
    )  # fmt: skip
    events = link.receive(i_frames(32766, 4, 32766) + i_frame(2, 1), 3.0)
    assert events == [Acknowledged(3), Received([ASDU] * 5)]
    link.send([ASDU], 3.0)
    assert link.take_output() == bytes.fromhex("68 0e 02 00 06 00") + ASDU  # N(S) 1, N(R) 3
    assert (link.sent, link.received, link.confirmed) == (32770, 32771, 32771)


@ROLES
def test_c05_exactly_k_are_outstanding(role: Role) -> None:
    link = started(role)
    link.send([ASDU] * 12, 1.0)
    assert link.window == 0
    with pytest.raises(MisuseError, match=r"send\(\) of 1 ASDUs, window 0"):
        link.send([ASDU], 1.0)
    assert link.sent == 12


@ROLES
@pytest.mark.parametrize("acknowledged", [1, 11, 12])
def test_c05_the_window_opens_by_what_is_acknowledged(role: Role, acknowledged: int) -> None:
    link = started(role)
    link.send([ASDU] * 12, 1.0)
    assert link.receive(s_frame(acknowledged), 2.0) == [Acknowledged(acknowledged)]
    assert link.window == acknowledged
    with pytest.raises(MisuseError):
        link.send([ASDU] * (acknowledged + 1), 2.0)
    link.take_output()
    link.send([OTHER] * acknowledged, 2.0)
    assert link.take_output() == b"".join(i_frame(12 + index, 0, OTHER) for index in range(acknowledged))


@ROLES
def test_c18_a_window_of_one(role: Role) -> None:
    link = started(role, LinkParameters(k=1, w=1))
    for number in range(3):
        link.send([ASDU], 1.0)
        assert link.take_output() == i_frame(number, number)
        assert link.receive(s_frame(number + 1) + i_frame(number, number + 1), 1.0) == [
            Acknowledged(1),
            Received([ASDU]),
        ]
        assert link.take_output() == s_frame(number + 1)


def test_send_of_nothing_sends_nothing() -> None:
    link = started(Role.CONTROLLING)
    link.send([], 1.0)
    assert (link.take_output(), link.sent, link.next_deadline()) == (b"", 0, 20.0)


def test_a_refused_asdu_changes_nothing() -> None:
    link = started(Role.CONTROLLING)
    link.receive(i_frame(0), 1.0)
    with pytest.raises(ValueError, match=r"ASDU of 250 octets, outside 6..249"):
        link.send([ASDU, bytes(250)], 2.0)
    assert (link.take_output(), link.sent, link.confirmed, link.window) == (b"", 0, 0, 12)


@pytest.mark.parametrize(("role", "state"), [pair for pair in EVERY_OPEN_LINK if pair[1] is not State.STARTED])
def test_no_window_unless_started(role: Role, state: State) -> None:
    link = link_in(role, state)
    assert link.window == 0
    with pytest.raises(MisuseError, match=rf"send\(\) of 1 ASDUs, window 0: .* {state.name}"):
        link.send([ASDU], 1.0)


@ROLES
def test_acknowledged_at_the_wth_frame_not_the_one_after(role: Role) -> None:
    link = started(role)
    for ns in range(7):
        link.receive(i_frame(ns), 1.0)
    assert (link.take_output(), link.confirmed) == (b"", 0)
    link.receive(i_frame(7), 1.0)
    assert (link.take_output(), link.confirmed) == (s_frame(8), 8)
    link.receive(i_frames(8, 7), 1.0)
    assert link.take_output() == b""
    link.receive(i_frame(15), 1.0)
    assert link.take_output() == s_frame(16)


@ROLES
def test_i_frames_acknowledge_and_count_towards_w(role: Role) -> None:
    link = started(role)
    link.receive(i_frames(0, 5), 1.0)
    link.send([ASDU, OTHER], 2.0)
    assert link.take_output() == i_frame(0, 5) + i_frame(1, 5, OTHER)
    assert link.confirmed == 5
    link.receive(i_frames(5, 7), 3.0)
    assert link.take_output() == b""


def test_test_frames_do_not_acknowledge() -> None:
    link = started(Role.CONTROLLING)
    link.send([ASDU], 1.0)
    link.receive(i_frames(0, 2), 1.0)
    link.receive(TESTFR_ACT, 2.0)
    assert (link.acknowledged, link.confirmed) == (0, 0)
