"""Colours, fonts and measures: a light and a dark look, at any scaling of the display."""

from __future__ import annotations

import sys
import tkinter as tk
from dataclasses import dataclass
from tkinter import font, ttk

from iec104mm2ss.gui.display import resolution
from iec104mm2ss.gui.marks import Arrows, Boxes

_TEXT = 13
_SMALL = 12
_POINTS = {"TkDefaultFont", "TkTextFont", "TkMenuFont", "TkFixedFont", "TkIconFont"}
_SMALLER = {"TkTooltipFont", "TkSmallCaptionFont", "TkHeadingFont"}
_DOTS_PER_INCH = 96
LEAST_ZOOM, MOST_ZOOM = 0.7, 3.0
STRONG = "ConsoleStrong"
TITLE = "ConsoleTitle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of a look. `notice` and `alarm` are for what is not normal, alone."""

    ground: str
    surface: str
    raised: str
    border: str
    ink: str
    normal: str
    dim: str
    accent: str
    selection: str
    notice: str
    notice_ground: str
    alarm: str
    alarm_ground: str
    field: str
    field_changed: str
    found: str


LIGHT = Palette(
    ground="#f2f3f5",
    surface="#ffffff",
    raised="#e6e8ec",
    border="#d0d4da",
    ink="#1d2733",
    normal="#4a5563",
    dim="#697482",
    accent="#2f6ba8",
    selection="#d5e5f6",
    notice="#8a5200",
    notice_ground="#fdf3df",
    alarm="#b3261e",
    alarm_ground="#fdebe9",
    field="#fffde3",
    field_changed="#fff3a8",
    found="#ffe08a",
)
DARK = Palette(
    ground="#1f2328",
    surface="#171a1f",
    raised="#2c3138",
    border="#3d444d",
    ink="#e1e6ec",
    normal="#aeb7c2",
    dim="#8b95a1",
    accent="#6aa5de",
    selection="#27405c",
    notice="#e8b25c",
    notice_ground="#352b18",
    alarm="#ff8f85",
    alarm_ground="#3d2423",
    field="#34321d",
    field_changed="#4f4a1e",
    found="#6d5a14",
)
PALETTES = {"light": LIGHT, "dark": DARK}


class Look:
    """Gives a window its colours and measures, and every text widget that is announced too."""

    def __init__(self, root: tk.Tk, theme: str, zoom: float) -> None:
        self.root = root
        self.theme = theme if theme in PALETTES else "light"
        self._display = display_scale(root)
        self.zoom = zoom if LEAST_ZOOM <= zoom <= MOST_ZOOM else 1.0
        self.style = ttk.Style(root)
        self.style.theme_use("clam")
        self._boxes, self._arrows = Boxes(root, self.style), Arrows(root, self.style)
        # Kept: a font ends with the object that made it.
        self._made = [font.Font(root, name=name, exists=False) for name in (STRONG, TITLE)]
        self.apply()

    @property
    def palette(self) -> Palette:
        """The colours of the theme."""
        return PALETTES[self.theme]

    @property
    def scale(self) -> float:
        """How many times larger than at 96 dots per inch everything is."""
        return self._display * self.zoom

    def px(self, length: float) -> int:
        """Return a length in the display's pixels, from one at 96 dots per inch."""
        return max(1, round(length * self.scale))

    def digits(self, count: float) -> int:
        """Return the width of so many digits, in pixels."""
        return round(font.nametofont("TkDefaultFont", self.root).measure("0") * count)

    def change(self, theme: str, zoom: float) -> None:
        """Take other colours, or another size, or both."""
        self.theme = theme
        self.zoom = min(MOST_ZOOM, max(LEAST_ZOOM, zoom))
        self.apply()

    def apply(self) -> None:
        """Set fonts, colours and styles anew."""
        self._fonts()
        self._boxes.draw(self.palette, self.px(14))
        self._arrows.draw(self.palette, self.px(11))
        self.root.configure(background=self.palette.ground)
        _base(self.style, self.palette, self)
        _buttons(self.style, self.palette, self)
        _lists(self.style, self.palette, self)
        _texts(self.style, self.palette, self)

    def _fonts(self) -> None:
        for name in _POINTS | _SMALLER:
            size = _TEXT if name in _POINTS else _SMALL
            font.nametofont(name, self.root).configure(size=-self.px(size), weight="normal")
        family = font.nametofont("TkDefaultFont", self.root).actual("family")
        font.nametofont(STRONG, self.root).configure(family=family, size=-self.px(_TEXT), weight="bold")
        font.nametofont(TITLE, self.root).configure(family=family, size=-self.px(_TEXT + 4), weight="bold")

    def line_height(self) -> int:
        """Return the height of a row in lists."""
        return font.nametofont("TkDefaultFont", self.root).metrics("linespace") + self.px(7)

    def text_line(self) -> int:
        """Return the height of a line in texts."""
        return font.nametofont("TkFixedFont", self.root).metrics("linespace") + self.px(1)

    def text_margin(self) -> int:
        """Return the least room above and below the lines of a text."""
        return self.px(3)

    def dress(self, text: tk.Text) -> None:
        """Give a text widget, which ttk does not know, the look."""
        p = self.palette
        text.configure(
            background=p.surface,
            foreground=p.ink,
            insertbackground=p.ink,
            selectbackground=p.selection,
            selectforeground=p.ink,
            inactiveselectbackground=p.selection,
            highlightthickness=0,
            borderwidth=0,
            padx=self.px(8),
            pady=self.text_margin(),
            font="TkFixedFont",
            spacing1=self.px(1),
        )
        for name, colour in {"dim": p.dim, "notice": p.notice, "alarm": p.alarm, "accent": p.accent}.items():
            text.tag_configure(name, foreground=colour)
        text.tag_configure("found", background=p.found)
        text.tag_configure("place", background=p.accent, foreground=p.surface)
        text.tag_raise("sel")

    def dress_menu(self, menu: tk.Menu) -> None:
        """Give a menu and those below it the look; the menus of Windows have their own."""
        p = self.palette
        menu.configure(
            background=p.ground,
            foreground=p.ink,
            activebackground=p.selection,
            activeforeground=p.ink,
            disabledforeground=p.dim,
            selectcolor=p.ink,
            relief="flat",
            borderwidth=1,
            # The room that Tk leaves around an entry does not grow with the display's dots.
            activeborderwidth=self.px(4) - 4,
            font="TkMenuFont",
        )
        for child in menu.winfo_children():
            if isinstance(child, tk.Menu):
                self.dress_menu(child)


