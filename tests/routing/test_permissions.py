"""What a master may send: monitor-only rows, the clock, monitoring types, impossible ASDUs."""

import pytest

from iec104mm2ss.routing.notes import Tally
from iec104mm2ss.routing.policy import Clock
from iec104mm2ss.routing.router import MalformedAsduError
from tests.routing.bench import (
    ACTCON,
    CANCEL,
    CI,
    CLOCK,
    DEACT,
    DOUBLE,
    EXECUTE,
    FREEZE,
    GI,
    NEGATIVE_ACTCON,
    NEGATIVE_DEACTCON,
    PARAMETER,
    READ,
    RESET,
    SELECT,
    SETPOINT,
    SPONTANEOUS,
    TEST,
    Bench,
    octets,
    patched,
)

TIMED_TEST = octets("6b 01 06 0a 01 00 00 00 00 01 00 10 27 1e 0c 15 0b 1a")  # C_TS_TA_1 act
SELECT_FILE = octets("7a 01 0d 0a 01 00 01 00 00 02 00 00 01")  # F_SC_NA_1 select file 2
DELETE_FILE = octets("7a 01 0d 0a 01 00 01 00 00 02 00 00 04")  # F_SC_NA_1 delete file 2
FILE_READY = octets("78 01 0d 0a 01 00 01 00 00 02 00 03 00 00 00")  # F_FR_NA_1: a file for the RTU
PRIVATE = octets("c8 01 06 0a 01 00 07 00 00 01")  # type 200 act
FREEZE_SECOND = octets("65 02 06 0a 01 00 00 00 00 05 00 00 00 45")  # C_CI_NA_1 general request, then freeze
FREEZE_IN_SEQUENCE = octets("65 82 06 0a 01 00 00 00 00 05 45")  # the same with SQ
DELETE_SECOND = octets("7a 02 0d 0a 01 00 01 00 00 02 00 00 01 01 00 00 02 00 00 04")  # select file 2, delete file 2
DELAY = octets("6a 01 06 0a 01 00 00 00 00 10 27")  # C_CD_NA_1 act
LATER_CLOCK = octets("67 01 06 0a 01 00 00 00 00 10 27 1f 0c 15 0b 1a")  # C_CS_NA_1 act, 12:31:10.000

UNKNOWN_CAUSE = 0x6D  # cause 45, P/N


@pytest.mark.parametrize("request_", [GI, CI, READ, TEST, TIMED_TEST, SELECT_FILE, CLOCK, patched(GI, cause=DEACT)])
def test_a_monitor_only_master_may_ask(request_: bytes) -> None:
    bench = Bench()
    master = bench.master("A", commands=False)
    master.sends(request_)
    assert bench.rtu_gets() == [patched(request_, oa=1)]
    assert master.gets() == []


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        *[
            (request, NEGATIVE_ACTCON)
            for request in (EXECUTE, SELECT, DOUBLE, SETPOINT, PARAMETER, RESET, FREEZE, PRIVATE, DELAY)
        ],
        (FREEZE_SECOND, NEGATIVE_ACTCON),
        (FREEZE_IN_SEQUENCE, NEGATIVE_ACTCON),
        (CANCEL, NEGATIVE_DEACTCON),
        (FILE_READY, 0x4D),  # file transfer, P/N
        (DELETE_FILE, 0x4D),
        (DELETE_SECOND, 0x4D),
    ],
)
def test_a_monitor_only_master_may_not_command(request_: bytes, answer: int) -> None:
    bench = Bench()
    bench.refuses(bench.master("A", commands=False), request_, answer, "this master may not command")


