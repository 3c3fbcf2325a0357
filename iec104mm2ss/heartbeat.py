"""A beat a second in the event loop: how late it comes, whether the wall clock was set, and what lives by it."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator

INTERVAL = 1.0

# ntpd slews up to 0.128 s and steps what is more. Slewing moves all three clocks of Linux alike, and those of Windows
# apart by a millisecond a beat, where each is read to 16 ms.
_STEP = 0.1
# A third of the default t1: what stands still for longer can cost connections.
_STALL = 5.0
_READ_TOGETHER = 0.02


class Reading(NamedTuple):
    """Three clocks at one moment, in seconds.

    `monotonic` stands while the machine sleeps (Linux), `boot` never does, `wall` is since 1970 and can be set.
    """

    monotonic: float
    boot: float
    wall: float


class Pulse:
    """Judges beats by literal times: no clock, no loop.

    `lag` is by how many seconds the last beat was late. Nothing but readings in order may be fed.
    """

    def __init__(self, start: Reading) -> None:
        self.lag = 0.0
        self._worst = 0.0
        self._last = start

    def beat(self, now: Reading) -> list[str]:
        """Take the reading of a beat that was due one INTERVAL after the last; return what should be said of it."""
        last, self._last = self._last, now
        passed = now.boot - last.boot
        asleep = passed - (now.monotonic - last.monotonic)
        self.lag = max(0.0, now.monotonic - last.monotonic - INTERVAL)
        self._worst = max(self._worst, self.lag)
        return list(_remarks(now.wall - last.wall - passed, asleep, self.lag))

    def take_worst(self) -> float:
        """Return the longest lag since the last call; for one asker, because the next one gets what came later."""
        worst, self._worst = self._worst, 0.0
        return worst


def _remarks(step: float, asleep: float, lag: float) -> Iterator[str]:
    if asleep >= _STEP:
        yield f"this machine slept for {asleep:.1f} s"
    if lag >= _STALL:
        yield f"nothing ran for {lag:.1f} s: the program or its machine was stopped or is overloaded"
    if abs(step) >= _STEP:
        yield f"clock stepped by {step:+.1f} s"


class Heartbeat:
    """Beats while `run` runs, so whoever is fed by it starves when the loop is blocked.

    `calls` are made at every beat, the first at once; one that fails is logged once and tried again at the next beat.
    """

    def __init__(self, log: logging.Logger, *calls: Callable[[], None]) -> None:
        self._log = log
        self._calls = calls
        self._failing: set[Callable[[], None]] = set()
        self.pulse = Pulse(read())

    async def run(self) -> NoReturn:
        """Beat until cancelled."""
        self.pulse = Pulse(read())
        while True:
            for call in self._calls:
                self._make(call)
            await asyncio.sleep(INTERVAL)
            for remark in self.pulse.beat(read()):
                self._log.warning("%s", remark)

    def _make(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:  # noqa: BLE001 - the boundary: one that fails must not stop the others' beat
            if call not in self._failing:
                self._log.exception("internal error in a heartbeat")
            self._failing.add(call)
        else:
            self._failing.discard(call)


def read() -> Reading:
    """Read the clocks as one: were the process stopped in between, that would look like a step."""
    while True:
        reading = Reading(time.monotonic(), _boot(), time.time())
        if time.monotonic() - reading.monotonic < _READ_TOGETHER:
            return reading


if sys.platform == "linux":

    def _boot() -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

else:
    # Windows counts the time asleep in its monotonic clock.
    _boot = time.monotonic
