"""Asks for the program's state again and again: for all of it only where something has happened."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.requests import Denied, Status, Unchanged
from iec104mm2ss.console.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.console.requests import Answer
    from iec104mm2ss.gui.context import Context

POLL_MS: Final = 500
PATIENCE: Final = 3.0
"""Seconds without an answer after which the window says so."""
WHOLE_AFTER: Final = 1.9
"""Seconds after which all is asked for though nothing has happened: countdowns, the clock, the program's own state."""


class Poll:
    """`show` gets a snapshot, `age` the seconds since the last one while nothing happens, `lost` why none comes."""

    def __init__(
        self,
        context: Context,
        show: Callable[[Snapshot], None],
        age: Callable[[float], None],
        lost: Callable[[str], None],
    ) -> None:
        self._context = context
        self._show = show
        self._age = age
        self._lost = lost
        self._timer: str | None = None
        self._asked_at: float | None = None
        self._mark = ""
        self._shown_at = 0.0

    def now(self) -> None:
        """Ask for all, unless something is asked already, and go on polling."""
        self._mark = ""
        self._tick()

    def _tick(self) -> None:
        root, now = self._context.root, time.monotonic()
        if self._timer is not None:
            root.after_cancel(self._timer)
        self._timer = root.after(POLL_MS, self._tick)
        if self._asked_at is None:
            self._asked_at = now
            known = self._mark if now - self._shown_at < WHOLE_AFTER else ""
            self._context.relay.ask(Status(known), self._answered, self._failed)
        elif now - self._asked_at > PATIENCE:
            self._lost(f"no answer for {now - self._asked_at:.0f} s")

    def _answered(self, answer: Answer) -> None:
        self._asked_at = None
        if isinstance(answer, Snapshot):
            self._mark, self._shown_at = answer.mark, time.monotonic()
            self._show(answer)
        elif isinstance(answer, Unchanged):
            self._age(time.monotonic() - self._shown_at)
        elif isinstance(answer, Denied):
            self._lost(answer.text)

    def _failed(self, error: ConnectionError) -> None:
        self._asked_at = None
        self._lost(str(error))
