"""The event buffer while every row is there: fan-out, addresses, acknowledgement."""

import pytest

from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.reader import Reader
from tests.routing.buffer_asdus import M_EI, confirmation, event, value


def group(*cas: int, limit: int = 100) -> tuple[EventBuffer, list[Reader]]:
    """A buffer for RTU 10 and one started session for each CA."""
    buffer = EventBuffer(10, limit=limit, age=60.0)
    readers = [buffer.reader(row, ca) for row, ca in enumerate(cas)]
    for reader in readers:
        reader.start(0.0)
    return buffer, readers


def test_every_started_session_gets_every_broadcast_in_order_and_at_its_own_pace() -> None:
    buffer, (fast, slow) = group(10, 10)
    buffer.append([value(1), value(2), value(3)], 1.0)
    buffer.append([value(4)], 2.0)
    assert fast.take(10, 2.0) == [value(1), value(2), value(3), value(4)]
    assert slow.take(3, 2.0) == [value(1), value(2), value(3)]
    assert slow.take(3, 2.0) == [value(4)]
    assert slow.take(3, 2.0) == []


def test_a_session_has_more_until_it_has_taken_what_is_for_it_and_passed_over_the_rest() -> None:
    buffer, (asker, other) = group(10, 10)
    assert not other.has_more
    buffer.append_for({asker: 0}, value(1), 1.0)
    assert (asker.has_more, other.has_more) == (True, True)
    assert (asker.take(5, 1.0), other.take(5, 1.0)) == ([value(1)], [])
    assert (asker.has_more, other.has_more) == (False, False)
    other.prepend(M_EI)
    assert other.has_more


def test_a_session_that_is_not_started_gets_nothing() -> None:
    buffer, (stopped, started) = group(10, 10)
    stopped.stop(0.5)
    waiting = buffer.reader("new", 10)
    buffer.append([value(1)], 1.0)
    assert (stopped.take(5, 1.0), waiting.take(5, 1.0)) == ([], [])
    assert (stopped.behind, waiting.behind, started.behind) == (0, 0, 1)


def test_a_row_that_comes_for_the_first_time_starts_at_the_tail() -> None:
    buffer, _ = group(10)
    buffer.append([event(1)], 1.0)
    late = buffer.reader("late", 10)
    late.start(2.0)
    buffer.append([event(2)], 3.0)
    assert late.take(5, 3.0) == [event(2)]
    assert (late.appended, late.skipped) == (1, 0)


def test_starting_and_stopping_twice_is_the_same_as_once() -> None:
    buffer, (reader,) = group(10)
    buffer.append([value(1)], 1.0)
    reader.start(2.0)
    assert reader.behind == 1
    reader.stop(3.0)
    reader.stop(4.0)
    assert not reader.started


def test_the_rtu_has_the_number_that_the_master_gave_it() -> None:
    buffer, (one, other) = group(11, 0x1234)
    buffer.append([value(1), value(2, ca=99)], 1.0)
    assert one.take(5, 1.0) == [value(1, ca=11), value(2, ca=99)]
    assert other.take(5, 1.0) == [value(1, ca=0x1234), value(2, ca=99)]


def test_sessions_with_the_same_number_share_the_rewritten_octets() -> None:
    buffer, (one, other) = group(11, 11)
    buffer.append([value(1)], 1.0)
    assert one.take(1, 1.0)[0] is other.take(1, 1.0)[0]


def test_another_station_with_the_number_of_the_master_is_withheld_and_counted() -> None:
    buffer, (renamed, plain) = group(11, 10)
    buffer.append([value(1), value(2, ca=11), value(3)], 1.0)
    assert renamed.take(5, 1.0) == [value(1, ca=11), value(3, ca=11)]
    assert plain.take(5, 1.0) == [value(1), value(2, ca=11), value(3)]
    assert (renamed.withheld, renamed.skipped) == (1, 1)
    assert (plain.withheld, plain.skipped) == (0, 0)


