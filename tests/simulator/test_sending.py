import math

import pytest

from iec104mm2ss.simulator.sending import Progress, Sending
from tests.simulator.data import signals
from tests.simulator.sent import COMMAND, OTHER_COMMAND, sending, taken

PLAIN = [f"5,N,30,{ioa},1,0" for ioa in (1, 2, 3, 4)]
# The second signal waits 5 s for C_DC_NA_1 of 21001.
AFTER_COMMAND = ["5,N,30,1,1,0", "5,N,30,2,1,0,,46,21001,,5000", "5,N,30,3,1,0"]


def test_without_waits_only_the_room_paces_it() -> None:
    it = sending(*PLAIN)
    assert taken(it, 3, now=100.0) == [1, 2, 3]
    assert taken(it, 0, now=100.0) == []
    assert not it.finished
    assert it.next_deadline() == math.inf  # nothing but room is missing
    assert taken(it, 3, now=107.0) == [4]
    assert it.finished


def test_each_wait_follows_its_signal() -> None:
    it = sending("5,N,30,1,1,0.5", "5,N,30,2,1,2", "5,N,30,3,1,0")
    assert taken(it, 12, now=100.0) == [1]
    assert it.next_deadline() == 100.5
    assert taken(it, 12, now=100.4) == []
    assert taken(it, 12, now=100.5) == [2]
    assert it.next_deadline() == 102.5
    assert taken(it, 12, now=102.6) == [3]


def test_the_wait_after_the_last_signal_keeps_nobody() -> None:
    it = sending("5,N,30,1,1,60")
    assert taken(it, 1, now=100.0) == [1]
    assert it.finished
    assert it.next_deadline() == math.inf


def test_a_wait_runs_without_room() -> None:
    it = sending("5,N,30,1,1,2", "5,N,30,2,1,0")
    taken(it, 1, now=100.0)
    assert taken(it, 0, now=102.0) == []
    assert it.next_deadline() == math.inf
    assert taken(it, 1, now=109.0) == [2]


def test_signals_for_another_rtu_are_none_of_its_own() -> None:
    it = sending("5,N,30,1,1,0,32", "5,N,30,2,1,0,33", "5,N,30,3,1,0", rtu=32)
    assert it.progress(100.0).total == 2
    assert taken(it, 12, now=100.0) == [1, 3]


def test_nothing_to_send_is_finished_from_the_start() -> None:
    it = sending("5,N,30,2,1,0,33", rtu=32, duration=10.0)
    assert it.finished
    assert it.progress(100.0).total == 0
    assert taken(it, 12, now=100.0) == []


def test_a_condition_holds_up_what_follows_until_it_is_heard() -> None:
    it = sending(*AFTER_COMMAND)
    assert taken(it, 12, now=100.0) == [1]
    assert it.next_deadline() == 105.0
    it.heard(OTHER_COMMAND, 102.0)
    assert taken(it, 12, now=102.0) == []
    it.heard(COMMAND, 104.9)
    assert taken(it, 12, now=104.9) == [2, 3]
    assert it.finished
    assert it.take_skipped() == []


def test_what_was_heard_before_the_signal_came_up_does_not_count() -> None:
    it = sending("5,N,30,1,1,2", *AFTER_COMMAND[1:])
    it.heard(COMMAND, 100.0)
    taken(it, 1, now=100.0)
    it.heard(COMMAND, 101.9)  # still within the wait of the first signal
    it.heard(OTHER_COMMAND, 102.0)
    assert taken(it, 12, now=102.0) == []
    it.heard(COMMAND, 103.0)
    assert taken(it, 12, now=103.0) == [2, 3]


def test_the_first_asdu_after_a_wait_counts_also_before_the_deadline_was_noticed() -> None:
    it = sending("5,N,30,1,1,2", *AFTER_COMMAND[1:])
    taken(it, 12, now=100.0)
    it.heard(COMMAND, 102.1)
    assert taken(it, 12, now=102.1) == [2, 3]


def test_a_condition_that_is_not_met_in_time_leaves_its_signal_out() -> None:
    it = sending(*AFTER_COMMAND)
    taken(it, 12, now=100.0)
    assert taken(it, 12, now=104.9) == []
    it.heard(COMMAND, 105.0)
    assert taken(it, 12, now=105.0) == [3]
    (skipped,) = it.take_skipped()
    assert (skipped.signal.row.ioa, skipped.reason) == (2, "not received: C_DC_NA_1, IOA 21001 within 5 s")
    assert it.take_skipped() == []


def test_passes_end_however_short_the_time_outs_are() -> None:
    it = sending("5,N,30,2,1,0,,46,21001,,0.0000000000001", duration=10.0)
    assert taken(it, 12, now=100.0) == []
    assert not it.finished
    assert it.next_deadline() > 100.0


