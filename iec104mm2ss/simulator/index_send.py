"""An index send on a port: signals become ASDUs and rows of the log."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from iec104mm2ss.simulator.journal import row_of_signal, row_of_skipped
from iec104mm2ss.simulator.port import local_time
from iec104mm2ss.wire.time import CP56Time2a

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from iec104mm2ss.logs import TableLog
    from iec104mm2ss.simulator.sending import Sending
    from iec104mm2ss.simulator.shared import SharedStation

    class Rtu(Protocol):
        """Who sends: its log is another one after it was renamed."""

        @property
        def station(self) -> SharedStation:
            """Whose signals are sent."""

        @property
        def log(self) -> TableLog:
            """Where every signal is a row."""


_LOOK_AGAIN: Final = 0.1
_PATIENCE: Final = 5.0


class IndexSend:
    """The source of a port while it sends an index. `on_end` is called once and gets a text that says how it ended.

    It goes no faster than the log, which is the protocol of the test and is to have every signal; but a disk that does
    not answer for 5 s no longer holds it back.
    """

    def __init__(self, index: int, sending: Sending, rtu: Rtu, on_end: Callable[[str], None]) -> None:
        self.sending = sending
        self.index = index
        self._rtu = rtu
        self._on_end = on_end
        self._event = f"index {index}"
        self._ended = False
        self._held_since = self._look_again = math.inf

    def take(self, count: int, now: float) -> list[bytes]:
        """Return the reports of the signals that go out now."""
        signals = self.sending.take(0 if self._is_held(now) else count, now)
        self._tell_skipped()
        asdus: list[bytes] = []
        if signals:
            wall = local_time()
            asdus = self._rtu.station.reports(signals, wall)
            tag = str(CP56Time2a.from_datetime(wall))
            self._rtu.log.rows([row_of_signal(self._event, signal, tag) for signal in signals])
        if self.sending.finished:
            self._end("ended", now)
        return asdus

    def heard(self, asdu: bytes, now: float) -> None:
        """Know what the master has sent: the next signal may wait for it."""
        self.sending.heard(asdu, now)

    def next_deadline(self) -> float:
        """When the next signal is due or has waited too long, or the log is to be looked at again."""
        return min(self.sending.next_deadline(), self._look_again)

    def stop(self, now: float) -> None:
        """End it at once."""
        self.sending.stop()
        self._end("stopped", now)

    def interrupt(self, reason: str) -> None:
        """End it because the master is not there any more."""
        self.sending.stop()
        self._end(f"interrupted, {reason}", 0.0)

    def _is_held(self, now: float) -> bool:
        behind = self._rtu.log.is_behind and not self.sending.finished
        self._held_since = min(self._held_since, now) if behind else math.inf
        held = behind and now < self._held_since + _PATIENCE
        self._look_again = now + _LOOK_AGAIN if held else math.inf
        return held

    def _tell_skipped(self) -> None:
        skipped = self.sending.take_skipped()
        if skipped:
            self._rtu.log.rows([row_of_skipped(self._event, it.signal, it.reason) for it in skipped])

    def _end(self, how: str, now: float) -> None:
        if not self._ended:
            self._ended = True
            self._look_again = math.inf
            progress = self.sending.progress(now)
            self._on_end(f"index {self.index} {how}: {progress.sent} sent, {progress.skipped} left out")
