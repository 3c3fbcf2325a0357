"""Cards: titled lists of names and values, and the list of refused hosts with a button for each."""

from __future__ import annotations

from tkinter import font, ttk
from typing import TYPE_CHECKING

from iec104mm2ss.console.table import age, many

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable, Sequence

    from iec104mm2ss.console.snapshot import RefusedPeer
    from iec104mm2ss.gui.context import Context

_NAME_SHARE = 0.5
_TEXT_SHARE = 0.4


class Card(ttk.Frame):
    """A title and rows of two labels; only texts that differ are set."""

    def __init__(self, parent: tk.Misc, context: Context, rows: int) -> None:
        px = context.look.px
        super().__init__(parent, style="Card.TFrame", padding=(px(10), px(6)))
        self.length = rows + 2
        self._gap = px(12)
        self._title = ttk.Label(self, style="CardTitle.TLabel")
        self._title.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, px(2)))
        self._labels = [self._row(number + 1) for number in range(rows)]
        self.columnconfigure(1, weight=1)
        self._names: tuple[str, ...] = ()
        self.bind("<Configure>", lambda event: self._fit(event.width))

    def _row(self, number: int) -> tuple[ttk.Label, ttk.Label]:
        name = ttk.Label(self, style="CardName.TLabel", justify="left")
        value = ttk.Label(self, style="Card.TLabel", justify="left")
        name.grid(row=number, column=0, sticky="nw", padx=(0, self._gap))
        value.grid(row=number, column=1, sticky="nw")
        return name, value

    def _fit(self, width: int) -> None:
        """Break the lines of what is too long for the card; names get at most their share of it."""
        inner = width - 4 * self._gap
        text = font.nametofont("TkDefaultFont", self)
        names = min(round(inner * _NAME_SHARE), max((text.measure(name) for name in self._names), default=0) + 1)
        for name, value in self._labels:
            name.configure(wraplength=names)
            value.configure(wraplength=inner - names)

    def show(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Show other texts, as many as before."""
        set_text(self._title, title)
        names = tuple(name for name, _ in rows)
        if names != self._names:
            self._names = names
            self._fit(self.winfo_width())
        for labels, texts in zip(self._labels, rows, strict=True):
            for label, text in zip(labels, texts, strict=True):
                set_text(label, text)


class RefusedCard(ttk.Frame):
    """The hosts that were turned away; `accept` is called with the one whose button is pressed."""

    def __init__(
        self, parent: tk.Misc, context: Context, hosts: Sequence[str], accept: Callable[[str], None] | None
    ) -> None:
        px = context.look.px
        super().__init__(parent, style="Card.TFrame", padding=(px(10), px(6)))
        self.length = 2 * len(hosts) + 2
        title = ttk.Label(self, text="Refused peers", style="CardTitle.TLabel")
        title.grid(row=0, column=0, columnspan=3, sticky="w", pady=(0, px(2)))
        self._labels: list[ttk.Label] = []
        self.buttons: dict[str, ttk.Button] = {}
        for row, host in enumerate(hosts, 1):
            ttk.Label(self, text=host, style="Card.TLabel").grid(row=row, column=0, sticky="w", padx=(0, px(12)))
            label = ttk.Label(self, style="CardName.TLabel", justify="left")
            label.grid(row=row, column=1, sticky="we")
            self._labels.append(label)
            if accept is not None:
                self._button(context, row, host, accept)
        self.columnconfigure(1, weight=1)
        self.bind("<Configure>", lambda event: self._fit(event.width))

    def _fit(self, width: int) -> None:
        for label in self._labels:
            label.configure(wraplength=round(width * _TEXT_SHARE))

    def _button(self, context: Context, row: int, host: str, accept: Callable[[str], None]) -> None:
        button = ttk.Button(self, text="Add to filter", command=lambda: accept(host))
        button.grid(row=row, column=2, sticky="e", pady=context.look.px(1))
        context.tips.add(button, f"Let {host} connect from now on: it is put into the Hosts field, not into the file.")
        self.buttons[host] = button

    def show(self, peers: Sequence[RefusedPeer]) -> None:
        """Show how often and when; the same hosts as before."""
        for label, peer in zip(self._labels, peers, strict=True):
            set_text(label, f"{many(peer.count, 'time')}, last {age(peer.age)} ago: {peer.reason}")


def set_text(label: ttk.Label, text: str) -> None:
    """Change a label only where it differs: every change is drawn."""
    if str(label.cget("text")) != text:
        label.configure(text=text)
