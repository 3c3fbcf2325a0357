"""The port of a station: one controlling station at a time, and three sources that its window empties in order."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from iec104mm2ss.link.events import (
    Acknowledged,
    Discarded,
    Event,
    LinkTested,
    Received,
    StartRequested,
    StopRequested,
    Tolerated,
)
from iec104mm2ss.link.states import State
from iec104mm2ss.settings.simulation import Misbehaviour
from iec104mm2ss.simulator.misbehaviour import Answers
from iec104mm2ss.simulator.period import PeriodOfTests
from iec104mm2ss.transport.server import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from iec104mm2ss.link.parameters import LinkParameters
    from iec104mm2ss.tls.parameters import TlsParameters
    from iec104mm2ss.transport.connection import Connection

QUEUE_LIMIT = 10_000
"""Reports that wait for the window; beyond it the oldest are dropped and counted. As many answers may wait."""

_GOOD = Misbehaviour()


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
        """Know that a master started, stopped, tested the connection or did something strange."""

    def opened(self, connection: Connection) -> None:
        """Know a master that has come; its connection begins next."""

    def closed(self, connection: Connection, reason: str) -> None:
        """Know that it is gone."""

    def refused(self, peer: str, reason: str) -> None:
        """Know that somebody else, `host:port`, was turned away."""

    def received(self, asdu: bytes) -> None:
        """Know a request."""

    def queued(self, asdu: bytes) -> None:
        """Know an answer or a report that is about to be sent, in this order."""

    def failed(self, bug: Exception) -> None:
        """Know that this program failed; the connection is closed next."""


class Source(Protocol):
    """What sends of itself while a master is started, after all answers and reports: an index send."""

    def take(self, count: int, now: float) -> Sequence[bytes]:
        """Return what goes out now, at most `count`."""

    def heard(self, asdu: bytes, now: float) -> None:
        """Know what the master has sent."""

    def next_deadline(self) -> float:
        """When `take` has something to do that does not come from room or from the master."""

    def interrupt(self, reason: str) -> None:
        """Know that the master has stopped or is gone; nothing is taken any more."""


class StationPort:
    """Listens for the station's master and moves ASDUs.

    What a master has not been sent when it stops or goes is dropped: its next interrogation repairs that. A second
    connection is refused while the first is there, as by the RTUs that have room for one master only. `on_started` is
    called after every STARTDT con.
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
        misbehaviour: Misbehaviour = _GOOD,
        tls: TlsParameters | None = None,
    ) -> None:
        self.lost = 0
        self.tests = PeriodOfTests()
        self.on_started: Callable[[], None] = lambda: None
        self._station = station
        self._observer = observer
        self._misbehaviour = misbehaviour
        self._answers = Answers(misbehaviour)
        self._reports: deque[bytes] = deque()
        self._source: Source | None = None
        self._connection: Connection | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed = math.inf
        self._drop_timer: asyncio.TimerHandle | None = None
        self._listener = Listener(
            port,
            parameters,
            bind=bind,
            accepts=accepts,
            on_connection=self._on_connection,
            on_refused=observer.refused,
            tls=tls,
        )

    @property
    def is_open(self) -> bool:
        """Whether the port listens."""
        return self._listener.is_open

    @property
    def has_died(self) -> bool:
        """Whether the port was opened and no longer listens though nobody has closed it."""
        return self._listener.has_died

    @property
    def connection(self) -> Connection | None:
        """The master's connection."""
        return self._connection

    @property
    def started(self) -> bool:
        """Whether a master is there and has started data transfer."""
        connection = self._connection
        return connection is not None and connection.link.state is State.STARTED

    @property
    def answering(self) -> int:
        """Answers that wait for their time or for the window."""
        return len(self._answers)

    @property
    def interrogated(self) -> bool:
        """Whether some of them are those of an interrogation."""
        return self._answers.interrogated

    async def open(self) -> None:
        """Start listening. Raises OSError where the port cannot be had."""
        await self._listener.open()

    def stop_listening(self) -> None:
        """Let nobody in any more; who is connected stays."""
        self._listener.close()

    def disconnect(self, reason: str) -> None:
        """Close the connection; the master may come again."""
        if self._connection is not None:
            self._connection.close(reason)

    async def close(self, reason: str) -> None:
        """Stop listening and close the connection; return when it is gone."""
        self.stop_listening()
        connection = self._connection
        if connection is not None:
            connection.close(reason)
            await connection.gone.wait()

    def send(self, asdus: Iterable[bytes]) -> bool:
        """Send to a started master, as its window opens; False where there is none and nothing is kept."""
        if not self.started:
            return False
        self._report(asdus)
        self._pump()
        return True

    def run(self, source: Source) -> None:
        """Send what a source gives, in place of any other one, until the master stops or goes."""
        self._source = source
        self._pump()

    def _report(self, asdus: Iterable[bytes]) -> None:
        self._reports.extend(asdus)
        while len(self._reports) > QUEUE_LIMIT:
            self._reports.popleft()
            self.lost += 1

    def _pump(self) -> None:
        connection = self._connection
        if connection is None or connection.close_reason is not None:
            return
        now = asyncio.get_running_loop().time()
        while asdus := self._due(self._room(connection), now):
            connection.send(asdus)
            self._drop_if_due(connection)
        self._arm(now)

    def _room(self, connection: Connection) -> int:
        limit = self._misbehaviour.drop_frames
        return connection.window if limit is None else min(connection.window, limit - connection.link.sent)

    def _due(self, room: int, now: float) -> list[bytes]:
        """Return what goes out now: answers before reports, which are never older than the answers that wait."""
        asdus = self._answers.take(room, now)
        while self._reports and len(asdus) < room:
            asdus.append(self._reports.popleft())
        for asdu in asdus:
            self._observer.queued(asdu)
        if self._source is not None:
            asdus += self._source.take(room - len(asdus), now)
        return asdus

    def _drop_if_due(self, connection: Connection) -> None:
        if connection.link.sent == self._misbehaviour.drop_frames:
            connection.close(f"dropped on purpose after {connection.link.sent} I-frames")

    def _arm(self, now: float) -> None:
        source = math.inf if self._source is None else self._source.next_deadline()
        deadline = min(self._answers.next_deadline(now), source)
        if deadline != self._armed:
            self._disarm()
            if deadline < math.inf:
                self._armed = deadline
                self._timer = asyncio.get_running_loop().call_at(deadline, self._on_timer)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._armed = None, math.inf

    def _on_timer(self) -> None:
        self._disarm()
        try:
            self._pump()
        except Exception as bug:  # noqa: BLE001 - the boundary: a bug costs this connection, nothing else
            self._fail(bug)

    def _fail(self, bug: Exception) -> None:
        self._observer.failed(bug)
        if self._connection is not None:
            self._connection.close("internal error")

    def _on_connection(self, connection: Connection) -> None:
        if self._connection is not None:
            self._observer.refused(connection.peer, f"{self._connection.peer} is connected")
            connection.close("the station has a master")
            return
        self._connection, self.tests = connection, PeriodOfTests()
        self._observer.opened(connection)
        connection.begin(self)
        seconds = self._misbehaviour.drop_seconds
        if seconds is not None:
            reason = f"dropped on purpose after {seconds:g} s"
            self._drop_timer = asyncio.get_running_loop().call_later(seconds, connection.close, reason)

    def on_events(self, connection: Connection, events: list[Event]) -> None:
        """Act on one step of the link."""
        for event in events:
            if connection is not self._connection:  # dropped on purpose while it acted on the event before
                return
            match event:
                case Acknowledged():
                    self._pump()
                case Received(asdus):
                    self._answer(connection, asdus)
                case StartRequested():
                    self._start(connection)
                case StopRequested():
                    self._drop("the master stopped")
                    self._observer.note("stopped")
                case LinkTested():
                    self._observer.note(self.tests.tested(asyncio.get_running_loop().time()))
                case Discarded(count):
                    self._observer.note(f"{count} ASDUs sent after STOPDT act are not executed")
                case Tolerated(text):
                    self._observer.note(f"tolerated: {text}")

    def _start(self, connection: Connection) -> None:
        if connection.link.state is not State.STARTING:  # it has stopped again in the same segment
            return
        connection.start()
        self._observer.note("started")
        self._report([self._station.initialised()])
        self._pump()
        self.on_started()

    def _answer(self, connection: Connection, asdus: Sequence[bytes]) -> None:
        now, wall = asyncio.get_running_loop().time(), local_time()
        for asdu in asdus:
            self._observer.received(asdu)
            self._put(asdu, self._station.receive(asdu, connection, now, wall), now)
            if self._source is not None:
                self._source.heard(asdu, now)
        self._pump()

    def _put(self, request: bytes, answers: list[bytes], now: float) -> None:
        if len(self._answers) < QUEUE_LIMIT:
            self._answers.put(request, answers, now)
        else:
            self.lost += len(answers)

    def _drop(self, reason: str) -> None:
        """Forget what has not gone out."""
        self._disarm()
        self._answers.clear()
        self._reports.clear()
        source, self._source = self._source, None
        if source is not None:
            source.interrupt(reason)

    def on_closed(self, connection: Connection, reason: str) -> None:
        """Be free for the next master."""
        self._observer.closed(connection, reason)
        self._connection = None
        if self._drop_timer is not None:
            self._drop_timer.cancel()
        self._drop("the master is gone")
        self._station.forget(connection)

    def on_bug(self, _connection: Connection, bug: Exception) -> None:
        """Report; the connection is closed next."""
        self._observer.failed(bug)


def local_time() -> datetime:
    """Return what this machine's clock says, in its zone: the time that simulated stations tag with."""
    return datetime.now().astimezone()
