"""Acknowledgement withheld until `release`: what taking custody of the peer's data rests on."""

from __future__ import annotations

import pytest

from iec104mm2ss.link import Link, LinkParameters, MisuseError, Received, Role, State, Stopped, StopRequested
from tests.link.octets import ASDU, STOPDT_ACT, STOPDT_CON, i_frame, i_frames, s_frame, started

NO_T3 = LinkParameters(t3=1000.0)


def withholding(role: Role = Role.CONTROLLING, count: int = 0) -> Link:
    link = started(role, NO_T3)
    link.withhold = True
    link.receive(i_frames(0, count), 1.0)
    return link


@pytest.mark.parametrize("role", Role)
def test_delivered_but_not_acknowledged(role: Role) -> None:
    link = started(role, NO_T3)
    link.withhold = True
    assert link.receive(i_frames(0, 12), 1.0) == [Received([ASDU] * 12)]
    assert (link.held, link.confirmed, link.take_output()) == (12, 0, b"")
    assert link.next_deadline() == 1001.0
    link.send([ASDU], 2.0)
    assert link.take_output() == i_frame(0, 0)


def test_i_frames_carry_only_what_is_released() -> None:
    link = withholding(count=5)
    link.release(3, 2.0)
    assert (link.released, link.held, link.take_output()) == (3, 2, b"")
    link.send([ASDU], 3.0)
    assert link.take_output() == i_frame(0, 3)
    assert link.confirmed == 3


def test_release_of_w_acknowledges_at_once() -> None:
    link = withholding(count=12)
    link.release(7, 2.0)
    assert link.take_output() == b""
    link.release(1, 2.0)
    assert link.take_output() == s_frame(8)
    link.release(4, 3.0)
    assert (link.held, link.take_output()) == (0, b"")


def test_release_before_t2_waits_for_it() -> None:
    link = withholding(count=2)
    link.receive(i_frame(2), 4.0)
    link.release(1, 5.0)
    assert (link.take_output(), link.next_deadline()) == (b"", 11.0)
    link.on_deadline(11.0)
    assert link.take_output() == s_frame(1)
    assert link.next_deadline() == 1004.0


def test_release_after_t2_acknowledges_at_once() -> None:
    link = withholding(count=2)
    link.release(1, 10.9)
    assert link.take_output() == b""
    link.release(1, 11.0)
    assert link.take_output() == s_frame(2)


def test_release_counts_t2_from_the_first_frame_not_yet_acknowledged() -> None:
    link = withholding(count=1)
    link.receive(i_frame(1), 6.0)
    link.release(1, 11.0)
    assert link.take_output() == s_frame(1)
    link.release(1, 12.0)
    assert (link.take_output(), link.next_deadline()) == (b"", 16.0)


def test_ending_it_releases_nothing_by_itself() -> None:
    link = withholding(count=3)
    link.withhold = False
    assert link.held == 3
    link.receive(i_frames(3, 8), 2.0)
    assert (link.held, link.take_output()) == (3, b"")
    link.release(2, 2.0)
    assert (link.held, link.take_output()) == (1, b"")
    link.release(1, 2.0)
    assert (link.held, link.take_output()) == (0, s_frame(11))
    link.receive(i_frames(11, 8), 3.0)
    assert link.take_output() == s_frame(19)


def test_beginning_it_keeps_what_was_released() -> None:
    link = started(Role.CONTROLLED, NO_T3)
    link.receive(i_frames(0, 7), 1.0)
    link.withhold = True
    link.receive(i_frames(7, 3), 2.0)
    assert (link.held, link.take_output()) == (3, b"")
    link.on_deadline(11.0)
    assert (link.held, link.take_output()) == (3, s_frame(7))


def test_stopdt_act_of_a_master_releases_everything() -> None:
    link = withholding(Role.CONTROLLED, count=5)
    link.release(1, 1.0)
    assert link.receive(STOPDT_ACT, 2.0) == [StopRequested(), Stopped()]
    assert (link.held, link.take_output()) == (0, s_frame(5) + STOPDT_CON)


def test_stop_releases_everything() -> None:
    link = withholding(Role.CONTROLLING, count=5)
    link.stop(2.0)
    assert (link.held, link.take_output()) == (0, s_frame(5) + STOPDT_ACT)


@pytest.mark.parametrize("count", [-1, 4])
def test_release_of_more_than_is_held_is_refused(count: int) -> None:
    link = withholding(count=3)
    text = rf"release\(\) of {count} I-frames, 3 held: not possible on a CONTROLLING link that is STARTED"
    with pytest.raises(MisuseError, match=text):
        link.release(count, 2.0)
    assert (link.held, link.state) == (3, State.STARTED)


def test_release_of_nothing_is_allowed() -> None:
    link = withholding()
    link.release(0, 2.0)
    assert link.take_output() == b""