def display_scale(root: tk.Tk) -> float:
    """Return how many pixels the display has for one at 96 dots per inch; at least 1."""
    scale = root.winfo_fpixels("1i") / _DOTS_PER_INCH
    if sys.platform == "linux":
        wanted = resolution()
        if wanted.isdigit():
            scale = max(scale, int(wanted) / _DOTS_PER_INCH)
    return max(1.0, round(scale, 2))


def _base(style: ttk.Style, p: Palette, look: Look) -> None:
    style.configure(
        ".",
        background=p.ground,
        foreground=p.ink,
        bordercolor=p.border,
        lightcolor=p.ground,
        darkcolor=p.ground,
        troughcolor=p.ground,
        focuscolor=p.accent,
        selectbackground=p.selection,
        selectforeground=p.ink,
        insertcolor=p.ink,
        fieldbackground=p.surface,
        font="TkDefaultFont",
    )
    style.map(".", foreground=[("disabled", p.dim)])
    style.configure("Surface.TFrame", background=p.surface)
    style.configure("Card.TFrame", background=p.surface, bordercolor=p.border, relief="flat", borderwidth=0)
    style.configure("Sash", sashthickness=look.px(6), gripcount=0, background=p.ground, lightcolor=p.ground)
    style.configure("TSeparator", background=p.border)
    style.configure("TProgressbar", background=p.accent, troughcolor=p.raised, lightcolor=p.accent, darkcolor=p.accent)
    style.configure("TProgressbar", bordercolor=p.raised, thickness=look.px(8))


def _buttons(style: ttk.Style, p: Palette, look: Look) -> None:
    near, wide = look.px(3), look.px(10)
    flat = {"lightcolor": p.surface, "darkcolor": p.surface}
    style.configure("TButton", background=p.surface, padding=(wide, near), width=0, anchor="center", **flat)
    style.configure("TButton", focuscolor=p.surface)
    pressed = [("disabled", p.ground), ("pressed", p.raised), ("active", p.raised)]
    style.map("TButton", background=pressed, lightcolor=pressed, darkcolor=pressed)
    style.map("TButton", bordercolor=[("focus", p.accent)], foreground=[("disabled", p.dim)])
    for name, ground in {"Tile.TButton": p.ground, "Quiet.TButton": p.ground}.items():
        style.configure(name, background=ground, lightcolor=ground, darkcolor=ground, bordercolor=ground)
        style.configure(name, padding=(look.px(6), near), foreground=p.normal, focuscolor=ground)
    style.map("Tile.TButton", bordercolor=[("selected", p.accent), ("focus", p.accent)])
    grounds = {"Notice": (p.notice, p.notice_ground), "Alarm": (p.alarm, p.alarm_ground)}
    for name, (ink, ground) in grounds.items():
        style.configure(f"{name}.Tile.TButton", foreground=ink, font=STRONG)
        style.configure(f"{name}.Tile.TButton", background=ground, lightcolor=ground, darkcolor=ground)
        style.configure(f"{name}.Tile.TButton", bordercolor=ground)
    style.configure("Main.TButton", background=p.accent, foreground=p.surface, lightcolor=p.accent, darkcolor=p.accent)
    style.configure("Main.TButton", bordercolor=p.accent, font=STRONG, focuscolor=p.surface)
    disabled = [("disabled", p.raised)]
    style.map("Main.TButton", background=disabled, lightcolor=disabled, darkcolor=disabled, bordercolor=disabled)
    style.configure("TCheckbutton", padding=look.px(2), focuscolor=p.dim)
    style.map("TCheckbutton", background=[("active", p.ground)])
    style.configure("TMenubutton", background=p.surface, padding=(wide, near), arrowsize=look.px(4), arrowcolor=p.dim)
    style.configure("TMenubutton", **flat)
    style.map("TMenubutton", background=[("active", p.raised)])