def test_a_second_session_of_a_number_reads_on_where_the_first_has_left_the_lane() -> None:
    buffer, (first,) = group(11)
    buffer.append([value(1)], 1.0)
    second = buffer.reader("second", 11)
    second.start(1.5)
    first.stop(1.6)
    buffer.append([value(2), value(3)], 2.0)
    assert second.take(5, 2.0) == [value(2, ca=11), value(3, ca=11)]


def test_a_number_that_was_gone_is_served_again_from_the_tail_on() -> None:
    buffer, (first, _) = group(11, 10)
    buffer.append([value(1)], 1.0)
    first.take(1, 1.0)
    first.stop(2.0)
    buffer.append([value(2)], 3.0)
    first.start(4.0)
    buffer.append([value(3)], 5.0)
    assert first.take(5, 5.0) == [value(3, ca=11)]


def test_an_answer_reaches_its_addressees_only_each_with_its_own_originator() -> None:
    buffer, (one, two, three) = group(10, 11, 10)
    buffer.append([value(1)], 1.0)
    buffer.append_for({one: 5, two: 0}, confirmation(2), 1.0)
    buffer.append([value(3)], 1.0)
    # the fourth octet is the originator address
    assert one.take(5, 1.0) == [value(1), b"\x2d\x01\x07\x05\x0a\x00\x02\x00\x00\x01", value(3)]
    assert two.take(5, 1.0) == [value(1, ca=11), b"\x2d\x01\x07\x00\x0b\x00\x02\x00\x00\x01", value(3, ca=11)]
    assert three.take(5, 1.0) == [value(1), value(3)]
    assert (one.appended, three.appended) == (3, 2)


def test_an_answer_that_carries_the_number_of_the_master_is_withheld() -> None:
    buffer, (reader,) = group(11)
    buffer.append_for({reader: 5}, confirmation(1, ca=11), 1.0)
    assert reader.take(5, 1.0) == []
    assert (reader.withheld, reader.skipped, reader.behind) == (1, 1, 0)


def test_an_answer_of_the_gateway_is_sent_as_it_is() -> None:
    buffer, (renamed, other) = group(11, 11)
    # the CA is the RTU's, the OA is 7; neither is touched
    answer = b"\x2d\x01\x47\x07\x0a\x00\x02\x00\x00\x01"
    buffer.append_own(renamed, answer, 1.0)
    assert renamed.take(5, 1.0) == [answer]
    assert other.take(5, 1.0) == []


def test_an_answer_for_a_session_that_is_not_started_is_dropped_and_counted() -> None:
    buffer, (gone, there) = group(10, 10)
    gone.stop(1.0)
    buffer.append_own(gone, confirmation(1), 2.0)
    buffer.append_for({gone: 1, there: 2}, confirmation(2), 2.0)
    gone.prepend(M_EI)
    gone.start(3.0)
    assert gone.take(5, 3.0) == []
    assert gone.account.dropped == 3
    assert len(there.take(5, 3.0)) == 1


def test_an_answer_that_only_sessions_not_started_would_get_takes_no_place() -> None:
    buffer, (gone,) = group(10)
    gone.stop(1.0)
    buffer.append_own(gone, confirmation(1), 2.0)
    assert buffer.tail == 0


def test_end_of_initialisation_goes_before_everything() -> None:
    buffer, (reader,) = group(11)
    buffer.append([value(1)], 1.0)
    reader.prepend(M_EI)
    assert reader.behind == 2
    assert reader.take(1, 1.0) == [M_EI]
    assert reader.take(1, 1.0) == [value(1, ca=11)]


def test_a_take_ends_at_n_also_between_answers() -> None:
    buffer, (reader, other) = group(10, 10)
    for number in range(4):
        buffer.append_own(reader, confirmation(number), 1.0)
        buffer.append_own(other, confirmation(number), 1.0)
    assert reader.take(2, 1.0) == [confirmation(0), confirmation(1)]
    assert reader.behind == 2
    assert reader.take(0, 1.0) == []
    assert reader.take(3, 1.0) == [confirmation(2), confirmation(3)]


