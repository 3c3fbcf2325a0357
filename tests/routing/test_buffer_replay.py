"""The event buffer when a row was away: what it gets at its return, in which order, and what goes ahead."""

from collections.abc import Sequence

import pytest

from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.reader import Reader, overtakes
from iec104mm2ss.routing.ring import is_replayable
from tests.routing.buffer_asdus import M_EI, confirmation, event, value


def away(*, ca: int = 10, age: float = 60.0, limit: int = 1000) -> tuple[EventBuffer, Reader, Reader]:
    """RTU 10, a master that was there and left at 1.0, and one that stays."""
    buffer = EventBuffer(10, limit=limit, age=age)
    gone, stays = buffer.reader("A", ca), buffer.reader("B", 10)
    gone.start(0.0)
    stays.start(0.0)
    gone.stop(1.0)
    return buffer, gone, stays


def returned(buffer: EventBuffer, asdus: Sequence[bytes], *, ca: int = 10) -> Reader:
    """A further session of row A, started at 3.0 after these ASDUs had come at 2.0."""
    buffer.append(asdus, 2.0)
    reader = buffer.reader("A", ca)
    reader.start(3.0)
    return reader


def test_a_returning_row_gets_its_events_then_what_is_live() -> None:
    buffer, *_ = away()
    reader = returned(buffer, [event(1), value(2), event(3)])
    buffer.append([value(4)], 4.0)
    assert reader.take(9, 4.0) == [event(1), event(3), value(4)]
    assert (reader.appended, reader.skipped) == (4, 1)


@pytest.mark.parametrize(
    ("asdu", "replayed"),
    [
        (b"\x1e\x01\x03\x00\x0a\x00\x01\x00\x00\x01", True),  # M_SP_TB_1 spontaneous
        (b"\x28\x01\x83\x00\x0a\x00\x01\x00\x00\x01", True),  # M_EP_TF_1 spontaneous, test
        (b"\x1e\x01\x05\x00\x0a\x00\x01\x00\x00\x01", False),  # M_SP_TB_1 requested
        (b"\x1e\x01\x14\x00\x0a\x00\x01\x00\x00\x01", False),  # M_SP_TB_1 interrogated
        (b"\x15\x01\x03\x00\x0a\x00\x01\x00\x00\x01", False),  # M_ME_ND_1 spontaneous
        (b"\x29\x01\x03\x00\x0a\x00\x01\x00\x00\x01", False),  # type 41 spontaneous
    ],
)
def test_only_time_tagged_spontaneous_values_are_replayed(asdu: bytes, replayed: bool) -> None:  # noqa: FBT001
    assert is_replayable(asdu) is replayed


def test_events_are_replayed_from_the_first_unacknowledged_one_on() -> None:
    buffer, _, stays = away()
    reader = returned(buffer, [event(number) for number in range(5)])
    reader.take(3, 3.0)
    reader.acknowledged(1)
    reader.stop(4.0)
    stays.take(9, 4.0)
    again = buffer.reader("A", 10)
    again.start(5.0)
    assert again.take(9, 5.0) == [event(1), event(2), event(3), event(4)]
    again.acknowledged(4)
    assert (again.appended, again.delivered) == (5, 5)


def test_events_that_nobody_else_waits_for_are_kept_for_the_absent_alone() -> None:
    buffer, _, stays = away()
    for number in range(200):
        buffer.append([event(number) if number % 10 == 0 else value(number)], 2.0)
        stays.take(9, 2.0)
        stays.acknowledged(1)
    expected = [event(number) for number in range(0, 200, 10)]
    assert buffer.kept <= len(expected) + 65
    reader = returned(buffer, [])
    assert reader.take(100, 3.0) == expected
    assert reader.skipped == 180


def test_what_was_replayed_and_acknowledged_is_dropped() -> None:
    buffer, _, stays = away()
    reader = returned(buffer, [event(number) for number in range(100)])
    assert len(stays.take(100, 3.0)) == len(reader.take(100, 3.0)) == 100
    stays.acknowledged(100)
    buffer.append([value(1)] * 65, 4.0)
    assert buffer.kept == 165
    reader.acknowledged(100)
    buffer.append([value(2)] * 65, 4.0)
    assert buffer.kept == 130


def test_a_replay_keeps_events_only_however_long_it_takes() -> None:
    buffer, _, stays = away()
    reader = returned(buffer, [event(0), event(1), *[value(number) for number in range(100)]])
    assert len(stays.take(200, 3.0)) == 102
    stays.acknowledged(102)
    assert reader.take(1, 3.0) == [event(0)]
    buffer.append([value(number) for number in range(70)], 4.0)
    assert buffer.kept == 2 + 70


