"""What a user who types `status` is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.table import age

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iec104mm2ss.console.snapshot import Entry, Sending

_HEADER: Final = (
    "id",
    "name",
    "rtu",
    "port",
    "state",
    "master",
    "for",
    "GI",
    "index",
    "progress",
    "reason or last event",
)


def table(entries: Sequence[Entry]) -> list[str]:
    """Return lines with a header, columns aligned."""
    cells = [_HEADER, *map(_cells, entries)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _cells(entry: Entry) -> tuple[str, ...]:
    return (
        str(entry.group),
        entry.name,
        str(entry.ca),
        entry.key,
        entry.state,
        entry.peer,
        age(entry.age),
        *(_sent(entry.sending) if entry.sending is not None else ("", "", "")),
        entry.reason or entry.event,
    )


def _sent(sending: Sending) -> tuple[str, str, str]:
    index = "" if sending.index is None else str(sending.index)
    progress = f"{sending.place} of {sending.total}" if sending.total else ""
    return sending.interrogation, sending.text or index, progress
