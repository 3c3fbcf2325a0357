"""The menu bar, and the menu of a row. Menus are filled when they are opened, so that they say what can be done now."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING

from iec104mm2ss.gui.action import Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iec104mm2ss.gui.look import Look

SEPARATOR = None
Content = Action | Callable[[tk.Menu], None] | None
"""An action, a function that adds to the menu, or a line between two."""


class Menus:
    """`bar` has headings with `&` before their Alt letters; `row` is the context menu."""

    def __init__(self, root: tk.Tk, look: Look, bar: Mapping[str, Sequence[Content]], row: Sequence[Content]) -> None:
        self._look = look
        self._bar = tk.Menu(root, tearoff=False)
        self.menus: dict[str, tk.Menu] = {}
        for heading, content in bar.items():
            menu = self._menu(self._bar, content)
            label = heading.replace("&", "")
            self._bar.add_cascade(label=label, underline=heading.find("&"), menu=menu)
            self.menus[label] = menu
        self.row = self._menu(root, row)
        root.configure(menu=self._bar)
        self.restyle()

    def _menu(self, parent: tk.Misc, content: Sequence[Content]) -> tk.Menu:
        menu = tk.Menu(parent, tearoff=False)
        menu.configure(postcommand=lambda: self._fill(menu, content))
        return menu

    def _fill(self, menu: tk.Menu, content: Sequence[Content]) -> None:
        menu.delete(0, "end")
        for item in content:
            if item is SEPARATOR:
                menu.add_separator()
            elif isinstance(item, Action):
                item.add_to(menu)
            else:
                item(menu)
        self._look.dress_menu(menu)

    def restyle(self) -> None:
        """Take the colours of the look."""
        for menu in (self._bar, self.row, *self.menus.values()):
            self._look.dress_menu(menu)
