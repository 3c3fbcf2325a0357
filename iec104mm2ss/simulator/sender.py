"""What an RTU sends of itself: one index after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import Sending as Shown
from iec104mm2ss.console.table import many
from iec104mm2ss.simulator.index_send import IndexSend
from iec104mm2ss.simulator.sending import Sending

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iec104mm2ss.simulator.commands import Send
    from iec104mm2ss.simulator.rtu import Rtu
    from iec104mm2ss.simulator.sending import Progress


class Sender:
    """The index sends of one RTU; the later ones of `sends` wait for those before them and for a started master.

    `index` is the one that is being sent or was sent last, None before the first.
    """

    def __init__(self, rtu: Rtu, sends: Iterable[Send]) -> None:
        self.index: int | None = None
        self._rtu = rtu
        self._waiting = deque(sends)
        self._current: IndexSend | None = None
        self._missing = False

    @property
    def is_sending(self) -> bool:
        """Whether an index is being sent."""
        return self._current is not None

    def begin(self, index: int, seconds: float | None) -> int:
        """Send an index to the master that has started, in place of another one; return how many signals it has."""
        self._end()
        rtu, now = self._rtu, asyncio.get_running_loop().time()
        sending = Sending(rtu.station.signals(index), rtu=rtu.entry.ca, duration=seconds, now=now)
        total = sending.progress(now).total
        self.index, self._missing = index, not total
        if not total:
            rtu.record.tell(f"index {index}: no signal has it")
            return 0
        duration = "" if seconds is None else f" for {seconds:g} s"
        rtu.record.tell(f"index {index} begins: {many(total, 'signal')}{duration}")
        self._current = IndexSend(index, sending, rtu, self._ended)
        rtu.port.run(self._current)
        return total

    def stop(self) -> bool:
        """End the index send, with those that were to follow it; False where there is none."""
        if self._current is None:
            return False
        self._waiting.clear()
        self._end()
        return True

    def go_on(self) -> None:
        """Begin with what waits, if nothing is being sent."""
        while self._waiting and self._current is None and self._rtu.port.started:
            send = self._waiting.popleft()
            self.begin(send.index, send.seconds)

    def progress(self, now: float) -> Progress | None:
        """Return how far the index send is; None where there is none."""
        return None if self._current is None else self._current.sending.progress(now)

    def shown(self, now: float) -> Shown:
        """Return what the console shows; `now` is monotonic seconds."""
        progress = self.progress(now)
        return Shown(
            interrogation="RUN" if self._rtu.port.interrogated else "",
            index=self.index,
            place=0 if progress is None else progress.place,
            total=0 if progress is None else progress.total,
            text=self._text(progress),
            data=str(self._rtu.entry.data),
        )

    def _text(self, progress: Progress | None) -> str:
        if progress is not None:
            return ", ".join((f"Sending {self.index}", *remarks(progress)))
        return f"Missing {self.index}" if self._missing else ""

    def _end(self) -> None:
        if self._current is not None:
            self._current.stop(asyncio.get_running_loop().time())

    def _ended(self, text: str) -> None:
        self._current = None
        self._rtu.record.tell(text)
        # Not at once: the last signals are still on their way to the window.
        asyncio.get_running_loop().call_soon(self.go_on)


def remarks(progress: Progress) -> list[str]:
    """Return what there is to say of an index send beside its place: `3 left out`, `pass 2`, `4.5 s left`."""
    found = [f"{progress.skipped} left out"] if progress.skipped else []
    return found if progress.left is None else [*found, f"pass {progress.round}", f"{progress.left:.1f} s left"]
