"""What a person sees of the demonstration: tables and the last lines on a terminal, plain lines anywhere else."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, Self, TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from iec104mm2ss.demo.plant import CA, SIGNALS
from iec104mm2ss.demo.play import RTU, Line

if TYPE_CHECKING:
    from types import TracebackType

    from iec104mm2ss.demo.master import Master, Shown
    from iec104mm2ss.demo.play import Play

TITLE: Final = "iec104mm2ss demonstration: one RTU, two masters, and the gateway between them"
_PROMISE: Final = "A report reaches both masters; an answer only the master that asked."
_FRESH: Final = 1.5
"""Seconds for which a new value is bold."""
_WIDE: Final = 96
"""Columns from which on there is room for the cause."""
_NEVER_SEEN: Final = ("-", "not asked", "")
_LINES_KEPT: Final = 60
_HEAD_HEIGHT: Final = 4
_TABLES_HEIGHT: Final = len(SIGNALS) + 4


def how_to_end(seconds: int | None) -> str:
    """Return what ends the demonstration, for people."""
    return "Ctrl-C ends it" if seconds is None else f"ends after {seconds} s, or with Ctrl-C"


class PlainView:
    """One line per happening, written at once; for pipes, files and journals."""

    def __init__(self, stream: TextIO, seconds: int | None) -> None:
        self._stream = stream
        self._seconds = seconds

    def __enter__(self) -> Self:
        self._print(TITLE)
        self._print(f"Everything runs in this process on 127.0.0.1; {how_to_end(self._seconds)}.")
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, play: Play) -> None:
        """Print what has happened since the last call."""
        while play.lines:
            line = play.lines.popleft()
            self._print(f"{line.at:%H:%M:%S} {line.who:<7} {line.text}")

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class LiveView:
    """A picture that fills the terminal and gives it back as it was."""

    def __init__(self, stream: TextIO, seconds: int | None) -> None:
        self._seconds = seconds
        self._lines: deque[Line] = deque(maxlen=_LINES_KEPT)
        self._live = Live(console=Console(file=stream), screen=True, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, play: Play) -> None:
        """Draw the picture of this moment."""
        while play.lines:
            self._lines.append(play.lines.popleft())
        now = asyncio.get_running_loop().time()
        picture = Layout()
        picture.split_column(
            Layout(self._head(play, now), size=_HEAD_HEIGHT),
            Layout(_tables(play, now, wide=self._live.console.width >= _WIDE), size=_TABLES_HEIGHT),
            Layout(name="stream"),
        )
        height = max(1, self._live.console.height - _HEAD_HEIGHT - _TABLES_HEIGHT - 2)
        picture["stream"].update(_stream(list(self._lines)[-height:]))
        self._live.update(picture, refresh=True)

    def _head(self, play: Play, now: float) -> RenderableType:
        elapsed = max(0, int(now - play.began)) if play.began < now else 0
        masters = ", ".join(
            f"{account.name} (CA {account.ca}, port {port})"
            for account, port in zip(play.accounts, play.ports, strict=True)
        )
        text = f"{RTU} (CA {CA}) == gateway == {masters}\n{_PROMISE}"
        progress = f"{elapsed // 60}:{elapsed % 60:02}, {play.ledger.sent} reports so far"
        subtitle = Text(f"{progress}; {how_to_end(self._seconds)}", "bold")
        return Panel(Text(text, no_wrap=True), title=Text(TITLE, "bold"), subtitle=subtitle, box=box.HEAVY)


def _tables(play: Play, now: float, *, wide: bool) -> RenderableType:
    both = Layout()
    both.split_row(*(Layout(_master(master, now, wide=wide)) for master in play.masters))
    return both


def _master(master: Master, now: float, *, wide: bool) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("point", no_wrap=True, width=15)
    table.add_column("value", no_wrap=True, width=10)
    if wide:
        table.add_column("cause", no_wrap=True, width=12)
    table.add_column("ago", justify="right", no_wrap=True, ratio=1)
    for ioa, signal in SIGNALS.items():
        shown = master.points.get(ioa)
        value, cause, ago = _cells(shown, now, signal.text(shown.element)) if shown else _NEVER_SEEN
        cells = (value, cause, ago) if wide else (value, ago)
        table.add_row(signal.point.name, *cells, style="bold" if shown and _is_news(shown, now) else "")
    answer = Text(f"last answer: {master.last_answer}", no_wrap=True)
    title = Text(f"master {master.account.name}, CA {master.account.ca}")
    return Panel(Group(table, answer), title=title, subtitle=_books(master))


def _cells(shown: Shown, now: float, value: str) -> tuple[str, str, str]:
    return value, shown.cause, f"{int(now - shown.at)} s"


def _is_news(shown: Shown, now: float) -> bool:
    return not shown.cause.startswith("inrogen") and now - shown.at < _FRESH


def _books(master: Master) -> Text:
    account = master.account
    faults = account.lost + account.strange + account.unanswered
    return Text.assemble(
        (f"{account.lost} lost, {account.strange} foreign", "bold red" if faults else ""),
        f", {account.received} reports, {account.answered} answers",
    )


def _stream(lines: list[Line]) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False, expand=True)
    table.add_column(no_wrap=True, width=8)
    table.add_column(no_wrap=True, width=7)
    table.add_column(no_wrap=True, ratio=1)
    for line in lines:
        table.add_row(f"{line.at:%H:%M:%S}", line.who, Text(line.text))
    return Panel(table, title="what happens", box=box.ROUNDED)
