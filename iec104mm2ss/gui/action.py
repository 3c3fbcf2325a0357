"""What can be done in a window: one description for menus, buttons, keys, tooltips and the help."""

from __future__ import annotations

from dataclasses import dataclass
from tkinter import ttk
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable

    from iec104mm2ss.gui.tooltip import Tooltips

_MODIFIERS = {"Ctrl": "Control", "Shift": "Shift", "Alt": "Alt"}
_KEYSYMS = {"+": "plus", "-": "minus", "0": "0", "Enter": "Return", "Del": "Delete"}


def always() -> bool:
    """Say yes."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that can be done. In `label`, `&` stands before the letter that chooses it in a menu.

    `key` is written as people write it, `Ctrl+R`. `tip` says what happens, for tooltips and the help.
    """

    label: str
    tip: str
    run: Callable[[], None]
    key: str = ""
    usable: Callable[[], bool] = always

    @property
    def text(self) -> str:
        """The label without its mark."""
        return self.label.replace("&", "")

    @property
    def underline(self) -> int:
        """The place of the letter that chooses it, -1 for none."""
        return self.label.find("&")

    def attempt(self) -> None:
        """Do it if it can be done now."""
        if self.usable():
            self.run()

    def bind(self, root: tk.Misc) -> None:
        """Let its key do it, in the whole window."""
        for sequence in sequences(self.key):
            root.bind(sequence, self._pressed)

    def _pressed(self, _: tk.Event[tk.Misc]) -> str:
        self.attempt()
        return "break"

    def button(self, parent: tk.Misc, tips: Tooltips, *, style: str = "TButton", text: str = "") -> ttk.Button:
        """Return a button for it, with its tooltip."""
        shown = text or self.label
        made = ttk.Button(parent, text=shown.replace("&", ""), style=style, command=self.attempt)
        made.configure(underline=shown.find("&"))
        tips.add(made, f"{self.tip}\n{self.key}" if self.key else self.tip)
        return made

    def add_to(self, menu: tk.Menu) -> None:
        """Add it to a menu."""
        menu.add_command(
            label=self.text,
            underline=self.underline,
            accelerator=self.key,
            command=self.attempt,
            state="normal" if self.usable() else "disabled",
        )


def sequences(key: str) -> list[str]:
    """Return Tk's names of a key, with and without Caps Lock: `Ctrl+R` is <Control-r> and <Control-R>."""
    if not key:
        return []
    *modifiers, last = key.replace("++", "+plus").split("+")
    last = _KEYSYMS.get(last, last)
    front = "".join(f"{_MODIFIERS[modifier]}-" for modifier in modifiers)
    if len(last) > 1 or not last.isalpha():
        return [f"<{front}Key-{last}>"]
    return [f"<{front}Key-{last.lower()}>", f"<{front}Key-{last.upper()}>"]
