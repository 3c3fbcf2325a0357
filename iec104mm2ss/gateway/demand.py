"""STARTDT towards the RTU: as long as it is wanted, and who waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.gateway.master import Master
    from iec104mm2ss.gateway.rtu import RtuLink

_SHARE_OF_T1 = 0.8
_LINGER = 3.0


class Demand:
    """Starts the RTU while `is_wanted` or a master waits for it, and stops it 3 s after the last one has gone."""

    def __init__(self, rtu: RtuLink, is_wanted: Callable[[], bool]) -> None:
        self.waiting: dict[Master, asyncio.TimerHandle] = {}
        self._rtu = rtu
        self._is_wanted = is_wanted
        self._linger: asyncio.TimerHandle | None = None

    @property
    def lingers(self) -> bool:
        """Whether the RTU will be stopped unless somebody wants it."""
        return self._linger is not None

    def wait(self, master: Master) -> None:
        """Let a master that asked to start wait for the RTU; it is closed if that takes too long."""
        patience = _SHARE_OF_T1 * master.row.link.t1
        self.waiting[master] = asyncio.get_running_loop().call_later(
            patience, master.connection.close, f"the RTU's link was not started within {patience:g} s"
        )

    def leave(self, master: Master) -> None:
        """Let a master wait no longer, if it did."""
        waiting = self.waiting.pop(master, None)
        if waiting is not None:
            waiting.cancel()

    def follow(self) -> None:
        """Do what follows from a change of who is there, of the RTU's state or of the setting."""
        wanted = self._is_wanted() or bool(self.waiting)
        if wanted:
            self.rest()
            self._rtu.start()
        elif self._rtu.started and self._linger is None:
            self._linger = asyncio.get_running_loop().call_later(_LINGER, self._stop)

    def rest(self) -> None:
        """Do not stop the RTU; there is none any more, or it is wanted."""
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None

    def _stop(self) -> None:
        self._linger = None
        self._rtu.stop()
