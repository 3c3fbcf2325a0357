"""The link towards one RTU: one connection at a time, STARTDT as the group wants it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from iec104mm2ss.gateway.attempts import Attempts
from iec104mm2ss.gateway.withholding import Withholding
from iec104mm2ss.link.events import Acknowledged, Event, Received, Started, Stopped, Tolerated
from iec104mm2ss.link.states import State
from iec104mm2ss.transport.client import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iec104mm2ss.logs import ConnectionLog
    from iec104mm2ss.settings.endpoints import Endpoint
    from iec104mm2ss.settings.site import RtuRow
    from iec104mm2ss.transport.connection import Connection

_SHARE_OF_T2 = 0.8


class Phase(Enum):
    """What the link is about; the value is for people."""

    IDLE = "idle"
    CONNECTING = "connecting"
    WAITING = "waiting"
    CONNECTED = "connected"


class Group(Protocol):
    """What the RTU's link tells its group."""

    def rtu_connected(self) -> None:
        """Note that there is a connection, still stopped."""

    def rtu_started(self) -> None:
        """Note that data may flow."""

    def rtu_stopped(self) -> None:
        """Note that a STOPDT is confirmed."""

    def rtu_sent(self, asdus: Sequence[bytes]) -> None:
        """Route ASDUs of the RTU."""

    def rtu_acknowledged(self) -> None:
        """Note that the window to the RTU has opened further."""

    def failed(self, bug: Exception) -> None:
        """Restart the group."""


class RtuLink:
    """Connects, and owns the connection. Acknowledges as late as the standard allows: that is taking custody."""

    def __init__(self, row: RtuRow, group: Group, log: ConnectionLog) -> None:
        self.row = row
        self.log = log
        self.phase = Phase.IDLE
        self.attempt = 0
        self._parameters = replace(row.link, t2=_SHARE_OF_T2 * row.link.t2)
        self._group = group
        self._attempts = Attempts(row.hosts)
        self.connection: Connection | None = None
        self._withholding: Withholding | None = None
        self._lost: asyncio.Future[str] | None = None

    @property
    def started(self) -> bool:
        """Whether data may flow."""
        return self.connection is not None and self.connection.link.state is State.STARTED

    @property
    def window(self) -> int:
        """ASDUs that `send` takes now."""
        return self.connection.window if self.connection is not None else 0

    @property
    def confirmed(self) -> int:
        """I-frames that the RTU knows to be received."""
        return self.connection.link.confirmed if self.connection is not None else 0

    @property
    def peer(self) -> str:
        """The RTU's address while it is connected."""
        return self.connection.peer if self.connection is not None else ""

    async def connect(self) -> None:
        """Try the hosts until one accepts."""
        while self.connection is None:
            wait, host = self._attempts.next()
            if wait:
                self.phase = Phase.WAITING
                self.log.info("no host could be kept; next try in %.1f s", wait)
                await asyncio.sleep(wait)
            await self._try(host)
        self._attempts.connected()
        self.phase = Phase.CONNECTED
        self.attempt = 0

    async def _try(self, host: Endpoint) -> None:
        self.phase = Phase.CONNECTING
        self.attempt += 1
        self.log.info("connecting to %s", host)
        try:
            connection = await connect(host.host, host.port, self._parameters)
        except TimeoutError:
            self.log.warning("no connection to %s: no answer within t0 (%g s)", host, self._parameters.t0)
        except OSError as error:
            self.log.warning("no connection to %s: %s", host, error.strerror or error)
        else:
            self._take(connection)

    def _take(self, connection: Connection) -> None:
        # A port of this machine that nobody listens on may be picked as our own end of the connection.
        if connection.local == connection.peer:
            self.log.warning("no connection to %s: it would lead to itself", connection.peer)
            connection.close("connected to itself")
        else:
            self.connection = connection

    async def serve(self) -> str:
        """Run the link of the connection that `connect` made; return why it ended."""
        connection = self.connection
        assert connection is not None, "connect() comes first"  # noqa: S101 - the caller's order
        loop = asyncio.get_running_loop()
        self._lost, began = loop.create_future(), loop.time()
        self._withholding = Withholding(connection)
        self.log.info("connected to %s", connection.peer)
        connection.begin(self)
        try:
            if self.connection is not None:
                self._group.rtu_connected()
            return await self._lost
        finally:
            self._attempts.lost(loop.time() - began)

    def start(self) -> None:
        """Send STARTDT act if the link is stopped."""
        if self._is(State.STOPPED):
            self.connection.start()  # type: ignore[union-attr]

    def stop(self) -> None:
        """Send STOPDT act if the link is started."""
        if self._is(State.STARTED):
            self.connection.stop()  # type: ignore[union-attr]

    def send(self, asdus: Sequence[bytes]) -> None:
        """Send at most `window` ASDUs."""
        if self.connection is not None and asdus:
            self.connection.send(asdus)

    def withhold(self, *, wanted: bool) -> None:
        """Let the RTU wait for its acknowledgement, or not."""
        if self._withholding is not None:
            self._withholding.update(wanted=wanted)

    def close(self, reason: str) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            self.connection.close(reason)

    def _is(self, state: State) -> bool:
        connection = self.connection
        return connection is not None and connection.close_reason is None and connection.link.state is state

    def on_events(self, _connection: Connection, events: list[Event]) -> None:
        """Act on one step of the link."""
        for event in events:
            match event:
                case Received(asdus):
                    self._group.rtu_sent(asdus)
                case Acknowledged():
                    self._group.rtu_acknowledged()
                case Started():
                    self.log.info("started")
                    self._group.rtu_started()
                case Stopped():
                    self.log.info("stopped")
                    self._group.rtu_stopped()
                case Tolerated(text):
                    self.log.warning("tolerated: %s", text)

    def on_closed(self, connection: Connection, reason: str) -> None:
        """Let `serve` return."""
        self.log.warning("disconnected from %s: %s", connection.peer, reason)
        self.withhold(wanted=False)
        self.connection = self._withholding = None
        self.phase = Phase.IDLE
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(reason)

    def on_bug(self, _connection: Connection, bug: Exception) -> None:
        """Let the group start anew."""
        self._group.failed(bug)
