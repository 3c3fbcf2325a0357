"""The event buffer when there is no room: who loses what, who is told, when the RTU is slowed down."""

from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.reader import Reader
from tests.routing.buffer_asdus import confirmation, event, value


def group(limit: int, *cas: int, age: float = 60.0) -> tuple[EventBuffer, list[Reader]]:
    """A buffer for RTU 10 and one started session for each CA; the rows are 0, 1 and so on."""
    buffer = EventBuffer(10, limit=limit, age=age)
    readers = [buffer.reader(row, ca) for row, ca in enumerate(cas)]
    for reader in readers:
        reader.start(0.0)
    return buffer, readers


def keep_up(reader: Reader) -> list[bytes]:
    """Take and acknowledge everything."""
    asdus = reader.take(reader.behind, 0.0)
    reader.acknowledged(len(asdus))
    return asdus


def test_the_one_that_does_not_take_falls_off_and_costs_the_others_nothing() -> None:
    buffer, (slow, fast) = group(10, 11, 10)
    received = []
    for number in range(30):
        buffer.append([value(number)], 1.0)
        received += keep_up(fast)
        assert buffer.kept <= 10
    assert received == [value(number) for number in range(30)]
    assert (slow.lost, fast.lost) == (20, 0)
    assert (slow.overrun, fast.overrun) == (20, 0)
    assert buffer.overrun() == [slow]
    assert buffer.overrun() == []
    assert slow.take(99, 1.0) == [value(number, ca=11) for number in range(20, 30)]
    assert slow.behind == 0


def test_a_session_that_fell_off_is_told_once_until_it_stops() -> None:
    buffer, (slow,) = group(2, 10)
    buffer.append([value(number) for number in range(3)], 1.0)
    assert buffer.overrun() == [slow]
    buffer.append([value(3)], 1.0)
    assert buffer.overrun() == []
    slow.stop(2.0)
    slow.start(3.0)
    buffer.append([value(number) for number in range(3)], 4.0)
    assert buffer.overrun() == [slow]
    assert (slow.overrun, slow.lost) == (1, 3)


def test_a_session_that_stopped_is_not_told() -> None:
    buffer, (slow, _) = group(2, 10, 10)
    buffer.append([value(number) for number in range(3)], 1.0)
    slow.stop(2.0)
    assert slow not in buffer.overrun()


def test_what_was_for_others_or_withheld_is_not_lost() -> None:
    buffer, (renamed, other) = group(2, 11, 10)
    buffer.append([value(1, ca=11)], 1.0)
    buffer.append_own(other, confirmation(2), 1.0)
    buffer.append_own(other, confirmation(3), 1.0)
    buffer.append_own(other, confirmation(4), 1.0)
    assert (renamed.lost, renamed.withheld) == (0, 1)
    assert other.lost == 2
    assert buffer.overrun() == [other]


def test_a_lost_answer_is_counted() -> None:
    buffer, (reader,) = group(2, 10)
    buffer.append_for({reader: 5}, confirmation(1), 1.0)
    buffer.append([value(2), value(3)], 1.0)
    assert (reader.lost, reader.behind) == (1, 2)


def test_events_for_the_absent_go_before_what_a_started_session_waits_for() -> None:
    buffer, (gone, slow) = group(4, 10, 10)
    gone.stop(1.0)
    buffer.append([event(1), event(2)], 2.0)
    keep_up(slow)
    buffer.append([value(3), value(4), value(5)], 3.0)
    assert (gone.lost, slow.lost) == (1, 0)
    buffer.append([value(6), value(7)], 3.0)
    assert (gone.lost, slow.lost) == (2, 1)


def test_a_loss_is_counted_for_every_absent_row_that_would_have_got_the_event() -> None:
    buffer, (early, late, renamed, slow) = group(3, 10, 10, 11, 10)
    early.stop(1.0)
    renamed.stop(1.0)
    buffer.append([event(1), event(2, ca=11)], 2.0)
    keep_up(late)
    late.stop(3.0)
    buffer.append([event(3), event(4), value(5)], 4.0)
    assert [reader.lost for reader in (early, late, renamed, slow)] == [2, 0, 1, 2]
    buffer.append([value(6)], 4.0)
    assert [buffer.account(row).lost for row in range(4)] == [3, 1, 2, 3]


def test_an_event_too_old_for_a_replay_is_no_loss() -> None:
    buffer, (gone, slow) = group(2, 10, 10, age=60.0)
    gone.stop(1.0)
    buffer.append([event(1), event(2)], 2.0)
    buffer.append([value(3)], 62.0)
    assert gone.lost == 1
    buffer.append([value(4)], 62.5)
    assert (gone.lost, slow.lost) == (1, 2)


def test_losses_of_a_replay_are_counted_but_do_not_end_the_session() -> None:
    buffer, (back, other) = group(3, 10, 10)
    back.stop(1.0)
    buffer.append([event(1), event(2), event(3)], 2.0)
    keep_up(other)
    back.start(3.0)
    buffer.append([value(4), value(5)], 4.0)
    keep_up(other)
    assert back.lost == 2
    assert buffer.overrun() == []
    assert back.take(9, 4.0) == [event(3), value(4), value(5)]


