"""Types 128 to 255, which no standard defines: forwarded, or blocked for a group in both directions."""

import pytest

from iec104mm2ss.routing.notes import Tally
from iec104mm2ss.routing.policy import Policy
from tests.routing.bench import GI, SPONTANEOUS, Bench, octets, patched

PRIVATE = octets("80 01 03 00 01 00 07 00 00 01")  # type 128 spont
LAST_PRIVATE = octets("ff 01 07 00 01 00 07 00 00 01")  # type 255 actcon
UNDEFINED = octets("77 01 03 00 01 00 07 00 00 01")  # type 119 spont
REQUEST = octets("c8 01 06 0a 01 00 07 00 00 01")  # type 200 act


def test_what_is_blocked_of_the_rtu_reaches_nobody_and_the_rest_all_in_order() -> None:
    bench = Bench(private_types=False)
    masters = bench.masters("AB")
    other = patched(SPONTANEOUS, ioa=8)
    bench.rtu_sends(SPONTANEOUS, PRIVATE, UNDEFINED, LAST_PRIVATE, other)
    assert [seat.gets() for seat in masters] == [[SPONTANEOUS, UNDEFINED, other]] * 2
    assert bench.router.tally == {Tally.PRIVATE: 2}


def test_a_batch_of_nothing_but_private_types_is_blocked_too() -> None:
    bench = Bench(private_types=False)
    master = bench.master("A")
    bench.rtu_sends(PRIVATE)
    assert master.gets() == []
    assert bench.router.tally == {Tally.PRIVATE: 1}


def test_the_first_is_a_line_in_the_rtus_log_and_all_are_counted() -> None:
    bench = Bench(private_types=False)
    bench.rtu_sends(PRIVATE, PRIVATE)
    bench.rtu_sends(PRIVATE)
    (line,) = bench.lines()
    assert line.startswith("RTU: ")
    assert line.endswith("dropped, private types are blocked; further ones are counted only")
    assert bench.router.tally == {Tally.PRIVATE: 3}


@pytest.mark.parametrize("first", [True, False])
def test_one_group_may_block_what_another_forwards(first: bool) -> None:  # noqa: FBT001 - a table's column
    """How long values are is remembered for all groups together."""
    benches = [Bench(private_types=first), Bench(private_types=not first)]
    seats = [bench.master("A") for bench in benches]
    for bench in benches * 2:
        bench.rtu_sends(SPONTANEOUS)
        bench.rtu_sends(PRIVATE)
    forwarded, blocked = [SPONTANEOUS, PRIVATE] * 2, [SPONTANEOUS] * 2
    assert [seat.gets() for seat in seats] == ([forwarded, blocked] if first else [blocked, forwarded])


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (REQUEST, 0x47),  # negative ACTCON
        (patched(REQUEST, cause=0x08), 0x49),  # negative DEACTCON
        (patched(REQUEST, cause=0x03), 0x43),  # whatever it is, P/N
        (octets("80 00 06 0a 01 00"), 0x47),  # type 128, nothing but a header
    ],
)
def test_what_is_blocked_of_a_master_is_mirrored_negatively(request_: bytes, answer: int) -> None:
    bench = Bench(private_types=False)
    bench.refuses(bench.master("A"), request_, answer, "private types are blocked in this group")


def test_other_requests_pass_where_private_types_are_blocked() -> None:
    bench = Bench(private_types=False)
    bench.master("A").sends(GI, patched(UNDEFINED, cause=6))
    assert sorted(bench.rtu_gets()) == [patched(GI, oa=1), patched(UNDEFINED, cause=6, oa=1)]


def test_a_reload_blocks_and_forwards_from_then_on() -> None:
    bench = Bench()
    master = bench.master("A")
    bench.rtu_sends(PRIVATE)
    bench.router.adopt(Policy(ca=1, private_types=False))
    bench.rtu_sends(PRIVATE)
    master.sends(REQUEST)
    assert bench.rtu_gets() == []
    assert master.gets() == [PRIVATE, master.answer(REQUEST, 0x47)]
    bench.router.adopt(Policy(ca=1))
    bench.rtu_sends(PRIVATE)
    master.sends(REQUEST)
    assert bench.rtu_gets() == [patched(REQUEST, oa=1)]
    assert master.gets() == [PRIVATE]
