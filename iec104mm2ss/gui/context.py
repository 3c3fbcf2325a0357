"""What every part of a window needs of the window."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iec104mm2ss.console.requests import Denied, Done, Edited
from iec104mm2ss.gui.words import Weight

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable

    from iec104mm2ss.console.requests import Answer
    from iec104mm2ss.console.snapshot import Entry
    from iec104mm2ss.gui.kinds import Kind
    from iec104mm2ss.gui.look import Look
    from iec104mm2ss.gui.relay import Relay
    from iec104mm2ss.gui.tooltip import Tooltips


@dataclass(slots=True, kw_only=True)
class Context:
    """Handed from the window to its parts. `entries` are those of the last snapshot, by key.

    `behind` is how many seconds have gone by since. `say` shows a line at the window's foot, `refresh` asks for a new
    snapshot at once.
    """

    root: tk.Tk
    kind: Kind
    look: Look
    tips: Tooltips
    relay: Relay
    say: Callable[[str, Weight], None]
    refresh: Callable[[], None]
    entries: dict[str, Entry] = field(default_factory=dict)
    behind: float = 0.0

    @property
    def local(self) -> bool:
        """Whether the program runs in this very process, so that its files can be opened here."""
        return not self.relay.line.where

    @property
    def may_change(self) -> bool:
        """Whether anything can be changed from this window."""
        return self.relay.line.may_change

    def outcome(self, answer: Answer) -> None:
        """Say what became of a request, and show it."""
        if isinstance(answer, Denied):
            self.say(f"not done: {answer.text}", Weight.ALARM)
        elif isinstance(answer, Done):
            self.say(answer.text, Weight.NORMAL)
        self.refresh()

    def edited(self, answer: Answer) -> None:
        """Say what became of an edit, and show it."""
        if not isinstance(answer, Edited):
            self.outcome(answer)
            return
        refused = [f"{problem.field} {problem.text}".strip() for problem in answer.problems if problem.refused]
        if refused:
            self.say(f"not done: {'; '.join(refused)}", Weight.ALARM)
        else:
            done = "; ".join(answer.changes) or "nothing differs"
            self.say(f"{done} (not saved to the file)" if answer.changes else done, Weight.NORMAL)
        self.refresh()

    def lost(self, error: ConnectionError) -> None:
        """Say that a request got no answer."""
        self.say(f"not done: {error}", Weight.ALARM)
