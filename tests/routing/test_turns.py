"""What the RTU gets next: held requests, turns, the age of commands, too many of them."""

import pytest

from iec104mm2ss.routing.notes import Tally
from tests.routing.bench import (
    ACTCON,
    CANCEL,
    CLOCK,
    DOUBLE,
    EXECUTE,
    FREEZE,
    GI,
    NEGATIVE_ACTCON,
    NEGATIVE_DEACTCON,
    PARAMETER,
    READ,
    READ_VALUE,
    RESET,
    SELECT,
    SETPOINT,
    SPONTANEOUS,
    TEST,
    Bench,
    octets,
    patched,
)

FILE_READY = octets("78 01 0d 0a 01 00 01 00 00 02 00 03 00 00 00")  # F_FR_NA_1 file, IOA 1, file 2, 3 octets
CONFIRMED_FIRST = (EXECUTE, SETPOINT, TEST, RESET, PARAMETER)


@pytest.mark.parametrize("request_", [*CONFIRMED_FIRST, READ])
def test_what_an_answer_could_not_tell_apart_goes_one_after_another(request_: bytes) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(request_)
    second.sends(request_)
    assert bench.rtu_gets() == [patched(request_, oa=1)]
    assert bench.rtu_gets() == []
    bench.rtu_sends(READ_VALUE if request_ is READ else patched(request_, cause=NEGATIVE_ACTCON, oa=0))
    assert bench.rtu_gets() == [patched(request_, oa=2)]


@pytest.mark.parametrize(
    "other",
    [
        patched(EXECUTE, ioa=8),
        patched(EXECUTE, ca=77),
        DOUBLE,
        READ,
        TEST,
        GI,
    ],
)
def test_what_an_answer_tells_apart_does_not_wait(other: bytes) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(EXECUTE)
    second.sends(other)
    assert bench.rtu_gets() == [patched(EXECUTE, oa=1), patched(other, oa=2)]


def test_an_execute_holds_the_same_of_others_until_its_termination() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(EXECUTE)
    second.sends(EXECUTE)
    bench.rtu_gets()
    bench.confirms(EXECUTE, now=1.0)
    assert bench.rtu_gets(now=1.0) == []
    bench.terminates(EXECUTE, now=2.0)
    assert bench.rtu_gets(now=2.0) == [patched(EXECUTE, oa=2)]


def test_requests_of_one_session_are_never_held_for_each_other() -> None:
    bench = Bench()
    master = bench.master("A")
    requests = [EXECUTE, EXECUTE, READ, READ, TEST, TEST, SETPOINT, SETPOINT]
    master.sends(*requests)
    assert bench.rtu_gets() == [patched(request, oa=1) for request in requests]


def test_a_held_request_holds_nothing_else_of_its_master_but_later_commands_to_the_same_point() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(EXECUTE)
    bench.rtu_gets()
    second.sends(EXECUTE, DOUBLE, READ, patched(DOUBLE, ioa=8), GI)
    assert bench.rtu_gets() == [patched(request, oa=2) for request in (READ, patched(DOUBLE, ioa=8), GI)]
    bench.rtu_sends(patched(EXECUTE, cause=NEGATIVE_ACTCON, oa=0))
    assert bench.rtu_gets() == [patched(EXECUTE, oa=2), patched(DOUBLE, oa=2)]


def test_a_held_parameter_holds_its_own_activation() -> None:
    activation = octets("71 01 06 0a 01 00 09 00 00 01")  # P_AC_NA_1 act, IOA 9: the parameter loaded before
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(PARAMETER)
    bench.rtu_gets()
    second.sends(PARAMETER, activation)
    assert bench.rtu_gets() == []
    bench.confirms(PARAMETER)
    assert bench.rtu_gets() == [patched(PARAMETER, oa=2), patched(activation, oa=2)]


