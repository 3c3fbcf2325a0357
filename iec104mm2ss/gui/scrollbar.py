"""A scrollbar that is there only while there is something to scroll."""

from __future__ import annotations

from tkinter import ttk


class Scrollbar(ttk.Scrollbar):
    """Its owner lays it out with grid."""

    def set(self, first: float | str, last: float | str) -> None:
        """Show which part is seen; hide the bar where all is."""
        if float(first) <= 0.0 and float(last) >= 1.0:
            self.grid_remove()
        else:
            self.grid()
        super().set(first, last)
