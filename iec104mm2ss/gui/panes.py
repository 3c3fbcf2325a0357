"""The lower half of a window: one entry, or two side by side."""

from __future__ import annotations

from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.console.requests import Show
from iec104mm2ss.console.snapshot import Details
from iec104mm2ss.gui.entry_pane import EntryPane

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable

    from iec104mm2ss.console.requests import Answer
    from iec104mm2ss.console.snapshot import Entry
    from iec104mm2ss.gui.context import Context


class Panes(ttk.Panedwindow):
    """Both follow the list unless they are pinned, as `second` is at first."""

    def __init__(self, parent: tk.Misc, context: Context, save: Callable[[], None]) -> None:
        super().__init__(parent, orient="horizontal")
        self._context = context
        self._save = save
        self.first = self._make()
        self.second: EntryPane | None = None
        self._spare: EntryPane | None = None
        self.add(self.first, weight=1)
        self._asked: set[str] = set()

    def _make(self) -> EntryPane:
        pane = EntryPane(self, self._context, self._save)
        pane.on_turn = self.ask
        return pane

    @property
    def all(self) -> tuple[EntryPane, ...]:
        """The panes that there are."""
        return (self.first, self.second) if self.second else (self.first,)

    @property
    def active(self) -> EntryPane:
        """The pane that has the focus, else the first one."""
        focus = self.focus_get()
        inside = self.second is not None and focus is not None and str(focus).startswith(f"{self.second}.")
        return self.second if inside and self.second else self.first

    def follow(self, key: str) -> None:
        """Show what was selected in the list."""
        for pane in self.all:
            if key and not pane.pinned.get():
                pane.show(key)
        self.ask()

    def prepare(self) -> None:
        """Make the second pane, which takes 0.1 s, before somebody waits for it."""
        if self.second is None and self._spare is None:
            self._spare = self._make()

    def split(self, key: str = "") -> None:
        """Show a second pane, with an entry or with the first one's."""
        if self.second is None:
            self.second = self._spare or self._make()
            self.second.pinned.set(True)
            self.add(self.second, weight=1)
        self.second.show(key or self.first.key)
        self.ask()

    def unsplit(self) -> None:
        """Put the second pane aside, for the next time."""
        if self.second is not None:
            self.second.close()
            self.forget(self.second)
            self.second, self._spare = None, self.second

    def show(self, moved: dict[str, str]) -> None:
        """Take what is new from the last snapshot; `moved` are entries that have another key now."""
        for pane in self.all:
            if pane.key in moved:
                pane.show(moved[pane.key])
            pane.refresh()
        self.ask()

    def ask(self) -> None:
        """Ask for the details of what is shown; never twice at a time."""
        for key in {pane.key for pane in self.all if pane.wants_details} - self._asked:
            self._asked.add(key)
            self._context.relay.ask(Show(key), partial(self._detail, key), partial(self._lost, key))

    def _lost(self, key: str, _: ConnectionError) -> None:
        self._asked.discard(key)

    def _detail(self, key: str, answer: Answer) -> None:
        self._asked.discard(key)
        if isinstance(answer, Details):
            for pane in self.all:
                pane.detail(answer)

    def restyle(self) -> None:
        """Take the colours of the look."""
        for pane in filter(None, (self.first, self.second, self._spare)):
            pane.restyle()


def moved(before: dict[str, Entry], after: dict[str, Entry]) -> dict[str, str]:
    """Return the new keys of entries that were edited: they stand in the same row of the file."""
    gone = [entry for key, entry in before.items() if key not in after]
    if not gone:
        return {}
    places = {(entry.line, entry.role): key for key, entry in after.items() if key not in before}
    return {it.key: places[it.line, it.role] for it in gone if it.line and (it.line, it.role) in places}
