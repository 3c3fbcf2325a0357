"""Figures in the text format of Prometheus. Import it where metrics are served: it loads prometheus_client."""

from __future__ import annotations

from itertools import chain
from math import isinf
from typing import TYPE_CHECKING, Final

from prometheus_client import generate_latest
from prometheus_client.core import Metric, Sample

from iec104mm2ss.metrics.figures import Distribution, Kind, Measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iec104mm2ss.metrics.figures import Figure, Observed

# Said here because what prometheus_client calls the latest format differs from version to version.
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_PREFIX: Final = "iec104mm2ss_"
# What is known of any process has the same name everywhere.
_STANDARD: Final = "process_"


def page(figures: Iterable[Figure]) -> bytes:
    """Return the figures with their help; a name stands in one place, also where it came in parts."""
    parts: dict[str, list[Figure]] = {}
    for figure in figures:
        parts.setdefault(figure.name, []).append(figure)
    return generate_latest(_Families([_family(part) for part in parts.values()]))


class _Families:
    """What prometheus_client writes: a registry, to it."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _family(parts: Sequence[Figure]) -> Metric:
    first = parts[0]
    name = first.name if first.name.startswith(_STANDARD) else _PREFIX + first.name
    made = Metric(name, first.help, "histogram" if isinstance(first, Distribution) else first.kind.value)
    # One at a time: tens of thousands at once wake the garbage collector, which holds every thread for 0.1 s.
    made.samples = chain.from_iterable(_samples(name, part) for part in parts)  # type: ignore[assignment]
    return made


def _samples(name: str, figure: Figure) -> Iterator[Sample]:
    if isinstance(figure, Measure):
        name = f"{name}_total" if figure.kind is Kind.COUNTER else name
        for values, value in figure.values.items():
            yield Sample(name, dict(zip(figure.labels, values, strict=True)), value)
    else:
        for values, observed in figure.values.items():
            yield from _buckets(name, dict(zip(figure.labels, values, strict=True)), observed)


def _buckets(name: str, labels: dict[str, str], observed: Observed) -> Iterator[Sample]:
    counts, total = observed
    for bound, count in counts:
        yield Sample(f"{name}_bucket", {**labels, "le": "+Inf" if isinf(bound) else str(bound)}, count)
    yield Sample(f"{name}_count", labels, counts[-1][1])
    yield Sample(f"{name}_sum", labels, total)