def test_sessions_take_turns() -> None:
    bench = Bench()
    for seat in bench.masters("ABC"):
        seat.sends(*(patched(SETPOINT, ioa=ioa) for ioa in (1, 2, 3)))
    # Where a point is busy with another's setpoint, a session goes on with its next one that is free.
    for turns in ([(1, 1), (2, 2), (3, 3)], [(1, 3), (2, 1), (3, 2)], [(1, 2), (2, 3), (3, 1)]):
        assert [(asdu[3], asdu[6]) for asdu in bench.rtu_gets()] == turns
        for oa, ioa in turns:
            bench.rtu_sends(patched(SETPOINT, cause=NEGATIVE_ACTCON, oa=oa, ioa=ioa))


def test_a_flood_does_not_keep_another_master_from_its_turn() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(*(patched(SETPOINT, ioa=ioa) for ioa in range(100)))
    second.sends(patched(EXECUTE, ioa=200), patched(EXECUTE, ioa=201))
    assert [asdu[3] for asdu in bench.rtu_gets(window=5)] == [1, 2, 1, 2, 1]


def test_a_turn_that_a_window_ended_goes_on_with_the_next_session() -> None:
    bench = Bench()
    for place, seat in enumerate(bench.masters("ABC")):
        seat.sends(patched(SETPOINT, ioa=place), patched(SETPOINT, ioa=10 + place))
    turns = [bench.rtu_gets(window=1)[0][3] for _ in range(6)]
    assert turns == [1, 2, 3, 1, 2, 3]


def test_one_who_asks_again_and_again_lets_another_ask_the_same() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(READ)
    bench.rtu_gets()
    second.sends(READ)
    first.sends(READ, patched(READ, ioa=8))
    assert bench.rtu_gets() == [patched(READ, oa=1, ioa=8)]
    bench.rtu_sends(READ_VALUE)
    assert bench.rtu_gets() == [patched(READ, oa=2)]
    bench.rtu_sends(READ_VALUE)
    assert bench.rtu_gets() == [patched(READ, oa=1)]


def test_a_master_that_leaves_no_longer_stands_before_others() -> None:
    bench = Bench()
    first, second, third = bench.masters("ABC")
    first.sends(READ)
    bench.rtu_gets()
    second.sends(READ)
    third.sends(READ)
    second.leaves()
    bench.rtu_sends(READ_VALUE)
    assert bench.rtu_gets() == [patched(READ, oa=3)]


def test_nothing_leaves_without_a_window() -> None:
    bench = Bench()
    bench.master("A").sends(EXECUTE)
    assert bench.rtu_gets(window=0) == []
    assert bench.rtu_gets(window=1) == [patched(EXECUTE, oa=1)]


def test_a_request_is_handed_on_once() -> None:
    bench = Bench()
    bench.master("A").sends(EXECUTE, GI, FILE_READY)
    assert len(bench.rtu_gets()) == 3
    assert bench.rtu_gets() == []


@pytest.mark.parametrize(
    "command", [EXECUTE, SELECT, SETPOINT, RESET, PARAMETER, FREEZE, octets("c8 01 06 0a 01 00 07 00 00 01")]
)
def test_a_command_5_s_old_is_refused_and_never_sent(command: bytes) -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(command, now=10.0)
    bench.time_is(14.9)
    assert master.gets() == []
    bench.time_is(15.0)
    assert master.gets() == [master.answer(command, NEGATIVE_ACTCON)]
    assert bench.rtu_gets(now=15.0) == []
    assert bench.router.tally == {Tally.EXPIRED: 1}
    (line,) = bench.lines()
    assert line.endswith("refused by the gateway: not handed to the RTU within 5.0 s")


def test_a_command_just_under_5_s_old_is_sent() -> None:
    bench = Bench()
    bench.master("A").sends(EXECUTE, now=10.0)
    bench.time_is(14.9)
    assert bench.rtu_gets(now=14.9) == [patched(EXECUTE, oa=1)]


def test_a_late_timer_lets_no_old_command_out() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(EXECUTE, READ, now=10.0)
    assert bench.rtu_gets(now=15.5) == [patched(READ, oa=1)]
    assert master.gets() == [master.answer(EXECUTE, NEGATIVE_ACTCON)]
    bench.time_is(20.0)
    assert master.gets() == []
    assert bench.router.tally[Tally.EXPIRED] == 1


