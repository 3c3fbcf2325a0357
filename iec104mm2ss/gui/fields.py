"""One field of a form: its label, its text in light yellow, and what is wrong with it."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iec104mm2ss.console.requests import FieldProblem
    from iec104mm2ss.gui.context import Context

_WIDE = 30


class FormField(ttk.Frame):
    """`value` is what runs, `saved` what the file says, `text` what stands in the field."""

    def __init__(self, parent: tk.Misc, context: Context, label: str, width: int, tip: str) -> None:
        super().__init__(parent)
        self.width, self.label = width, label
        self.value = self.saved = ""
        self.on_change: Callable[[], None] = lambda: None
        self.on_enter: Callable[[], None] = lambda: None
        self._variable = tk.StringVar(self)
        self._wrong = False
        self._tip = tip
        self._hint = tip if self.wide else ""
        self._label = ttk.Label(self, text=label, style="Dim.TLabel")
        self.entry = ttk.Entry(self, textvariable=self._variable, width=width, style="Field.TEntry")
        hint = ttk.Label(self, text=self._hint, style="Dim.TLabel")
        for widget in (self._label, self.entry, hint):
            widget.pack(anchor="w")
        # A child of the form, which puts it below the row: a sentence is wider than most fields.
        self.message = ttk.Label(parent, style="Alarm.TLabel", justify="left")
        self.entry.bind("<Return>", lambda _: self.on_enter())
        if not context.may_change:
            self.entry.state(["readonly"])
        context.tips.add(self.entry, lambda _x, _y: self.tip)
        self._variable.trace_add("write", lambda *_: self._typed())

    @property
    def wide(self) -> bool:
        """Whether it needs a row of its own."""
        return self.width > _WIDE

    @property
    def tip(self) -> str:
        """What belongs into the field, and what the file says where that differs from what runs."""
        differs = f"\nIn the file: {self.saved or 'empty'}" if self.saved != self.value else ""
        return f"{self._tip}{differs}"

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self._variable.get()

    @text.setter
    def text(self, text: str) -> None:
        if text != self._variable.get():
            self._variable.set(text)

    @property
    def changed(self) -> bool:
        """Whether it says something else than what runs."""
        return self.text != self.value

    def forget(self) -> None:
        """Take away what is said here of one entry, for another one."""
        self.value = self.saved = self.text = ""
        self.judge(())

    def take(self, value: str, saved: str) -> None:
        """Take what runs, and show it unless somebody has typed something else."""
        untouched = not self.changed
        self.value, self.saved = value, saved
        if untouched:
            self.text = value
        self._colour()

    def judge(self, problems: Sequence[FieldProblem]) -> None:
        """Show what is wrong with it."""
        self._wrong = any(problem.refused for problem in problems)
        text = "\n".join(problem.text for problem in problems)
        style = "Alarm.TLabel" if self._wrong else "Notice.TLabel"
        self.message.configure(text=f"{self.label}: {text}" if text else "", style=style)
        self._colour()

    def destroy(self) -> None:
        """Take the field away, and what is said of it."""
        self.message.destroy()
        super().destroy()
        # Now and in this thread: a variable that any thread's garbage collection frees would wait there for Tk's.
        del self._variable

    def _typed(self) -> None:
        self._colour()
        self.on_change()

    def _colour(self) -> None:
        style = "Wrong" if self._wrong else "Changed" if self.changed else "Field"
        if str(self.entry.cget("style")) != f"{style}.TEntry":
            self.entry.configure(style=f"{style}.TEntry")
