"""A master that walks over the addresses of the RTU raises an alarm; a control centre at work does not."""

from collections.abc import Iterable

import pytest

from iec104mm2ss.routing.notes import Tally
from tests.routing.bench import (
    ACTCON,
    ACTTERM,
    EXECUTE,
    GI,
    NEGATIVE_ACTCON,
    PARAMETER,
    RESET,
    SELECT,
    SETPOINT,
    UNKNOWN_CA,
    Bench,
    octets,
    patched,
)

REFUSED = (
    "A: alarm: commands to 5 different points refused within 5 s; "
    "unless you meant this, disable the entry and find out who sends"
)
SWITCHED = (
    "A: alarm: 20 different points commanded within 5 s; "
    "unless you meant this, disable the entry and find out who sends"
)
OFF = octets("2d 01 06 0a 01 00 07 00 00 00")  # C_SC_NA_1 act, CA 1, IOA 7, execute off
STEP = octets("2f 01 06 0a 01 00 07 00 00 02")  # C_RC_NA_1 act, CA 1, IOA 7, execute next step higher
TIMED = octets("3a 01 06 0a 01 00 07 00 00 01 00 00 00 0c 15 0b 1a")  # C_SC_TA_1 act, CA 1, IOA 7, execute on
UNKNOWN_IOA = 0x6F  # cause 47, P/N
IMPOSSIBLE = 0x03  # spontaneous, which no command is


def alarms(bench: Bench) -> list[str]:
    """The alarms since the last call."""
    return [line for line in bench.lines() if "alarm" in line]


def walk(asdu: bytes, ioas: Iterable[int]) -> list[bytes]:
    """The same command to one point after the other."""
    return [patched(asdu, ioa=ioa) for ioa in ioas]


def rtu_answers(bench: Bench, *causes: int) -> None:
    """The RTU mirrors each command that waits for it, with each of these causes."""
    for request in bench.rtu_gets():
        bench.rtu_sends(*(patched(request, cause=cause) for cause in causes))


def test_the_fifth_point_that_is_refused_within_5_s_raises_an_alarm() -> None:
    bench = Bench()
    master = bench.master("A", commands=False)
    for ioa, now in ((1, 0.0), (2, 1.25), (3, 2.5), (4, 3.75)):
        master.sends(patched(EXECUTE, ioa=ioa), now=now)
    assert alarms(bench) == []
    master.sends(patched(EXECUTE, ioa=5), now=5.0)
    refusal, alarm = bench.router.notes()
    assert refusal.text.endswith("refused by the gateway: this master may not command")
    assert (alarm.session, alarm.warning) == (master.session, True)
    assert f"A: {alarm.text}" == REFUSED
    assert bench.router.tally == {Tally.REFUSED: 5, Tally.WALK: 1}


def test_five_points_within_more_than_5_s_are_no_walk() -> None:
    bench = Bench()
    master = bench.master("A", commands=False)
    for ioa in range(1, 21):
        master.sends(patched(EXECUTE, ioa=ioa), now=ioa * 1.26)  # the fifth 5.04 s after the first
    assert alarms(bench) == []


@pytest.mark.parametrize("command", [SETPOINT, PARAMETER])
def test_set_points_and_parameters_that_the_gateway_refuses_count(command: bytes) -> None:
    bench = Bench()
    master = bench.master("A", points=range(1000, 2000))
    master.sends(*walk(command, range(1, 5)))
    assert alarms(bench) == []
    master.sends(patched(command, ioa=5))
    assert alarms(bench) == [REFUSED]


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        *((command, NEGATIVE_ACTCON) for command in (EXECUTE, SELECT, PARAMETER)),
        *((command, UNKNOWN_IOA) for command in (EXECUTE, PARAMETER, SETPOINT)),
        *((command, UNKNOWN_CA) for command in (EXECUTE, PARAMETER, SETPOINT)),
    ],
)
def test_what_the_rtu_refuses_counts(command: bytes, cause: int) -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(*walk(command, range(1, 5)))
    rtu_answers(bench, cause)
    assert alarms(bench) == []
    master.sends(patched(command, ioa=5))
    rtu_answers(bench, cause)
    assert bench.lines()[-1] == REFUSED


def test_the_set_points_of_a_plant_that_a_local_rtu_refuses_are_no_walk() -> None:
    bench = Bench()
    bench.master("A").sends(*walk(SETPOINT, range(1, 7)))
    rtu_answers(bench, NEGATIVE_ACTCON)
    assert bench.router.tally == {Tally.DONE: 6}


def test_a_negative_answer_counts_against_who_asked() -> None:
    bench = Bench()
    attacker, other = bench.masters("AB")
    attacker.sends(*walk(SELECT, range(1, 5)))
    other.sends(patched(SELECT, ioa=5))
    rtu_answers(bench, NEGATIVE_ACTCON)
    assert alarms(bench) == []
    attacker.sends(patched(SELECT, ioa=6))
    rtu_answers(bench, NEGATIVE_ACTCON)
    assert alarms(bench) == [REFUSED]


def test_a_walk_over_stations_is_one_over_points() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(*(patched(EXECUTE, ca=ca) for ca in range(2, 7)))
    rtu_answers(bench, UNKNOWN_CA)
    assert alarms(bench) == [REFUSED]