def _lists(style: ttk.Style, p: Palette, look: Look) -> None:
    style.configure("Treeview", background=p.surface, fieldbackground=p.surface, foreground=p.normal)
    style.configure("Treeview", rowheight=look.line_height(), borderwidth=0, indent=look.px(16))
    style.configure("Treeview", bordercolor=p.border, lightcolor=p.surface, darkcolor=p.surface)
    # The colour of what is not normal stays in a selected row.
    style.map("Treeview", background=[("selected", p.selection)], foreground=[])
    style.configure("Treeview.Heading", background=p.ground, foreground=p.dim, relief="flat", font="TkHeadingFont")
    style.configure("Treeview.Heading", padding=(look.px(2), look.px(4)), bordercolor=p.ground)
    style.map("Treeview.Heading", background=[("active", p.raised)])
    for orient in ("Vertical", "Horizontal"):
        name = f"{orient}.TScrollbar"
        style.layout(name, _scrollbar(orient))  # type: ignore[arg-type]
        style.configure(name, background=p.border, troughcolor=p.ground, bordercolor=p.ground, gripcount=0)
        style.configure(name, lightcolor=p.border, darkcolor=p.border, arrowsize=look.px(11))
        style.map(name, background=[("disabled", p.ground), ("active", p.dim)])
        style.map(name, lightcolor=[("disabled", p.ground)], darkcolor=[("disabled", p.ground)])


def _scrollbar(orient: str) -> list[tuple[str, dict[str, object]]]:
    """A bar without arrows: they are never hit and make small windows look crowded."""
    thumb = (f"{orient}.Scrollbar.thumb", {"expand": "1", "sticky": "nswe"})
    sticky = "ns" if orient == "Vertical" else "we"
    return [(f"{orient}.Scrollbar.trough", {"sticky": sticky, "children": [thumb]})]


def _texts(style: ttk.Style, p: Palette, look: Look) -> None:
    style.configure("Dim.TLabel", foreground=p.dim)
    style.configure("Strong.TLabel", font=STRONG)
    style.configure("Title.TLabel", font=TITLE)
    for name, ink in {"Notice": p.notice, "Alarm": p.alarm}.items():
        style.configure(f"{name}.TLabel", foreground=ink)
        style.configure(f"{name}.Strong.TLabel", foreground=ink)
    style.configure("Card.TLabel", background=p.surface)
    style.configure("CardTitle.TLabel", background=p.surface, font=STRONG)
    style.configure("CardName.TLabel", background=p.surface, foreground=p.dim)
    style.configure(
        "Mark.TLabel", background=p.accent, foreground=p.surface, font=STRONG, padding=(look.px(8), look.px(2))
    )
    style.configure("Lost.TLabel", background=p.alarm_ground, foreground=p.alarm, font=STRONG)
    style.configure("Lost.TLabel", padding=(look.px(8), look.px(2)))
    edge = [("focus", p.accent)]
    style.configure("TEntry", padding=look.px(3), lightcolor=p.surface, darkcolor=p.surface, foreground=p.ink)
    style.map("TEntry", bordercolor=edge, lightcolor=edge, fieldbackground=[("disabled", p.ground)])
    for name, ground, border in (
        ("Field", p.field, p.border),
        ("Changed", p.field_changed, p.accent),
        ("Wrong", p.field, p.alarm),
    ):
        style.configure(f"{name}.TEntry", fieldbackground=ground, bordercolor=border, lightcolor=ground)
        style.map(f"{name}.TEntry", fieldbackground=[("readonly", p.ground)], lightcolor=[("focus", border)])
        style.map(f"{name}.TEntry", bordercolor=[("focus", p.alarm if name == "Wrong" else p.accent)])
    style.configure("TNotebook", background=p.ground, bordercolor=p.border, tabmargins=(0, look.px(2), 0, 0))
    style.configure("TNotebook", lightcolor=p.ground, darkcolor=p.ground)
    style.configure("TNotebook.Tab", padding=(look.px(12), look.px(3)), background=p.ground, foreground=p.dim)
    style.configure("TNotebook.Tab", lightcolor=p.ground, bordercolor=p.border)
    style.map("TNotebook.Tab", background=[("selected", p.surface)], foreground=[("selected", p.ink)])
    style.map("TNotebook.Tab", lightcolor=[("selected", p.surface)], padding=[("selected", (look.px(12), look.px(3)))])
