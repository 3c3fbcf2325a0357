"""The Trace tab: every frame of an entry, or of both sides of its group, decoded."""

from __future__ import annotations

import time
import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from iec104mm2ss.console.requests import Denied, Frame, Missed, Trace
from iec104mm2ss.console.table import many
from iec104mm2ss.gui.action import Action
from iec104mm2ss.gui.transcript import KEPT, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from iec104mm2ss.console.requests import Item
    from iec104mm2ss.gui.context import Context
    from iec104mm2ss.gui.relay import Follow
    from iec104mm2ss.gui.transcript import LineOfText

_LEVELS = (
    ("link", "Link", True, "Frames that carry no data: STARTDT, STOPDT, TESTFR and acknowledgements."),
    ("data", "Data", True, "Frames that carry data and commands."),
    ("raw", "Raw", False, "The octets of each frame, in hexadecimal."),
)
_NAME_WIDTH = 16


class TracePane(Transcript):
    """Shows the frames of one entry or group at a time, from the moment it was asked for."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context, "Frames as they are sent and received. → to the entry, ← from it.")
        self._key = ""
        self._follow: Follow | None = None
        self._held: list[LineOfText] | None = None
        self._pause_text = tk.StringVar(self, "Pause")
        self.levels = {name: tk.BooleanVar(self, usual) for name, _, usual, _ in _LEVELS}
        self.both = tk.BooleanVar(self, value=True)
        self._buttons()
        self._show_levels()

    def _buttons(self) -> None:
        gap = self.context.look.px(6)
        pause = Action(
            label="Pause", tip="Let the lines stand still; what comes meanwhile is kept.", run=self.pause, key="Space"
        )
        button = pause.button(self.bar, self.context.tips)
        button.configure(textvariable=self._pause_text, width=9)
        button.pack(side="left", padx=(0, gap))
        for name, label, _, tip in _LEVELS:
            self._check(label, self.levels[name], self._show_levels, tip)
        if len(self.context.kind.roles) > 1:
            tip = "Show the RTU and all masters of this group, so that a frame is seen on its whole way."
            self._check("Both sides of the group", self.both, self._anew, tip)
        for action in (
            Action(label="Copy", tip="Copy the selected lines, or all of them.", run=self.copy),
            Action(label="Clear", tip="Take away the lines that are shown.", run=self.clear),
        ):
            action.button(self.bar, self.context.tips).pack(side="left", padx=(0, gap))
        self.text.bind("<space>", self._space)

    def _check(self, label: str, variable: tk.BooleanVar, command: Callable[[], None], tip: str) -> None:
        check = ttk.Checkbutton(self.bar, text=label, variable=variable, command=command)
        check.pack(side="left", padx=(0, self.context.look.px(6)))
        self.context.tips.add(check, tip)

    def show(self, key: str) -> None:
        """Show an entry's frames, once they are asked for by `begin`."""
        if key != self._key:
            self.stop()
            self._key = key
            self.clear()
            self._held = None
            self._pause_text.set("Pause")

    def begin(self) -> None:
        """Let frames come."""
        if self._key and self._follow is None:
            entry = self.context.entries.get(self._key)
            group = len(self.context.kind.roles) > 1 and self.both.get() and entry is not None
            self._follow = self.context.relay.follow(
                Trace(str(entry.group) if group and entry else self._key), self._take
            )

    def stop(self) -> None:
        """Let no more frames come."""
        if self._follow is not None:
            self._follow.end()
            self._follow = None

    def _anew(self) -> None:
        self.stop()
        self.begin()

    @property
    def paused(self) -> bool:
        """Whether lines are kept back."""
        return self._held is not None

    def pause(self) -> None:
        """Keep lines back, or show those that were."""
        if self._held is None:
            self._held = []
        else:
            held, self._held = self._held, None
            self.add(held)
        self._say_pause()

    def _space(self, _: tk.Event[tk.Misc]) -> str:
        self.pause()
        return "break"

    def _say_pause(self) -> None:
        self._pause_text.set("Pause" if self._held is None else f"Go on ({len(self._held)})" if self._held else "Go on")

    def _take(self, items: Sequence[Item], left_out: int) -> None:
        lines = [_remark(left_out)] if left_out else []
        lines += [line for item in items for line in self._lines(item)]
        if self._held is None:
            self.add(lines)
        else:
            self._held = (self._held + lines)[-KEPT:]
            self._say_pause()

    def _lines(self, item: Item) -> Iterator[LineOfText]:
        match item:
            case Frame():
                yield from self._frame(item)
            case Missed(count):
                yield _remark(count)
            case Denied(text):
                yield ((text, "alarm"),)

    def _frame(self, frame: Frame) -> Iterator[LineOfText]:
        entry = self.context.entries.get(frame.key)
        name = (entry.name if entry else frame.key).ljust(_NAME_WIDTH)
        moment = f"{time.strftime('%H:%M:%S', time.localtime(frame.moment))}.{int(frame.moment % 1 * 1000):03}"
        arrow = "→" if frame.outgoing else "←"
        level = frame.level
        yield ((f"{moment}  ", f"dim {level}"), (f"{arrow} {name} ", f"accent {level}"), (frame.text, level))
        yield ((" " * (len(moment) + 4) + _spaced(frame.octets), f"dim raw {level}"),)

    def _show_levels(self) -> None:
        for name, wanted in self.levels.items():
            # Nothing instead of a no: of a text's tags the last one that says anything is heard.
            self.text.tag_configure(name, {"elide": "" if wanted.get() else "1"})


def _spaced(octets: str) -> str:
    return " ".join(octets[at : at + 2] for at in range(0, len(octets), 2))


def _remark(count: int) -> LineOfText:
    return ((f"… {many(count, 'frame')} left out: they came faster than they could be shown", "notice"),)