def test_a_replay_has_the_addresses_of_the_row_and_withholds_like_live_data() -> None:
    buffer, *_ = away(ca=11)
    reader = returned(buffer, [event(1), event(2, ca=11), event(3, ca=99)], ca=11)
    assert reader.take(9, 3.0) == [event(1, ca=11), event(3, ca=99)]
    assert (reader.withheld, reader.skipped) == (1, 1)


def test_an_event_is_as_old_as_its_batch() -> None:
    buffer, *_ = away(age=60.0)
    buffer.append([event(1), event(2)], 39.0)
    buffer.append([value(3), event(4)], 40.0)
    buffer.append([event(5)], 70.0)
    reader = buffer.reader("A", 10)
    reader.start(100.0)
    assert reader.take(9, 100.0) == [event(4), event(5)]
    assert (reader.skipped, reader.lost) == (3, 0)


def test_events_are_not_kept_longer_than_their_age() -> None:
    buffer, _, stays = away(age=60.0)
    buffer.append([event(number) for number in range(100)], 2.0)
    assert len(stays.take(100, 2.0)) == 100
    stays.acknowledged(100)
    buffer.append([value(1)] * 70, 50.0)
    assert buffer.kept == 170
    buffer.append([value(1)] * 70, 63.0)
    assert buffer.kept == 140


def test_with_age_zero_nothing_is_replayed() -> None:
    buffer, *_ = away(age=0.0)
    buffer.append([event(1)], 2.0)
    reader = buffer.reader("A", 10)
    reader.start(2.0)
    assert reader.take(9, 2.0) == []
    assert reader.skipped == 1


def test_the_same_session_may_stop_and_start_again() -> None:
    buffer, gone, _ = away()
    buffer.append([event(1), value(2)], 2.0)
    gone.start(3.0)
    assert gone.take(9, 3.0) == [event(1)]


def test_an_acknowledgement_may_come_after_the_stop() -> None:
    # a link confirms STOPDT when the master has acknowledged what is in flight
    buffer, *_ = away()
    reader = returned(buffer, [event(1), event(2)])
    reader.take(9, 3.0)
    reader.stop(4.0)
    reader.acknowledged(1)
    reader.start(5.0)
    assert reader.take(9, 5.0) == [event(2)]
    reader.acknowledged(1)
    assert (reader.appended, reader.delivered, reader.skipped) == (2, 2, 0)


def test_answers_are_never_replayed() -> None:
    buffer, *_ = away()
    reader = returned(buffer, [])
    # M_SP_TB_1 spontaneous, but for one session alone
    buffer.append_own(reader, event(1), 3.0)
    buffer.append_own(reader, confirmation(2), 3.0)
    reader.prepend(M_EI)
    reader.stop(4.0)
    reader.start(5.0)
    assert (reader.behind, reader.take(9, 5.0)) == (0, [])
    assert (reader.appended, reader.skipped) == (3, 3)


def test_while_another_session_of_the_row_goes_on_the_row_is_not_away() -> None:
    buffer, *_ = away()
    first = returned(buffer, [event(1)])
    second = buffer.reader("A", 10)
    second.start(3.5)
    assert second.take(9, 3.5) == []
    first.take(1, 3.5)
    first.stop(4.0)
    first.acknowledged(1)
    assert (first.delivered, first.skipped) == (0, 1)
    buffer.append([event(2)], 5.0)
    first.start(6.0)
    assert first.take(9, 6.0) == []
    assert second.take(9, 6.0) == [event(2)]


def test_the_row_keeps_the_position_of_its_last_session() -> None:
    buffer, *_ = away()
    first = returned(buffer, [])
    second = buffer.reader("A", 10)
    second.start(3.0)
    buffer.append([event(1), event(2)], 4.0)
    second.take(1, 4.0)
    second.acknowledged(1)
    first.stop(5.0)
    second.stop(5.0)
    first.start(6.0)
    assert first.take(9, 6.0) == [event(2)]
    # each of the two sessions was to get both
    assert (first.appended, first.delivered, first.skipped) == (4, 1, 2)


def test_a_forgotten_row_is_a_new_one() -> None:
    buffer, _, stays = away()
    buffer.append([event(1)] * 70, 2.0)
    assert len(stays.take(100, 2.0)) == 70
    stays.acknowledged(70)
    buffer.forget("A")
    buffer.forget("nobody")
    buffer.append([value(1)] * 70, 2.0)
    assert buffer.kept == 70
    reader = buffer.reader("A", 10)
    reader.start(3.0)
    assert (reader.take(9, 3.0), reader.appended) == ([], 0)


