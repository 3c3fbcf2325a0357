from __future__ import annotations

import math

import pytest

from iec104mm2ss.link import Acknowledged, Closed, LinkParameters, LinkTested, Role, State
from tests.link.octets import (
    ASDU,
    EVERY_OPEN_LINK,
    STARTDT_ACT,
    TESTFR_ACT,
    TESTFR_CON,
    fire,
    i_frame,
    i_frames,
    link_in,
    s_frame,
    started,
)

ROLES = pytest.mark.parametrize("role", Role)
NO_T3 = LinkParameters(t3=math.inf)


class TestT1OfIFrames:
    @ROLES
    def test_c04_closes_t1_after_the_oldest_unacknowledged(self, role: Role) -> None:
        link = started(role)
        link.send([ASDU] * 12, 1.0)
        assert link.next_deadline() == 16.0
        assert link.on_deadline(15.999) == []
        assert link.on_deadline(16.0) == [Closed("N(S) 0 not acknowledged within t1 (15 s), 12 outstanding")]

    @ROLES
    def test_a_later_send_does_not_restart_it(self, role: Role) -> None:
        link = started(role)
        link.send([ASDU], 1.0)
        link.send([ASDU], 10.0)
        assert link.next_deadline() == 16.0

    @ROLES
    def test_a_partial_acknowledgement_moves_it_to_the_next_oldest(self, role: Role) -> None:
        link = started(role, NO_T3)
        link.send([ASDU] * 2, 1.0)
        link.send([ASDU] * 2, 4.0)
        assert link.receive(s_frame(1), 5.0) == [Acknowledged(1)]
        assert link.next_deadline() == 16.0
        assert link.receive(s_frame(2), 6.0) == [Acknowledged(1)]
        assert link.next_deadline() == 19.0
        assert link.on_deadline(19.0) == [Closed("N(S) 2 not acknowledged within t1 (15 s), 2 outstanding")]

    @ROLES
    def test_the_last_acknowledgement_ends_it(self, role: Role) -> None:
        link = started(role, NO_T3)
        link.send([ASDU] * 2, 1.0)
        link.receive(i_frame(0, 2), 5.0)
        assert link.next_deadline() == 15.0  # t2 of the received frame alone
        link.on_deadline(15.0)
        assert link.next_deadline() == math.inf

    @ROLES
    @pytest.mark.parametrize("octets", [TESTFR_ACT, TESTFR_CON, s_frame(0), i_frame(0)])
    def test_frames_that_acknowledge_nothing_do_not_clear_it(self, role: Role, octets: bytes) -> None:
        link = started(role)
        link.send([ASDU], 1.0)
        link.test(1.0)
        link.receive(octets, 5.0)
        link.on_deadline(15.5)
        assert link.on_deadline(16.0) == [Closed("N(S) 0 not acknowledged within t1 (15 s), 1 outstanding")]


class TestT1OfActs:
    def test_c09_startdt_act(self) -> None:
        link = link_in(Role.CONTROLLING, State.STARTING, now=1.0)
        link.receive(TESTFR_ACT, 5.0)
        assert link.next_deadline() == 16.0
        assert link.on_deadline(16.0) == [Closed("STARTDT act not confirmed within t1 (15 s)")]

    def test_stopdt_act(self) -> None:
        link = link_in(Role.CONTROLLING, State.STOPPING, now=1.0)
        link.receive(i_frame(0), 5.0)
        assert link.next_deadline() == 16.0
        assert link.on_deadline(16.0) == [Closed("STOPDT act not confirmed within t1 (15 s)")]

    def test_a_confirmed_act_has_no_deadline(self) -> None:
        assert started(Role.CONTROLLING, NO_T3).next_deadline() == math.inf

    def test_a_master_waits_for_us_without_a_deadline_of_ours(self) -> None:
        assert link_in(Role.CONTROLLED, State.STARTING, NO_T3).next_deadline() == math.inf

    @ROLES
    def test_each_act_has_its_own(self, role: Role) -> None:
        link = started(role)
        link.test(1.0)
        link.send([ASDU], 3.0)
        link.receive(TESTFR_CON, 4.0)
        assert link.next_deadline() == 18.0
        link.test(5.0)
        link.receive(s_frame(1), 6.0)
        assert link.next_deadline() == 20.0
        assert link.on_deadline(20.0) == [Closed("TESTFR act not confirmed within t1 (15 s)")]