def test_a_master_may_command_the_points_of_its_list() -> None:
    bench = Bench()
    master = bench.master("A", points=range(7, 9))
    master.sends(SELECT, CANCEL, SETPOINT, patched(PARAMETER, ioa=8))
    assert bench.rtu_gets() == [patched(asdu, oa=1) for asdu in (SELECT, CANCEL, SETPOINT, patched(PARAMETER, ioa=8))]
    assert master.gets() == []


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        *[(patched(request, ioa=6), NEGATIVE_ACTCON) for request in (EXECUTE, SELECT, DOUBLE, SETPOINT)],
        (patched(CANCEL, ioa=6), NEGATIVE_DEACTCON),
        (PARAMETER, NEGATIVE_ACTCON),
        (octets("6e 02 06 0a 01 00 07 00 00 00 40 01 09 00 00 00 40 01"), NEGATIVE_ACTCON),  # parameters 7 and 9
        (octets("6e 82 06 0a 01 00 08 00 00 00 40 01 00 40 01"), NEGATIVE_ACTCON),  # parameters from 8 on: 8 and 9
        # What no address limits is refused though an RTU may look at nothing but the type.
        *[(patched(request, ioa=7), NEGATIVE_ACTCON) for request in (RESET, FREEZE, DELAY, PRIVATE)],
        *[(patched(request, ioa=7), NEGATIVE_ACTCON) for request in (FREEZE_SECOND, FREEZE_IN_SEQUENCE)],
        (patched(FILE_READY, ioa=7), 0x4D),  # file transfer, P/N
        (patched(DELETE_FILE, ioa=7), 0x4D),
        (patched(DELETE_SECOND, ioa=7), 0x4D),
    ],
)
def test_a_master_may_not_command_beside_its_list(request_: bytes, answer: int) -> None:
    bench = Bench()
    bench.refuses(
        bench.master("A", points=range(7, 9)), request_, answer, "not among the command_points of this master"
    )


@pytest.mark.parametrize("request_", [RESET, FREEZE, DELAY, PRIVATE, FILE_READY])
def test_address_0_in_the_list_is_for_what_no_address_limits(request_: bytes) -> None:
    bench = Bench()
    bench.master("A", points=(0,)).sends(request_)
    assert bench.rtu_gets() == [patched(request_, oa=1)]


@pytest.mark.parametrize("request_", [GI, CI, READ, TEST, TIMED_TEST, SELECT_FILE, CLOCK, patched(GI, cause=DEACT)])
def test_a_master_with_a_list_may_ask_for_everything(request_: bytes) -> None:
    bench = Bench()
    bench.master("A", points=(3001,)).sends(request_)
    assert bench.rtu_gets() == [patched(request_, oa=1)]


def test_a_refused_file_does_not_take_the_transfer() -> None:
    bench = Bench()
    bench.master("A", commands=False).sends(FILE_READY)
    bench.master("B").sends(SELECT_FILE)
    assert bench.rtu_gets() == [patched(SELECT_FILE, oa=2)]


@pytest.mark.parametrize("commands", [True, False])
def test_a_clock_may_be_forwarded(commands: bool) -> None:  # noqa: FBT001 - a table's column
    bench = Bench()
    master = bench.master("A", clock=Clock.FORWARD, commands=commands)
    master.sends(CLOCK)
    assert bench.rtu_gets() == [patched(CLOCK, oa=1)]
    bench.confirms(CLOCK)
    assert master.gets() == [master.answer(CLOCK, ACTCON)]


def test_a_clock_may_be_confirmed_by_the_gateway() -> None:
    bench = Bench()
    master = bench.master("A", clock=Clock.CONFIRM)
    master.sends(CLOCK)
    assert bench.rtu_gets() == []
    assert master.gets() == [master.answer(CLOCK, ACTCON)]
    (line,) = bench.lines()
    assert line.endswith("confirmed by the gateway, not forwarded")


def test_a_clock_may_be_refused() -> None:
    bench = Bench()
    master = bench.master("A", clock=Clock.REFUSE)
    master.sends(CLOCK)
    assert bench.rtu_gets() == []
    assert master.gets() == [master.answer(CLOCK, NEGATIVE_ACTCON)]
    assert bench.router.tally == {Tally.REFUSED: 1}


def test_a_clock_that_cannot_leave_within_100_ms_is_refused() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(CLOCK, now=5.0)
    bench.time_is(5.09)
    assert master.gets() == []
    bench.time_is(5.1)
    assert master.gets() == [master.answer(CLOCK, NEGATIVE_ACTCON)]
    assert bench.rtu_gets(now=5.1) == []
    assert bench.router.tally == {Tally.EXPIRED: 1}


def test_a_late_timer_lets_no_late_clock_out() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(CLOCK, now=5.0)
    assert bench.rtu_gets(now=5.2) == []
    assert master.gets() == [master.answer(CLOCK, NEGATIVE_ACTCON)]


