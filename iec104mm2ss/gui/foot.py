"""The foot of a window: the last message, the most useful keys, and how well the program answers."""

from __future__ import annotations

import time
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.gui.cards import set_text
from iec104mm2ss.gui.words import Weight

if TYPE_CHECKING:
    import tkinter as tk

    from iec104mm2ss.console.snapshot import Snapshot
    from iec104mm2ss.gui.look import Look
    from iec104mm2ss.gui.tooltip import Tooltips

_KEYS = "F1 help   F5 refresh   Ctrl+L filter   Ctrl+F find   Ctrl+R restart   Ctrl+E edit   Space pause"
_STYLES = {Weight.NOTICE: "Notice.TLabel", Weight.ALARM: "Alarm.TLabel"}
_SLOW = 0.25


class Foot(ttk.Frame):
    """One line."""

    def __init__(self, parent: tk.Misc, look: Look, tips: Tooltips) -> None:
        px = look.px
        super().__init__(parent, padding=(px(12), px(3)))
        self.message = ttk.Label(self, text="")
        self._state = ttk.Label(self, style="Dim.TLabel")
        self._state.pack(side="right")
        keys = ttk.Label(self, text=_KEYS, style="Dim.TLabel")
        keys.pack(side="right", padx=(px(16), px(16)))
        self.message.pack(side="left", fill="x")
        self._keys = keys
        tips.add(self.message, lambda _x, _y: str(self.message.cget("text")))
        tips.add(keys, "All keys: F1.")
        tips.add(self._state, "The program's version, and whether its event loop is late.")

    def say(self, text: str, weight: Weight) -> None:
        """Show a message until the next one comes; of several lines the first."""
        line = text.splitlines()[0] if text else ""
        shown = f"{time.strftime('%H:%M:%S')}  {line}" if line else ""
        self.message.configure(text=shown, style=_STYLES.get(weight, "TLabel"))
        # The keys make room for what has to be said.
        if shown:
            self._keys.pack_forget()
        else:
            self._keys.pack(side="right", after=self._state)

    def show(self, snapshot: Snapshot) -> None:
        """Say what a snapshot says of the program itself."""
        late = f"   ◆ event loop up to {snapshot.lag:.1f} s late" if snapshot.lag >= _SLOW else ""
        set_text(self._state, f"{snapshot.program} {snapshot.version}{late}")