class TestT2:
    @ROLES
    def test_c06_counts_from_the_first_unacknowledged(self, role: Role) -> None:
        link = started(role)
        for ns in range(7):
            link.receive(i_frame(ns), 1.0 + ns)
        assert link.next_deadline() == 11.0
        assert link.on_deadline(10.999) == []
        assert link.take_output() == b""
        link.on_deadline(11.0)
        assert (link.take_output(), link.confirmed) == (s_frame(7), 7)
        assert link.next_deadline() == 27.0  # t3

    @ROLES
    def test_the_next_frame_after_an_acknowledgement_starts_anew(self, role: Role) -> None:
        link = started(role)
        link.receive(i_frame(0), 1.0)
        link.send([ASDU], 4.0)
        link.receive(i_frame(1, 1), 6.0)
        link.take_output()
        assert link.next_deadline() == 16.0
        link.on_deadline(16.0)
        assert link.take_output() == s_frame(2)

    @ROLES
    def test_a_receive_after_t2_acknowledges_too(self, role: Role) -> None:
        link = started(role)
        link.receive(i_frame(0), 1.0)
        link.receive(i_frame(1), 12.0)
        assert link.take_output() == s_frame(2)


class TestT3:
    @pytest.mark.parametrize(("role", "state"), EVERY_OPEN_LINK)
    def test_c07_silence_is_tested_in_every_state(self, role: Role, state: State) -> None:
        link = link_in(role, state, LinkParameters(t1=100.0))
        assert link.next_deadline() == 20.0
        assert fire(link, 30.0) == [(20.0, [], TESTFR_ACT)]

    @pytest.mark.parametrize("state", [State.STOPPED, State.STARTED])
    @ROLES
    def test_c07_no_confirmation_closes(self, role: Role, state: State) -> None:
        link = link_in(role, state)
        assert fire(link, 100.0) == [
            (20.0, [], TESTFR_ACT),
            (35.0, [Closed("TESTFR act not confirmed within t1 (15 s)")], b""),
        ]

    @ROLES
    @pytest.mark.parametrize("octets", [i_frame(0), s_frame(0), TESTFR_ACT])
    def test_every_received_frame_restarts_it(self, role: Role, octets: bytes) -> None:
        link = started(role, LinkParameters(t1=100.0, t2=50.0))
        assert link.heard == 0.0
        link.receive(octets, 7.0)
        assert link.heard == 7.0
        assert link.next_deadline() == 27.0

    @ROLES
    def test_octets_of_an_incomplete_frame_and_our_own_frames_do_not(self, role: Role) -> None:
        link = started(role, LinkParameters(t1=100.0))
        link.receive(TESTFR_ACT[:3], 7.0)
        link.send([ASDU], 8.0)
        assert (link.heard, link.next_deadline()) == (0.0, 20.0)

    @ROLES
    def test_confirmed_tests_repeat(self, role: Role) -> None:
        link = started(role)
        assert fire(link, 20.0) == [(20.0, [], TESTFR_ACT)]
        assert link.receive(TESTFR_CON, 21.0) == []
        assert fire(link, 41.0) == [(41.0, [], TESTFR_ACT)]

    @ROLES
    def test_one_test_at_a_time(self, role: Role) -> None:
        link = started(role, LinkParameters(t3=5.0))
        link.test(1.0)
        link.test(2.0)
        assert link.take_output() == TESTFR_ACT
        link.receive(s_frame(0), 3.0)
        assert fire(link, 15.9) == []
        link.receive(TESTFR_CON, 15.9)
        link.test(15.95)
        assert link.take_output() == TESTFR_ACT


class TestReportOfTests:
    @pytest.mark.parametrize(("role", "state"), EVERY_OPEN_LINK)
    def test_every_call_with_tests_reports_one(self, role: Role, state: State) -> None:
        link = link_in(role, state)
        assert link.receive(TESTFR_ACT * 3, 1.0) == [LinkTested()]
        assert link.receive(TESTFR_ACT[:5], 20.0) == []
        assert link.receive(TESTFR_ACT[5:], 21.0) == [LinkTested()]

    @ROLES
    def test_neither_a_confirmation_nor_our_own_test_is_one(self, role: Role) -> None:
        link = started(role)
        link.test(1.0)
        assert link.receive(TESTFR_CON, 2.0) == []


class TestC08TestFrameFlood:
    @pytest.mark.parametrize(("role", "state"), EVERY_OPEN_LINK)
    def test_fifty_within_a_second_are_confirmed_the_next_closes(self, role: Role, state: State) -> None:
        link = link_in(role, state)
        for count in range(50):
            assert link.receive(TESTFR_ACT, 1.0 + count / 100) == [LinkTested()]
            assert link.take_output() == TESTFR_CON
        assert link.receive(TESTFR_ACT, 1.999) == [Closed("more than 50 TESTFR act within a second")]
        assert link.take_output() == b""

    def test_just_under_fifty_a_second_for_long_are_confirmed(self) -> None:
        link = started(Role.CONTROLLED)
        for count in range(500):
            assert link.receive(TESTFR_ACT, count / 49) == [LinkTested()]
        assert link.take_output() == TESTFR_CON * 500

    def test_all_in_one_segment(self) -> None:
        link = started(Role.CONTROLLED)
        assert link.receive(TESTFR_ACT * 60, 1.0) == [LinkTested(), Closed("more than 50 TESTFR act within a second")]
        assert link.take_output() == TESTFR_CON * 50


