"""Whose answer it is: the table of pending requests decides, the OA is only a hint."""

import pytest

from iec104mm2ss.routing.notes import Tally
from tests.routing.bench import (
    ACTCON,
    ACTTERM,
    CANCEL,
    CI,
    DEACTCON,
    DOUBLE,
    EXECUTE,
    GI,
    GI_GROUP,
    GI_VALUE,
    NEGATIVE_ACTCON,
    PARAMETER,
    READ,
    READ_VALUE,
    RESET,
    SELECT,
    SETPOINT,
    TEST,
    Bench,
    octets,
    patched,
)

COUNTER = octets("0f 01 25 00 01 00 07 00 00 05 00 00 00 00")  # M_IT_NA_1 reqcogen, CA 1, IOA 7, 5 counts
NO_HINT, ITS_OWN, ANOTHERS, NOBODYS = 0x00, 0x01, 0x02, 0x63


@pytest.mark.parametrize("oa", [NO_HINT, ITS_OWN, ANOTHERS, NOBODYS])
@pytest.mark.parametrize(
    "request_", [GI, CI, EXECUTE, SELECT, SETPOINT, TEST, RESET, PARAMETER, octets("c8 01 06 00 01 00 07 00 00 01")]
)
def test_a_confirmation_reaches_only_the_one_who_asked_whatever_its_oa(request_: bytes, oa: int) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(request_)
    bench.rtu_gets()
    bench.confirms(request_, oa=oa)
    assert first.gets() == [first.answer(request_, ACTCON)]
    assert second.gets() == []


@pytest.mark.parametrize(
    ("oa_of_confirmation", "oa_of_data"),
    [(NO_HINT, NO_HINT), (ITS_OWN, NO_HINT), (ITS_OWN, ITS_OWN), (ANOTHERS, ANOTHERS), (NOBODYS, NO_HINT)],
)
@pytest.mark.parametrize(("request_", "value"), [(GI, GI_VALUE), (CI, COUNTER)])
def test_an_interrogations_answer_reaches_only_the_one_who_asked(
    request_: bytes, value: bytes, oa_of_confirmation: int, oa_of_data: int
) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(request_)
    bench.rtu_gets()
    bench.confirms(request_, oa=oa_of_confirmation)
    bench.rtu_sends(patched(value, oa=oa_of_data))
    bench.terminates(request_, oa=oa_of_confirmation)
    expected = [first.answer(request_, ACTCON), patched(value, oa=0x0A), first.answer(request_, ACTTERM)]
    assert first.gets() == expected
    assert second.gets() == []


def test_two_masters_interrogate_and_command_at_the_same_moment() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    second.sends(EXECUTE)
    assert bench.rtu_gets() == [patched(GI, oa=1), patched(EXECUTE, oa=2)]
    bench.confirms(EXECUTE)
    bench.confirms(GI)
    bench.rtu_sends(GI_VALUE)
    bench.terminates(EXECUTE)
    bench.terminates(GI)
    assert first.gets() == [first.answer(GI, ACTCON), patched(GI_VALUE, oa=0x0A), first.answer(GI, ACTTERM)]
    assert second.gets() == [second.answer(EXECUTE, ACTCON), second.answer(EXECUTE, ACTTERM)]


@pytest.mark.parametrize("oa", [NO_HINT, ITS_OWN, ANOTHERS, NOBODYS])
def test_a_read_value_reaches_only_the_one_who_asked(oa: int) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(READ)
    second.sends(patched(READ, ioa=8))
    bench.rtu_gets()
    bench.rtu_sends(patched(READ_VALUE, oa=oa))
    assert first.gets() == [patched(READ_VALUE, oa=0x0A)]
    bench.rtu_sends(patched(READ_VALUE, oa=oa, ioa=8))
    assert second.gets() == [patched(READ_VALUE, oa=0x0B, ioa=8)]
    assert first.gets() == []


