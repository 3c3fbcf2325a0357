"""When something waiting is over: many deadlines that mostly move or vanish before they are due."""

from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Generic, Protocol, TypeVar


class Timed(Protocol):
    """Anything with the time at which it is over; inf means never, or already over."""

    deadline: float


T = TypeVar("T", bound=Timed)


class Deadlines(Generic[T]):
    """Finds what is due. An item's own `deadline` is the truth: the heap holds earlier guesses, mended when they pop.

    So a deadline that moves on with every frame costs nothing.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._serial = count()

    def set(self, item: T, deadline: float) -> None:
        """Make `item` due at `deadline`."""
        item.deadline = deadline
        heappush(self._heap, (deadline, next(self._serial), item))

    def next(self) -> float:
        """Return a time not later than the first deadline; inf when there is none."""
        return self._heap[0][0] if self._heap else inf

    def due(self, now: float) -> list[T]:
        """Return the items whose deadline has come, each once."""
        items: dict[int, T] = {}
        while self._heap and self._heap[0][0] <= now:
            item = heappop(self._heap)[2]
            if item.deadline <= now:
                items[id(item)] = item
            elif item.deadline < inf:
                heappush(self._heap, (item.deadline, next(self._serial), item))
        return list(items.values())
