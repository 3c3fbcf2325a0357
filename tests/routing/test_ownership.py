"""Select before operate across masters: a point belongs to the session whose select the RTU has."""

import pytest

from iec104mm2ss.routing.notes import Tally
from tests.routing.bench import (
    ACTCON,
    ACTTERM,
    CANCEL,
    DEACTCON,
    DOUBLE,
    EXECUTE,
    NEGATIVE_ACTCON,
    NEGATIVE_DEACTCON,
    PARAMETER,
    READ,
    READ_VALUE,
    SELECT,
    SETPOINT,
    Bench,
    Seat,
    octets,
    patched,
)

TIMED_SELECT = octets("3a 01 06 0a 01 00 07 00 00 81 10 27 1e 0c 15 0b 1a")  # C_SC_TA_1 act, IOA 7, select on
REFUSAL = "refused by the gateway: another master has selected this point"


def selected(*, confirmed: bool = True) -> tuple[Bench, Seat, Seat]:
    """A has selected IOA 7 at 0 s."""
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(SELECT)
    assert bench.rtu_gets() == [patched(SELECT, oa=1)]
    if confirmed:
        bench.confirms(SELECT)
        assert first.gets() == [first.answer(SELECT, ACTCON)]
    return bench, first, second


def is_refused(bench: Bench, seat: Seat, request: bytes, *, now: float) -> bool:
    """Whether the gateway answers `request` itself, else it reaches the RTU."""
    seat.sends(request, now=now)
    taken = bench.rtu_gets(now=now)
    answers = seat.gets()
    assert bool(taken) != bool(answers)
    return bool(answers)


@pytest.mark.parametrize("request_", [SELECT, EXECUTE, DOUBLE, TIMED_SELECT, patched(SETPOINT, ioa=7)])
@pytest.mark.parametrize("confirmed", [True, False])
def test_another_sessions_select_or_execute_is_refused(request_: bytes, confirmed: bool) -> None:  # noqa: FBT001
    bench, first, second = selected(confirmed=confirmed)
    second.sends(request_, now=1.0)
    assert second.gets() == [second.answer(request_, NEGATIVE_ACTCON)]
    assert first.gets() == []
    assert bench.rtu_gets(now=1.0) == []
    assert bench.router.tally[Tally.REFUSED] == 1
    assert bench.lines()[-1].endswith(REFUSAL)
    assert bench.lines() == []


def test_another_session_cannot_cancel_it_either() -> None:
    _, _, second = selected()
    second.sends(CANCEL)
    assert second.gets() == [second.answer(CANCEL, NEGATIVE_DEACTCON)]


@pytest.mark.parametrize(
    "request_", [patched(EXECUTE, ioa=8), patched(EXECUTE, ca=77), READ, patched(PARAMETER, ioa=7)]
)
def test_other_points_and_what_is_no_command_are_free(request_: bytes) -> None:
    bench, _, second = selected()
    assert not is_refused(bench, second, request_, now=1.0)


@pytest.mark.parametrize("request_", [SELECT, EXECUTE, DOUBLE, CANCEL])
def test_the_owner_goes_on(request_: bytes) -> None:
    bench, first, _ = selected()
    assert not is_refused(bench, first, request_, now=1.0)


@pytest.mark.parametrize("cause", [NEGATIVE_ACTCON, 0x6D])
def test_a_refused_select_owns_nothing(cause: int) -> None:
    bench, _, second = selected(confirmed=False)
    bench.rtu_sends(patched(SELECT, cause=cause, oa=0), now=1.0)
    assert not is_refused(bench, second, SELECT, now=1.0)


@pytest.mark.parametrize("cause", [DEACTCON, NEGATIVE_DEACTCON, ACTCON])
def test_an_answered_cancel_frees_the_point(cause: int) -> None:
    bench, first, second = selected()
    first.sends(CANCEL)
    bench.rtu_gets()
    assert is_refused(bench, second, SELECT, now=1.0)
    bench.rtu_sends(patched(CANCEL, cause=cause, oa=0), now=2.0)
    assert not is_refused(bench, second, SELECT, now=2.0)


def test_a_cancel_that_the_rtu_does_not_know_frees_nothing() -> None:
    bench, first, second = selected()
    first.sends(CANCEL)
    bench.rtu_gets()
    bench.rtu_sends(patched(CANCEL, cause=0x6D, oa=0), now=1.0)  # unknown cause, P/N
    assert is_refused(bench, second, SELECT, now=1.0)


def test_a_cancel_without_a_select_frees_nothing_of_others() -> None:
    bench = Bench()
    first, second, third = bench.masters("ABC")
    first.sends(CANCEL)
    bench.rtu_gets()
    second.sends(DOUBLE[:9] + b"\x82")  # select
    bench.rtu_gets()
    bench.rtu_sends(patched(CANCEL, cause=DEACTCON, oa=0))
    assert is_refused(bench, third, EXECUTE, now=0.0)


def test_the_end_of_the_execute_frees_the_point() -> None:
    bench, first, second = selected()
    first.sends(EXECUTE, now=1.0)
    bench.rtu_gets(now=1.0)
    assert is_refused(bench, second, DOUBLE, now=1.5)
    bench.confirms(EXECUTE, now=2.0)
    assert is_refused(bench, second, DOUBLE, now=2.5)
    bench.terminates(EXECUTE, now=3.0)
    assert first.gets() == [first.answer(EXECUTE, ACTCON), first.answer(EXECUTE, ACTTERM)]
    assert not is_refused(bench, second, DOUBLE, now=3.0)


