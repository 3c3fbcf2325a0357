"""The boxes of checks, drawn at the display's scaling: Tk's own are crossed out where they mean yes."""

from __future__ import annotations

import math
import tkinter as tk
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tkinter import ttk

    from iec104mm2ss.gui.look import Palette

# Corners of the tick, in parts of the box's size.
_TICK: Final = ((0.22, 0.53), (0.42, 0.72), (0.79, 0.29))
_THICK = 0.13
_GAP = 0.45
_ELEMENT = "Box.indicator"

Rgb = tuple[int, int, int]
Part = tuple[str, dict[str, object]]


class Boxes:
    """The images of a box without and with a tick, used by all checks of a window."""

    def __init__(self, root: tk.Misc, style: ttk.Style) -> None:
        self._off = tk.PhotoImage(master=root)
        self._on = tk.PhotoImage(master=root)
        style.element_create(_ELEMENT, "image", self._off, ("selected", self._on), sticky="")
        box: Part = (_ELEMENT, {"side": "left"})
        label: Part = ("Checkbutton.focus", {"side": "left", "children": [("Checkbutton.label", {})]})
        whole: Part = ("Checkbutton.padding", {"sticky": "nswe", "children": [box, label]})
        style.layout("TCheckbutton", [whole])  # type: ignore[list-item]

    def draw(self, palette: Palette, size: int) -> None:
        """Draw both anew; `size` in pixels."""
        _draw(self._off, size, palette.surface, palette.dim, "")
        _draw(self._on, size, palette.accent, palette.accent, palette.surface)


def _draw(image: tk.PhotoImage, size: int, ground: str, edge: str, tick: str) -> None:
    image.configure(width=size + round(size * _GAP), height=size)
    image.blank()
    image.put(" ".join(_row(y, size, ground, edge, tick) for y in range(size)))


def _row(y: int, size: int, ground: str, edge: str, tick: str) -> str:
    return "{" + " ".join(_pixel(x, y, size, ground, edge, tick) for x in range(size)) + "}"


def _pixel(x: int, y: int, size: int, ground: str, edge: str, tick: str) -> str:
    thin = max(1, round(size / 14))
    if min(x, y, size - 1 - x, size - 1 - y) < thin:
        return edge
    return _mixed(ground, tick, _covered(x + 0.5, y + 0.5, size)) if tick else ground


def _covered(x: float, y: float, size: int) -> float:
    """Return how much of a pixel the tick covers, 0 to 1."""
    corners = [(a * size, b * size) for a, b in _TICK]
    away = min(_distance(x, y, *corners[0], *corners[1]), _distance(x, y, *corners[1], *corners[2]))
    return min(1.0, max(0.0, size * _THICK / 2 + 0.5 - away))


def _distance(x: float, y: float, x0: float, y0: float, x1: float, y1: float) -> float:
    dx, dy = x1 - x0, y1 - y0
    along = min(1.0, max(0.0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)))
    return math.hypot(x - x0 - along * dx, y - y0 - along * dy)


def _mixed(ground: str, ink: str, share: float) -> str:
    parts = zip(_rgb(ground), _rgb(ink), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
