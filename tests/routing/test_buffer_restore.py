"""An event buffer that takes up what an earlier one kept, and what it tells for that purpose."""

from collections.abc import Hashable

from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.ring import Event
from tests.routing.buffer_asdus import event, value

STORED = [Event(7, 10.0, event(7)), Event(9, 12.0, event(9)), Event(12, 14.0, event(12))]


def restored(
    rows: dict[Hashable, tuple[int, int]], *, limit: int = 100, age: float = 60.0, now: float = 20.0
) -> EventBuffer:
    buffer = EventBuffer(10, limit=limit, age=age)
    buffer.restore(STORED, 15, rows, now)
    return buffer


def test_a_row_gets_what_it_had_not_acknowledged_and_then_what_comes() -> None:
    buffer = restored({"a": (10, 7), "b": (11, 10)})
    first, second = buffer.reader("a", 10), buffer.reader("b", 11)
    first.start(21.0)
    second.start(21.0)
    buffer.append([value(15)], 22.0)
    assert first.take(9, 22.0) == [event(7), event(9), event(12), value(15)]
    assert second.take(9, 22.0) == [event(12, ca=11), value(15, ca=11)]
    first.acknowledged(4)
    assert (first.appended, first.delivered, first.skipped, first.lost) == (4, 4, 0, 0)


def test_a_row_that_was_not_there_starts_at_the_tail() -> None:
    buffer = restored({"a": (10, 7)})
    new = buffer.reader("new", 10)
    new.start(21.0)
    assert new.take(9, 21.0) == []


def test_what_is_too_old_is_skipped_and_counted() -> None:
    buffer = restored({"a": (10, 7)}, age=7.0)
    reader = buffer.reader("a", 10)
    reader.start(20.0)
    assert reader.take(9, 20.0) == [event(12)]
    reader.acknowledged(1)
    assert (reader.appended, reader.delivered, reader.skipped, reader.lost) == (3, 1, 2, 0)


def test_what_there_is_no_room_for_is_lost_and_counted() -> None:
    buffer = restored({"a": (10, 7)}, limit=2)
    reader = buffer.reader("a", 10)
    reader.start(20.0)
    assert reader.take(9, 20.0) == [event(9), event(12)]
    reader.acknowledged(2)
    assert (reader.appended, reader.delivered, reader.skipped, reader.lost) == (3, 2, 0, 1)


def test_positions_are_those_of_absent_rows_and_of_the_session_that_is_furthest_behind() -> None:
    buffer = restored({"a": (10, 7), "b": (10, 12)})
    assert buffer.positions() == {"a": 7, "b": 12}
    one, other, new = buffer.reader("a", 10), buffer.reader("a", 10), buffer.reader("new", 10)
    assert buffer.positions() == {"a": 7, "b": 12}
    one.start(21.0)
    other.start(21.0)
    new.start(21.0)
    one.take(2, 21.0)
    one.acknowledged(1)
    assert buffer.positions() == {"a": 9, "b": 12, "new": 15}
    buffer.forget("a")
    assert buffer.positions() == {"b": 12, "new": 15}


def test_what_is_replayable_lies_in_order_wherever_it_is_kept() -> None:
    buffer = restored({"a": (10, 7)})
    buffer.append([event(15), value(16), event(17)], 21.0)
    assert [it.position for it in buffer.replayable(0)] == [7, 9, 12, 15, 17]
    assert [it.position for it in buffer.replayable(9)] == [9, 12, 15, 17]
    assert [it.position for it in buffer.replayable(16)] == [17]
    assert buffer.replayable(18) == []


def test_nothing_is_wanted_before_the_oldest() -> None:
    assert EventBuffer(10, limit=5, age=60.0).oldest == 0
    assert restored({}).oldest == 15
    assert restored({"a": (10, 8)}).oldest == 9
    assert restored({"a": (10, 7)}, limit=2).oldest == 9
    buffer = restored({"a": (10, 15)})
    buffer.append([event(15)], 21.0)
    assert buffer.oldest == 15