def test_a_value_that_holds_the_objects_of_several_reads_answers_them_all() -> None:
    bench = Bench()
    first, second, third = bench.masters("ABC")
    first.sends(READ)
    second.sends(patched(READ, ioa=8))
    bench.rtu_gets()
    bench.rtu_sends(octets("01 82 05 00 01 00 07 00 00 01 00"))  # M_SP_NA_1 req, SQ, IOA 7 on, IOA 8 off
    assert first.gets() == [octets("01 82 05 0a 01 00 07 00 00 01 00")]
    assert second.gets() == [octets("01 82 05 0b 01 00 07 00 00 01 00")]
    assert third.gets() == []
    assert bench.router.unanswered == 0


def test_a_value_that_names_an_object_twice_answers_its_read_once() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(READ)
    bench.rtu_gets()
    twice = octets("01 02 05 00 01 00 07 00 00 01 07 00 00 00")  # M_SP_NA_1 req, IOA 7 on, IOA 7 off
    bench.rtu_sends(twice)
    assert master.gets() == [patched(twice, oa=0x0A)]


def test_a_private_read_gets_the_private_value() -> None:
    private = octets("c8 01 05 0a 01 00 07 00 00")  # type 200 req, IOA 7
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(private)
    second.sends(READ)
    bench.rtu_gets()
    bench.rtu_sends(octets("c8 01 05 00 01 00 07 00 00 2a"))  # type 200 req, IOA 7, one octet
    assert first.gets() == [octets("c8 01 05 0a 01 00 07 00 00 2a")]
    bench.rtu_sends(READ_VALUE)
    assert second.gets() == [patched(READ_VALUE, oa=0x0B)]


def test_a_parameters_activation_is_not_its_read() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(PARAMETER)
    bench.rtu_gets()
    value = patched(PARAMETER, cause=5, oa=0)
    bench.rtu_sends(value)
    assert first.gets() == second.gets() == [value]


def test_the_information_object_decides_before_the_oa() -> None:
    bench = Bench()
    master = bench.master("A")
    off = patched(EXECUTE, element="00")  # C_SC_NA_1 act, IOA 7, execute off
    master.sends(EXECUTE, now=0.0)
    bench.rtu_gets(now=0.0)
    bench.time_is(10.0)
    other = bench.master("B")
    other.sends(off, now=10.0)
    bench.rtu_gets(now=10.0)
    # Both are unconfirmed now. The object is A's, the hint says B, and B's is the newest.
    bench.confirms(EXECUTE, oa=2, now=11.0)
    assert master.gets() == [master.answer(EXECUTE, ACTCON)]
    bench.confirms(off, oa=1, now=11.0)
    assert other.gets() == [other.answer(off, ACTCON)]


@pytest.mark.parametrize(("oa", "asker"), [(1, "A"), (2, "B"), (0, "B"), (0x63, "B")])
def test_then_the_oa_decides_then_the_newest(oa: int, asker: str) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(EXECUTE, now=0.0)
    bench.rtu_gets(now=0.0)
    bench.time_is(10.0)
    second.sends(EXECUTE, now=10.0)
    bench.rtu_gets(now=10.0)
    bench.confirms(EXECUTE, oa=oa, now=11.0)
    got = {seat.name: seat.gets() for seat in (first, second)}
    assert [name for name, asdus in got.items() if asdus] == [asker]


def test_an_object_that_fits_no_entry_is_still_the_answer_to_the_only_one() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(SETPOINT)
    bench.rtu_gets()
    limited = patched(SETPOINT, cause=ACTCON, oa=0, element="00 10 00")  # the RTU confirms 4096, its highest value
    bench.rtu_sends(limited)
    assert master.gets() == [patched(limited, oa=0x0A)]


def test_a_replaced_time_tag_does_not_hide_whether_it_was_the_select_or_the_execute() -> None:
    bench = Bench()
    master = bench.master("A")
    execute = octets("3f 01 06 0a 01 00 07 00 00 00 00 20 41 00 10 27 1e 0c 15 0b 1a")  # C_SE_TC_1 act, 10.0, execute
    select = octets("3f 01 06 0a 01 00 07 00 00 00 00 20 41 80 10 27 1e 0c 15 0b 1a")  # C_SE_TC_1 act, 10.0, select
    answered = octets("3f 01 47 00 01 00 07 00 00 00 00 20 41 80 99 27 1e 0c 15 0b 1a")  # actcon-, select, other time
    master.sends(select, execute)
    bench.rtu_gets()
    bench.rtu_sends(answered)
    # What is left is the execute: its confirmation and its end find an owner.
    bench.confirms(execute)
    bench.terminates(execute)
    expected = [patched(answered, oa=0x0A), master.answer(execute, ACTCON), master.answer(execute, ACTTERM)]
    assert master.gets() == expected
    assert bench.router.tally[Tally.UNASKED] == 0


