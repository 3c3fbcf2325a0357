"""The Details tab: everything about an entry in titled cards, and the hosts that were turned away."""

from __future__ import annotations

from dataclasses import replace
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.console.requests import Edit, Edited
from iec104mm2ss.console.snapshot import Role
from iec104mm2ss.gui.cards import Card, RefusedCard
from iec104mm2ss.gui.dialogs import ask
from iec104mm2ss.gui.scrolled import Scrolled

if TYPE_CHECKING:
    import tkinter as tk

    from iec104mm2ss.console.requests import Answer
    from iec104mm2ss.console.snapshot import Details, Entry
    from iec104mm2ss.gui.context import Context

_CARD = 46
_HOSTS = "hosts"


class DetailsPane(Scrolled):
    """Shows one entry's details. Cards are made anew only where there are others."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context)
        self._cards: list[Card] = []
        self.refused: RefusedCard | None = None
        self._columns: list[ttk.Frame] = []
        self._shape: tuple[object, ...] = ()
        self._details: Details | None = None
        self.inside.configure(padding=context.look.px(4))
        self.canvas.bind("<Configure>", lambda _: self._lay_out(), add=True)

    def detail(self, details: Details) -> None:
        """Show details."""
        self._details = details
        hosts = tuple(peer.host for peer in details.refused)
        shape = (details.entry.role, tuple(len(section.rows) for section in details.sections), hosts)
        if shape != self._shape:
            self._shape = shape
            self._remake(details)
        for card, section in zip(self._cards, details.sections, strict=True):
            card.show(section.title, section.rows)
        if self.refused is not None:
            self.refused.show(details.refused)

    def _remake(self, details: Details) -> None:
        for old in self._shown():
            old.destroy()
        self._cards = [Card(self.inside, self.context, len(section.rows)) for section in details.sections]
        self.refused = None
        if details.refused:
            can_accept = details.entry.role is Role.MASTER or len(self.context.kind.roles) == 1
            accept = self._accept if can_accept and self.context.may_change else None
            self.refused = RefusedCard(self.inside, self.context, [it.host for it in details.refused], accept)
        self._lay_out(anew=True)

    def _shown(self) -> list[Card | RefusedCard]:
        """Return all in order: whoever was turned away must be seen without scrolling."""
        return [*self._cards[:1], *([self.refused] if self.refused else []), *self._cards[1:]]

    def _lay_out(self, *, anew: bool = False) -> None:
        """Put each card into the column that is shortest so far."""
        across = max(1, self.canvas.winfo_width() // self.context.look.digits(_CARD))
        if across == len(self._columns) and not anew:
            return
        self._make_columns(across)
        heights = [0] * across
        for card in self._shown():
            shortest = heights.index(min(heights))
            gap = self.context.look.px(4)
            card.pack(in_=self._columns[shortest], fill="x", padx=gap, pady=gap)
            card.lift()
            heights[shortest] += card.length
        self.let_scroll(self.inside)

    def _make_columns(self, across: int) -> None:
        for column in self._columns:
            column.destroy()
        self._columns = [ttk.Frame(self.inside) for _ in range(across)]
        for place, column in enumerate(self._columns):
            column.grid(row=0, column=place, sticky="nwe")
        for place in range(self.inside.grid_size()[0]):
            self.inside.columnconfigure(place, weight=int(place < across), uniform="card" if place < across else "")

    def _accept(self, host: str) -> None:
        """Put a host into the entry's filter."""
        details = self._details
        if details is None:
            return
        hosts = next((field.value for field in details.fields if field.name == _HOSTS), "")
        edit = Edit(details.entry.key, {_HOSTS: f"{hosts};{host}" if hosts else host})

        def apply() -> None:
            self.context.relay.ask(edit, self.context.edited, self.context.lost)

        def know(answer: Answer) -> None:
            drops = answer.drops if isinstance(answer, Edited) else ()
            if drops:
                lines = _question(details.entry, host, drops)
                ask(self.context, "Add to filter", lines, "&Add and restart", apply)
            else:
                apply()

        self.context.relay.ask(replace(edit, check=True), know, self.context.lost)


def _question(entry: Entry, host: str, drops: tuple[str, ...]) -> tuple[str, ...]:
    return (
        f"Let {host} connect to {entry.name}?",
        f"{entry.name} is restarted for it. This disconnects: {', '.join(drops)}.",
        "The file is not changed until you save it.",
    )
