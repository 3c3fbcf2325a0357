"""One index send of one RTU: which signal goes out when, and what it waits for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iec104mm2ss.simulator.condition import describe, is_met

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iec104mm2ss.settings.signals import Condition
    from iec104mm2ss.simulator.database import Signal


@dataclass(frozen=True, slots=True)
class Skipped:
    """A signal that was left out, and why."""

    signal: Signal
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an index send is.

    `sent` and `skipped` count over all passes, `place` is how many of the `total` signals of a pass are behind it in
    pass number `round`, from 1. `left` is seconds until the end of its duration, None without one.
    """

    sent: int
    skipped: int
    place: int
    total: int
    round: int
    left: float | None


class Sending:
    """Signals in file order, each after its condition and followed by its wait, once or until the time is over.

    `rtu` is the number of the RTU that sends: signals for another one are none of its own. `duration` is seconds, None
    or 0 for one pass. Times are monotonic seconds. The caller calls `take` whenever there is room and at
    `next_deadline`, then also with a count of 0, because time-outs run without room too. `stopped` says that it was
    ended from outside.
    """

    def __init__(self, signals: Iterable[Signal], *, rtu: int, duration: float | None, now: float) -> None:
        self._signals = tuple(signal for signal in signals if signal.row.rtu in {None, rtu})
        self.finished = not self._signals
        self.stopped = False
        self._repeats = bool(duration)
        self._end = now + duration if duration else math.inf
        self._place, self._round = 0, 1
        self._until = now
        self._ready = False
        self._awaited: Condition | None = None
        self._sent, self._skipped = 0, 0
        self._skips: list[Skipped] = []

    def take(self, count: int, now: float) -> list[Signal]:
        """Return what goes out now, at most `count`; it counts as sent."""
        due: list[Signal] = []
        self._advance(now)
        while len(due) < count and self._ready and not self.finished:
            signal = self._signals[self._place]
            due.append(signal)
            self._sent += 1
            self._next(now + signal.row.wait)
            self._advance(now)
        return due

    def heard(self, asdu: bytes, now: float) -> None:
        """Know what a master has sent: a condition that is being waited for may be met, so `take` may have more."""
        self._advance(now)
        if self._awaited is not None and is_met(self._awaited, asdu):
            self._make_ready()

    def stop(self) -> None:
        """End it at once."""
        self.stopped = self.stopped or not self.finished
        self.finished = True

    def next_deadline(self) -> float:
        """When `take` has something to do although nothing was heard and no room became free; infinite for never."""
        return math.inf if self.finished else min(self._until, self._end)

    def take_skipped(self) -> list[Skipped]:
        """Return what was left out since the last call."""
        skips, self._skips = self._skips, []
        return skips

    def progress(self, now: float) -> Progress:
        """Return how far it is."""
        left = max(0.0, self._end - now) if self._repeats else None
        return Progress(self._sent, self._skipped, self._place, len(self._signals), self._round, left)

    def _advance(self, now: float) -> None:
        """Do what is due by the clock alone."""
        self.finished = self.finished or now >= self._end
        while not self.finished and now >= self._until:
            if self._awaited is None:
                self._come_up(now)
            else:
                self._skip(self._awaited)
                self._next(now)

    def _come_up(self, now: float) -> None:
        """Turn to the next signal: nothing that was heard before counts for its condition."""
        self._awaited = self._signals[self._place].row.condition
        if self._awaited is None:
            self._make_ready()
        else:
            # Later than now, however short: a pass without any signal that goes out would never end.
            self._until = max(now + self._awaited.timeout, math.nextafter(now, math.inf))

    def _make_ready(self) -> None:
        self._awaited, self._ready, self._until = None, True, math.inf

    def _skip(self, condition: Condition) -> None:
        self._skipped += 1
        self._skips.append(Skipped(self._signals[self._place], f"not received: {describe(condition)}"))

    def _next(self, resume: float) -> None:
        """Leave this signal behind; the next one comes up at that time."""
        self._awaited, self._ready, self._until = None, False, resume
        self._place += 1
        if self._place == len(self._signals) and self._repeats:
            self._place, self._round = 0, self._round + 1
        self.finished = self._place == len(self._signals)
