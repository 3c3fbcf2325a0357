"""When a request ends, when it stops blocking others, and what becomes of an orphan."""

import pytest

from iec104mm2ss.routing.notes import Tally
from tests.routing.bench import (
    ACTCON,
    ACTTERM,
    CANCEL,
    CI,
    CLOCK,
    DEACT,
    DEACTCON,
    EXECUTE,
    GI,
    GI_VALUE,
    NEGATIVE_ACTCON,
    PARAMETER,
    READ,
    READ_VALUE,
    RESET,
    SELECT,
    SETPOINT,
    SPONTANEOUS,
    TEST,
    Bench,
    Seat,
    octets,
    patched,
)

TIMED_TEST = octets("6b 01 06 0a 01 00 00 00 00 01 00 10 27 1e 0c 15 0b 1a")  # C_TS_TA_1 act, TSC 1


def asked(request: bytes) -> tuple[Bench, Seat]:
    """A master whose request the RTU got at 0 s."""
    bench = Bench()
    master = bench.master("A")
    master.sends(request, now=0.0)
    assert len(bench.rtu_gets(now=0.0)) == 1
    return bench, master


@pytest.mark.parametrize("request_", [SELECT, TEST, CLOCK, RESET, TIMED_TEST, PARAMETER])
def test_ends_at_its_confirmation(request_: bytes) -> None:
    bench, master = asked(request_)
    bench.confirms(request_, now=1.5)
    assert bench.router.unanswered == 0
    assert master.gets() == [master.answer(request_, ACTCON)]
    (line,) = bench.lines()
    assert line.endswith(": confirmed after 1.500 s")


@pytest.mark.parametrize("number", [112, 113])
def test_parameters_end_at_their_confirmation(number: int) -> None:
    element = {112: "00 00 00 3f 01", 113: "01"}[number]  # P_ME_NC_1 0.5, P_AC_NA_1 activation
    request = bytes((number,)) + patched(PARAMETER, element=element)[1:]
    bench, _ = asked(request)
    bench.confirms(request)
    assert bench.router.unanswered == 0


@pytest.mark.parametrize("cause", [DEACTCON, ACTCON])
def test_a_cancel_ends_at_its_confirmation(cause: int) -> None:
    bench, master = asked(CANCEL)
    bench.rtu_sends(patched(CANCEL, cause=cause, oa=0))
    assert bench.router.unanswered == 0
    assert master.gets() == [master.answer(CANCEL, cause)]


@pytest.mark.parametrize("request_", [SELECT, EXECUTE, GI])
def test_what_was_cancelled_ends_with_the_cancel(request_: bytes) -> None:
    bench, master = asked(request_)
    cancel = patched(request_, cause=DEACT)
    master.sends(cancel)
    bench.rtu_gets()
    bench.rtu_sends(patched(cancel, cause=DEACTCON, oa=0))
    assert bench.router.unanswered == 0
    assert master.gets() == [master.answer(cancel, DEACTCON)]


def test_a_cancel_ends_no_other_interrogation() -> None:
    bench, master = asked(GI)
    bench.time_is(10.0)
    group = patched(GI, element="15")
    master.sends(group, now=10.0)
    bench.rtu_gets(now=10.0)
    bench.confirms(group, now=10.1)
    master.sends(patched(group, cause=DEACT), now=10.2)
    bench.rtu_gets(now=10.2)
    bench.rtu_sends(patched(group, cause=DEACTCON, oa=0), now=10.3)
    assert bench.router.unanswered == 1


def test_a_refused_cancel_ends_nothing_else() -> None:
    bench, master = asked(GI)
    master.sends(patched(GI, cause=DEACT))
    bench.rtu_gets()
    bench.rtu_sends(patched(GI, cause=0x49, oa=0))  # deactcon, P/N
    assert bench.router.unanswered == 1
    bench.rtu_sends(GI_VALUE)
    assert master.gets() == [master.answer(GI, 0x49), patched(GI_VALUE, oa=0x0A)]


@pytest.mark.parametrize(
    ("request_", "limit"),
    [
        (EXECUTE, 30.0),
        (SETPOINT, 30.0),
        (GI, 60.0),
        (CI, 60.0),
        (READ, 10.0),
    ],
)
def test_waits_after_its_confirmation_for_what_is_still_to_come(request_: bytes, limit: float) -> None:
    bench, _ = asked(request_)
    bench.confirms(request_, now=2.0)
    bench.time_is(1.9 + limit)
    assert bench.router.unanswered == 1
    bench.time_is(2.0 + limit)
    assert bench.router.unanswered == 0
    (line,) = bench.lines()
    assert line.endswith(f"confirmed, but its end was never reported; after {2.0 + limit:.3f} s")