def test_of_equal_requests_a_confirmation_is_for_the_unconfirmed_and_a_termination_not() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(EXECUTE, EXECUTE)
    assert len(bench.rtu_gets()) == 2
    bench.confirms(EXECUTE)
    bench.confirms(EXECUTE)
    bench.time_is(15.0)
    bench.terminates(EXECUTE, now=15.0)
    bench.terminates(EXECUTE, now=15.0)
    assert len(master.gets()) == 4
    assert bench.router.unanswered == 0
    assert bench.router.tally == {Tally.DONE: 2}


def test_a_cancel_and_the_command_that_it_cancels_are_told_apart_by_the_cause() -> None:
    bench = Bench()
    master = bench.master("A")
    on = patched(CANCEL, element="01")  # C_SC_NA_1 deact, IOA 7: the object of the execute
    master.sends(EXECUTE, on)
    bench.rtu_gets()
    bench.rtu_sends(patched(EXECUTE, cause=ACTTERM, oa=0))
    assert bench.router.unanswered == 1
    bench.rtu_sends(patched(on, cause=DEACTCON, oa=0))
    assert bench.router.unanswered == 0
    assert master.gets() == [master.answer(EXECUTE, ACTTERM), master.answer(on, DEACTCON)]


def test_a_deactivation_confirmation_without_a_deactivation_is_nobodys() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(EXECUTE)
    bench.rtu_gets()
    bench.rtu_sends(patched(EXECUTE, cause=DEACTCON, oa=1))
    assert master.gets() == []
    assert bench.router.tally == {Tally.UNASKED: 1}


def test_another_type_at_the_same_point_is_another_request() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(EXECUTE)
    second.sends(DOUBLE)
    bench.rtu_gets()
    bench.confirms(DOUBLE, oa=1)
    assert first.gets() == []
    assert second.gets() == [second.answer(DOUBLE, ACTCON)]


@pytest.mark.parametrize("another", [patched(EXECUTE, ca=77), patched(EXECUTE, ioa=8)])
def test_an_answer_about_another_point_is_nobodys(another: bytes) -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(EXECUTE)
    bench.rtu_gets()
    bench.confirms(another, oa=1)
    assert master.gets() == []
    assert bench.router.tally == {Tally.UNASKED: 1}


def test_a_value_of_another_station_is_no_answer_to_this_interrogation() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    bench.rtu_sends(patched(GI_VALUE, ca=77))
    assert first.gets() == second.gets() == [patched(GI_VALUE, ca=77)]


def test_a_counter_is_no_answer_to_a_general_interrogation() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    bench.rtu_sends(COUNTER)
    assert first.gets() == second.gets() == [COUNTER]


@pytest.mark.parametrize(
    ("request_", "cause"),
    [
        (GI, 0x14),  # QOI 20: cause 20
        (GI_GROUP, 0x15),  # QOI 21: cause 21
        (GI_GROUP, 0x14),  # some RTUs answer a group with the cause of the whole station
    ],
)
def test_values_of_station_and_group(request_: bytes, cause: int) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(request_)
    bench.rtu_gets()
    bench.rtu_sends(patched(GI_VALUE, cause=cause))
    assert first.gets() == [patched(GI_VALUE, cause=cause, oa=0x0A)]
    assert second.gets() == []


