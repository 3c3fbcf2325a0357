"""A program while it runs: its plant, the desk where people ask, and what systemd and the clock want of it."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from iec104mm2ss import __version__
from iec104mm2ss.console.address import SocketError, TakenError
from iec104mm2ss.console.desk import Desk, Head
from iec104mm2ss.console.plant import Plant
from iec104mm2ss.console.requests import Greeting, Reload
from iec104mm2ss.console.server import ControlServer
from iec104mm2ss.console.snapshot import Role, State
from iec104mm2ss.heartbeat import Heartbeat
from iec104mm2ss.metrics.figures import Lag
from iec104mm2ss.metrics.program import Comparison, Condition, of_program
from iec104mm2ss.metrics.server import MetricsServer
from iec104mm2ss.process import FileShortage, OldGarbage, collect_from_now
from iec104mm2ss.settings.program import ProgramSettings
from iec104mm2ss.systemd import Service as ServiceManager
from iec104mm2ss.timekeeping import Timekeeping

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from iec104mm2ss.console.snapshot import Entry
    from iec104mm2ss.logs import ConnectionLogs
    from iec104mm2ss.metrics.figures import Figure
    from iec104mm2ss.process import FileClaim
    from iec104mm2ss.settings.draft import Draft

_SETTLING = 10.0
_SETTLING_LOOK = 0.1
_BEATS_PER_STATUS = 10

S = TypeVar("S", bound=ProgramSettings)
S_contra = TypeVar("S_contra", bound=ProgramSettings, contravariant=True)


class Runner(Plant[S_contra], Protocol[S_contra]):
    """A plant that runs until it is cancelled."""

    async def run(self) -> None:
        """Run; on cancellation close everything and return within a second or so."""

    def measures(self) -> Iterable[Figure]:
        """Return what is counted, apart from the program itself."""


class Service(Generic[S]):
    """Runs a plant, made by `build` when `run` begins, with everything around it.

    `overridden` gives settings as the command line wants them. `control` is where the control socket is made, `metrics`
    the address and port where Prometheus may ask; None for neither. All of it lives in one event loop; `desk` and
    `loop` are there once `started` is called.
    """

    desk: Desk[S]
    loop: asyncio.AbstractEventLoop
    _plant: Runner[S]

    def __init__(  # noqa: PLR0913 - what a program consists of, each once
        self,
        name: str,
        draft: Draft[S],
        *,
        build: Callable[[S, Service[S]], Runner[S]],
        overridden: Callable[[S], S],
        claim: FileClaim,
        control: Path | None,
        metrics: tuple[str, int] | None,
        logs: ConnectionLogs,
        log: logging.Logger,
    ) -> None:
        self.name = name
        self.logs = logs
        self.log = log
        self._draft = draft
        self._build = build
        self._overridden = overridden
        self._claim = claim
        self._control = control
        self._metrics = metrics
        self._lag = Lag()
        self._began = time.time(), time.monotonic()
        self._manager = ServiceManager()
        self._clock = Timekeeping(log)
        self._heart = Heartbeat(log, self._beat, OldGarbage())
        self._beats = 0
        self._running: asyncio.Task[Any] | None = None
        self._reloads: set[asyncio.Task[None]] = set()

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Run until `stop`; `started` is called as soon as requests are answered.

        Raises TakenError where another program has the control socket.
        """
        self._running = asyncio.current_task()
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(FileShortage(self.log))
        settings = self._overridden(self._draft.settings)
        self._plant = self._build(settings, self)
        self.desk = Desk(self._plant, self._draft, head=self._head, log=self.log, adopted=self._adopt)
        control = await self._open_control()
        metrics = self._open_metrics()
        try:
            self._clock.adopt(settings)
            collect_from_now()
            started()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._plant.run(), name=self.name)
                tasks.create_task(self._heart.run(), name="heartbeat")
                tasks.create_task(self._settle(), name="settling")
        except asyncio.CancelledError:
            pass  # that is how `stop` ends it
        finally:
            self._clock.stop()
            if metrics is not None:
                metrics.close()
            if control is not None:
                await control.close()
            self._manager.close()

    async def _open_control(self) -> ControlServer | None:
        if self._control is None:
            return None
        greeting = Greeting(program=self.name, version=__version__, host=socket.gethostname(), pid=os.getpid())
        server = ControlServer(self._control, self.desk, greeting, self.log)
        try:
            await server.start()
        except TakenError:
            raise
        except SocketError as error:
            self.log.warning("%s; the program goes on without it", error)
            return None
        return server

    def _open_metrics(self) -> MetricsServer | None:
        if self._metrics is None:
            return None
        server = MetricsServer(*self._metrics, self._figures, loop=self.loop, log=self.log)
        try:
            server.start()
        except OSError as error:
            self.log.warning("%s", error)
            return None
        return server

    def _figures(self) -> Iterator[Figure]:
        yield from of_program(self._condition(), self._lag)
        yield from self._plant.measures()

    def _condition(self) -> Condition:
        clock, compared = self._clock.state(), self._clock.compared
        return Condition(
            program=self.name,
            version=__version__,
            file=str(self._draft.path),
            started=self._began[0],
            lost_lines=self.logs.lost,
            tasks=len(asyncio.all_tasks()),
            refused_rows=self.desk.refused,
            clock_good=None if clock is None else clock.good,
            compared=None if compared is None else Comparison(compared.server, compared.offset, compared.when),
        )

    def stop(self, why: str) -> None:
        """End `run`; to be called in its loop."""
        self.log.info("%s: stopping", why)
        self._manager.stopping()
        if self._running is not None:
            self._running.cancel()

    def reload(self, why: str) -> None:
        """Read the file again; to be called in the loop."""
        task = asyncio.create_task(self._reload(why), name="reload")
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def _reload(self, why: str) -> None:
        self._manager.reloading()
        await self.desk.answer(Reload(), why)
        self._manager.ready()

    def _adopt(self, settings: S) -> None:
        """Let what is no entry follow settings that run from now on."""
        settings = self._overridden(settings)
        self._clock.adopt(settings)
        self.logs.keep(size=settings.log_size, files=settings.log_files)
        if not self._claim.renew():
            self.log.warning("%s: another program has begun to run with this file", settings.path)

    def _head(self) -> Head:
        started, monotonic = self._began
        return Head(
            program=self.name,
            version=__version__,
            host=socket.gethostname(),
            pid=os.getpid(),
            started=started,
            uptime=time.monotonic() - monotonic,
            clock=self._clock.state(),
            lag=self._heart.pulse.lag,
        )

    def _beat(self) -> None:
        self._manager.beat(time.monotonic())
        self._lag.observe(self._heart.pulse.lag)
        if self._manager.listens and self._beats % _BEATS_PER_STATUS == 0:
            self._manager.status(summary(self._plant.entries()))
        self._beats += 1

    async def _settle(self) -> None:
        """Tell systemd that the service is ready once it is known which ports listen, and why the others do not."""
        if not self._manager.listens:
            return
        give_up = time.monotonic() + _SETTLING
        while time.monotonic() < give_up and not settled(self._plant.entries()):  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(_SETTLING_LOOK)
        self._manager.status(summary(self._plant.entries()))
        self._manager.ready()


def settled(entries: Sequence[Entry]) -> bool:
    """Whether every entry's first outcome is there."""
    begun = {entry.group for entry in entries if entry.role is Role.RTU and _has_outcome(entry)}
    return all(_has_outcome(entry) or (entry.state is State.BLOCKED and entry.group in begun) for entry in entries)


def _has_outcome(entry: Entry) -> bool:
    return entry.state is not State.BLOCKED and (entry.state is not State.RETRYING or entry.attempt > 1)


def summary(entries: Sequence[Entry]) -> str:
    """Return a line on how many entries are online."""
    parts = []
    for role, word in ((Role.RTU, "RTUs"), (Role.MASTER, "masters")):
        states = [entry.state for entry in entries if entry.role is role]
        if states:
            parts.append(f"{states.count(State.ONLINE)} of {len(states)} {word} online")
    return ", ".join(parts)