def test_a_signal_that_was_left_out_is_not_waited_after() -> None:
    it = sending("5,N,30,1,1,60,,46,,,5000", "5,N,30,2,1,0")
    assert taken(it, 12, now=100.0) == []
    assert taken(it, 12, now=105.0) == [2]


def test_two_conditions_in_a_row_need_two_asdus() -> None:
    it = sending("5,N,30,1,1,0,,46,,,5000", "5,N,30,2,1,0,,46,,,5000")
    taken(it, 12, now=100.0)
    it.heard(COMMAND, 101.0)
    it.heard(COMMAND, 101.0)
    assert taken(it, 12, now=101.0) == [1]
    assert it.next_deadline() == 106.0
    it.heard(COMMAND, 106.0 - 0.1)
    assert taken(it, 12, now=106.0) == [2]


def test_a_condition_that_was_met_waits_for_room_without_a_time_out() -> None:
    it = sending("5,N,30,1,1,0,,46,,,5000")
    taken(it, 0, now=100.0)
    it.heard(COMMAND, 101.0)
    assert it.next_deadline() == math.inf
    assert taken(it, 1, now=200.0) == [1]


def test_a_time_out_runs_without_room() -> None:
    it = sending(*AFTER_COMMAND[1:])
    assert taken(it, 0, now=100.0) == []
    assert taken(it, 0, now=105.0) == []
    assert [skipped.signal.row.ioa for skipped in it.take_skipped()] == [2]
    assert taken(it, 1, now=105.0) == [3]


def test_a_duration_repeats_the_signals_and_ends_within_a_pass() -> None:
    it = sending(*PLAIN, duration=10.0)
    assert taken(it, 6, now=100.0) == [1, 2, 3, 4, 1, 2]
    assert it.next_deadline() == 110.0
    assert taken(it, 3, now=109.9) == [3, 4, 1]
    assert taken(it, 3, now=110.0) == []
    assert it.finished
    assert it.next_deadline() == math.inf


def test_a_duration_ends_a_wait_and_a_condition() -> None:
    waiting = sending("5,N,30,1,1,60", duration=10.0)
    taken(waiting, 1, now=100.0)
    assert waiting.next_deadline() == 110.0
    conditional = sending("5,N,30,1,1,0,,46,,,20000", duration=10.0)
    taken(conditional, 1, now=100.0)
    conditional.heard(COMMAND, 110.0)
    assert taken(conditional, 1, now=110.0) == []
    assert conditional.finished
    assert conditional.take_skipped() == []


def test_the_wait_of_the_last_signal_comes_before_the_next_pass() -> None:
    it = sending("5,N,30,1,1,3", duration=10.0)
    assert taken(it, 12, now=100.0) == [1]
    assert taken(it, 12, now=103.0) == [1]
    assert it.next_deadline() == 106.0


@pytest.mark.parametrize("duration", [None, 0.0])
def test_without_a_duration_there_is_one_pass(duration: float | None) -> None:
    it = sending(*PLAIN, duration=duration)
    assert taken(it, 12, now=100.0) == [1, 2, 3, 4]
    assert it.finished
    assert it.progress(100.0).left is None


def test_stop_acts_at_once() -> None:
    it = sending(*PLAIN, duration=10.0)
    taken(it, 2, now=100.0)
    it.stop()
    assert (it.finished, it.stopped) == (True, True)
    assert taken(it, 2, now=100.0) == []
    assert it.next_deadline() == math.inf
    it.stop()
    assert it.stopped


def test_a_stop_after_the_end_did_not_stop_it() -> None:
    it = sending(*PLAIN)
    taken(it, 12, now=100.0)
    it.stop()
    assert not it.stopped


def test_progress() -> None:
    it = sending(*AFTER_COMMAND, duration=10.0)
    assert it.progress(100.0) == Progress(sent=0, skipped=0, place=0, total=3, round=1, left=10.0)
    taken(it, 12, now=100.0)
    assert it.progress(102.0) == Progress(sent=1, skipped=0, place=1, total=3, round=1, left=8.0)
    assert taken(it, 2, now=105.0) == [3, 1]
    assert it.progress(105.0) == Progress(sent=3, skipped=1, place=1, total=3, round=2, left=5.0)
    taken(it, 0, now=111.0)
    assert it.progress(111.0).left == 0.0


def test_a_row_is_sent_as_it_was_when_the_send_began() -> None:
    listed = signals(*PLAIN)
    it = Sending(listed, rtu=32, duration=None, now=100.0)
    listed.clear()
    assert taken(it, 12, now=100.0) == [1, 2, 3, 4]
