"""What became of the ASDUs that were meant for one master row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.routing.watch import Watch

if TYPE_CHECKING:
    from iec104mm2ss.routing.reader import Reader
    from iec104mm2ss.routing.ring import Ring


class Account:
    """The counters of one master row over all its sessions and the time in between, in ASDUs.

    `appended` is what was meant for the row since it was first there: everything for everybody, also while it was
    away, and what was for its sessions alone. Each of these ends as one of
    - `delivered`: acknowledged by the master;
    - `skipped` by rule: withheld, too old or of a kind that is not replayed after an absence. What an absence skips
      is counted at the return. `withheld` counts those among them that carried the row's CA for another station;
    - `lost`: no place was left in the buffer;
    or is `waiting`. `dropped` counts what was for a session that was not started; it was never appended.
    `watch` sees what the row's master commands, for whoever reconnects stays who he was.
    """

    __slots__ = (
        "_counted",
        "_ring",
        "_watching",
        "delivered",
        "dropped",
        "last",
        "lost",
        "sessions",
        "skipped",
        "watch",
        "withheld",
    )

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._watching = 0
        self._counted = 0
        self.delivered = 0
        self.skipped = 0
        self.withheld = 0
        self.lost = 0
        self.dropped = 0
        self.sessions = 0
        self.last: Reader | None = None
        self.watch = Watch()

    @property
    def away(self) -> Reader | None:
        """The session whose position the row keeps, if the row was there and has no started session now."""
        return None if self.sessions else self.last

    @property
    def appended(self) -> int:
        """ASDUs that were meant for this row."""
        return self._counted + self._watching * self._ring.broadcasts

    @property
    def waiting(self) -> int:
        """ASDUs of which it is still open what becomes of them, those in flight included."""
        return self.appended - self.delivered - self.skipped - self.lost

    def count(self) -> None:
        """Count one ASDU for a session of this row alone."""
        self._counted += 1

    def restored(self, reader: Reader, waiting: int) -> None:
        """Take the row for one that was there and went away with `waiting` ASDUs open."""
        self._watch(1)
        self._counted += waiting
        self.last = reader

    def session_started(self) -> None:
        """Count ASDUs for everybody once more, unless the row was away: then the session is heir to its position."""
        if not self.away:
            self._watch(1)
        self.sessions += 1

    def session_stopped(self, reader: Reader, unfinished: int) -> None:
        """Keep the position of the row's latest session; of another one nothing is kept, as the others get it all."""
        self.sessions -= 1
        if not self.sessions:
            self.last = reader
            return
        self._watch(-1)
        self.skipped += unfinished
        reader.give_up()

    def _watch(self, sessions: int) -> None:
        self._watching += sessions
        self._counted -= sessions * self._ring.broadcasts
