"""What `status` and `show` print: columns of text, for people and for grep."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.snapshot import Role, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iec104mm2ss.console.snapshot import Details, Entry, Sending, Snapshot

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_THOUSAND: Final = 1000
_LAGGING: Final = 0.1
"""Seconds from which on a delay of the event loop is worth a word."""

_GATEWAY: Final = ("GROUP", "ENTRY", "ROLE", "STATE", "PEER", "CA", "SINCE", "RX", "TX", "WINDOW", "REASON")
_SIMULATOR: Final = ("PORT", "NAME", "RTU", "STATE", "MASTER", "SINCE", "RX", "TX", "WINDOW", "GI", "INDEX", "REASON")
_RIGHT: Final = {"GROUP", "CA", "RTU", "SINCE", "RX", "TX", "WINDOW"}
_ATTENTION: Final = (
    State.FAULT,
    State.RETRYING,
    State.WAITING,
    State.CONNECTED,
    State.BLOCKED,
    State.ONLINE,
    State.DISABLED,
)


def status_lines(snapshot: Snapshot, width: int | None = None) -> list[str]:
    """Return a table with a header, and below it the whole in a line; lines are cut to `width` columns if given."""
    simulator = any(entry.sending is not None for entry in snapshot.entries)
    rows = [_simulated(entry) if simulator else _row(entry) for entry in snapshot.entries]
    lines = [*_aligned(_SIMULATOR if simulator else _GATEWAY, rows), summary(snapshot)]
    return lines if width is None else [_cut(line, width) for line in lines]


def summary(snapshot: Snapshot) -> str:
    """Return the whole in a line: how many are what, the clock, the file, the program."""
    return " | ".join(summary_parts(snapshot))


def summary_parts(snapshot: Snapshot) -> list[str]:
    """Return the parts of the summary, the counts first."""
    counts = {state: sum(entry.state is state for entry in snapshot.entries) for state in State}
    states = ", ".join(f"{count} {state.lower()}" for state, count in counts.items() if count)
    return [
        f"{many(len(snapshot.entries), 'entry')}: {states or 'none'}",
        *([f"clock {snapshot.clock.short}"] if snapshot.clock else []),
        f"file {snapshot.file}{_file_state(snapshot)}",
        f"{snapshot.program} {snapshot.version} on {snapshot.host}, pid {snapshot.pid}, up {age(snapshot.uptime)}",
        *([f"the event loop was {snapshot.lag:.1f} s late"] if snapshot.lag >= _LAGGING else []),
    ]


def _file_state(snapshot: Snapshot) -> str:
    edits = f", {many(snapshot.unsaved, 'unsaved edit')}" if snapshot.unsaved else ""
    refused = f", {many(snapshot.refused, 'row')} not taken (--check says why)" if snapshot.refused else ""
    return edits + refused


def show_lines(details: Details) -> list[str]:
    """Return everything about an entry."""
    entry = details.entry
    lines = [f"{entry.key}  {entry.name}  {entry.role}  {state(entry)} for {age(entry.age)}"]
    rows = [("address", entry.address), ("peer", entry.peer), ("RTU number (CA)", str(entry.ca))]
    rows += [("reason", entry.reason), ("last event", _event(entry)), ("log", details.log_file)]
    rows += [("disconnected by a restart", ", ".join(details.drops) or "nobody")]
    lines += _section("", rows)
    for section in details.sections:
        lines += _section(section.title, section.rows)
    fields = [
        (it.name, it.value if it.value == it.saved else f"{it.value} (file: {it.saved})") for it in details.fields
    ]
    lines += _section(f"Row {entry.line} of the file" + (", edited and not saved" if entry.edited else ""), fields)
    refused = [(it.host, f"{it.count} times, the last {age(it.age)} ago: {it.reason}") for it in details.refused]
    return lines + _section("Refused", refused)


def _section(title: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    shown = [(name, value) for name, value in rows if value]
    if not shown:
        return []
    width = max(len(name) for name, _ in shown)
    return [*(["", title] if title else []), *(f"  {name.ljust(width)}  {value}" for name, value in shown)]


def _row(entry: Entry) -> tuple[str, ...]:
    where = entry.address if entry.role is Role.RTU else f"port {entry.address}"
    numbers = (str(entry.ca), age(entry.age), *_traffic(entry))
    return (str(entry.group), entry.name, entry.role, state(entry), entry.peer or where, *numbers, why(entry))


def _simulated(entry: Entry) -> tuple[str, ...]:
    numbers = (age(entry.age), *_traffic(entry))
    interrogation = entry.sending.interrogation if entry.sending else ""
    sent = _index(entry.sending) if entry.sending else ""
    return (entry.key, entry.name, str(entry.ca), state(entry), entry.peer, *numbers, interrogation, sent, why(entry))


def _index(sending: Sending) -> str:
    if sending.total:
        return f"{sending.text}, {sending.place} of {sending.total}"
    return sending.text or ("" if sending.index is None else str(sending.index))


def _traffic(entry: Entry) -> tuple[str, str, str]:
    window = f"{entry.unacknowledged}/{entry.k}" if entry.state is State.ONLINE else ""
    return amount(entry.received), amount(entry.sent), window


def state(entry: Entry) -> str:
    """Return an entry's state, and how often it was tried."""
    return f"{entry.state} #{entry.attempt}" if entry.state is State.RETRYING and entry.attempt else str(entry.state)


