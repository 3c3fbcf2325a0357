"""The list of entries: an RTU on each row, its masters below it; only what is seen and has changed is drawn anew."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import Role
from iec104mm2ss.console.table import age
from iec104mm2ss.gui import arrangement, words
from iec104mm2ss.gui.arrangement import Family, Wish
from iec104mm2ss.gui.columns import NAME_COLUMN, Column, Row
from iec104mm2ss.gui.scrollbar import Scrollbar

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable, Sequence

    from iec104mm2ss.gui.look import Look

_TREE = "#0"
_UP, _DOWN = " ▴", " ▾"
_LEAST_WIDTH = 30


class EntryTree(ttk.Frame):
    """Shows rows as a `Wish` asks; `on_choice` gets the key of a newly selected entry."""

    def __init__(self, parent: tk.Misc, look: Look, columns: Sequence[Column]) -> None:
        super().__init__(parent, style="Surface.TFrame")
        self.look = look
        self.columns = {column.name: column for column in (NAME_COLUMN, *columns)}
        self.wish = Wish()
        self.on_choice: Callable[[str], None] = lambda _key: None
        self.on_wish: Callable[[], None] = lambda: None
        self._rows: dict[str, Row] = {}
        self._behind = 0.0
        self._families: list[Family] = []
        self._order: list[tuple[str, tuple[str, ...]]] = []
        self._shown: dict[str, tuple[str, ...]] = {}
        self.tree = ttk.Treeview(self, columns=[column.name for column in columns], selectmode="browse")
        self._bar = Scrollbar(self, orient="vertical", command=self.tree.yview)
        self._place()
        self._prepare_columns()
        self.restyle()

    def _place(self) -> None:
        across = Scrollbar(self, orient="horizontal", command=self.tree.xview)
        self.tree.configure(yscrollcommand=self._scrolled, xscrollcommand=across.set)
        self.tree.grid(row=0, column=0, sticky="nswe")
        self._bar.grid(row=0, column=1, sticky="ns")
        across.grid(row=1, column=0, sticky="we")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.tree.bind("<<TreeviewSelect>>", lambda _: self.on_choice(self.chosen))
        self.tree.bind("<<TreeviewOpen>>", lambda _: self.after_idle(self._draw_visible))
        self.tree.bind("<<TreeviewClose>>", lambda _: self.after_idle(self._draw_visible))
        self.tree.bind("<Configure>", lambda _: self.after_idle(self._draw_visible))

    def _prepare_columns(self) -> None:
        for place, column in self._placed():
            self.tree.heading(place, command=partial(self.sort_by, column))
            last = column.name == "event"
            self.tree.column(place, width=self.look.digits(column.width), minwidth=_LEAST_WIDTH, stretch=last)
            self.tree.column(place, anchor="e" if column.right else "w")
        self._head()

    def _placed(self) -> list[tuple[str, Column]]:
        return [(_TREE if column is NAME_COLUMN else name, column) for name, column in self.columns.items()]

    def _head(self) -> None:
        for place, column in self._placed():
            mark = (_DOWN if self.wish.descending else _UP) if self.wish.column is column else ""
            self.tree.heading(place, text=_aligned(column, column.heading + mark), anchor="e" if column.right else "w")

    def restyle(self) -> None:
        """Take the colours of the look."""
        p = self.look.palette
        self.tree.tag_configure(words.Weight.NOTICE.tag, foreground=p.notice)
        self.tree.tag_configure(words.Weight.ALARM.tag, foreground=p.alarm, background=p.alarm_ground)
        self.tree.tag_configure(words.Weight.OFF.tag, foreground=p.dim)

    # What is shown

    @property
    def chosen(self) -> str:
        """The key of the selected entry, empty where none is."""
        selection = self.tree.selection()
        return selection[0] if selection else ""

    def choose(self, key: str) -> None:
        """Select an entry and scroll to it."""
        if key in self._rows and key != self.chosen:
            self.tree.selection_set(key)
            self.tree.focus(key)
            self.tree.see(key)

    def family(self, key: str) -> list[str]:
        """Return the keys of an RTU's masters."""
        return list(self.tree.get_children(key))

    def text(self, key: str, column: str) -> str:
        """Return what a cell says, whether or not it is seen at the moment."""
        return self.columns[column].text(self._rows[key])

    def show(self, rows: Sequence[Row]) -> None:
        """Show other rows, or the same with other contents."""
        self._rows = {row.entry.key: row for row in rows}
        self._behind = 0.0
        self._families = arrangement.families(rows)
        self._forget()
        self._arrange()

    def age(self, seconds: float) -> None:
        """Show the rows as they are, so long after they were new."""
        self._behind = seconds
        self._draw_visible()

    def _row(self, key: str) -> Row | None:
        row = self._rows.get(key)
        return row.later(self._behind) if row and self._behind else row

    def _forget(self) -> None:
        gone = [key for key in self._shown if key not in self._rows]
        if gone:
            self._order = []
            # A master whose RTU goes may stay: it must not be deleted with it.
            for key in self._rows.keys() & self._shown.keys():
                self.tree.detach(key)
            self.tree.delete(*gone)
            for key in gone:
                del self._shown[key]

    def ask(self, **changes: object) -> None:
        """Change the wish and show what it asks for."""
        self.wish = replace(self.wish, **changes)  # type: ignore[arg-type]
        self._head()
        self._arrange()
        self.on_wish()

    def sort_by(self, column: Column) -> None:
        """Sort by a column: upwards, downwards, and as in the file at the third click."""
        if self.wish.column is not column:
            self.ask(column=column, descending=False)
        elif not self.wish.descending:
            self.ask(descending=True)
        else:
            self.ask(column=None, descending=False)

    def _arrange(self) -> None:
        shown = arrangement.arrange(self._families, self.wish)
        order = [(it.head.entry.key, tuple(row.entry.key for row in it.masters)) for it in shown]
        if order != self._order:
            for family in shown:
                self._insert(family.head, opened=True)
                for row in family.masters:
                    self._insert(row)
            self._reorder(order)
        self._draw_visible()

    def _insert(self, row: Row, *, opened: bool = False) -> None:
        key = row.entry.key
        if key not in self._shown:
            self.tree.insert("", "end", iid=key, open=opened)
            self._shown[key] = ()

    def _reorder(self, order: list[tuple[str, tuple[str, ...]]]) -> None:
        before = dict(self._order)
        heads = [head for head, _ in order]
        # An item has one parent: those that are no heads leave the top before they are put below one.
        self.tree.set_children("", *heads)
        for head, masters in order:
            if before.get(head) != masters:
                self.tree.set_children(head, *masters)
        self._order = order
        # One that was left out while another was selected comes back as if it were selected, too.
        if len(self.tree.selection()) > 1:
            self.tree.selection_set(self.tree.focus())

    @property
    def shown_count(self) -> int:
        """How many entries the wish leaves."""
        return sum(1 + len(masters) for _, masters in self._order)

    # What is drawn

    def _scrolled(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        self._draw_visible()

    def _draw_visible(self) -> None:
        height = self.look.line_height()
        seen = ""
        for y in range(height, self.tree.winfo_height() + height, height):
            key = self.tree.identify_row(y)
            if key and key != seen:
                self._draw(key)
            seen = key

    def _draw(self, key: str) -> None:
        row = self._row(key)
        if row is None:
            return
        weight = words.weight(row.entry)
        cells = (*(_aligned(column, column.text(row)) for column in self.columns.values()), weight.tag)
        if cells != self._shown[key]:
            name, *values = cells[:-1]
            self.tree.item(key, text=f" {name}", values=values, tags=(weight.tag,))
            self._shown[key] = cells

    def place_at(self, x: int, y: int) -> tuple[str, Column | None]:
        """Return the entry and the column at a place; no entry in the headings."""
        column = self.tree.identify_column(x)
        name = NAME_COLUMN.name if column == _TREE else str(self.tree.column(column, "id")) if column else ""
        key = self.tree.identify_row(y) if self.tree.identify_region(x, y) != "heading" else ""
        return key, self.columns.get(name)

    def tip_at(self, x: int, y: int) -> str:
        """Return what a heading means, or all that is to say of a row."""
        key, column = self.place_at(x, y)
        row = self._row(key)
        if row is None:
            in_heading = self.tree.identify_region(x, y) == "heading"
            return f"{column.tip}\nClick to sort." if column and in_heading else ""
        it = row.entry
        lines = [f"{it.key}  {it.name}", f"{it.state}: {words.MEANINGS[it.state]}, for {age(it.age)}"]
        lines += [f"at {it.address}"] if it.role is Role.RTU else []
        lines += [it.reason] if it.reason else []
        lines += [f"{it.event}, {age(it.event_age)} ago"] if it.event else []
        return "\n".join(lines)

    # What a user arranges

    def open_all(self, *, opened: bool) -> None:
        """Show or hide the masters of every RTU."""
        for key, row in self._rows.items():
            if row.entry.role is Role.RTU and key in self._shown:
                self.tree.item(key, open=opened)

    def show_columns(self, names: Sequence[str]) -> None:
        """Show these columns, in the order of the table of columns."""
        wanted = [name for name in self.columns if name in names and name != NAME_COLUMN.name]
        self.tree.configure(displaycolumns=wanted)

    @property
    def shown_columns(self) -> list[str]:
        """The names of the columns that are shown, without the first, which always is."""
        return [str(name) for name in self.tree.cget("displaycolumns")]

    def widths(self) -> dict[str, float]:
        """Return the widths of the columns, in digits."""
        digit = self.look.digits(1)
        return {column.name: round(self.tree.column(place, "width") / digit, 1) for place, column in self._placed()}

    def set_widths(self, widths: dict[str, float]) -> None:
        """Set widths of columns, in digits; the others get their usual ones."""
        for place, column in self._placed():
            self.tree.column(place, width=self.look.digits(widths.get(column.name, column.width)))


def _aligned(column: Column, text: str) -> str:
    """Keep texts at a column's right edge away from those of the next column."""
    return f"{text}  " if column.right else text
