"""Common and originator addresses on their way through the gateway."""

import pytest

from iec104mm2ss.routing.addresses import free_originator, originators, towards_rtu
from iec104mm2ss.routing.notes import Tally
from tests.routing.bench import (
    ACTCON,
    CLOCK,
    EXECUTE,
    GI,
    GI_VALUE,
    RESET,
    SPONTANEOUS,
    TEST,
    UNKNOWN_CA,
    Bench,
    octets,
    patched,
)


@pytest.mark.parametrize(
    ("type_id", "ca", "expected"),
    [
        (100, 5, 1),  # the master's own number
        (45, 5, 1),
        (45, 77, 77),  # another station behind the RTU
        (45, 1, None),  # the RTU's own number, which this master knows as somebody else's
        (45, 0, None),  # not used
        (100, 65535, 1),  # broadcast
        (101, 65535, 1),
        (103, 65535, 1),
        (105, 65535, 1),
        (45, 65535, 65535),  # the standard allows no broadcast of these; the RTU says so itself
        (104, 65535, 65535),
    ],
)
def test_common_address_towards_the_rtu(type_id: int, ca: int, expected: int | None) -> None:
    assert towards_rtu(type_id, ca, master=5, rtu=1) == expected


def test_the_rtus_number_is_no_stranger_where_the_master_uses_it_too() -> None:
    assert towards_rtu(45, 1, master=1, rtu=1) == 1


def test_each_master_gets_its_own_common_address_and_the_rtu_its_own() -> None:
    bench = Bench(ca=1)
    first, second = bench.master("A"), bench.master("B", ca=5)
    bench.rtu_sends(SPONTANEOUS)
    assert first.gets() == [SPONTANEOUS]
    assert second.gets() == [octets("01 01 03 00 05 00 07 00 00 01")]  # M_SP_NA_1 spont, CA 5, IOA 7, on
    second.sends(patched(GI, ca=5))
    assert bench.rtu_gets() == [octets("64 01 06 02 01 00 00 00 00 14")]  # C_IC_NA_1 act, OA 2, CA 1
    bench.confirms(GI)
    bench.rtu_sends(GI_VALUE)
    assert second.gets() == [second.answer(patched(GI, ca=5), ACTCON), patched(GI_VALUE, ca=5, oa=0x0B)]
    assert first.gets() == []


def test_addresses_above_255_take_both_octets() -> None:
    bench = Bench(ca=0x0102)
    master = bench.master("A", ca=0xFFFE)
    master.sends(octets("64 01 06 00 fe ff 00 00 00 14"))  # C_IC_NA_1 act, CA 65534
    assert bench.rtu_gets() == [octets("64 01 06 01 02 01 00 00 00 14")]  # CA 258
    bench.rtu_sends(octets("01 01 03 00 02 01 07 00 00 01"))
    assert master.gets() == [octets("01 01 03 00 fe ff 07 00 00 01")]


def test_an_rtus_asdu_with_the_masters_number_is_withheld_from_that_master() -> None:
    bench = Bench(ca=1)
    first, second = bench.master("A"), bench.master("B", ca=5)
    stranger = octets("01 01 03 00 05 00 07 00 00 01")  # M_SP_NA_1 spont, CA 5: another station behind the RTU
    bench.rtu_sends(stranger, SPONTANEOUS)
    assert first.gets() == [stranger, SPONTANEOUS]
    assert second.gets() == [patched(SPONTANEOUS, ca=5)]
    assert (first.reader.withheld, second.reader.withheld) == (0, 1)


@pytest.mark.parametrize("ca", [1, 0])
def test_a_master_using_the_rtus_number_for_another_station_is_told_unknown_ca(ca: int) -> None:
    bench = Bench(ca=1)
    master = bench.master("A", ca=5)
    master.sends(patched(EXECUTE, ca=ca))
    assert master.gets() == [master.answer(patched(EXECUTE, ca=ca), UNKNOWN_CA)]
    assert bench.rtu_gets() == []
    assert bench.router.tally == {Tally.WRONG_CA: 1}
    (line,) = bench.lines()
    assert line.endswith("answered with cause 46 by the gateway")