def test_the_refusal_of_the_execute_frees_the_point() -> None:
    bench, first, second = selected()
    first.sends(EXECUTE)
    bench.rtu_gets()
    bench.rtu_sends(patched(EXECUTE, cause=NEGATIVE_ACTCON, oa=0))
    assert not is_refused(bench, second, EXECUTE, now=1.0)


def test_an_execute_without_termination_frees_the_point_after_30_s() -> None:
    bench, first, second = selected()
    first.sends(EXECUTE, now=29.0)
    bench.rtu_gets(now=29.0)
    bench.confirms(EXECUTE, now=29.5)
    bench.time_is(59.4)
    assert is_refused(bench, second, DOUBLE, now=59.4)
    bench.time_is(59.5)
    assert not is_refused(bench, second, DOUBLE, now=59.5)


def test_an_execute_that_the_rtu_leaves_unanswered_frees_the_point() -> None:
    bench, first, second = selected()
    first.sends(EXECUTE)
    bench.rtu_gets()
    bench.time_is(9.9)
    assert is_refused(bench, second, DOUBLE, now=9.9)
    bench.time_is(10.0)
    assert not is_refused(bench, second, DOUBLE, now=10.0)


def test_a_new_select_during_the_execute_outlives_it() -> None:
    bench, first, second = selected()
    first.sends(EXECUTE)
    bench.rtu_gets()
    bench.confirms(EXECUTE, now=1.0)
    first.sends(SELECT, now=2.0)
    bench.rtu_gets(now=2.0)
    bench.terminates(EXECUTE, now=3.0)
    assert is_refused(bench, second, DOUBLE, now=3.0)


def test_the_select_times_out_after_30_s() -> None:
    bench, _, second = selected()
    assert is_refused(bench, second, SELECT, now=29.9)
    assert not is_refused(bench, second, SELECT, now=30.0)


def test_the_time_counts_from_the_moment_the_select_is_handed_on() -> None:
    bench = Bench(select_timeout=10.0)
    first, second = bench.masters("AB")
    first.sends(SELECT, now=0.0)
    bench.rtu_gets(now=4.0)
    bench.confirms(SELECT, now=4.0)
    assert is_refused(bench, second, SELECT, now=13.9)
    assert not is_refused(bench, second, SELECT, now=14.0)


def test_a_select_that_only_waits_owns_nothing() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(SELECT)
    second.sends(DOUBLE)
    assert bench.rtu_gets(window=1) == [patched(SELECT, oa=1)]
    # Taken in good faith, and refused when its turn comes: now the point is owned.
    assert bench.rtu_gets() == []
    assert second.gets() == [second.answer(DOUBLE, NEGATIVE_ACTCON)]
    assert bench.lines()[-1].endswith(REFUSAL)


def test_a_refused_one_costs_the_next_no_turn() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(SELECT)
    second.sends(DOUBLE, READ)
    assert bench.rtu_gets(window=2) == [patched(SELECT, oa=1), patched(READ, oa=2)]


def test_the_owners_loss_does_not_free_the_point() -> None:
    bench, first, second = selected()
    first.leaves(now=1.0)
    assert is_refused(bench, second, SELECT, now=2.0)
    assert is_refused(bench, bench.master("A"), SELECT, now=3.0)
    assert not is_refused(bench, second, SELECT, now=30.0)


def test_an_orphans_refused_select_frees_the_point() -> None:
    bench, first, second = selected(confirmed=False)
    first.leaves()
    bench.rtu_sends(patched(SELECT, cause=NEGATIVE_ACTCON, oa=1), now=1.0)
    assert not is_refused(bench, second, SELECT, now=1.0)


def test_an_execute_without_a_select_owns_nothing() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(EXECUTE)
    bench.rtu_gets()
    assert not is_refused(bench, second, DOUBLE, now=0.0)


def test_each_of_two_masters_owns_its_point() -> None:
    bench, first, second = selected()
    assert not is_refused(bench, second, patched(SELECT, ioa=8), now=0.0)
    assert is_refused(bench, first, patched(EXECUTE, ioa=8), now=0.0)
    assert is_refused(bench, second, EXECUTE, now=0.0)


def test_a_read_of_an_owned_point_is_answered() -> None:
    bench, first, second = selected()
    second.sends(READ)
    bench.rtu_gets()
    bench.rtu_sends(READ_VALUE)
    assert second.gets() == [patched(READ_VALUE, oa=0x0B)]
    assert first.gets() == []


def test_a_cancel_frees_nothing_that_was_selected_after_it() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(CANCEL, SELECT)
    bench.rtu_gets()
    bench.rtu_sends(patched(CANCEL, cause=DEACTCON, oa=0))
    assert is_refused(bench, second, DOUBLE, now=1.0)
    bench.confirms(SELECT, now=2.0)
    assert first.gets() == [first.answer(CANCEL, DEACTCON), first.answer(SELECT, ACTCON)]
    assert is_refused(bench, second, DOUBLE, now=2.0)