def test_the_first_unacknowledged_is_exact_although_others_lie_between() -> None:
    buffer, (reader, other) = group(10, 10)
    reader.prepend(M_EI)
    buffer.append([value(0), value(1)], 1.0)
    buffer.append_own(other, confirmation(2), 1.0)
    buffer.append([value(3), value(4)], 1.0)
    assert len(reader.take(10, 1.0)) == 5
    firsts = [reader.first_unacknowledged]
    for _ in range(5):
        reader.acknowledged(1)
        firsts.append(reader.first_unacknowledged)
    assert firsts == [0, 0, 1, 3, 4, 5]
    assert reader.delivered == 5


def test_one_acknowledgement_covers_several_takes() -> None:
    buffer, (reader,) = group(10)
    buffer.append([value(number) for number in range(6)], 1.0)
    for _ in range(3):
        reader.take(2, 1.0)
    assert reader.in_flight == 6
    reader.acknowledged(5)
    assert (reader.in_flight, reader.delivered, reader.first_unacknowledged) == (1, 5, 5)


def test_an_acknowledgement_of_more_than_was_taken_is_not_counted() -> None:
    buffer, (reader,) = group(10)
    buffer.append([value(1)], 1.0)
    reader.take(1, 1.0)
    reader.acknowledged(3)
    assert reader.delivered == 1


def test_the_group_is_as_far_as_its_slowest_started_session() -> None:
    buffer, (fast, slow) = group(10, 10)
    buffer.append([value(number) for number in range(6)], 1.0)
    fast.take(6, 1.0)
    fast.acknowledged(4)
    slow.take(3, 1.0)
    slow.acknowledged(1)
    assert (buffer.first_unacknowledged(), buffer.tail) == (1, 6)
    slow.stop(2.0)
    assert buffer.first_unacknowledged() == 4
    fast.stop(2.0)
    assert buffer.first_unacknowledged() == 6


def test_a_lane_that_fell_behind_the_ring_goes_on_at_its_start() -> None:
    buffer, (first,) = group(11, limit=1000)
    buffer.append([value(number) for number in range(70)], 1.0)
    second = buffer.reader("second", 11)
    second.start(2.0)
    first.stop(3.0)
    assert buffer.kept == 0
    buffer.append([value(1), value(2, ca=11), value(3)], 4.0)
    assert second.take(9, 4.0) == [value(1, ca=11), value(3, ca=11)]


@pytest.mark.parametrize("cas", [(10, 10), (11, 12)])
def test_a_long_run_is_kept_no_longer_than_needed(cas: tuple[int, ...]) -> None:
    buffer, readers = group(*cas, limit=1000)
    received: list[list[bytes]] = [[] for _ in cas]
    for start in range(0, 2000, 8):
        buffer.append([value(number) for number in range(start, start + 8)], float(start))
        for place, reader in enumerate(readers):
            received[place] += reader.take(8, float(start))
            reader.acknowledged(8)
        assert buffer.kept <= 64 + 8
    assert received == [[value(number, ca=ca) for number in range(2000)] for ca in cas]


def test_what_is_in_flight_is_kept() -> None:
    buffer, (reader,) = group(10, limit=1000)
    buffer.append([value(number) for number in range(100)], 1.0)
    assert len(reader.take(100, 1.0)) == 100
    buffer.append([value(number) for number in range(70)], 1.0)
    assert buffer.kept == 170


def test_answers_and_withheld_values_are_forgotten_with_the_ring() -> None:
    buffer, (renamed, plain) = group(11, 10, limit=1000)
    for number in range(300):
        buffer.append([value(number), value(number, ca=11)], 1.0)
        buffer.append_own(plain, confirmation(number), 1.0)
        assert renamed.take(9, 1.0) == [value(number, ca=11)]
        assert plain.take(9, 1.0) == [value(number), value(number, ca=11), confirmation(number)]
        renamed.acknowledged(1)
        plain.acknowledged(3)
    assert buffer.kept <= 64 + 3
    assert (renamed.delivered, renamed.withheld, plain.delivered) == (300, 300, 900)
    assert len(renamed._lane.marks) <= 64 + 3
    renamed.stop(2.0)
    assert renamed._lane.marks == []