def test_any_other_common_address_passes_and_the_rtu_answers_for_itself() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    stranger = patched(EXECUTE, ca=77)
    first.sends(stranger)
    assert bench.rtu_gets() == [patched(stranger, oa=1)]
    bench.rtu_sends(patched(stranger, cause=UNKNOWN_CA, oa=0))
    assert first.gets() == [first.answer(stranger, UNKNOWN_CA)]
    assert second.gets() == []


@pytest.mark.parametrize("asdu", [GI, CLOCK, RESET])
def test_broadcast_reaches_the_one_rtu_there_is(asdu: bytes) -> None:
    bench = Bench()
    bench.master("A").sends(asdu[:4] + b"\xff\xff" + asdu[6:])
    assert bench.rtu_gets() == [patched(asdu, oa=1)]


def test_nothing_but_addresses_changes_towards_the_rtu() -> None:
    bench = Bench()
    master = bench.master("A")
    longest = octets("c8 7f c6 0a 01 00") + bytes(range(243))  # type 200 act, 127 objects, T and P/N, 249 octets
    master.sends(longest)
    assert bench.rtu_gets() == [octets("c8 7f c6 01 01 00") + bytes(range(243))]


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        ([], []),
        ([None, None, None], [1, 2, 3]),
        ([None, 9, None], [1, 9, 3]),
        ([None, 1], [2, 1]),  # the first row's place is taken: the lowest that is nobody's
        ([2, None, None], [2, 1, 3]),
        ([None, None, 1], [3, 2, 1]),  # nobody is pushed from its place by one who was pushed himself
        ([255, *[None] * 255], [255, *range(2, 255), 1, 0]),
    ],
)
def test_originator_addresses_of_the_rows(fixed: list[int | None], expected: list[int]) -> None:
    assert originators(fixed) == expected


@pytest.mark.parametrize(
    ("preferred", "used", "reserved", "expected"),
    [
        (1, set(), {1, 2}, 1),
        (1, {1}, {1, 2}, 3),  # never another row's
        (1, {1, 3}, {1, 2}, 4),
        (1, set(range(1, 255)), {255}, 255),  # another row's rather than none
        (1, set(range(1, 256)), {1}, 0),
    ],
)
def test_originator_address_of_a_session(preferred: int, used: set[int], reserved: set[int], expected: int) -> None:
    assert free_originator(preferred, used=used, reserved=reserved) == expected


def test_a_rows_further_session_has_an_originator_address_of_its_own() -> None:
    bench = Bench(reserved=frozenset({1, 2}))
    assert [bench.master(name).session.oa for name in ("A", "A again", "B")] == [1, 3, 2]


def test_an_orphans_originator_address_is_not_used_again_while_it_lives() -> None:
    bench = Bench(reserved=frozenset({1, 2}))
    gone = bench.master("A")
    gone.sends(EXECUTE)
    bench.rtu_gets()
    gone.leaves()
    assert bench.master("A").session.oa == 3
    bench.confirms(EXECUTE)
    bench.terminates(EXECUTE)
    assert bench.master("A").session.oa == 1


def test_a_fixed_originator_address_goes_to_the_rtu() -> None:
    bench = Bench()
    bench.master("A", oa=200).sends(TEST)
    assert bench.rtu_gets() == [patched(TEST, oa=200)]


def test_without_stamp_the_rtu_gets_originator_address_0() -> None:
    bench = Bench(stamp=False)
    first, second = bench.masters("AB")
    first.sends(EXECUTE)
    second.sends(GI)
    assert bench.rtu_gets() == [patched(EXECUTE, oa=0), patched(GI, oa=0)]
    bench.confirms(GI)
    bench.confirms(EXECUTE)
    assert first.gets() == [first.answer(EXECUTE, ACTCON)]
    assert second.gets() == [second.answer(GI, ACTCON)]


@pytest.mark.parametrize("own_oa", [0, 7, 255])
def test_a_reply_has_the_originator_address_that_the_master_itself_used(own_oa: int) -> None:
    bench = Bench()
    master = bench.master("A", own_oa=own_oa)
    master.sends(EXECUTE)
    bench.rtu_gets()
    bench.confirms(EXECUTE, oa=1)
    assert master.gets() == [patched(EXECUTE, cause=ACTCON, oa=own_oa)]
