"""Interrogations: one at a time towards the RTU, those waiting for the same served together."""

import pytest

from iec104mm2ss.routing.notes import Tally
from tests.routing.bench import (
    ACTCON,
    ACTTERM,
    CI,
    DEACT,
    DEACTCON,
    FREEZE,
    GI,
    GI_GROUP,
    GI_VALUE,
    NEGATIVE_ACTCON,
    NEGATIVE_DEACTCON,
    Bench,
    Seat,
    octets,
    patched,
)

STOP = patched(GI, cause=DEACT)


def serve(bench: Bench, request: bytes = GI, *, now: float = 0.0) -> None:
    """The RTU answers the interrogation that it has."""
    bench.confirms(request, now=now)
    bench.rtu_sends(GI_VALUE, now=now)
    bench.terminates(request, now=now)


def whole_answer(seat: Seat) -> list[bytes]:
    own_oa = seat.answer(GI, ACTCON)[3]
    return [seat.answer(GI, ACTCON), patched(GI_VALUE, oa=own_oa), seat.answer(GI, ACTTERM)]


@pytest.mark.parametrize(
    "second_request",
    [
        GI,
        GI_GROUP,
        patched(GI, ca=77),
        patched(GI, cause=0x86),  # act with the T bit
    ],
)
def test_one_at_a_time_whatever_the_qualifier(second_request: bytes) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    second.sends(second_request)
    assert bench.rtu_gets(window=1) == [patched(GI, oa=1)]
    expected = [] if second_request is GI else [patched(second_request, oa=2)]
    assert bench.rtu_gets() == []
    bench.confirms(GI)
    bench.rtu_sends(GI_VALUE)
    assert bench.rtu_gets() == []
    bench.terminates(GI)
    assert bench.rtu_gets() == expected


def test_general_and_counter_interrogation_do_not_wait_for_each_other() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    second.sends(CI)
    assert bench.rtu_gets() == [patched(GI, oa=1), patched(CI, oa=2)]


def test_five_masters_coming_back_cost_two_interrogations() -> None:
    bench = Bench()
    seats = bench.masters("ABCDE")
    seats[0].sends(GI)
    assert bench.rtu_gets() == [patched(GI, oa=1)]
    for seat in seats[1:]:
        seat.sends(GI)
    assert bench.rtu_gets() == []
    serve(bench)
    assert [len(seat.gets()) for seat in seats] == [3, 0, 0, 0, 0]
    assert len(bench.rtu_gets()) == 1
    serve(bench)
    for seat in seats[1:]:
        assert seat.gets() == whole_answer(seat)
    assert seats[0].gets() == []
    assert bench.rtu_gets() == []
    assert bench.router.unanswered == 0
    assert bench.router.tally == {Tally.MERGED: 3, Tally.DONE: 2}
    assert len(bench.lines()) == 5


def test_together_each_gets_its_common_address_and_its_own_oa() -> None:
    bench = Bench()
    first, second = bench.master("A"), bench.master("B", ca=5)
    first.sends(GI)
    second.sends(patched(GI, ca=5))
    assert len(bench.rtu_gets()) == 1
    serve(bench)
    assert first.gets() == whole_answer(first)
    assert second.gets() == [patched(asdu, ca=5) for asdu in whole_answer(second)]


def test_together_each_gets_the_negative_confirmation() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    second.sends(GI)
    bench.rtu_gets()
    bench.rtu_sends(patched(GI, cause=NEGATIVE_ACTCON, oa=0))
    assert first.gets() == [first.answer(GI, NEGATIVE_ACTCON)]
    assert second.gets() == [second.answer(GI, NEGATIVE_ACTCON)]


@pytest.mark.parametrize("other", [GI_GROUP, patched(GI, ca=77), patched(GI, cause=0x86), FREEZE])
def test_only_the_very_same_is_served_together(other: bytes) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    second.sends(other)
    bench.rtu_gets()
    serve(bench)
    assert len(first.gets()) == 3
    assert second.gets() == []


@pytest.mark.parametrize("qcc", ["45", "85", "c5"])
def test_freeze_and_reset_are_never_merged(qcc: str) -> None:
    freeze = patched(CI, element=qcc)
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(freeze)
    second.sends(freeze)
    assert bench.rtu_gets() == [patched(freeze, oa=1)]
    bench.confirms(freeze)
    bench.terminates(freeze)
    assert bench.rtu_gets() == [patched(freeze, oa=2)]


