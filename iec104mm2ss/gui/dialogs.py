"""Dialogs: questions, differences, help. None of them waits: what follows is a function that is called."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.gui.scrollbar import Scrollbar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iec104mm2ss.gui.context import Context

_WIDTH = 520
_MEANING = 380
_DIFF_LINES = 24
_DIFF_COLUMNS = 110

Pairs = Sequence[tuple[str, str]]


class Dialog(tk.Toplevel):
    """A window above the main one, which takes no input meanwhile; Escape closes it."""

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(context.root, background=context.look.palette.border)
        self.context = context
        self.withdraw()
        self.title(title)
        self.transient(context.root)
        self.body = ttk.Frame(self, padding=context.look.px(16))
        self.body.pack(fill="both", expand=True, padx=1, pady=(1, 0))
        self.buttons = ttk.Frame(self, padding=context.look.px(10))
        self.buttons.pack(fill="x", side="bottom", padx=1, pady=(0, 1))
        self.bind("<Escape>", lambda _: self.destroy())

    def add_button(self, text: str, command: Callable[[], None], *, style: str = "TButton") -> ttk.Button:
        """Add a button; the first one stands rightmost. `&` stands before its Alt letter."""
        button = ttk.Button(self.buttons, text=text.replace("&", ""), underline=text.find("&"), command=command)
        button.configure(style=style)
        button.pack(side="right", padx=self.context.look.px(4))
        button.bind("<Return>", lambda _: button.invoke())
        if "&" in text:
            self.bind(f"<Alt-Key-{text[text.find('&') + 1].lower()}>", lambda _: button.invoke())
        return button

    def appear(self, first: tk.Misc) -> None:
        """Show the dialog in the middle of the main window, with the focus on `first`."""
        self.update_idletasks()
        root, width, height = self.context.root, self.winfo_reqwidth(), self.winfo_reqheight()
        x = root.winfo_rootx() + (root.winfo_width() - width) // 2
        y = root.winfo_rooty() + (root.winfo_height() - height) // 3
        self.geometry(f"+{max(0, x)}+{max(0, y)}")
        self.deiconify()
        self.bind("<Map>", lambda _: self.grab_set())
        first.focus_set()


def ask(
    context: Context,
    title: str,
    lines: Sequence[str],
    confirm: str,
    then: Callable[[], None],
    *,
    refuse: str = "&Cancel",
) -> Dialog:
    """Ask before something that cannot be undone. The first line is the question; refusing is the default."""
    dialog = Dialog(context, title)
    wrap = context.look.px(_WIDTH)
    for number, line in enumerate(lines):
        style = "TLabel" if number else "Strong.TLabel"
        label = ttk.Label(dialog.body, text=line, wraplength=wrap, style=style, justify="left")
        label.pack(anchor="w", pady=(context.look.px(6) if number else 0, 0))

    def confirmed() -> None:
        dialog.destroy()
        then()

    default = dialog.add_button(refuse, dialog.destroy)
    dialog.add_button(confirm, confirmed)
    dialog.appear(default)
    return dialog


def show_difference(
    context: Context, title: str, lead: str, diff: str, choices: Iterable[tuple[str, Callable[[], None]]] = ()
) -> Dialog:
    """Show a unified diff, and what can be done with it; `lead` says what that means."""
    dialog = Dialog(context, title)
    where = f" It is on {context.relay.line.where}." if context.relay.line.where else ""
    ttk.Label(dialog.body, text=lead + where).pack(anchor="w", pady=(0, context.look.px(8)))
    _difference(context, dialog.body, diff.splitlines()).pack(fill="both", expand=True)
    default = dialog.add_button("&Close" if not choices else "&Cancel", dialog.destroy)
    for label, run in choices:
        dialog.add_button(label, _closing(dialog, run))
    dialog.appear(default)
    return dialog


def _difference(context: Context, parent: ttk.Frame, lines: Sequence[str]) -> ttk.Frame:
    frame = ttk.Frame(parent)
    text = tk.Text(frame, wrap="none", width=_DIFF_COLUMNS, height=min(_DIFF_LINES, max(6, len(lines))))
    context.look.dress(text)
    across = Scrollbar(frame, orient="horizontal", command=text.xview)
    down = Scrollbar(frame, orient="vertical", command=text.yview)
    text.configure(xscrollcommand=across.set, yscrollcommand=down.set)
    text.grid(row=0, column=0, sticky="nswe")
    down.grid(row=0, column=1, sticky="ns")
    across.grid(row=1, column=0, sticky="we")
    frame.columnconfigure(0, weight=1)
    frame.rowconfigure(0, weight=1)
    for number, line in enumerate(lines):
        text.insert("end", f"\n{line}" if number else line, _tag(line))
    text.configure(state="disabled")
    return frame


def _closing(dialog: Dialog, run: Callable[[], None]) -> Callable[[], None]:
    def step() -> None:
        dialog.destroy()
        run()

    return step


def _tag(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "dim"
    return {"+": "accent", "-": "alarm"}.get(line[:1], "")


def show_table(context: Context, title: str, columns: Iterable[Sequence[tuple[str, Pairs]]]) -> Dialog:
    """Show titled lists of names and what they mean; the lists of a column stand below each other."""
    dialog = Dialog(context, title)
    for place, parts in enumerate(columns):
        column = ttk.Frame(dialog.body)
        column.grid(row=0, column=place, sticky="n", padx=(context.look.px(24) if place else 0, 0))
        for heading, pairs in parts:
            _list(context, column, heading, pairs)
    dialog.appear(dialog.add_button("&Close", dialog.destroy))
    return dialog


def _list(context: Context, parent: ttk.Frame, heading: str, pairs: Pairs) -> None:
    px, row = context.look.px, parent.grid_size()[1]
    title = ttk.Label(parent, text=heading, style="Strong.TLabel")
    title.grid(row=row, column=0, columnspan=2, sticky="w", pady=(px(10) if row else 0, px(2)))
    for number, (name, meaning) in enumerate(pairs, row + 1):
        ttk.Label(parent, text=name).grid(row=number, column=0, sticky="nw", padx=(0, px(12)))
        label = ttk.Label(parent, text=meaning, style="Dim.TLabel", wraplength=px(_MEANING), justify="left")
        label.grid(row=number, column=1, sticky="w")
