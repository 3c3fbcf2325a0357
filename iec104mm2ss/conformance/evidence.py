"""The frames of a case and what else happened, in order, with the time of day."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from iec104mm2ss.trace.frames import TracedFrame, frame_line

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEPT_FIRST: Final = 200
_KEPT_LAST: Final = 100


@dataclass(frozen=True, slots=True)
class Happening:
    """What is no frame: a connect, a close, what the tester does on purpose. `moment` is wall clock seconds."""

    moment: float
    entry: str
    text: str

    def __str__(self) -> str:
        clock = datetime.fromtimestamp(self.moment, UTC).astimezone().time().isoformat("milliseconds")
        return f"{clock}  {self.entry}  -- {self.text}"


Item = TracedFrame | Happening


class Evidence:
    """Keeps the first 200 and the last 100 items: a case that wraps the sequence numbers has 65 000 frames."""

    def __init__(self) -> None:
        self._first: list[Item] = []
        self._last: deque[Item] = deque(maxlen=_KEPT_LAST)
        self._count = 0

    def add(self, items: Iterable[Item]) -> None:
        """Append items, the oldest first."""
        for item in items:
            self._count += 1
            if len(self._first) < _KEPT_FIRST:
                self._first.append(item)
            else:
                self._last.append(item)

    def lines(self) -> list[str]:
        """Return one line for each item; one that says how many are missing where some are."""
        missing = self._count - len(self._first) - len(self._last)
        gap = [f"... {missing} frames and happenings are left out ..."] if missing else []
        return [*map(_line, self._first), *gap, *map(_line, self._last)]


def _line(item: Item) -> str:
    return frame_line(item, octets=True) if isinstance(item, TracedFrame) else str(item)