@pytest.mark.parametrize("request_", [EXECUTE, GI, CI])
def test_ends_at_its_termination(request_: bytes) -> None:
    bench, master = asked(request_)
    bench.confirms(request_, now=1.0)
    bench.terminates(request_, now=4.25)
    assert bench.router.unanswered == 0
    assert master.gets() == [master.answer(request_, ACTCON), master.answer(request_, ACTTERM)]
    (line,) = bench.lines()
    assert line.startswith("A: ")
    assert line.endswith(": terminated after 4.250 s")


def test_an_interrogation_lasts_60_s_from_its_last_frame() -> None:
    bench, master = asked(GI)
    bench.confirms(GI, now=1.0)
    for now in (30.0, 85.0, 140.0):
        bench.time_is(now)
        bench.rtu_sends(GI_VALUE, now=now)
    bench.time_is(199.9)
    assert bench.router.unanswered == 1
    bench.time_is(200.0)
    assert bench.router.unanswered == 0
    assert len(master.gets()) == 4


def test_values_without_a_confirmation_keep_an_interrogation_going() -> None:
    bench, master = asked(GI)
    bench.rtu_sends(GI_VALUE, now=9.0)
    bench.time_is(68.9)
    assert bench.router.tally[Tally.UNANSWERED] == 0
    bench.terminates(GI, now=68.9)
    assert master.gets() == [patched(GI_VALUE, oa=0x0A), master.answer(GI, ACTTERM)]


def test_a_read_ends_at_its_value() -> None:
    bench, master = asked(READ)
    bench.rtu_sends(READ_VALUE, now=0.5)
    assert bench.router.unanswered == 0
    (line,) = bench.lines()
    assert line.endswith(": read after 0.500 s")
    assert master.gets() == [patched(READ_VALUE, oa=0x0A)]


@pytest.mark.parametrize("answer", ["66 01 05 00 01 00 07 00 00", "66 01 6f 00 01 00 07 00 00"])
def test_a_read_ends_at_its_mirror(answer: str) -> None:
    bench, master = asked(READ)
    bench.rtu_sends(octets(answer))  # C_RD_NA_1 req; unknown IOA, P/N
    assert bench.router.unanswered == 0
    assert master.gets() == [patched(octets(answer), oa=0x0A)]


def test_a_confirmed_read_still_gets_its_value_alone() -> None:
    bench, master = asked(READ)
    other = bench.master("B")
    bench.confirms(READ)
    bench.rtu_sends(READ_VALUE)
    assert master.gets() == [master.answer(READ, ACTCON), patched(READ_VALUE, oa=0x0A)]
    assert other.gets() == []


@pytest.mark.parametrize("request_", [SELECT, EXECUTE, CANCEL, GI, CI, READ, TEST, CLOCK, RESET, PARAMETER])
@pytest.mark.parametrize("cause", [0x6C, 0x6D, 0x6E, 0x6F])
def test_ends_at_an_unknown_cause(request_: bytes, cause: int) -> None:
    bench, master = asked(request_)
    bench.rtu_sends(patched(request_, cause=cause, oa=0))
    assert bench.router.unanswered == 0
    assert master.gets() == [master.answer(request_, cause)]
    (line,) = bench.lines()
    assert "refused by the RTU: unknown" in line


@pytest.mark.parametrize("request_", [SELECT, EXECUTE, GI, CI, TEST, CLOCK, RESET, PARAMETER])
def test_ends_at_a_negative_confirmation(request_: bytes) -> None:
    bench, master = asked(request_)
    bench.rtu_sends(patched(request_, cause=NEGATIVE_ACTCON, oa=0))
    assert bench.router.unanswered == 0
    assert master.gets() == [master.answer(request_, NEGATIVE_ACTCON)]


def test_after_10_s_without_confirmation_others_go_on() -> None:
    bench, master = asked(GI)
    other = bench.master("B")
    other.sends(GI)
    bench.time_is(9.9)
    assert bench.rtu_gets(now=9.9) == []
    bench.time_is(10.0)
    assert bench.rtu_gets(now=10.0) == [patched(GI, oa=2)]
    assert bench.router.tally == {Tally.UNANSWERED: 1}
    (line,) = bench.lines()
    assert line.startswith("A: ")
    assert line.endswith("no answer of the RTU within 10 s")
    assert master.gets() == []