@pytest.mark.parametrize("handed_on", [True, False])
def test_a_clock_is_refused_while_another_is_unanswered(handed_on: bool) -> None:  # noqa: FBT001 - a table's column
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(CLOCK)
    if handed_on:
        bench.rtu_gets()
    for seat in (first, second):
        seat.sends(LATER_CLOCK)
        assert seat.gets() == [seat.answer(LATER_CLOCK, NEGATIVE_ACTCON)]
    assert bench.router.tally == {Tally.REFUSED: 2}


def test_an_answered_clock_stands_in_nobodys_way() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(CLOCK)
    bench.rtu_gets()
    bench.confirms(patched(CLOCK, element="00 00 00 0c 15 0b 1a"))  # the RTU confirms with the time it had
    assert first.gets() == [patched(first.answer(CLOCK, ACTCON), element="00 00 00 0c 15 0b 1a")]
    second.sends(LATER_CLOCK)
    assert bench.rtu_gets() == [patched(LATER_CLOCK, oa=2)]


def test_a_clock_never_answered_stands_in_the_way_for_10_s() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(CLOCK)
    bench.rtu_gets()
    bench.time_is(10.0)
    second.sends(LATER_CLOCK, now=10.0)
    assert bench.rtu_gets(now=10.0) == [patched(LATER_CLOCK, oa=2)]


@pytest.mark.parametrize(
    "asdu",
    [
        SPONTANEOUS,
        "28 01 03 0a 01 00 07 00 00 01 00 00 00 10 27 1e 0c 15 0b 1a",  # M_EP_TF_1 spont
        "46 01 04 0a 01 00 00 00 00 00",  # M_EI_NA_1 init
        "01 01 06 0a 01 00 07 00 00 01",  # M_SP_NA_1 with the cause of an activation
    ],
)
def test_monitoring_types_of_a_master_are_dropped(asdu: bytes | str) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(octets(asdu) if isinstance(asdu, str) else asdu)
    assert bench.rtu_gets() == []
    assert first.gets() == second.gets() == []
    assert bench.router.tally == {Tally.MONITORING: 1}
    (line,) = bench.lines()
    assert line.startswith("A: ")
    assert line.endswith("dropped, only an RTU sends this")


@pytest.mark.parametrize(
    "request_",
    [
        *(patched(EXECUTE, cause=cause) for cause in (0, 3, 5, 7, 10, 20, 44)),
        patched(GI, cause=5),
        patched(READ, cause=6),
        patched(READ, cause=8),
        patched(CLOCK, cause=3),
        patched(CLOCK, cause=8),
    ],
)
def test_an_impossible_cause_is_answered_so(request_: bytes) -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(request_)
    assert master.gets() == [master.answer(request_, UNKNOWN_CAUSE)]
    assert bench.rtu_gets() == []
    assert bench.router.tally == {Tally.WRONG_CAUSE: 1}


def test_a_command_has_one_information_object() -> None:
    bench = Bench()
    master = bench.master("A")
    two = octets("2d 02 06 0a 01 00 07 00 00 01 08 00 00 01")  # C_SC_NA_1 act, IOA 7 on, IOA 8 on
    master.sends(two)
    assert master.gets() == [master.answer(two, NEGATIVE_ACTCON)]
    assert bench.rtu_gets() == []
    assert bench.lines()[0].endswith("a command has exactly one information object")


@pytest.mark.parametrize("cause", [1, 3, 6, 14, 42, 63])
def test_private_types_pass_with_any_cause(cause: int) -> None:
    bench = Bench()
    bench.master("A").sends(patched(PRIVATE, cause=cause))
    assert bench.rtu_gets() == [patched(PRIVATE, cause=cause, oa=1)]


def test_an_impossible_asdu_is_a_reason_to_close() -> None:
    bench = Bench()
    master = bench.master("A")
    with pytest.raises(MalformedAsduError, match=r"C_SC_NA_1 .* 9 octets, not 10"):
        master.sends(READ, EXECUTE[:9], TEST)
    # What came before it counts, what comes after it does not.
    assert bench.rtu_gets() == [patched(READ, oa=1)]
