"""The bar above the list: what is shown of it, and what can be done with the selected entry."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.gui.columns import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iec104mm2ss.gui.action import Action
    from iec104mm2ss.gui.context import Context
    from iec104mm2ss.gui.tree import EntryTree


class FilterBar(ttk.Frame):
    """Narrows and orders the list; `actions` get a button each."""

    def __init__(self, parent: tk.Misc, context: Context, tree: EntryTree, actions: Sequence[Action]) -> None:
        px = context.look.px
        super().__init__(parent, padding=(0, px(4)))
        self._context = context
        self._tree = tree
        self.words = tk.StringVar(self)
        self.only_abnormal = tk.BooleanVar(self)
        self.abnormal_first = tk.BooleanVar(self)
        self.count = tk.StringVar(self)
        self.entry = self._filter()
        self._checks()
        self.columns = {name: tk.BooleanVar(self) for name in tree.columns if name != NAME}
        self._columns_button()
        ttk.Label(self, textvariable=self.count, style="Dim.TLabel").pack(side="left", padx=px(8))
        self._actions = [(action, action.button(self, context.tips)) for action in actions]
        for _, button in reversed(self._actions):
            button.pack(side="right", padx=(px(6), 0))

    def _filter(self) -> ttk.Entry:
        gap = self._context.look.px(6)
        ttk.Label(self, text="Filter").pack(side="left", padx=(0, gap))
        entry = ttk.Entry(self, textvariable=self.words, width=24)
        entry.pack(side="left")
        self._context.tips.add(
            entry,
            "Show only rows with these words: name, id, state, address, RTU number, reason (Ctrl+L). Escape clears it.",
        )
        clear = ttk.Button(self, text="✕", style="Quiet.TButton", command=self.clear)
        clear.pack(side="left", padx=(0, gap))
        self._context.tips.add(clear, "Show all rows again.")
        entry.bind("<Escape>", lambda _: self.clear())
        entry.bind("<Down>", lambda _: self._tree.tree.focus_set())
        self.words.trace_add("write", lambda *_: self._tree.ask(words=self.words.get()))
        return entry

    def _checks(self) -> None:
        for text, variable, name, tip in (
            ("Only abnormal", self.only_abnormal, "only_abnormal", "Leave out what is online."),
            ("Abnormal first", self.abnormal_first, "abnormal_first", "Put what asks for attention on top."),
        ):
            check = ttk.Checkbutton(self, text=text, variable=variable, command=self._wish(name, variable))
            check.pack(side="left", padx=self._context.look.px(6))
            self._context.tips.add(check, tip)

    def _wish(self, name: str, variable: tk.BooleanVar) -> Callable[[], None]:
        return lambda: self._tree.ask(**{name: variable.get()})

    def _columns_button(self) -> None:
        button = ttk.Menubutton(self, text="Columns", width=8)
        menu = tk.Menu(button, tearoff=False)
        self.fill_columns(menu)
        button.configure(menu=menu)
        button.pack(side="left", padx=self._context.look.px(6))
        self._context.tips.add(button, "Choose which columns are shown.")

    def fill_columns(self, menu: tk.Menu) -> None:
        """Put a check for each column into a menu."""
        for name, variable in self.columns.items():
            label = self._tree.columns[name].heading
            menu.add_checkbutton(label=label, variable=variable, command=self._choose_columns)

    def _choose_columns(self) -> None:
        self._tree.show_columns([name for name, variable in self.columns.items() if variable.get()])

    def show_columns(self, names: Sequence[str]) -> None:
        """Show these columns."""
        for name, variable in self.columns.items():
            variable.set(name in names)
        self._choose_columns()

    def clear(self) -> None:
        """Show all rows again."""
        self.words.set("")
        self.only_abnormal.set(False)
        self._tree.ask(words="", only_abnormal=False, tile=None)

    def refresh(self) -> None:
        """Say how many rows are left where not all are, and enable what can be done."""
        for action, button in self._actions:
            button.state(["!disabled" if action.usable() else "disabled"])
        total, shown = len(self._context.entries), self._tree.shown_count
        self.count.set(f"{shown} of {total} shown" if shown != total else "")