def test_what_is_in_flight_and_no_longer_kept_is_lost_only_if_it_has_to_be_repeated() -> None:
    buffer, (reader, other) = group(3, 10, 10)
    buffer.append([value(0), event(1), event(2)], 1.0)
    assert len(reader.take(3, 1.0)) == 3
    keep_up(other)
    buffer.append([event(3), event(4), event(5)], 2.0)
    assert (reader.lost, reader.behind) == (0, 3)
    reader.acknowledged(2)
    reader.stop(3.0)
    reader.start(4.0)
    # of the untagged 0 and the events 1 and 2, the last was not acknowledged
    assert (reader.delivered, reader.lost) == (2, 1)
    assert reader.take(9, 4.0) == [event(3), event(4), event(5)]


def test_what_was_acknowledged_after_it_had_to_go_is_forgotten() -> None:
    buffer, (reader, _) = group(3, 10, 10)
    for number in range(50):
        buffer.append([event(number)], 1.0)
        reader.take(1, 1.0)
        reader.acknowledged(reader.in_flight - 5)
    assert len(reader._gone) <= 5


def test_what_was_in_flight_when_the_row_left_is_lost_at_the_return() -> None:
    buffer, (reader, other) = group(2, 10, 10)
    buffer.append([event(1), event(2)], 1.0)
    reader.take(2, 1.0)
    reader.stop(2.0)
    keep_up(other)
    buffer.append([value(3)], 3.0)
    assert reader.lost == 0
    reader.acknowledged(1)
    reader.start(4.0)
    assert (reader.delivered, reader.lost) == (1, 0)
    assert reader.take(9, 4.0) == [event(2)]


def test_all_behind_needs_more_than_half_and_ends_below_a_quarter() -> None:
    buffer, (one, two) = group(8, 10, 10)
    buffer.append([value(number) for number in range(4)], 1.0)
    assert not buffer.all_behind
    buffer.append([value(4)], 1.0)
    assert buffer.all_behind
    one.take(3, 1.0)
    assert buffer.all_behind
    one.take(1, 1.0)
    assert not buffer.all_behind
    buffer.append([value(5), value(6)], 1.0)
    assert not buffer.all_behind
    two.take(7, 1.0)
    assert not buffer.all_behind


def test_a_prompt_one_is_not_outrun_any_more_once_little_is_kept() -> None:
    buffer, (only,) = group(8, 10)
    buffer.append([value(number) for number in range(6)], 1.0)
    assert buffer.outruns_prompt_one(1.0)
    only.acknowledged(len(only.take(6, 1.0)))
    buffer.resize(limit=8, age=60.0, now=1.0)
    assert not buffer.outruns_prompt_one(1.0)
    buffer.append([value(number) for number in range(4)], 2.0)
    assert not buffer.outruns_prompt_one(2.0), "a quarter behind is not more than half"


def test_one_that_keeps_up_is_enough() -> None:
    buffer, (_, fast) = group(8, 10, 10)
    buffer.append([value(number) for number in range(8)], 1.0)
    assert buffer.all_behind
    fast.take(8, 1.0)
    assert not buffer.all_behind


def test_nobody_is_not_behind() -> None:
    buffer, (only,) = group(4, 10)
    buffer.append([value(number) for number in range(4)], 1.0)
    assert buffer.all_behind
    only.stop(2.0)
    assert not buffer.all_behind


def test_events_to_be_replayed_count_for_being_behind() -> None:
    buffer, (back,) = group(8, 10)
    back.stop(1.0)
    buffer.append([event(number) for number in range(5)], 2.0)
    back.start(3.0)
    assert buffer.all_behind


def test_a_prompt_session_more_than_half_behind_is_outrun_until_it_is_a_quarter_behind() -> None:
    buffer, (slow, fast) = group(8, 10, 10)
    buffer.append([value(number) for number in range(5)], 1.0)
    fast.take(5, 1.0)
    slow.take(1, 1.0)
    assert not buffer.outruns_prompt_one(1.0)
    buffer.append([value(5)], 1.0)
    fast.take(1, 1.0)
    assert buffer.outruns_prompt_one(1.0)
    slow.acknowledged(1)
    slow.take(2, 1.0)
    assert buffer.outruns_prompt_one(1.05)
    slow.acknowledged(2)
    slow.take(1, 1.0)
    assert not buffer.outruns_prompt_one(1.05)


def test_a_session_that_has_not_acknowledged_for_a_tenth_of_a_second_holds_nobody() -> None:
    buffer, (stuck, fast) = group(8, 10, 10)
    buffer.append([value(number) for number in range(8)], 1.0)
    fast.take(8, 1.0)
    stuck.take(2, 1.0)
    assert buffer.outruns_prompt_one(1.09)
    assert not buffer.outruns_prompt_one(1.1)
    stuck.acknowledged(2)
    assert buffer.outruns_prompt_one(1.2)


def test_what_was_taken_in_pieces_counts_from_the_oldest() -> None:
    buffer, (reader,) = group(8, 10)
    buffer.append([value(number) for number in range(7)], 1.0)
    buffer.append_own(reader, value(7), 1.0)
    reader.take(1, 1.0)
    reader.take(1, 1.05)
    assert not buffer.outruns_prompt_one(1.12)
    reader.acknowledged(1)
    assert buffer.outruns_prompt_one(1.12)
