"""The Log tab: the end of an entry's log, and what is written to it from now on."""

from __future__ import annotations

import threading
from pathlib import Path
from tkinter import filedialog
from typing import TYPE_CHECKING

from iec104mm2ss.console.requests import Denied, Lines, Log, Missed
from iec104mm2ss.console.table import many
from iec104mm2ss.gui.action import Action
from iec104mm2ss.gui.opening import open_file
from iec104mm2ss.gui.transcript import Transcript
from iec104mm2ss.gui.words import Weight

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Iterator, Sequence

    from iec104mm2ss.console.requests import Item
    from iec104mm2ss.console.snapshot import Details
    from iec104mm2ss.gui.context import Context
    from iec104mm2ss.gui.relay import Follow
    from iec104mm2ss.gui.transcript import LineOfText

_FIRST_LINES = 2000


class LogPane(Transcript):
    """Shows one entry's log at a time."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context, "What happened on this connection, oldest first.")
        self._key = ""
        self._file = ""
        self._follow: Follow | None = None
        for action in self._actions():
            action.button(self.bar, context.tips).pack(side="left", padx=(0, context.look.px(4)))

    def _actions(self) -> tuple[Action, ...]:
        return (
            Action(label="Copy", tip="Copy the selected lines, or all of them.", run=self.copy),
            Action(label="Save as…", tip="Write the lines that are shown to a file.", run=self.save_as),
            Action(label="Open file", tip="Open the log file with this desktop's program.", run=self.open),
        )

    def show(self, key: str) -> None:
        """Show an entry's log, once it is asked for by `begin`."""
        if key != self._key:
            self.stop()
            self._key = key
            self.clear()

    def begin(self) -> None:
        """Read the log's end, and follow it."""
        if self._key and self._follow is None:
            self._follow = self.context.relay.follow(Log(self._key, _FIRST_LINES), self._take)

    def stop(self) -> None:
        """Follow nothing any more."""
        if self._follow is not None:
            self._follow.end()
            self._follow = None

    def detail(self, details: Details) -> None:
        """Take the name of the log's file."""
        self._file = details.log_file

    def _take(self, items: Sequence[Item], left_out: int) -> None:
        if left_out:
            self.add([_remark(left_out)])
        self.add([line for item in items for line in _lines(item)])

    def save_as(self) -> None:
        """Ask for a file, and write the lines to it."""
        suggested = Path(self._file).name or "log.txt"
        path = filedialog.asksaveasfilename(parent=self, initialfile=suggested, title="Save these lines as")
        if path:
            write(self.context, Path(path), self.text.get("1.0", "end-1c"))

    def open(self) -> None:
        """Open the log's file, on the machine that has it."""
        if not self.context.local:
            self.context.say(f"{self._file} is on the other machine; use Save as…", Weight.NOTICE)
        elif failure := open_file(self._file):
            self.context.say(failure, Weight.ALARM)


def write(context: Context, path: Path, text: str) -> None:
    """Write a text to a file, in a thread: a network folder may be slow."""
    done: list[str] = []

    def work() -> None:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            done.append(f"{path} cannot be written: {error}")
        else:
            done.append("")

    def look() -> None:
        if not done:
            context.root.after(100, look)
        elif done[0]:
            context.say(done[0], Weight.ALARM)
        else:
            context.say(f"written to {path}", Weight.NORMAL)

    threading.Thread(target=work, name="save", daemon=True).start()
    context.root.after(20, look)


def _lines(item: Item) -> Iterator[LineOfText]:
    match item:
        case Lines(lines):
            yield from (((line, ""),) for line in lines)
        case Missed(count):
            yield _remark(count)
        case Denied(text):
            yield ((text, "alarm"),)


def _remark(count: int) -> LineOfText:
    return ((f"… {many(count, 'line')} left out: they came faster than they could be shown", "notice"),)
