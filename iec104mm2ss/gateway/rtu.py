"""The link towards one RTU: one connection at a time, STARTDT as the group wants it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from iec104mm2ss.gateway.attempts import Attempts
from iec104mm2ss.gateway.complaints import Complaints
from iec104mm2ss.gateway.withholding import Withholding
from iec104mm2ss.link.events import Acknowledged, Event, Received, Started, Stopped, Tolerated
from iec104mm2ss.link.states import State
from iec104mm2ss.record.refusals import host_of
from iec104mm2ss.record.watch import FullWindow, ShortWindow
from iec104mm2ss.tls.files import TlsFileError
from iec104mm2ss.transport.client import connect, reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iec104mm2ss.record.record import Record
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

    def rtu_sent(self, asdus: Sequence[bytes], read: float) -> None:
        """Route ASDUs of the RTU that came at `read` (monotonic seconds)."""

    def rtu_acknowledged(self) -> None:
        """Note that the window to the RTU has opened further."""

    def rtu_may_forget(self) -> None:
        """Acknowledge what was withheld, as far as may be."""

    def failed(self, bug: BaseException) -> None:
        """Restart the group."""


class RtuLink:
    """Connects, and owns the connection. Acknowledges as late as the standard allows: that is taking custody.

    While there is no connection `failure` says why the last one ended or was not made, `host` is the one that is tried
    or tried next, and `next_try` the monotonic time of that. `is_faulty` where the reason is a file of this machine's.
    """

    _lost: asyncio.Future[str]
    host: Endpoint

    def __init__(self, row: RtuRow, group: Group, record: Record) -> None:
        self.record = record
        self.enabled = True
        self.connection: Connection | None = None
        self.failure = ""
        self.next_try = 0.0
        self._group = group
        self._withholding: Withholding | None = None
        self.renew(row)

    def renew(self, row: RtuRow) -> None:
        """Begin with the first host of a row, as if none had been tried; there is no connection now."""
        self.row = row
        self.phase = Phase.IDLE
        self.attempt = 0
        self.is_faulty = False
        self.host = row.hosts[0]
        self._parameters = replace(row.link, t2=_SHARE_OF_T2 * row.link.t2)
        self._attempts = Attempts(row.hosts)
        self._complaints = Complaints()
        self._full, self._short = FullWindow(), ShortWindow()

    def adopt(self, row: RtuRow) -> None:
        """Go on under a row that has another name; for what else may differ there is `renew`."""
        self.row = row

    @property
    def started(self) -> bool:
        """Whether data may flow."""
        return self._while(State.STARTED) is not None

    @property
    def window(self) -> int:
        """ASDUs that `send` takes now."""
        return self.connection.window if self.connection is not None else 0

    @property
    def received(self) -> int:
        """I-frames received on this connection."""
        return self.connection.link.received if self.connection is not None else 0

    @property
    def peer(self) -> str:
        """The RTU's address while it is connected."""
        return self.connection.peer if self.connection is not None else ""

    def is_at(self, host: str) -> bool:
        """Whether the connected RTU has this address, and this machine has another one."""
        connection = self.connection
        if connection is None or connection.host != host:
            return False
        return host_of(connection.local) != host

    async def connect(self) -> Connection:
        """Try the hosts until one accepts; return a connection that has not begun."""
        connection = None
        while connection is None:
            wait, self.host = self._attempts.next()
            if wait:
                self.phase = Phase.WAITING
                self.next_try = asyncio.get_running_loop().time() + wait
                await asyncio.sleep(wait)
            connection = await self._try(self.host)
        self._attempts.connected()
        self.attempt = 0
        return connection

    async def _try(self, host: Endpoint) -> Connection | None:
        self.phase = Phase.CONNECTING
        self.attempt += 1
        if self._complaints.is_news(host):
            self.record.tell(f"connecting to {host}")
        try:
            connection = await connect(host.host, host.port, self._parameters, self.row.tls)
        except TimeoutError:
            self._complain(host, f"no answer within t0 ({self._parameters.t0:g} s)")
        except OSError as error:
            self._complain(host, reason(error))
            self.is_faulty = isinstance(error, TlsFileError)
        else:
            if connection.local != connection.peer:
                return connection
            # A port of this machine that nobody listens on may be picked as our own end of the connection.
            self._complain(host, "it would lead to itself")
            connection.close("connected to itself")
        return None

    def _complain(self, host: Endpoint, why: str) -> None:
        self.failure = f"{host}: {why}"
        self.is_faulty = False
        line = self._complaints.failed(host, why, asyncio.get_running_loop().time())
        if line is not None:
            self.record.tell(line, level=logging.WARNING)

    async def serve(self, connection: Connection) -> str:
        """Run the link of a connection that `connect` made; return why it ended."""
        loop = asyncio.get_running_loop()
        self._lost, began = loop.create_future(), loop.time()
        self.connection, self._withholding = connection, Withholding(connection, self._group.rtu_may_forget)
        self._full, self._short = FullWindow(), ShortWindow()
        self.phase = Phase.CONNECTED
        self._tell_connected(connection.who, began)
        self.record.opened(connection)
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
            self.record.tell(f"connected to {peer}")
        else:
            # Who was told on the console that the RTU is gone is told there that it is back.
            self.record.tell(f"connected to {peer}, after {missed:.1f} s without the RTU", level=logging.WARNING)

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

    def look(self, now: float) -> None:
        """Tell of a window that has been full for too long; to be called once a second."""
        if self.connection is not None and (text := self._full.look(self.connection.link, now)):
            self.record.tell(text, level=logging.WARNING)

    def hampered(self, now: float) -> str:
        """Return what hampers a link that is up."""
        if self.connection is None:
            return ""
        return self._short.hampers or self._full.hampers(self.connection.link, now)

    def close(self, reason: str) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            self.connection.close(reason)

    def on_events(self, connection: Connection, events: list[Event]) -> None:
        """Act on one step of the link."""
        for event in events:
            match event:
                case Received():
                    self._received(connection, event.asdus)
                case Acknowledged():
                    self._group.rtu_acknowledged()
                case Started():
                    self.record.tell("started")
                    self._group.rtu_started()
                case Stopped():
                    self.record.tell("stopped")
                    self._group.rtu_stopped()
                case Tolerated(text):
                    self.record.log.warning("tolerated: %s", text)

    def _received(self, connection: Connection, asdus: Sequence[bytes]) -> None:
        now = connection.link.heard
        if text := self._short.received(connection.link, now):
            self.record.tell(text, level=logging.WARNING)
        self._group.rtu_sent(asdus, now)

    def on_closed(self, connection: Connection, reason: str) -> None:
        """Let `serve` return."""
        self.record.closed(connection, reason)
        self.withhold(wanted=False)
        self.connection = self._withholding = None
        self.phase = Phase.IDLE
        self.failure, self.is_faulty = reason, False
        if not self._lost.done():
            self._lost.set_result(reason)

    def on_bug(self, _connection: Connection, bug: Exception) -> None:
        """Let the group start anew."""
        self._group.failed(bug)
