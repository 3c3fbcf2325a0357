"""A frame that scrolls downwards and lays its children out in as many columns as there is room for."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.gui.scrollbar import Scrollbar

if TYPE_CHECKING:
    from iec104mm2ss.gui.context import Context

_WHEEL = {"<Button-4>": -1, "<Button-5>": 1}
_NOTCH = 120


class Scrolled(ttk.Frame):
    """Children belong into `inside`."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, style="Surface.TFrame")
        self.context = context
        self.canvas = tk.Canvas(self, highlightthickness=0, borderwidth=0, yscrollincrement=context.look.px(20))
        self._bar = Scrollbar(self, orient="vertical", command=self.canvas.yview)
        self.canvas.configure(yscrollcommand=self._bar.set)
        self.inside = ttk.Frame(self.canvas)
        self._window = self.canvas.create_window(0, 0, anchor="nw", window=self.inside)
        self.canvas.grid(row=0, column=0, sticky="nswe")
        self._bar.grid(row=0, column=1, sticky="ns")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.canvas.bind("<Configure>", self._resized)
        self.inside.bind("<Configure>", lambda _: self._measure())
        self._wheel = f"Wheel{self.winfo_id()}"
        for sequence, step in _WHEEL.items():
            self.bind_class(self._wheel, sequence, lambda _, by=step: self._scroll(by))  # type: ignore[misc]
        self.bind_class(self._wheel, "<MouseWheel>", lambda event: self._scroll(-event.delta // _NOTCH))
        self.bind_class(self._wheel, "<FocusIn>", lambda event: self._see(event.widget))
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the look."""
        self.canvas.configure(background=self.context.look.palette.ground)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.itemconfigure(self._window, width=event.width)

    def _measure(self) -> None:
        self.canvas.configure(scrollregion=self.canvas.bbox("all"))

    def _scroll(self, by: int) -> None:
        if self.inside.winfo_height() > self.canvas.winfo_height():
            self.canvas.yview_scroll(by * 2, "units")

    def _see(self, widget: tk.Misc) -> None:
        """Scroll so far that a widget which got the focus is seen."""
        top = widget.winfo_rooty() - self.inside.winfo_rooty()
        height = max(1, self.inside.winfo_height())
        first, last = (share * height for share in self.canvas.yview())
        if top < first or top + widget.winfo_height() > last:
            self.canvas.yview_moveto(max(0.0, top - self.context.look.px(24)) / height)

    def let_scroll(self, widget: tk.Misc) -> None:
        """Let the wheel scroll this frame when the pointer is on a widget in it, or in one of that."""
        widget.bindtags((self._wheel, *widget.bindtags()))
        for child in widget.winfo_children():
            self.let_scroll(child)
