"""A group goes on under other settings: what is under way keeps what it began with, what waits needs leave anew."""

from typing import Any

import pytest

from iec104mm2ss.routing.notes import Tally
from iec104mm2ss.routing.policy import Clock, MasterPolicy, Policy
from tests.routing.bench import (
    CLOCK,
    EXECUTE,
    FREEZE,
    GI,
    GI_VALUE,
    NEGATIVE_ACTCON,
    PARAMETER,
    SELECT,
    Bench,
    octets,
    patched,
)
from tests.routing.buffer_asdus import event, value
from tests.routing.test_buffer_bounds import group, keep_up

PRIVATE = octets("c8 01 06 0a 01 00 07 00 00 01")  # type 200 act
DELETE_FILE = octets("7a 01 0d 0a 01 00 01 00 00 02 00 00 04")  # F_SC_NA_1 delete file 2


@pytest.mark.parametrize(
    ("request_", "rules", "answer", "reason"),
    [
        (EXECUTE, {"commands": False}, NEGATIVE_ACTCON, "this master may not command"),
        (FREEZE, {"commands": False}, NEGATIVE_ACTCON, "this master may not command"),
        (DELETE_FILE, {"commands": False}, 0x4D, "this master may not command"),
        (PARAMETER, {"points": range(1000, 2000)}, NEGATIVE_ACTCON, "not among the command_points of this master"),
        (CLOCK, {"clock": Clock.REFUSE}, NEGATIVE_ACTCON, "this master may not set the clock"),
    ],
)
def test_what_a_master_may_do_no_more_is_refused_though_it_waited(
    request_: bytes, rules: dict[str, Any], answer: int, reason: str
) -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(request_, GI, now=1.0)
    master.session.policy = MasterPolicy(ca=1, oa=1, **rules)
    assert bench.rtu_gets(now=1.05) == [patched(GI, oa=1)]
    assert master.gets() == [master.answer(request_, answer)]
    assert bench.router.tally == {Tally.REFUSED: 1}
    assert bench.lines()[0].endswith(f"refused by the gateway: {reason}")


def test_a_private_type_that_is_blocked_by_now_is_refused_though_it_waited() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(PRIVATE, GI)
    bench.router.adopt(Policy(ca=1, private_types=False))
    assert bench.rtu_gets() == [patched(GI, oa=1)]
    assert master.gets() == [master.answer(PRIVATE, NEGATIVE_ACTCON)]
    assert bench.lines()[0].endswith("refused by the gateway: private types are blocked in this group")


def test_a_command_that_is_still_allowed_keeps_its_turn() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(EXECUTE)
    master.session.policy = MasterPolicy(ca=1, oa=1, points=range(7, 8))
    bench.router.adopt(Policy(ca=1, private_types=False))
    assert bench.rtu_gets() == [patched(EXECUTE, oa=1)]


def test_interrogated_values_are_copied_from_then_on() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(GI)
    bench.rtu_gets()
    bench.rtu_sends(GI_VALUE)
    assert second.gets() == []
    bench.router.adopt(Policy(ca=1, copy_interrogation_data=True))
    bench.rtu_sends(GI_VALUE)
    assert second.gets() == [GI_VALUE]


def test_a_point_selected_before_keeps_its_time_and_the_next_has_the_new_one() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(SELECT, patched(SELECT, ioa=8))
    bench.rtu_gets(window=1)
    bench.router.adopt(Policy(ca=1, select_timeout=3.0))
    bench.rtu_gets(window=1)
    bench.confirms(SELECT)
    bench.confirms(patched(SELECT, ioa=8))
    second.sends(EXECUTE, patched(EXECUTE, ioa=8), now=4.0)
    assert [asdu[6] for asdu in bench.rtu_gets(now=4.0)] == [8]


def test_a_new_session_gets_no_originator_that_is_in_use_or_still_awaited() -> None:
    """Rows have changed places: B's is now the first, whose OA A still uses, then A's orphan."""
    bench = Bench(reserved=frozenset((1, 2)))
    first = bench.master("A")
    first.sends(EXECUTE)
    assert [asdu[3] for asdu in bench.rtu_gets()] == [1]
    bench.router.adopt(Policy(ca=1, reserved=frozenset((1, 2, 3))))
    assert bench.master("B", oa=1).session.oa == 4
    first.leaves()
    assert bench.master("C", oa=1).session.oa == 5
    bench.confirms(EXECUTE, oa=1)
    bench.terminates(EXECUTE, oa=1)
    assert bench.master("D", oa=1).session.oa == 1


def test_without_the_stamp_later_sessions_have_none() -> None:
    bench = Bench()
    assert bench.master("A").session.oa == 1
    bench.router.adopt(Policy(ca=1, stamp=False))
    assert bench.master("B").session.oa == 0


def test_a_smaller_buffer_drops_the_oldest_at_once_and_counts_them() -> None:
    buffer, (slow, fast) = group(10, 10, 10)
    buffer.append([value(number) for number in range(8)], 1.0)
    keep_up(fast)
    buffer.resize(limit=3, age=60.0, now=2.0)
    assert (buffer.kept, slow.lost, fast.lost) == (3, 5, 0)
    assert buffer.overrun() == [slow]


def test_a_larger_buffer_takes_more() -> None:
    buffer, (slow,) = group(3, 10)
    buffer.append([value(number) for number in range(3)], 1.0)
    buffer.resize(limit=5, age=60.0, now=2.0)
    buffer.append([value(3), value(4)], 3.0)
    assert (buffer.kept, slow.lost) == (5, 0)


def test_a_shorter_age_counts_for_what_is_kept_already() -> None:
    buffer, (reader,) = group(10, 10)
    reader.stop(0.0)
    buffer.append([event(1)], 1.0)
    buffer.append([event(2)], 9.0)
    buffer.resize(limit=10, age=5.0, now=10.0)
    reader.start(10.0)
    assert reader.take(9, 10.0) == [event(2)]
