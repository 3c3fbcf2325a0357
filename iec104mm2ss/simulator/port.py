"""The port of a station: one controlling station at a time, and a queue that moves as its window allows."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from iec104mm2ss.link.events import Acknowledged, Event, Received, StartRequested, StopRequested, Tolerated
from iec104mm2ss.link.states import State
from iec104mm2ss.transport.server import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from iec104mm2ss.link.parameters import LinkParameters
    from iec104mm2ss.transport.connection import Connection

QUEUE_LIMIT = 10_000
"""ASDUs that wait for the window; beyond it the oldest are dropped and counted."""


class Answering(Protocol):
    """The station behind the port."""

    def initialised(self) -> bytes:
        """Return what comes first after STARTDT con."""

    def receive(self, asdu: bytes, session: Hashable, now: float, wall: datetime) -> list[bytes]:
        """Return the answers to a request."""

    def forget(self, session: Hashable) -> None:
        """Know that a connection is gone."""


class Observer(Protocol):
    """Who is told what happens on the port."""

    def note(self, text: str) -> None:
        """Know that a master came, started, stopped, was refused or went."""

    def received(self, asdu: bytes) -> None:
        """Know a request."""

    def queued(self, asdu: bytes) -> None:
        """Know what is about to be sent, in this order."""

    def failed(self, bug: Exception) -> None:
        """Know that this program failed; the connection is closed next."""


class StationPort:
    """Listens for the station's master and moves ASDUs.

    What a master has not been sent when it stops or goes is dropped: its next interrogation repairs that. A second
    connection is refused while the first is there, as by the RTUs that have room for one master only.
    """

    def __init__(
        self,
        station: Answering,
        port: int,
        parameters: LinkParameters,
        observer: Observer,
        *,
        bind: str | None = None,
        accepts: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.lost = 0
        self._station = station
        self._observer = observer
        self._queue: deque[bytes] = deque()
        self._connection: Connection | None = None
        self._listener = Listener(
            port,
            parameters,
            bind=bind,
            accepts=accepts,
            on_connection=self._on_connection,
            on_refused=lambda peer: observer.note(f"refused {peer}: not in the filter"),
        )

    @property
    def started(self) -> bool:
        """Whether a master is there and has started data transfer."""
        connection = self._connection
        return connection is not None and connection.link.state is State.STARTED

    async def open(self) -> None:
        """Start listening. Raises OSError where the port cannot be had."""
        await self._listener.open()

    async def close(self, reason: str) -> None:
        """Stop listening and close the connection; return when it is gone."""
        self._listener.close()
        connection = self._connection
        if connection is not None:
            connection.close(reason)
            await connection.gone.wait()

    def send(self, asdus: Iterable[bytes]) -> bool:
        """Send to a started master, as its window opens; False where there is none and nothing is kept."""
        if not self.started:
            return False
        self._put(asdus)
        self._pump()
        return True

    def _put(self, asdus: Iterable[bytes]) -> None:
        for asdu in asdus:
            self._observer.queued(asdu)
            self._queue.append(asdu)
        while len(self._queue) > QUEUE_LIMIT:
            self._queue.popleft()
            self.lost += 1

    def _pump(self) -> None:
        connection = self._connection
        while connection is not None and self._queue and connection.window:
            count = min(connection.window, len(self._queue))
            connection.send([self._queue.popleft() for _ in range(count)])

    def _on_connection(self, connection: Connection) -> None:
        if self._connection is not None:
            self._observer.note(f"refused {connection.peer}: {self._connection.peer} is connected")
            connection.close("the station has a master")
            return
        self._observer.note(f"connected from {connection.peer}")
        self._connection = connection
        connection.begin(self)

    def on_events(self, connection: Connection, events: list[Event]) -> None:
        """Act on one step of the link."""
        for event in events:
            match event:
                case Acknowledged():
                    self._pump()
                case Received(asdus):
                    self._answer(connection, asdus)
                case StartRequested():
                    self._start(connection)
                case StopRequested():
                    self._queue.clear()
                    self._observer.note("stopped")
                case Tolerated(text):
                    self._observer.note(f"tolerated: {text}")

    def _start(self, connection: Connection) -> None:
        connection.start()
        self._observer.note("started")
        self._put([self._station.initialised()])
        self._pump()

    def _answer(self, connection: Connection, asdus: Sequence[bytes]) -> None:
        now, wall = asyncio.get_running_loop().time(), local_time()
        for asdu in asdus:
            self._observer.received(asdu)
            self._put(self._station.receive(asdu, connection, now, wall))
        self._pump()

    def on_closed(self, connection: Connection, reason: str) -> None:
        """Be free for the next master."""
        self._observer.note(f"disconnected from {connection.peer}: {reason}")
        self._connection = None
        self._queue.clear()
        self._station.forget(connection)

    def on_bug(self, _connection: Connection, bug: Exception) -> None:
        """Report; the connection is closed next."""
        self._observer.failed(bug)


def local_time() -> datetime:
    """Return what this machine's clock says, in its zone: the time that simulated stations tag with."""
    return datetime.now().astimezone()