@pytest.mark.parametrize("stopped_before", [True, False])
def test_nothing_but_events_outlives_the_rtus_link(stopped_before: bool) -> None:  # noqa: FBT001
    buffer, _, stays = away()
    buffer.append([value(1), event(2), value(3), event(4)], 2.0)
    assert stays.take(2, 2.0) == [value(1), event(2)]
    stays.acknowledged(2)
    if stopped_before:
        stays.stop(3.0)
    buffer.rtu_lost(3.0)
    stays.stop(3.0)
    assert not stays.started
    assert buffer.kept == 2
    there, back = buffer.reader("B", 10), buffer.reader("A", 10)
    there.start(5.0)
    back.start(5.0)
    buffer.append([value(5)], 6.0)
    assert there.take(9, 6.0) == [event(4), value(5)]
    assert back.take(9, 6.0) == [event(2), event(4), value(5)]
    assert (there.skipped, back.skipped) == (1, 2)


def test_a_confirmation_goes_ahead_of_the_replay_but_behind_the_end_of_initialisation() -> None:
    buffer, *_ = away(ca=11)
    reader = returned(buffer, [event(1), event(2)], ca=11)
    buffer.append_for({reader: 5}, confirmation(3), 4.0)
    buffer.append_own(reader, confirmation(4), 4.0)
    reader.prepend(M_EI)
    assert reader.behind == 5
    # the RTU's confirmation with the row's CA and OA 5, then the gateway's as it is
    ahead = [M_EI, b"\x2d\x01\x07\x05\x0b\x00\x03\x00\x00\x01", confirmation(4)]
    assert reader.take(4, 4.0) == [*ahead, event(1, ca=11)]
    for _ in range(3):
        reader.acknowledged(1)
        assert reader.first_unacknowledged == 0
    reader.acknowledged(1)
    assert reader.first_unacknowledged == 1


def test_what_was_withheld_before_an_absence_is_not_counted_again_at_the_return() -> None:
    buffer, *_ = away(ca=11)
    reader = returned(buffer, [], ca=11)
    buffer.append([event(1), event(2, ca=11)], 4.0)
    assert reader.take(9, 4.0) == [event(1, ca=11)]
    reader.stop(5.0)
    buffer.append([event(3, ca=11)], 6.0)
    for began in (7.0, 8.0):
        reader = buffer.reader("A", 11)
        reader.start(began)
        assert (reader.withheld, reader.skipped) == (2, 2)
        reader.stop(began)


def test_a_confirmation_for_another_stations_point_is_withheld_also_ahead() -> None:
    buffer, *_ = away(ca=11)
    reader = returned(buffer, [event(1)], ca=11)
    buffer.append_for({reader: 5}, confirmation(2, ca=11), 4.0)
    assert reader.take(9, 4.0) == [event(1, ca=11)]
    assert reader.withheld == 1


def test_without_a_replay_a_confirmation_keeps_its_place() -> None:
    buffer, *_ = away()
    reader = returned(buffer, [value(1)])
    buffer.append([value(2)], 4.0)
    buffer.append_own(reader, confirmation(3), 4.0)
    assert reader.take(9, 4.0) == [value(2), confirmation(3)]


def test_an_answer_to_several_sessions_keeps_its_place() -> None:
    buffer, _, stays = away()
    reader = returned(buffer, [event(1)])
    buffer.append_for({reader: 0, stays: 0}, confirmation(2), 4.0)
    assert reader.take(9, 4.0) == [event(1), confirmation(2)]


def test_what_goes_ahead_is_bounded() -> None:
    buffer, *_ = away()
    reader = returned(buffer, [event(1)])
    for number in range(1001):
        buffer.append_own(reader, confirmation(number), 4.0)
    taken = reader.take(2000, 4.0)
    assert taken[999:] == [confirmation(999), event(1), confirmation(1000)]


@pytest.mark.parametrize(
    ("type_id", "cause", "ahead"),
    [
        (45, 7, True),
        (51, 10, True),
        (58, 9, True),
        (64, 0x47, True),  # negative confirmation
        (103, 7, True),
        (104, 7, True),
        (105, 7, True),
        (107, 0x87, True),  # test bit
        (110, 44, True),
        (113, 47, True),
        (100, 7, False),
        (101, 10, False),
        (102, 45, False),
        (45, 11, False),
        (45, 3, False),
        (30, 3, False),
        (1, 5, False),
    ],
)
def test_which_answers_go_ahead(type_id: int, cause: int, ahead: bool) -> None:  # noqa: FBT001
    assert overtakes(bytes((type_id, 1, cause, 0, 10, 0, 1, 0, 0, 1))) is ahead