def why(entry: Entry, *, aged: bool = True) -> str:
    """Return why an entry is not ONLINE or what hampers it, and the last thing that happened if it is not.

    With `aged` it says how long ago that was.
    """
    if entry.state is State.ONLINE:
        return entry.reason
    is_told = bool(entry.reason) and entry.reason.partition(";")[0] in entry.event
    event = _event(entry) if aged else entry.event
    return "; ".join(filter(None, (entry.reason, "" if is_told else event)))


def _event(entry: Entry) -> str:
    return f"{entry.event} {age(entry.event_age)} ago" if entry.event else ""


def attention(entry: Entry) -> int:
    """Return a number to sort by: what asks for attention comes first."""
    hampered = entry.state is State.ONLINE and entry.reason
    return 2 * _ATTENTION.index(entry.state) - bool(hampered)


def age(seconds: float) -> str:
    """Return a span in its two largest units: `12s`, `7m 40s`, `3h 05m`, `3d 04h`."""
    whole = max(0, int(seconds))
    for (unit, name), (smaller, smaller_name) in pairwise(_UNITS):
        if whole >= unit:
            return f"{whole // unit}{name} {whole % unit // smaller:02}{smaller_name}"
    return f"{whole}s"


def amount(count: float) -> str:
    """Return a count in at most five characters: `999`, `4.1k`, `412k`, `1.2M`."""
    for factor, letter in ((1, ""), (_THOUSAND, "k"), (_THOUSAND**2, "M"), (_THOUSAND**3, "G")):
        scaled = count / factor
        if scaled < _THOUSAND - 0.5 or letter == "G":
            break
    return f"{scaled:.1f}{letter}" if letter and scaled < 99.95 else f"{scaled:.0f}{letter}"  # noqa: PLR2004 - four digits


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [header, *([cell or "-" for cell in row] for row in rows)]
    columns = [_padded(column, right=column[0] in _RIGHT) for column in zip(*cells, strict=True)]
    return ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]


def _padded(cells: Sequence[str], *, right: bool) -> list[str]:
    width = max(map(len, cells))
    return [cell.rjust(width) if right else cell.ljust(width) for cell in cells]


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 3]}..."


def many(count: int, noun: str) -> str:
    """Return a count with its noun: `1 entry`, `2 entries`, `2 rows`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("ry") else f"{count} {noun}s"