def test_counter_interrogations_are_merged() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(CI)
    second.sends(CI)
    assert len(bench.rtu_gets()) == 1
    bench.confirms(CI)
    assert first.gets() == [first.answer(CI, ACTCON)]
    assert second.gets() == [second.answer(CI, ACTCON)]


def test_one_runs_and_one_waits_per_master_and_a_third_is_refused() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(GI)
    assert len(bench.rtu_gets()) == 1
    master.sends(GI)
    assert master.gets() == []
    master.sends(GI)
    assert master.gets() == [master.answer(GI, NEGATIVE_ACTCON)]
    assert bench.router.tally == {Tally.REFUSED: 1}
    assert bench.rtu_gets() == []
    serve(bench)
    assert len(bench.rtu_gets()) == 1
    serve(bench)
    assert master.gets() == whole_answer(master) * 2


@pytest.mark.parametrize("other", [GI_GROUP, patched(GI, ca=77), patched(GI, cause=0x86), CI])
def test_another_key_has_a_waiting_place_of_its_own(other: bytes) -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(GI)
    bench.rtu_gets()
    master.sends(GI, other)
    assert master.gets() == []


def test_a_storm_of_one_master_lets_another_interrogate() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    second.sends(GI_GROUP)
    first.sends(GI)
    bench.terminates(GI)
    assert bench.rtu_gets() == [patched(GI_GROUP, oa=2)]
    first.sends(GI)
    bench.terminates(GI_GROUP)
    assert bench.rtu_gets() == [patched(GI, oa=1)]


def test_a_master_gone_while_its_interrogation_waits_is_not_served() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    second.sends(GI)
    second.leaves()
    serve(bench)
    assert bench.rtu_gets() == []


def test_an_orphans_interrogation_is_waited_for() -> None:
    bench = Bench()
    gone = bench.master("A")
    gone.sends(GI)
    bench.rtu_gets()
    gone.leaves()
    back = bench.master("A")
    back.sends(GI)
    assert bench.rtu_gets() == []
    serve(bench)
    assert back.gets() == []
    assert len(bench.rtu_gets()) == 1
    serve(bench)
    assert back.gets() == whole_answer(back)


def test_of_several_served_together_the_loss_of_one_costs_the_others_nothing() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    second.sends(GI)
    bench.rtu_gets()
    first.leaves()
    serve(bench)
    assert second.gets() == whole_answer(second)


def test_deactivation_reaches_the_rtu_only_from_the_last() -> None:
    bench = Bench()
    first, second, third = bench.masters("ABC")
    for seat in (first, second, third):
        seat.sends(GI)
    bench.rtu_gets()
    bench.confirms(GI)
    for seat in (first, second, third):
        assert seat.gets() == [seat.answer(GI, ACTCON)]
    for seat in (first, third):
        seat.sends(STOP)
        assert seat.gets() == [seat.answer(STOP, DEACTCON)]
        assert bench.rtu_gets() == []
    bench.rtu_sends(GI_VALUE)
    assert first.gets() == third.gets() == []
    assert second.gets() == [patched(GI_VALUE, oa=0x0B)]
    second.sends(STOP)
    assert bench.rtu_gets() == [patched(STOP, oa=2)]
    bench.rtu_sends(patched(STOP, cause=DEACTCON, oa=0))
    assert second.gets() == [second.answer(STOP, DEACTCON)]
    assert first.gets() == third.gets() == []
    assert bench.router.unanswered == 0


def test_deactivation_by_the_only_one_reaches_the_rtu() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    second.sends(GI)
    first.sends(STOP)
    assert bench.rtu_gets() == [patched(STOP, oa=1)]
    bench.rtu_sends(patched(STOP, cause=DEACTCON, oa=0))
    assert first.gets() == [first.answer(STOP, DEACTCON)]
    assert bench.rtu_gets() == [patched(GI, oa=2)]


def test_one_who_stopped_does_not_stop_the_others_with_a_second_deactivation() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    second.sends(GI)
    bench.rtu_gets()
    first.sends(STOP)
    first.sends(STOP)
    assert bench.rtu_gets() == []
    serve(bench)
    assert second.gets() == whole_answer(second)
    # Now there is nothing left that it could stop, and the RTU says so.
    assert bench.rtu_gets() == [patched(STOP, oa=1)]
    bench.rtu_sends(patched(STOP, cause=NEGATIVE_DEACTCON, oa=0))
    assert first.gets() == [first.answer(STOP, DEACTCON), first.answer(STOP, NEGATIVE_DEACTCON)]


