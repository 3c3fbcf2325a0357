"""What a kept ASDU takes: the figures by which docs/operations.md sizes a site."""

import tracemalloc
from collections.abc import Callable

import pytest

from iec104mm2ss.routing.buffer import EventBuffer
from tests.routing.buffer_asdus import event, value

KEPT, BATCH = 6000, 12


def waiting(make: Callable[[int], bytes]) -> EventBuffer:
    """A buffer whose one session takes nothing."""
    buffer = EventBuffer(10, limit=2 * KEPT, age=60.0)
    buffer.reader("slow", 10).start(0.0)
    fill(buffer, make)
    return buffer


def archived(make: Callable[[int], bytes]) -> EventBuffer:
    """A buffer with one session that keeps up and one that is away."""
    buffer = EventBuffer(10, limit=2 * KEPT, age=60.0)
    away, present = buffer.reader("away", 10), buffer.reader("present", 10)
    away.start(0.0)
    away.stop(0.0)
    present.start(0.0)

    def taken(number: int) -> bytes:
        present.acknowledged(len(present.take(BATCH, 0.0)))
        return make(number)

    fill(buffer, taken)
    return buffer


def fill(buffer: EventBuffer, make: Callable[[int], bytes]) -> None:
    for first in range(0, KEPT, BATCH):
        buffer.append([make(number) for number in range(first, first + BATCH)], 0.0)


@pytest.mark.parametrize(
    ("build", "make", "overhead"), [(waiting, value, 45), (waiting, event, 45), (archived, event, 141)]
)
def test_a_kept_asdu_takes_its_octets_and_so_many_more(
    build: Callable[[Callable[[int], bytes]], EventBuffer], make: Callable[[int], bytes], overhead: int
) -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        buffer = build(make)
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert buffer.kept > 0.95 * KEPT
    # Lists that grow have room to spare.
    assert taken / buffer.kept < len(make(1)) + overhead + 10