def test_a_late_answer_is_claimed_for_60_s_more() -> None:
    bench, master = asked(RESET)
    bench.time_is(69.9)
    assert bench.router.unanswered == 1
    bench.confirms(RESET, now=69.9)
    assert master.gets() == [master.answer(RESET, ACTCON)]


def test_after_that_it_is_nobodys() -> None:
    bench, master = asked(RESET)
    bench.time_is(70.0)
    assert bench.router.unanswered == 0
    assert bench.lines()[-1].endswith("never answered; after 70.000 s")
    bench.confirms(RESET, oa=1, now=70.1)
    assert master.gets() == []
    assert bench.router.tally[Tally.UNASKED] == 1


def test_a_late_confirmation_of_an_execute_gives_it_30_s_and_no_more() -> None:
    bench, _ = asked(EXECUTE)
    bench.time_is(11.0)
    bench.confirms(EXECUTE, now=11.0)
    bench.time_is(40.9)
    assert bench.router.unanswered == 1
    bench.time_is(41.0)
    assert bench.router.unanswered == 0


@pytest.mark.parametrize("oa", [0, 1, 2])
def test_an_orphan_swallows_the_rest_of_the_answer(oa: int) -> None:
    bench, gone = asked(GI)
    other = bench.master("B")
    bench.confirms(GI)
    gone.leaves()
    bench.rtu_sends(patched(GI_VALUE, oa=oa))
    bench.terminates(GI, oa=oa)
    assert other.gets() == []
    assert bench.router.tally[Tally.SWALLOWED] == 2
    assert bench.router.unanswered == 0


def test_a_returned_master_gets_nothing_of_what_it_asked_before() -> None:
    bench, gone = asked(READ)
    gone.leaves()
    returned = bench.master("A")
    bench.rtu_sends(patched(READ_VALUE, oa=1), SPONTANEOUS)
    assert returned.gets() == [SPONTANEOUS]


def test_an_orphan_blocks_no_longer_than_any_other() -> None:
    bench, gone = asked(EXECUTE)
    gone.leaves(now=1.0)
    other = bench.master("B")
    other.sends(EXECUTE, now=6.0)
    bench.time_is(9.9)
    assert bench.rtu_gets(now=9.9) == []
    bench.time_is(10.0)
    assert bench.rtu_gets(now=10.0) == [patched(EXECUTE, oa=2)]
    assert bench.router.tally[Tally.UNANSWERED] == 0  # there is nobody who waited


def test_the_loss_of_a_master_ends_its_requests_in_its_log() -> None:
    bench, gone = asked(EXECUTE)
    gone.sends(patched(SETPOINT, ioa=9))
    gone.leaves()
    assert bench.rtu_gets() == []
    assert [line.rpartition(": ")[2] for line in bench.lines()] == ["given up, its master is gone"] * 2
    assert bench.router.tally == {Tally.LOST: 2}


def test_the_loss_of_the_rtu_ends_all() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(SELECT, GI)
    second.sends(patched(SELECT, ioa=8), READ)
    bench.rtu_gets()
    second.sends(patched(EXECUTE, ioa=9), GI)
    bench.router.rtu_lost(1.0)
    assert bench.router.unanswered == 0
    assert bench.rtu_gets(now=1.1) == []
    assert bench.router.tally == {Tally.LOST: 6}
    assert sorted({line.rpartition(": ")[2] for line in bench.lines()}) == ["given up, the RTU is lost"]
    bench.time_is(1000.0)
    assert bench.lines() == []


def test_after_the_loss_of_the_rtu_no_point_is_owned() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(SELECT)
    bench.rtu_gets()
    bench.router.rtu_lost(1.0)
    second.sends(SELECT, now=1.0)
    assert bench.rtu_gets(now=1.0) == [patched(SELECT, oa=2)]


def test_the_next_deadline_is_never_too_late() -> None:
    bench = Bench()
    assert bench.router.next_deadline() == float("inf")
    master = bench.master("A")
    master.sends(EXECUTE, now=3.0)
    assert bench.router.next_deadline() == 8.0
    bench.rtu_gets(now=4.0)
    assert bench.router.next_deadline() <= 14.0
    bench.time_is(13.9)
    assert bench.router.next_deadline() == 14.0
