"""The bar of the simulator: which index is sent, for how long, and how far it is."""

from __future__ import annotations

import math
import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.console.requests import Send, StopSending
from iec104mm2ss.console.table import many
from iec104mm2ss.gui.words import Weight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iec104mm2ss.console.snapshot import Entry
    from iec104mm2ss.gui.context import Context

_TEXT, _STOP = "Send", "■ Stop"
_LONGEST_INDEX = 12


class SendBar(ttk.Frame):
    """Index [ ] Duration [ ] s [Send]; the button stops while something is being sent."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        px = context.look.px
        super().__init__(parent, padding=(px(12), px(2)))
        self._context = context
        self._sending = False
        self.index, self.seconds = tk.StringVar(self), tk.StringVar(self)
        self.index_entry = self._field(
            "Index", self.index, 12, "The index whose signals all connected RTUs send; 0 sends all signals."
        )
        self._field("Duration", self.seconds, 8, "Seconds for which it is sent again and again; empty: once.")
        ttk.Label(self, text="s").pack(side="left")
        self.button = ttk.Button(self, text=_TEXT, width=9, style="Main.TButton", command=self.press)
        self.button.pack(side="left", padx=px(10))
        self.button.state(["!disabled" if context.may_change else "disabled"])
        context.tips.add(self.button, "Let every connected RTU send the signals of this index; Stop ends it at once.")
        self.bar = ttk.Progressbar(self, length=px(160), maximum=1.0)
        self._text = ttk.Label(self, style="Dim.TLabel")
        self._text.pack(side="left", padx=px(6))

    def _field(self, label: str, variable: tk.StringVar, width: int, tip: str) -> ttk.Entry:
        px = self._context.look.px
        ttk.Label(self, text=label).pack(side="left", padx=(0, px(6)))
        entry = ttk.Entry(self, textvariable=variable, width=width, style="Field.TEntry")
        entry.pack(side="left", padx=(0, px(10)))
        entry.bind("<Return>", lambda _: self.press())
        self._context.tips.add(entry, tip)
        if not self._context.may_change:
            entry.state(["disabled"])
        return entry

    def press(self) -> None:
        """Send, or stop."""
        if self._sending:
            self._ask(StopSending())
            return
        problem = _problem(self.index.get(), self.seconds.get())
        if problem:
            self._context.say(problem, Weight.ALARM)
            return
        seconds = self.seconds.get().strip()
        self._ask(Send(int(self.index.get()), float(seconds) if seconds else None))

    def _ask(self, request: Send | StopSending) -> None:
        self._context.relay.ask(request, self._context.outcome, self._context.lost)

    def show(self, entries: Iterable[Entry]) -> None:
        """Show how far it is."""
        under_way = [entry.sending for entry in entries if entry.sending and entry.sending.total]
        self._sending = bool(under_way)
        text = _STOP if under_way else _TEXT
        if str(self.button.cget("text")) != text:
            self.button.configure(text=text)
        if not under_way:
            self.bar.pack_forget()
            self._text.configure(text="")
            return
        place, total = sum(it.place for it in under_way), sum(it.total for it in under_way)
        self.bar.configure(value=place / total)
        if not self.bar.winfo_manager():
            self.bar.pack(side="left", before=self._text)
        self._text.configure(text=f"{place} of {total} signals, {many(len(under_way), 'RTU')}")


def _problem(index: str, seconds: str) -> str:
    """Return what is wrong with what was typed, empty where nothing is."""
    index, seconds = index.strip(), seconds.strip()
    if not (index.isascii() and index.isdigit() and len(index) <= _LONGEST_INDEX):
        return f"Index {index!r} should be a number of at most {_LONGEST_INDEX} digits" if index else "Index is empty"
    try:
        usable = not seconds or (math.isfinite(float(seconds)) and float(seconds) > 0)
    except ValueError:
        usable = False
    return "" if usable else f"Duration {seconds!r} should be a number of seconds above 0, or empty"
