"""What is measured, as plain values."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Labels = tuple[str, ...]
Observed = tuple["Sequence[tuple[float, int]]", float]
"""(upper bound, number of observations up to it), the last bound infinite, and the sum of all observations."""


class Kind(StrEnum):
    """What may be done with the values."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Measure:
    """Numbers with one meaning: `values` by the values of `labels`, in that order.

    `name` comes without the prefix of this program, and without the `_total` that Prometheus wants of a counter.
    """

    name: str
    help: str
    kind: Kind
    labels: Labels
    values: Mapping[Labels, float]


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many observations there were of what size."""

    name: str
    help: str
    labels: Labels
    values: Mapping[Labels, Observed]


Figure = Measure | Distribution
"""Figures of one name may come in several parts, with the same help and labels."""


class Histogram:
    """Counts observations by size; `bounds` are the upper bounds of its buckets, ascending."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one observation."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    @property
    def observed(self) -> Observed:
        """What was counted, as a `Distribution` has it."""
        return tuple(zip((*self._bounds, float("inf")), accumulate(self._counts), strict=True)), self._sum


class Lag(Histogram):
    """How late the beats of the event loop were, in seconds."""

    def __init__(self) -> None:
        super().__init__((0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0))


def single(name: str, text: str, value: float) -> Measure:
    """Return a gauge that has one value."""
    return Measure(name, text, Kind.GAUGE, (), {(): float(value)})
