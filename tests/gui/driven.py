"""A window that a test drives: it works only while the test waits for something."""

from __future__ import annotations

import time
import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, TypeVar

from iec104mm2ss.gui.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.gui.fake_line import FakeLine

PATIENCE = 20.0
Widget = TypeVar("Widget", bound=tk.Misc)


class User:
    """Uses a window; `errors` are those of its callbacks, and the test that expects one takes it away."""

    def __init__(self, window: Window, errors: list[BaseException]) -> None:
        self.window = window
        self.errors = errors
        self.root = window.root
        self.ended = False

    def wait_shown(self) -> None:
        """Wait until the window shows what runs."""
        self.until(lambda: self.window.snapshot is not None)
        self.until(lambda: self.window.tree.winfo_height() > 100)
        self.root.focus_force()

    def until(self, holds: Callable[[], object]) -> None:
        """Let the window work until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, "it never came true"
            self.root.update()
            time.sleep(0.005)

    def settle(self) -> None:
        """Let the window take a snapshot that is asked for at once."""
        seen = self.window.snapshot
        self.window.refresh()
        self.until(lambda: self.window.snapshot is not seen)
        self.root.update()

    def press(self, keys: str, widget: tk.Misc | None = None) -> None:
        """Press a key, `<Control-Key-r>`, in a widget or in the window."""
        target = widget or self.window.tree.tree
        target.focus_force()
        self.root.update()
        target.event_generate(keys)
        self.root.update()

    def all(self, kind: type[Widget], parent: tk.Misc | None = None) -> Iterator[Widget]:
        """Give every widget of a kind."""
        for child in (parent or self.root).winfo_children():
            if isinstance(child, kind):
                yield child
            yield from self.all(kind, child)

    def dialogs(self) -> list[tk.Toplevel]:
        return [it for it in self.all(tk.Toplevel) if it.winfo_exists()]

    def dialog(self) -> tk.Toplevel:
        """Wait for a dialog."""
        self.until(lambda: [it for it in self.dialogs() if it.winfo_viewable()])
        return self.dialogs()[0]

    def texts(self, parent: tk.Misc | None = None) -> str:
        """Return what all labels and texts say, one a line."""
        found: list[str] = []
        for widget in self.all(tk.Widget, parent):
            if isinstance(widget, tk.Text):
                found.append(widget.get("1.0", "end-1c"))
            elif "text" in widget.keys():  # noqa: SIM118 - a widget is no dict
                found.append(str(widget.cget("text")))
        return "\n".join(filter(None, found))

    def press_button(self, text: str, parent: tk.Misc | None = None) -> None:
        """Press the button with a text."""
        for widget in self.all(tk.Widget, parent):
            if widget.winfo_class() == "TButton" and widget.cget("text") == text:
                widget.invoke()  # type: ignore[attr-defined]
                self.root.update()
                return
        raise AssertionError(f"there is no button {text!r}")

    def press_button_and_end(self, text: str) -> None:
        """Press the button that closes the window."""
        button = next(it for it in self.all(ttk.Button, self.dialog()) if it.cget("text") == text)
        button.invoke()

    def rows(self) -> list[str]:
        """Return the keys of all rows, masters behind their RTU."""
        tree = self.window.tree.tree
        return [key for head in tree.get_children() for key in (head, *tree.get_children(head))]

    def cell(self, key: str, column: str) -> str:
        """Return what is drawn in a cell; empty for a row that was never seen."""
        tree = self.window.tree.tree
        if column == "name":
            return str(tree.item(key, "text")).strip()
        return str(tree.set(key, column)).strip() if tree.item(key, "values") else ""

    def texts_of_variables(self, parent: tk.Misc) -> list[str]:
        """Return what is shown by labels and buttons that follow a variable."""
        kinds = {"TLabel", "TButton"}
        return [str(it.cget("text")) for it in self.all(tk.Widget, parent) if it.winfo_class() in kinds]

    def asked_details(self) -> bool:
        """Whether the details of the first pane's entry have come."""
        return bool(self.window.panes.first.log._file)

    def close(self) -> None:
        if not self.ended:
            self.ended = True
            self.window.close()


class Driven(User):
    """Uses the window of a program that answers as the test says."""

    def __init__(self, line: FakeLine, memory: Path) -> None:
        self.line = line
        errors: list[BaseException] = []
        super().__init__(Window(line, line.program, report=errors.append, memory=memory), errors)
        self.wait_shown()

    def asked(self, kind: type) -> list[object]:
        return [request for request in self.line.asked if type(request) is kind]