@pytest.mark.parametrize(
    ("of_first", "of_second", "value", "asker"),
    [
        ("14", "15", 0x14, "A"),  # QOI 20 and 21: what comes with cause 20 is the station's
        ("14", "15", 0x15, "B"),
        ("15", "15", 0x14, "B"),  # no qualifier fits: the newest
    ],
)
def test_the_cause_of_a_value_tells_two_unanswered_interrogations_apart(
    of_first: str, of_second: str, value: int, asker: str
) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(patched(GI, element=of_first), now=0.0)
    bench.rtu_gets(now=0.0)
    bench.time_is(10.0)
    second.sends(patched(GI, element=of_second), now=10.0)
    bench.rtu_gets(now=10.0)
    bench.rtu_sends(patched(GI_VALUE, cause=value), now=11.0)
    got = {seat.name: seat.gets() for seat in (first, second)}
    assert [name for name, asdus in got.items() if asdus] == [asker]


@pytest.mark.parametrize(
    ("qcc", "cause"),
    [("05", 37), ("01", 38), ("02", 39), ("03", 40), ("04", 41)],
)
def test_the_cause_of_a_counter_tells_two_unanswered_interrogations_apart(qcc: str, cause: int) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(patched(CI, element=qcc), now=0.0)
    bench.rtu_gets(now=0.0)
    bench.time_is(10.0)
    second.sends(patched(CI, element="01" if qcc != "01" else "02"), now=10.0)
    bench.rtu_gets(now=10.0)
    bench.rtu_sends(patched(COUNTER, cause=cause), now=11.0)
    assert first.gets() == [patched(COUNTER, cause=cause, oa=0x0A)]
    assert second.gets() == []


def test_all_interrogated_values_may_be_copied_to_all() -> None:
    bench = Bench(copy_interrogation_data=True)
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    bench.confirms(GI)
    bench.rtu_sends(GI_VALUE)
    bench.terminates(GI)
    assert first.gets() == [first.answer(GI, ACTCON), patched(GI_VALUE, oa=0x0A), first.answer(GI, ACTTERM)]
    assert second.gets() == [GI_VALUE]


def test_a_copied_value_reaches_all_although_its_asker_is_gone() -> None:
    bench = Bench(copy_interrogation_data=True)
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    first.leaves()
    bench.rtu_sends(GI_VALUE)
    assert second.gets() == [GI_VALUE]


@pytest.mark.parametrize("cause", [NEGATIVE_ACTCON, 0x6C, 0x6D, 0x6E, 0x6F, 0x2C])
def test_a_negative_answer_reaches_only_the_one_who_asked(cause: int) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    bench.rtu_sends(patched(GI, cause=cause, oa=0))
    assert first.gets() == [first.answer(GI, cause)]
    assert second.gets() == []
    assert bench.router.unanswered == 0


@pytest.mark.parametrize("cause", [0x87, 0xC7])
def test_the_t_bit_never_changes_who_gets_an_answer(cause: int) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    test_command = patched(EXECUTE, cause=0x86)  # act with the T bit
    first.sends(test_command)
    assert bench.rtu_gets() == [patched(test_command, oa=1)]
    bench.rtu_sends(patched(EXECUTE, cause=cause, oa=0))
    assert first.gets() == [first.answer(EXECUTE, cause)]
    assert second.gets() == []


def test_the_newest_is_the_one_that_the_rtu_got_last() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    second.sends(TEST, READ, now=0.0)
    first.sends(READ, now=1.0)
    bench.rtu_gets(now=1.0, window=2)  # B's test and A's read; B's read came earlier and waits
    bench.time_is(11.0)
    assert bench.rtu_gets(now=11.0) == [patched(READ, oa=2)]
    bench.rtu_sends(READ_VALUE, now=12.0)
    assert first.gets() == []
    assert second.gets() == [patched(READ_VALUE, oa=0x0B)]


def test_equal_requests_of_one_session_are_answered_in_their_order() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(SELECT, CANCEL, SELECT)
    bench.rtu_gets()
    bench.confirms(SELECT)
    bench.rtu_sends(patched(CANCEL, cause=DEACTCON, oa=0))
    # The cancel ended the first select, not what came after it.
    bench.confirms(SELECT)
    expected = [master.answer(SELECT, ACTCON), master.answer(CANCEL, DEACTCON), master.answer(SELECT, ACTCON)]
    assert master.gets() == expected
    assert bench.router.unanswered == 0
