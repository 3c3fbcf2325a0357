"""`top`: every entry and its frames per second, what asks for attention first; on a terminal in place."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from iec104mm2ss.console.rates import Rates
from iec104mm2ss.console.requests import Status
from iec104mm2ss.console.snapshot import Snapshot, State
from iec104mm2ss.console.table import age, amount, attention, state, summary_parts, why
from iec104mm2ss.ctl.commands import RefusedError, ask
from iec104mm2ss.logs import printable

if TYPE_CHECKING:
    import argparse

    from iec104mm2ss.console.client import Client
    from iec104mm2ss.console.rates import Rate
    from iec104mm2ss.console.snapshot import Entry

_HEAD: Final = 4
"""Lines of the screen that are not entries: two of the summary, the table's header, and what did not fit."""
_WIDE: Final = 110
"""Columns from which on there is room for the peer."""
_TENTHS_BELOW: Final = 99.95
_STYLES: Final = {State.FAULT: "bold red", State.RETRYING: "bold red", State.DISABLED: "dim"}
_NOTICE: Final = "yellow"


def top(options: argparse.Namespace, client: Client) -> int:
    """Show the picture again every `interval` seconds, until Ctrl-C."""
    if not sys.stdout.isatty():
        raise RefusedError("top needs a terminal; `status` is for pipes and files")
    console = Console()
    rates = Rates()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            snapshot = ask(client, Status(), Snapshot)
            rates.take(snapshot)
            live.update(picture(snapshot, rates, console.width, console.height), refresh=True)
            time.sleep(options.interval)


def picture(snapshot: Snapshot, rates: Rates, width: int, height: int) -> Group:
    """Return a screen: the summary, then as many entries as fit."""
    entries = sorted(snapshot.entries, key=attention)
    shown = entries[: max(1, height - _HEAD)]
    counts, *others = map(printable, summary_parts(snapshot))
    head = [Text(line, "bold", no_wrap=True, overflow="ellipsis") for line in (counts, " | ".join(others))]
    foot = Text(f"and {len(entries) - len(shown)} more", "dim") if len(shown) < len(entries) else Text()
    return Group(*head, _table(shown, rates, wide=width >= _WIDE), foot)


def _table(entries: list[Entry], rates: Rates, *, wide: bool) -> Table:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("entry", no_wrap=True, max_width=22)
    table.add_column("state", no_wrap=True, min_width=9)
    if wide:
        table.add_column("peer", no_wrap=True)
    for name in ("since", "rx/s", "tx/s", "window"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("reason", no_wrap=True, ratio=1)
    for entry in entries:
        table.add_row(
            *(Text(printable(cell)) for cell in _cells(entry, rates.of(entry), wide=wide)), style=_style(entry)
        )
    return table


def _cells(entry: Entry, rate: Rate, *, wide: bool) -> tuple[str, ...]:
    name = f"{entry.key} {entry.name}" if entry.sending else f"{entry.group}/{entry.name}"
    speed = (_speed(rate.received), _speed(rate.sent)) if entry.state is State.ONLINE else ("-", "-")
    window = f"{entry.unacknowledged}/{entry.k}" if entry.state is State.ONLINE else "-"
    peer = (entry.peer or "-",) if wide else ()
    return (name, state(entry), *peer, age(entry.age), *speed, window, why(entry))


def _speed(per_second: float | None) -> str:
    if per_second is None:
        return "-"
    return f"{per_second:.1f}" if per_second < _TENTHS_BELOW else amount(per_second)


def _style(entry: Entry) -> str:
    if entry.state is State.ONLINE:
        return _NOTICE if entry.reason else ""
    return _STYLES.get(entry.state, _NOTICE)
