"""An asyncio event loop whose time passes only when nothing is left to do, and both clocks of the machine with it."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulation.network import Network

BEGIN = 1000.0
_WALL = 1_700_000_000.0
# What the seconds of a year can be told apart by; a real loop has the clock's, and fires timers as much too early.
_RESOLUTION = 1e-6
_MOST_ROUNDS_AT_A_MOMENT = 20_000


class StandstillError(Exception):
    """Nothing is scheduled any more, or nothing ever ends in a moment that does not pass."""


class _Selector:
    """Waits by moving the clock; there are no sockets to wait for."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise StandstillError("nothing is scheduled any more")
        self._loop.advance(timeout)
        return []

    def close(self) -> None:
        pass


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks as asyncio does, in no time; the time to the next timer passes at once.

    `on_step`, where it is set, is called after every round. Sockets are those of `network`.
    """

    network: Network

    def __init__(self) -> None:
        super().__init__()
        self.set_debug(False)  # a stack for each handle would be most of a schedule's time
        self.on_step: Callable[[], None] | None = None
        self.wall_offset = _WALL
        self._now = BEGIN
        self._rounds = 0
        self._clock_resolution = _RESOLUTION
        self._selector = _Selector(self)

    def time(self) -> float:
        return self._now

    def wall(self) -> float:
        """Seconds since 1970, as this machine believes."""
        return self._now + self.wall_offset

    def abandon(self) -> None:
        """End all tasks, whatever they do, and close."""
        self.on_step = None
        for _ in range(_MOST_ROUNDS_AT_A_MOMENT):
            tasks = asyncio.all_tasks(self)
            if not tasks:
                break
            for task in tasks:
                task.cancel()
            self._rounds = 0
            self.run_until_complete(asyncio.sleep(0.1))
        self.close()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        if seconds > 0:
            self._rounds = 0
            self._now += seconds
            return
        self._rounds += 1
        if self._rounds > _MOST_ROUNDS_AT_A_MOMENT:
            raise StandstillError(f"time stands still at {self._now}")

    @property
    def timers(self) -> list[asyncio.TimerHandle]:
        """What is still to fire."""
        handles: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return [handle for handle in handles if not handle.cancelled()]

    def _run_once(self) -> None:
        super()._run_once()  # type: ignore[misc]
        if self.on_step is not None:
            self.on_step()

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def remove_reader(self, fd: Any) -> bool:  # noqa: ANN401 - asyncio's signature
        """Accept nothing more on a listening socket."""
        return self.network.stop_accepting(fd)

    async def create_connection(
        self,
        protocol_factory: Any,  # noqa: ANN401 - asyncio's signature, as below
        host: Any = None,  # noqa: ANN401
        port: Any = None,  # noqa: ANN401
        **_: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Connect from this program's own address."""
        return await self.network.connect(protocol_factory, str(host), int(port))

    async def create_server(  # type: ignore[override]
        self,
        protocol_factory: Any,  # noqa: ANN401
        *_: Any,  # noqa: ANN401
        sock: Any,  # noqa: ANN401
        **__: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Serve on a socket of the network."""
        return self.network.server(protocol_factory, sock)


@contextmanager
def virtual_time(loop: VirtualLoop, seed: int) -> Iterator[None]:
    """Let the process's clocks be the loop's, and its chance the seed's."""
    state = random.getstate()
    random.seed(seed)
    try:
        with mock.patch.object(time, "monotonic", loop.time), mock.patch.object(time, "time", loop.wall):
            yield
    finally:
        random.setstate(state)
