"""The head of a window: which program this is, since when it runs, its clock, and totals by state."""

from __future__ import annotations

import time
import tkinter as tk
from pathlib import PurePath
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import Role, State
from iec104mm2ss.console.table import age, many
from iec104mm2ss.gui import words
from iec104mm2ss.gui.words import Weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.console.snapshot import Snapshot
    from iec104mm2ss.gui.context import Context

Tile = tuple[Role, State]
_NO_CLOCK = "Clock: no time servers"
_STYLES = {Weight.NOTICE: "Notice.Tile.TButton", Weight.ALARM: "Alarm.Tile.TButton"}


class Head(ttk.Frame):
    """Two lines: the program, and totals by state. `on_tile` gets the totals that are clicked."""

    def __init__(self, parent: tk.Misc, context: Context, on_tile: Callable[[Tile], None]) -> None:
        px = context.look.px
        super().__init__(parent, padding=(px(12), px(8), px(12), px(2)))
        self._context = context
        self._on_tile = on_tile
        self._file = PurePath()
        self._title = ttk.Label(self, style="Title.TLabel", text=context.kind.title)
        self._place = ttk.Label(self, style="Dim.TLabel")
        self.mark = ttk.Label(self, style="Mark.TLabel")
        self.clock = ttk.Label(self, text=_NO_CLOCK, style="Dim.TLabel")
        self.started = ttk.Label(self, style="Dim.TLabel")
        self._totals = ttk.Frame(self)
        self.tiles: dict[Tile, ttk.Button] = {}
        self._shown: list[Tile] = []
        self._chosen: Tile | None = None
        self._headings: dict[Role, ttk.Label] = {}
        self.unsaved = ttk.Button(self._totals, style="Notice.Tile.TButton")
        self.refused = ttk.Label(self._totals, style="Notice.TLabel")
        self._lay_out()
        self._explain()

    def _lay_out(self) -> None:
        gap = self._context.look.px(14)
        self._title.grid(row=0, column=0, sticky="w")
        self._place.grid(row=0, column=1, sticky="w", padx=(gap, 0))
        self.clock.grid(row=0, column=3, sticky="e")
        self.started.grid(row=0, column=4, sticky="e", padx=(gap, 0))
        self._totals.grid(row=1, column=0, columnspan=5, sticky="we", pady=(self._context.look.px(4), 0))
        self.columnconfigure(2, weight=1)
        for role, heading in self._context.kind.roles:
            self._headings[role] = ttk.Label(self._totals, text=heading, style="Strong.TLabel")

    def _explain(self) -> None:
        add = self._context.tips.add
        add(self._place, lambda _x, _y: str(self._file))
        add(self.mark, "This window shows a program that runs without it; closing the window changes nothing there.")
        add(self.clock, "What the time servers make of this machine's clock.")
        add(self.started, "When the program was started, by this machine's clock.")
        add(self.unsaved, "Rows that run otherwise than the file says. Click to see the differences and to save them.")
        add(self.refused, "Rows of the file that cannot be used; the program's option --check lists them.")

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
        self._file = PurePath(snapshot.file)
        _set(self._place, f"{self._file.name}  @  {snapshot.host}")
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(snapshot.started))
        _set(self.started, f"Started at: {when}   up {age(snapshot.uptime)}")
        if snapshot.clock is not None:
            _set(self.clock, snapshot.clock.text, "Dim.TLabel" if snapshot.clock.good else "Notice.TLabel")
        self._mark()
        self._count(snapshot)
        self._warn(snapshot)

    def _mark(self) -> None:
        line = self._context.relay.line
        if line.where:
            rights = "changes allowed" if line.may_change else "read-only"
            _set(self.mark, f"attached to {line.where}, {rights}", "Mark.TLabel")
            self._show_mark()
        else:
            self.mark.grid_remove()

    def answers(self) -> None:
        """Say that the program answers, though it has nothing new."""
        self._mark()

    def lost(self, reason: str) -> None:
        """Say that the program does not answer."""
        where = self._context.relay.line.where
        place = f" to {where}" if where and where not in reason else ""
        _set(self.mark, f"✖ no connection{place}: {reason}; it is tried again and again", "Lost.TLabel")
        self._show_mark()

    def _show_mark(self) -> None:
        if not self.mark.winfo_manager():
            gap = self._context.look.px(8)
            self.mark.grid(row=2, column=0, columnspan=5, sticky="we", pady=(gap, 0))

    def _count(self, snapshot: Snapshot) -> None:
        totals = snapshot.totals
        present = [
            tile
            for role, _ in self._context.kind.roles
            for state in State
            if totals[tile := (role, state)] or tile == self._chosen
        ]
        for tile in present:
            _set(self._tile(tile), f"{words.GLYPHS[tile[1]]} {totals[tile]} {tile[1]}")
        for role, heading in self._context.kind.roles:
            count = sum(count for (of, _), count in totals.items() if of is role)
            _set(self._headings[role], f"{heading} {count}")
        if present != self._shown:
            self._arrange(present)

    def _tile(self, tile: Tile) -> ttk.Button:
        if tile not in self.tiles:
            role, state = tile
            style = _STYLES.get(words.WEIGHTS[state], "Tile.TButton")
            button = ttk.Button(self._totals, style=style, command=lambda: self._on_tile(tile))
            self._context.tips.add(button, f"{role} {state}: {words.MEANINGS[state]}.\nClick to see only these.")
            self.tiles[tile] = button
        return self.tiles[tile]

    def _arrange(self, present: list[Tile]) -> None:
        px = self._context.look.px
        for widget in self._totals.pack_slaves():
            widget.pack_forget()
        for role, heading in self._headings.items():
            heading.pack(side="left", padx=(px(18) if self._totals.pack_slaves() else 0, px(6)))
            for tile in present:
                if tile[0] is role:
                    self.tiles[tile].pack(side="left", padx=px(2))
        self._shown = present

    def choose(self, tile: Tile | None) -> None:
        """Mark the totals that the list is narrowed to, which stay where they are though there be none any more."""
        self._chosen = tile
        for of, button in self.tiles.items():
            button.state(["selected" if of == tile else "!selected"])

    def _warn(self, snapshot: Snapshot) -> None:
        px = self._context.look.px(8)
        for widget, count, text in (
            (self.unsaved, snapshot.unsaved, f"◆ {many(snapshot.unsaved, 'unsaved change')}…"),
            (self.refused, snapshot.refused, f"◆ {many(snapshot.refused, 'row')} of the file refused"),
        ):
            if count:
                _set(widget, text)
                widget.pack(side="right", padx=(px, 0))
            else:
                widget.pack_forget()


def _set(widget: ttk.Label | ttk.Button, text: str, style: str = "") -> None:
    """Change a widget only where it differs: every change is drawn."""
    if str(widget.cget("text")) != text:
        widget.configure(text=text)
    if style and str(widget.cget("style")) != style:
        widget.configure(style=style)
