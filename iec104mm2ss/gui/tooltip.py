"""Tooltips: what a part of a window is for, shown while the pointer rests on it."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.gui.look import Look

REST_MS = 500
_DISTANCE = 14
_WRAP = 420


class Tooltips:
    """Shows one tooltip at a time."""

    def __init__(self, root: tk.Misc, look: Look) -> None:
        self._root = root
        self._look = look
        self._timer: str | None = None
        self._shown: tk.Toplevel | None = None
        self._text = ""

    @property
    def text(self) -> str:
        """What is shown at the moment, empty where nothing is."""
        return self._text

    def add(self, widget: tk.Misc, text: str | Callable[[int, int], str]) -> None:
        """Give a widget a tooltip, or one for each place in it: a function of x and y."""

        def rest(event: tk.Event[tk.Misc]) -> None:
            said = text if isinstance(text, str) else text(event.x, event.y)
            if said != self._text:
                self.hide()
                if said:
                    place = event.x_root, event.y_root
                    self._timer = self._root.after(REST_MS, lambda: self._show(said, *place))

        widget.bind("<Enter>", rest, add=True)
        widget.bind("<Motion>", rest, add=True)
        for leave in ("<Leave>", "<ButtonPress>", "<KeyPress>", "<Destroy>"):
            widget.bind(leave, lambda _: self.hide(), add=True)

    def hide(self) -> None:
        """Take the tooltip away."""
        if self._timer is not None:
            self._root.after_cancel(self._timer)
            self._timer = None
        if self._shown is not None:
            self._shown.destroy()
            self._shown = None
        self._text = ""

    def _show(self, text: str, x: int, y: int) -> None:
        self._timer = None
        look, p = self._look, self._look.palette
        self._text = text
        self._shown = top = tk.Toplevel(self._root, background=p.border)
        top.wm_overrideredirect(boolean=True)
        label = tk.Label(top, text=text, justify="left", wraplength=look.px(_WRAP), font="TkTooltipFont")
        label.configure(background=p.surface, foreground=p.ink, padx=look.px(6), pady=look.px(4))
        label.pack(padx=1, pady=1)
        top.update_idletasks()
        width, height = top.winfo_reqwidth(), top.winfo_reqheight()
        x = min(x + look.px(_DISTANCE), top.winfo_screenwidth() - width)
        y += look.px(_DISTANCE)
        if y + height > top.winfo_screenheight():
            y -= height + 2 * look.px(_DISTANCE)
        top.wm_geometry(f"+{max(0, x)}+{max(0, y)}")