class TestIdle:
    IDLE = LinkParameters(t3=math.inf, idle=60.0)

    @pytest.mark.parametrize(("role", "state"), [(Role.CONTROLLED, State.STOPPED), (Role.CONTROLLING, State.STARTED)])
    def test_closes_without_any_frame(self, role: Role, state: State) -> None:
        link = link_in(role, state, self.IDLE)
        assert fire(link, 100.0) == [(60.0, [Closed("no frame either way for 60 s (idle)")], b"")]

    @ROLES
    def test_received_and_sent_frames_restart_it(self, role: Role) -> None:
        link = started(role, self.IDLE)
        link.receive(s_frame(0), 10.0)
        assert link.next_deadline() == 70.0
        link.test(20.0)
        link.receive(TESTFR_CON[:3], 30.0)
        assert link.next_deadline() == 35.0  # t1 of the test frame
        link.receive(TESTFR_CON[3:], 31.0)
        assert link.next_deadline() == 91.0

    def test_a_frame_of_ours_alone_restarts_it(self) -> None:
        link = link_in(Role.CONTROLLED, State.STARTING, self.IDLE)
        link.start(50.0)
        assert link.next_deadline() == 110.0


class TestC16MonotonicGap:
    @pytest.mark.parametrize(("role", "state"), EVERY_OPEN_LINK)
    def test_a_late_deadline_closes_or_tests_but_never_fails(self, role: Role, state: State) -> None:
        link = link_in(role, state)
        events = link.on_deadline(86400.0)
        waits = link.sent or (role is Role.CONTROLLING and state in {State.STARTING, State.STOPPING})
        assert [type(event) for event in events] == ([Closed] if waits else [])
        assert link.take_output() == (b"" if waits else TESTFR_ACT)
        assert link.next_deadline() == (math.inf if waits else 86415.0)

    @ROLES
    def test_data_read_first_after_the_gap_is_processed(self, role: Role) -> None:
        link = started(role)
        link.send([ASDU], 1.0)
        link.receive(i_frames(0, 2), 1.0)
        link.receive(i_frame(2, 1), 61.0)
        assert link.on_deadline(61.0) == []
        assert link.take_output().endswith(s_frame(3))

    @ROLES
    def test_acknowledgement_and_test_due_together(self, role: Role) -> None:
        link = started(role)
        link.receive(i_frame(0), 1.0)
        assert link.on_deadline(61.0) == []
        assert link.take_output() == s_frame(1) + TESTFR_ACT

    @ROLES
    def test_a_deadline_reached_is_no_deadline_any_more(self, role: Role) -> None:
        link = started(role, LinkParameters(t3=5.0, idle=1000.0))
        link.receive(i_frames(0, 3), 0.1)
        deadlines = [now for now, _, _ in fire(link, 100.0)]
        assert deadlines == [5.1, 10.1, 20.1]  # t3, t2, t1 of the test frame


def test_c14_slow_confirmations_are_no_timeout() -> None:
    # as in the captures: an RTU that takes 1.7 s for a TESTFR con
    link = link_in(Role.CONTROLLING, State.STOPPED)
    link.start(0.0)
    assert link.take_output() == STARTDT_ACT
    now = 0.0
    link.receive(bytes.fromhex("68 04 0b 00 00 00"), 1.7)
    for _ in range(10):
        ((now, events, octets),) = fire(link, now + 25.0)
        assert (events, octets) == ([], TESTFR_ACT)
        link.receive(TESTFR_CON, now + 1.7)
    assert link.state is State.STARTED


class TestWhatIsLeft:
    @ROLES
    def test_t1_runs_from_the_oldest_i_frame_t2_from_the_first_unacknowledged_and_t3_from_the_last(
        self, role: Role
    ) -> None:
        link = started(role)
        link.send([ASDU], 1.0)
        link.receive(i_frame(0), 3.0)
        assert link.due == (16.0, 13.0, 23.0)

    @ROLES
    def test_an_unconfirmed_test_has_its_t1_too(self, role: Role) -> None:
        link = started(role)
        link.test(2.0)
        assert link.due == (17.0, math.inf, math.inf)

    @ROLES
    def test_nothing_runs_once_closed(self, role: Role) -> None:
        link = started(role)
        link.receive_eof(1.0)
        assert link.due == (math.inf, math.inf, math.inf)