def test_a_cancel_5_s_old_is_refused_as_a_deactivation() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(CANCEL)
    bench.time_is(5.0)
    assert master.gets() == [master.answer(CANCEL, NEGATIVE_DEACTCON)]


def test_a_held_command_grows_old_too() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(EXECUTE)
    bench.rtu_gets()
    second.sends(EXECUTE, DOUBLE, now=1.0)
    bench.time_is(6.0)
    assert second.gets() == [second.answer(EXECUTE, NEGATIVE_ACTCON), second.answer(DOUBLE, NEGATIVE_ACTCON)]


@pytest.mark.parametrize("request_", [GI, READ, TEST])
def test_what_changes_nothing_waits_as_long_as_it_takes(request_: bytes) -> None:
    bench = Bench()
    bench.master("A").sends(request_)
    bench.time_is(100.0)
    assert bench.rtu_gets(now=100.0) == [patched(request_, oa=1)]


def test_a_command_is_not_kept_over_a_reconnect() -> None:
    bench = Bench()
    gone = bench.master("A")
    gone.sends(EXECUTE)
    gone.leaves()
    back = bench.master("A")
    assert bench.rtu_gets() == []
    bench.time_is(100.0)
    assert back.gets() == []


def test_more_than_64_waiting_requests_are_to_be_withheld() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(*[READ] * 64)
    assert not master.session.flooded
    master.sends(READ)
    assert master.session.flooded
    bench.rtu_gets(window=1)
    assert not master.session.flooded


def test_beyond_1000_waiting_requests_are_mirrored_negatively_and_counted() -> None:
    bench = Bench()
    master, other = bench.masters("AB")
    master.sends(*[EXECUTE] * 1000)
    assert master.gets() == []
    master.sends(EXECUTE, READ, EXECUTE)
    expected = [(EXECUTE, NEGATIVE_ACTCON), (READ, 0x45), (EXECUTE, NEGATIVE_ACTCON)]  # 45: req, P/N
    assert master.gets() == [master.answer(asdu, cause) for asdu, cause in expected]
    assert bench.router.tally == {Tally.OVERFLOW: 3}
    # One line for the first of them: a flood does not fill the disk as well.
    assert len(bench.lines()) == 1
    other.sends(TEST)
    assert patched(TEST, oa=2) in bench.rtu_gets(window=2)
    master.sends(TEST)
    assert master.gets() == []
    assert len(master.session.waiting) == 1000
    master.sends(TEST)
    assert len(bench.lines()) == 1


def test_a_flooding_master_is_still_read() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(*[EXECUTE] * 1100)
    assert len(master.gets()) == 100
    bench.rtu_sends(SPONTANEOUS)
    assert master.gets() == [SPONTANEOUS]


def test_a_clock_leaves_before_what_its_master_has_waiting() -> None:
    bench = Bench()
    bench.master("A").sends(READ, TEST, CLOCK)
    assert bench.rtu_gets(window=1) == [patched(CLOCK, oa=1)]


def test_nothing_waits_for_a_silent_rtu_longer_than_10_s() -> None:
    bench = Bench()
    for seat in bench.masters("ABC"):
        seat.sends(TEST)
    gone = []
    for now in (0.0, 9.9, 10.0, 19.9, 20.0):
        bench.time_is(now)
        gone.append([asdu[3] for asdu in bench.rtu_gets(now=now)])
    assert gone == [[1], [], [2], [], [3]]


def test_a_confirmation_wakes_what_waited() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(TEST)
    second.sends(TEST)
    bench.rtu_gets()
    bench.confirms(TEST)
    assert bench.rtu_gets() == [patched(TEST, oa=2)]
    bench.confirms(TEST)
    assert first.gets() == [first.answer(TEST, ACTCON)]
    assert second.gets() == [second.answer(TEST, ACTCON)]
