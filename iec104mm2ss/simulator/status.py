"""What a user is shown of the simulated RTUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from iec104mm2ss.simulator.sending import Progress

_HEADER: Final = ("id", "name", "rtu", "port", "state", "master", "since", "GI", "index", "progress", "test period")


@dataclass(frozen=True, slots=True, kw_only=True)
class RtuStatus:
    """One RTU at one moment.

    `state` is FAULT (the port cannot be opened, see `fault`), WAITING for a master, CONNECTED or ONLINE, which is
    started. `answering` counts answers that wait. `index` is the last one sent; `progress` is there while it is.
    `test_period` and `smallest_test_period` are seconds between TESTFR acts of this master, None before the second.
    """

    id: int
    name: str
    ca: int
    port: int
    state: str
    fault: str
    peer: str
    since: datetime | None
    answering: int
    index: int | None
    progress: Progress | None
    test_period: float | None
    smallest_test_period: float | None


def table(rows: Sequence[RtuStatus]) -> list[str]:
    """Return lines with a header, columns aligned."""
    cells = [_HEADER, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _cells(row: RtuStatus) -> tuple[str, ...]:
    return (
        str(row.id),
        row.name,
        str(row.ca),
        str(row.port),
        f"{row.state}: {row.fault}" if row.fault else row.state,
        row.peer,
        row.since.isoformat(" ", "seconds") if row.since is not None else "",
        f"RUN, {row.answering} to send" if row.answering else "",
        "" if row.index is None else str(row.index),
        progress_text(row.progress) if row.progress is not None else "",
        _period(row),
    )


def progress_text(progress: Progress) -> str:
    """Return how far an index send is: `412 of 1000, 3 left out, pass 2, 4.5 s left`."""
    parts = [f"{progress.place} of {progress.total}"]
    if progress.skipped:
        parts.append(f"{progress.skipped} left out")
    if progress.left is not None:
        parts.append(f"pass {progress.round}, {progress.left:.1f} s left")
    return ", ".join(parts)


def _period(row: RtuStatus) -> str:
    if row.test_period is None:
        return ""
    return f"{row.test_period:.1f} s (smallest {row.smallest_test_period:.1f} s)"
