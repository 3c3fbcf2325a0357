"""One side of a window's lower half: Log, Trace, Details and Edit of one entry."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.console.table import age
from iec104mm2ss.gui import words
from iec104mm2ss.gui.cards import set_text
from iec104mm2ss.gui.details_pane import DetailsPane
from iec104mm2ss.gui.edit_pane import EditPane
from iec104mm2ss.gui.log_pane import LogPane
from iec104mm2ss.gui.trace_pane import TracePane
from iec104mm2ss.gui.words import Weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.console.snapshot import Details, Entry
    from iec104mm2ss.gui.context import Context

TABS = ("log", "trace", "details", "edit")
_HEADINGS = {"log": "Log", "trace": "Trace", "details": "Details", "edit": "Edit"}
_STYLES = {Weight.NOTICE: "Notice.Strong.TLabel", Weight.ALARM: "Alarm.Strong.TLabel"}
_TIPS = {
    "log": "What happened on this connection.",
    "trace": "Every frame, decoded.",
    "details": "Sequence numbers, timers, counters, causes, refused peers.",
    "edit": "Change this entry and restart it.",
}


class EntryPane(ttk.Frame):
    """Shows the entry of `key`; a pinned pane keeps it whatever is selected in the list."""

    def __init__(self, parent: tk.Misc, context: Context, save: Callable[[], None]) -> None:
        super().__init__(parent)
        self.context = context
        self.key = ""
        self.pinned = tk.BooleanVar(self, value=False)
        self.on_turn: Callable[[], None] = lambda: None
        self._details: Details | None = None
        self.book = ttk.Notebook(self)
        self.log = LogPane(self.book, context)
        self.trace = TracePane(self.book, context)
        self.details = DetailsPane(self.book, context)
        self.edit = EditPane(self.book, context, save)
        self._title = self._caption()
        for name in TABS:
            self.book.add(getattr(self, name), text=_HEADINGS[name])
        self.book.pack(fill="both", expand=True)
        self.book.bind("<<NotebookTabChanged>>", lambda _: self._turned())
        context.tips.add(self.book, self._tip_at)

    def _caption(self) -> ttk.Label:
        px = self.context.look.px
        bar = ttk.Frame(self, padding=(px(4), px(2)))
        bar.pack(fill="x")
        title = ttk.Label(bar, style="Strong.TLabel", text="Select an entry in the list.")
        title.pack(side="left")
        pin = ttk.Checkbutton(bar, text="Pin", variable=self.pinned, command=self._say)
        pin.pack(side="right")
        self.context.tips.add(pin, "Keep this entry here whatever is selected in the list.")
        return title

    def _tip_at(self, x: int, y: int) -> str:
        try:
            return _TIPS[TABS[int(self.book.index(f"@{x},{y}"))]]  # type: ignore[no-untyped-call]
        except tk.TclError:
            return ""

    @property
    def tab(self) -> str:
        """The name of the tab that is seen."""
        return TABS[int(self.book.index("current"))]  # type: ignore[no-untyped-call]

    @property
    def wants_details(self) -> bool:
        """Whether details are seen, or not known yet: the log's file has the entry's name."""
        entry, known = self.context.entries.get(self.key), self._details.entry if self._details else None
        if entry is None:
            return False
        return self.tab in {"details", "edit"} or known is None or (known.key, known.name) != (entry.key, entry.name)

    def turn_to(self, name: str) -> None:
        """Show a tab."""
        self.book.select(TABS.index(name))  # type: ignore[no-untyped-call]

    def _turned(self) -> None:
        self._begin()
        self._show_details()
        self.on_turn()

    def _begin(self) -> None:
        """Let the tab that is seen have what it needs; the others begin when they are turned to."""
        if self.tab == "log":
            self.log.begin()
        elif self.tab == "trace":
            self.trace.begin()

    def show(self, key: str) -> None:
        """Show an entry."""
        if key == self.key:
            return
        self.key = key
        self.log.show(key)
        self.trace.show(key)
        self._begin()
        self._say()

    def refresh(self) -> None:
        """Take what is new of the entry from the last snapshot."""
        self._say()

    def _say(self) -> None:
        entry = self.context.entries.get(self.key)
        if not self.key:
            return
        if entry is None:
            set_text(self._title, f"{self.key} is not there any more")
            self._title.configure(style=_STYLES[Weight.NOTICE])
            return
        set_text(self._title, _caption_of(entry, self.context.behind))
        weight = words.weight(entry)
        style = _STYLES.get(weight, "Strong.TLabel")
        if str(self._title.cget("style")) != style:
            self._title.configure(style=style)

    def detail(self, details: Details) -> None:
        """Show the details of the entry, in the tabs that need them."""
        if details.entry.key == self.key:
            self._details = details
            self.log.detail(details)
            self.edit.detail(details)
            self._show_details()

    def _show_details(self) -> None:
        """Let cards be made only where they are seen: that is the most work that a selected row can give."""
        if self.tab == "details" and self._details is not None and self._details.entry.key == self.key:
            self.details.detail(self._details)

    def find(self) -> bool:
        """Let a text be looked for; whether the tab that is seen has texts."""
        pane = {"log": self.log, "trace": self.trace}.get(self.tab)
        if pane is None:
            return False
        pane.find()
        return True

    def restyle(self) -> None:
        """Take the colours of the look."""
        for pane in (self.log, self.trace, self.details, self.edit):
            pane.restyle()

    def close(self) -> None:
        """Show no entry any more, and follow nothing."""
        self.key = ""
        self.log.show("")
        self.trace.show("")


def _caption_of(entry: Entry, behind: float) -> str:
    why = f": {entry.reason}" if entry.reason else ""
    return f"{entry.key}   {entry.name}   {words.state(entry)} for {age(entry.age + behind)}{why}"
