"""The time servers of a program's file, which a reload may change, and what to show of the clock."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import ClockState
from iec104mm2ss.ntp.keeper import SetClock, TimeKeeper
from iec104mm2ss.ntp.server import TimeServer

if TYPE_CHECKING:
    import logging

    from iec104mm2ss.ntp.status import Comparison
    from iec104mm2ss.settings.program import ProgramSettings


class Timekeeping:
    """Keeps this machine's clock as the settings of the moment want it; used in one event loop."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._wanted: tuple[object, ...] = ()
        self._keeper: TimeKeeper | None = None
        self._task: asyncio.Task[None] | None = None

    def adopt(self, settings: ProgramSettings) -> None:
        """Ask these servers from now on, unless it is what is being done."""
        wanted = settings.ntp_servers, settings.ntp_interval, settings.set_clock
        if wanted == self._wanted:
            return
        self.stop()
        self._wanted = wanted
        if settings.ntp_servers:
            self._keeper = TimeKeeper(
                [TimeServer(name) for name in settings.ntp_servers],
                interval=settings.ntp_interval,
                mode=SetClock(settings.set_clock.value),
                log=self._log,
            )
            self._task = asyncio.create_task(self._keeper.run(), name="time servers")

    def stop(self) -> None:
        """Ask nobody any more."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._keeper = None

    @property
    def compared(self) -> Comparison | None:
        """The last answer of a time server that could be believed."""
        return None if self._keeper is None else self._keeper.status.compared

    def state(self) -> ClockState | None:
        """Return what to show, None without time servers."""
        if self._keeper is None:
            return None
        status = self._keeper.status
        text = f"{status.text} {status.why}".strip()
        return ClockState(text=text, short=status.brief(time.time()), good=status.good)
