"""I-frames per second, from the counters of successive snapshots."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from iec104mm2ss.console.snapshot import Entry, Snapshot

SPAN = 5.0
"""Seconds over which a rate is averaged."""


class Rate(NamedTuple):
    """I-frames per second; None where they are not known yet."""

    received: float | None
    sent: float | None


UNKNOWN = Rate(None, None)


class Rates:
    """Remembers the counters of the last snapshots."""

    def __init__(self) -> None:
        self._past: deque[tuple[float, dict[str, tuple[int, int]]]] = deque()
        self._span = 0.0
        self._pid = 0

    def take(self, snapshot: Snapshot) -> None:
        """Remember a snapshot's counters. After the program began anew, nothing before counts."""
        if self._past and (snapshot.pid != self._pid or snapshot.uptime < self._past[-1][0]):
            self._past.clear()
        self._pid = snapshot.pid
        counters = {entry.key: (entry.received, entry.sent) for entry in snapshot.entries}
        self._past.append((snapshot.uptime, counters))
        while len(self._past) > 2 and self._past[1][0] <= snapshot.uptime - SPAN:  # noqa: PLR2004 - one pair remains
            self._past.popleft()
        self._span = snapshot.uptime - self._past[0][0]

    def of(self, entry: Entry) -> Rate:
        """Return an entry's rates; unknown before there are two snapshots of it."""
        before = self._past[0][1].get(entry.key) if self._past else None
        if before is None or self._span <= 0:
            return UNKNOWN
        received, sent = before
        return Rate(max(0, entry.received - received) / self._span, max(0, entry.sent - sent) / self._span)
