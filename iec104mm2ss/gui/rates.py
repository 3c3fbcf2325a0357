"""Frames per second, from the counters of successive snapshots."""

from collections import deque

from iec104mm2ss.console.snapshot import Entry, Snapshot

SPAN = 5.0
"""Seconds over which a rate is averaged."""


class Rates:
    """Remembers the counters of the last snapshots."""

    def __init__(self) -> None:
        self._past: deque[tuple[float, dict[str, tuple[int, int]]]] = deque()
        self._span = 0.0

    def take(self, snapshot: Snapshot) -> None:
        """Remember a snapshot's counters. After the program began anew, nothing before counts."""
        if self._past and snapshot.uptime < self._past[-1][0]:
            self._past.clear()
        counters = {entry.key: (entry.received, entry.sent) for entry in snapshot.entries}
        self._past.append((snapshot.uptime, counters))
        while len(self._past) > 2 and self._past[1][0] <= snapshot.uptime - SPAN:  # noqa: PLR2004 - one pair remains
            self._past.popleft()
        self._span = snapshot.uptime - self._past[0][0]

    def of(self, entry: Entry) -> tuple[float | None, float | None]:
        """Return received and sent I-frames per second; None before there are two snapshots of the entry."""
        before = self._past[0][1].get(entry.key) if self._past else None
        if before is None or self._span <= 0:
            return None, None
        received, sent = before
        return max(0, entry.received - received) / self._span, max(0, entry.sent - sent) / self._span