@pytest.mark.parametrize("stop", [STOP, patched(GI_GROUP, cause=DEACT)])
def test_a_master_cannot_stop_anothers_interrogation(stop: bytes) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    second.sends(stop)
    assert bench.rtu_gets() == []
    serve(bench)
    assert first.gets() == whole_answer(first)


def test_deactivation_of_what_still_waits_is_confirmed_by_the_gateway() -> None:
    bench = Bench()
    first, second, third = bench.masters("ABC")
    first.sends(GI_GROUP)
    bench.rtu_gets()
    second.sends(GI)
    third.sends(GI)
    second.sends(STOP)
    assert second.gets() == [second.answer(STOP, DEACTCON)]
    (line,) = bench.lines()
    assert line.endswith("confirmed by the gateway, it had not reached the RTU")
    bench.terminates(GI_GROUP)
    assert bench.rtu_gets() == [patched(GI, oa=3)]
    serve(bench)
    assert second.gets() == []


def test_deactivation_ends_what_runs_and_what_waits() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(GI)
    bench.rtu_gets()
    master.sends(GI, STOP)
    assert bench.rtu_gets() == [patched(STOP, oa=1)]
    bench.rtu_sends(patched(STOP, cause=DEACTCON, oa=0))
    assert bench.rtu_gets() == []
    assert bench.router.unanswered == 0


@pytest.mark.parametrize("stop", [patched(GI_GROUP, cause=DEACT), patched(GI, cause=0x88), patched(STOP, ca=77)])
def test_a_deactivation_concerns_only_the_very_same(stop: bytes) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI_GROUP if stop[9] == 0x14 else GI)
    bench.rtu_gets()
    waiting = patched(stop, cause=0x06 if stop[2] != 0x06 else 0x86)
    second.sends(waiting if stop[2] == 0x88 else GI)
    second.sends(stop)
    assert second.gets() == []
    assert len(second.session.waiting) >= 1


def test_deactivation_of_a_waiting_freeze() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(CI)
    bench.rtu_gets()
    second.sends(FREEZE, patched(FREEZE, cause=DEACT))
    assert second.gets() == [second.answer(FREEZE, DEACTCON)]
    bench.time_is(5.0)
    assert second.gets() == []
    bench.terminates(CI)
    assert bench.rtu_gets(now=6.0) == []


def test_an_unanswered_interrogation_does_not_take_the_next_ones_answer() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    bench.time_is(10.0)
    second.sends(GI, now=10.0)
    assert bench.rtu_gets(now=10.0) == [patched(GI, oa=2)]
    serve(bench, now=11.0)
    assert second.gets() == whole_answer(second)
    assert first.gets() == []


def test_an_interrogation_may_be_sent_to_group_16() -> None:
    bench = Bench()
    master = bench.master("A")
    group = patched(GI, element="24")  # QOI 36
    master.sends(group)
    bench.rtu_gets()
    value = octets("01 01 24 00 01 00 07 00 00 01")  # M_SP_NA_1 inro16, IOA 7
    bench.rtu_sends(value)
    assert master.gets() == [patched(value, oa=0x0A)]


def test_a_deactivation_that_had_to_wait_stops_nobody_else() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    second.sends(STOP, GI)
    first.sends(GI)
    assert bench.rtu_gets(window=1) == [patched(GI, oa=1)]
    assert bench.rtu_gets() == []
    serve(bench)
    assert first.gets() == whole_answer(first)
    assert second.gets() == whole_answer(second)
    assert bench.rtu_gets() == [patched(STOP, oa=2)]


def test_deactivation_of_what_runs_leaves_what_was_never_answered_too() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    second.sends(GI)
    bench.rtu_gets()
    bench.time_is(10.0)
    first.sends(GI, now=10.0)
    second.sends(GI, now=10.0)
    bench.rtu_gets(now=10.0)
    second.sends(STOP, now=11.0)
    assert second.gets() == [second.answer(STOP, DEACTCON)]
    for now in (12.0, 13.0):
        serve(bench, now=now)
    assert first.gets() == whole_answer(first) * 2
    assert second.gets() == []
