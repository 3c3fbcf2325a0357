"""The link towards one RTU: one connection at a time, STARTDT as the group wants it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from iec104mm2ss.gateway.attempts import Attempts
from iec104mm2ss.gateway.complaints import Complaints
from iec104mm2ss.gateway.withholding import Withholding
from iec104mm2ss.link.events import Acknowledged, Event, Received, Started, Stopped, Tolerated
from iec104mm2ss.link.states import State
from iec104mm2ss.transport.client import connect, reason

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

    def failed(self, bug: BaseException) -> None:
        """Restart the group."""


class RtuLink:
    """Connects, and owns the connection. Acknowledges as late as the standard allows: that is taking custody."""

    _lost: asyncio.Future[str]

    def __init__(self, row: RtuRow, group: Group, log: ConnectionLog) -> None:
        self.row = row
        self.log = log
        self.phase = Phase.IDLE
        self.attempt = 0
        self._parameters = replace(row.link, t2=_SHARE_OF_T2 * row.link.t2)
        self._group = group
        self._attempts = Attempts(row.hosts)
        self._complaints = Complaints()
        self.connection: Connection | None = None
        self._withholding: Withholding | None = None

    @property
    def started(self) -> bool:
        """Whether data may flow."""
        return self._while(State.STARTED) is not None

    @property
    def window(self) -> int:
        """ASDUs that `send` takes now."""
        return self.connection.window if self.connection is not None else 0

    @property
    def peer(self) -> str:
        """The RTU's address while it is connected."""
        return self.connection.peer if self.connection is not None else ""

    async def connect(self) -> Connection:
        """Try the hosts until one accepts; return a connection that has not begun."""
        connection = None
        while connection is None:
            wait, host = self._attempts.next()
            if wait:
                self.phase = Phase.WAITING
                await asyncio.sleep(wait)
            connection = await self._try(host)
        self._attempts.connected()
        self.attempt = 0
        return connection

    async def _try(self, host: Endpoint) -> Connection | None:
        self.phase = Phase.CONNECTING
        self.attempt += 1
        if self._complaints.is_news(host):
            self.log.info("connecting to %s", host)
        try:
            connection = await connect(host.host, host.port, self._parameters)
        except TimeoutError:
            self._complain(host, f"no answer within t0 ({self._parameters.t0:g} s)")
        except OSError as error:
            self._complain(host, reason(error))
        else:
            if connection.local != connection.peer:
                return connection
            # A port of this machine that nobody listens on may be picked as our own end of the connection.
            self._complain(host, "it would lead to itself")
            connection.close("connected to itself")
        return None

    def _complain(self, host: Endpoint, why: str) -> None:
        line = self._complaints.failed(host, why, asyncio.get_running_loop().time())
        if line is not None:
            self.log.warning("%s", line)

    async def serve(self, connection: Connection) -> str:
        """Run the link of a connection that `connect` made; return why it ended."""
        loop = asyncio.get_running_loop()
        self._lost, began = loop.create_future(), loop.time()
        self.connection, self._withholding = connection, Withholding(connection)
        self.phase = Phase.CONNECTED
        self._tell_connected(connection.peer, began)
        connection.begin(self)
        try:
            self._group.rtu_connected()
            return await self._lost
        finally:
            self._attempts.lost(loop.time() - began)
            self._complaints.lost(loop.time())

    def _tell_connected(self, peer: str, now: float) -> None:
        missed = self._complaints.connected(now)
        if missed is None:
            self.log.info("connected to %s", peer)
        else:
            # Who was told on the console that the RTU is gone is told there that it is back.
            self.log.warning("connected to %s, after %.1f s without the RTU", peer, missed)

    def start(self) -> None:
        """Send STARTDT act if the link is stopped."""
        if connection := self._while(State.STOPPED):
            connection.start()

    def stop(self) -> None:
        """Send STOPDT act if the link is started."""
        if connection := self._while(State.STARTED):
            connection.stop()

    def _while(self, state: State) -> Connection | None:
        connection = self.connection
        return connection if connection is not None and connection.link.state is state else None

    def send(self, asdus: Sequence[bytes]) -> None:
        """Send at most `window` ASDUs."""
        if self.connection is not None and asdus:
            self.connection.send(asdus)

    @property
    def withheld(self) -> bool:
        """Whether the RTU waits for its acknowledgement."""
        return self._withholding is not None and self._withholding.active

    def withhold(self, *, wanted: bool) -> None:
        """Let the RTU wait for its acknowledgement, or not."""
        if self._withholding is not None:
            self._withholding.update(wanted=wanted)

    def close(self, reason: str) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            self.connection.close(reason)

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
        if not self._lost.done():
            self._lost.set_result(reason)

    def on_bug(self, _connection: Connection, bug: Exception) -> None:
        """Let the group start anew."""
        self._group.failed(bug)
