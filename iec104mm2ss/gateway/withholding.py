"""Letting a peer that sends too much wait for its acknowledgement, so that it stops at its own k."""

import asyncio
from collections.abc import Callable

from iec104mm2ss.transport.connection import Connection

_SHARE_OF_T1 = 0.5


class Withholding:
    """Withholds while it is wanted, at most half of t1 at a time: the peer must not take the link for dead.

    `release` lets the peer be acknowledged as far as nothing else stands against it.
    """

    def __init__(self, connection: Connection, release: Callable[[], None]) -> None:
        self._connection = connection
        self._release_it = release
        self._timer: asyncio.TimerHandle | None = None
        self.times = 0

    @property
    def active(self) -> bool:
        """Whether the peer waits."""
        return self._timer is not None

    def update(self, *, wanted: bool) -> None:
        """Begin or end."""
        if wanted and self._timer is None:
            self._begin()
        elif not wanted and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._release()

    def _begin(self) -> None:
        self.times += 1
        self._connection.withhold()
        patience = _SHARE_OF_T1 * self._connection.link.parameters.t1
        self._timer = asyncio.get_running_loop().call_later(patience, self._give_way)

    def _give_way(self) -> None:
        # What comes next is withheld again from its first frame on: otherwise a peer with k > w gets two k's each time.
        self._release()
        self._begin()

    def _release(self) -> None:
        if self._connection.close_reason is None:
            self._release_it()