def test_what_the_gateway_answers_with_an_unknown_cause_counts() -> None:
    bench = Bench()
    bench.master("A").sends(*walk(patched(EXECUTE, cause=IMPOSSIBLE), range(1, 6)))
    assert bench.lines()[-1] == REFUSED
    assert bench.router.tally == {Tally.WRONG_CAUSE: 5, Tally.WALK: 1}


def test_four_points_refused_again_and_again_are_no_walk() -> None:
    bench = Bench()
    bench.master("A", commands=False).sends(*walk(EXECUTE, (1, 2, 3, 4) * 10))
    assert bench.router.tally == {Tally.REFUSED: 40}


@pytest.mark.parametrize("request_", [RESET, GI])
def test_refusals_of_what_is_no_command_to_a_point_do_not_count(request_: bytes) -> None:
    bench = Bench()
    bench.master("A", commands=False).sends(*walk(patched(request_, cause=IMPOSSIBLE), range(1, 11)))
    assert bench.router.tally == {Tally.WRONG_CAUSE: 10}


def test_commands_that_a_slow_rtu_leaves_no_room_for_do_not_count() -> None:
    bench = Bench()
    bench.master("A").sends(*walk(EXECUTE, range(1, 11)))
    bench.time_is(5.0)
    assert bench.router.tally == {Tally.EXPIRED: 10}


@pytest.mark.parametrize("command", [EXECUTE, SELECT, STEP, TIMED])
def test_the_twentieth_point_switched_within_5_s_raises_an_alarm_though_all_succeed(command: bytes) -> None:
    bench = Bench()
    master = bench.master("A")
    for ioa in range(1, 20):
        master.sends(patched(command, ioa=ioa), now=ioa * 0.25)
        rtu_answers(bench, ACTCON, ACTTERM)
    assert alarms(bench) == []
    master.sends(patched(command, ioa=20), now=5.25)  # 5 s after the first
    assert alarms(bench) == [SWITCHED]


def test_nineteen_points_are_a_switching_sequence() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(*walk(SELECT, range(1, 20)), *walk(EXECUTE, range(1, 20)), *walk(OFF, range(1, 20)))
    assert alarms(bench) == []


def test_one_point_may_be_commanded_as_often_as_wanted() -> None:
    bench = Bench()
    bench.master("A").sends(*[EXECUTE, OFF] * 50)
    assert alarms(bench) == []


def test_the_set_points_of_a_whole_plant_are_no_walk() -> None:
    bench = Bench()
    bench.master("A").sends(*walk(SETPOINT, range(1, 100)))
    rtu_answers(bench, ACTCON, ACTTERM)
    assert alarms(bench) == []


def test_the_scripted_attack_raises_one_alarm_of_each_kind() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(GI, *walk(EXECUTE, range(1, 101)), *walk(OFF, range(1, 101)))
    rtu_answers(bench, UNKNOWN_IOA)
    assert alarms(bench) == [SWITCHED, REFUSED]
    assert bench.router.tally[Tally.WALK] == 2


def test_an_alarm_hides_none_of_the_other_kind() -> None:
    bench = Bench()
    master = bench.master("A", points=range(1, 21))
    master.sends(*walk(EXECUTE, range(1, 21)), now=0.0)
    assert alarms(bench) == [SWITCHED]
    master.sends(*walk(EXECUTE, range(100, 105)), now=30.0)
    assert alarms(bench) == [REFUSED]
    master.sends(*walk(EXECUTE, range(1, 21)), now=59.0)
    assert alarms(bench) == []
    master.sends(*walk(EXECUTE, range(1, 21)), now=60.0)
    assert alarms(bench) == [SWITCHED]


def test_points_of_one_session_and_the_next_count_together() -> None:
    bench = Bench()
    master = bench.master("A", commands=False)
    master.sends(*walk(EXECUTE, range(1, 5)), now=1.0)
    master.leaves(2.0)
    master = bench.master("A", commands=False, now=3.0)
    assert alarms(bench) == []
    master.sends(patched(EXECUTE, ioa=5), now=4.0)
    assert alarms(bench) == [REFUSED]


def test_many_sessions_raise_one_alarm_a_minute() -> None:
    bench = Bench()
    for second in range(0, 61, 10):
        master = bench.master("A", commands=False, now=float(second))
        master.sends(*walk(EXECUTE, range(1, 6)), now=float(second))
        master.leaves(float(second))
        assert alarms(bench) == ([REFUSED] if second in (0, 60) else [])


def test_a_row_that_was_forgotten_begins_anew() -> None:
    bench = Bench()
    master = bench.master("A", commands=False)
    master.sends(*walk(EXECUTE, range(1, 5)))
    master.leaves()
    bench.buffer.forget("A")
    bench.master("A", commands=False).sends(patched(EXECUTE, ioa=5))
    assert alarms(bench) == []


def test_an_alarm_comes_once_a_minute() -> None:
    bench = Bench()
    master = bench.master("A", commands=False)
    for second in range(121):
        master.sends(*walk(EXECUTE, range(1, 6)), now=float(second))
        assert alarms(bench) == ([REFUSED] if second in (0, 60, 120) else [])


def test_each_master_has_its_own_alarm() -> None:
    bench = Bench()
    for seat in bench.masters("AB", commands=False):
        seat.sends(*walk(EXECUTE, range(1, 6)))
    assert [line[:9] for line in alarms(bench)] == ["A: alarm:", "B: alarm:"]
