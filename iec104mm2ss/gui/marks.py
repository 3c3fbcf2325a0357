"""The boxes of checks and the arrows of groups, drawn at the display's scaling.

Tk's own boxes are crossed out where they mean yes, and its arrows stay small on a display of many dots.
"""

from __future__ import annotations

import math
import struct
import tkinter as tk
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tkinter import ttk

    from iec104mm2ss.gui.look import Palette

# Corners of lines, in parts of the mark's size.
_TICK: Final = ((0.22, 0.53), (0.42, 0.72), (0.79, 0.29))
_DOWN: Final = ((0.14, 0.34), (0.5, 0.7), (0.86, 0.34))
_ASIDE: Final = ((0.34, 0.14), (0.7, 0.5), (0.34, 0.86))
_THICK = 0.13
_GAP = 0.45
_ELEMENT, _ARROW = "Box.indicator", "Arrow.indicator"
_PNG = b"\x89PNG\r\n\x1a\n"
_EIGHT_BITS, _RGBA = 8, 6

Line = tuple[tuple[float, float], ...]
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


class Arrows:
    """The images before an entry that others are below of: pointing down where they are seen, else aside."""

    def __init__(self, root: tk.Misc, style: ttk.Style) -> None:
        self._down, self._aside, self._none = (tk.PhotoImage(master=root) for _ in range(3))
        # user1 is Tk's name for an item that is open, user2 for one that has none below it.
        style.element_create(_ARROW, "image", self._aside, ("user2", self._none), ("user1", self._down), sticky="")
        indicator: Part = (_ARROW, {"side": "left"})
        text: Part = ("Treeitem.text", {"side": "left"})
        whole: Part = ("Treeitem.padding", {"sticky": "nswe", "children": [indicator, text]})
        style.layout("Treeview.Item", [whole])  # type: ignore[list-item]

    def draw(self, palette: Palette, size: int) -> None:
        """Draw all anew; `size` in pixels."""
        self._none.configure(width=size, height=size)
        for image, corners in ((self._down, _DOWN), (self._aside, _ASIDE)):
            image.configure(format="png", data=_line(corners, size, _rgb(palette.dim)))


def _line(corners: Line, size: int, ink: Rgb) -> bytes:
    """Return a line on nothing, as PNG: it lies on rows of several colours."""
    rows = b"".join(
        b"\0" + b"".join(bytes((*ink, round(255 * _covered(x + 0.5, y + 0.5, size, corners)))) for x in range(size))
        for y in range(size)
    )
    header = struct.pack(">IIBBBBB", size, size, _EIGHT_BITS, _RGBA, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return _PNG + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


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
    return _mixed(ground, tick, _covered(x + 0.5, y + 0.5, size, _TICK)) if tick else ground


def _covered(x: float, y: float, size: int, corners: Line) -> float:
    """Return how much of a pixel a line covers, 0 to 1."""
    places = [(a * size, b * size) for a, b in corners]
    away = min(_distance(x, y, *a, *b) for a, b in pairwise(places))
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
