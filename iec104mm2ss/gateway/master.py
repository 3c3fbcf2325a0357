"""One connection of a master: what its link reports becomes the group's business."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from iec104mm2ss.console.table import many
from iec104mm2ss.gateway.withholding import Withholding
from iec104mm2ss.link.events import (
    Acknowledged,
    Discarded,
    Event,
    Received,
    StartRequested,
    Stopped,
    StopRequested,
    Tolerated,
)
from iec104mm2ss.link.states import State
from iec104mm2ss.record.watch import FullWindow
from iec104mm2ss.routing.policy import Clock, MasterPolicy
from iec104mm2ss.wire.asdu import build
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from iec104mm2ss.logs import ConnectionLog
    from iec104mm2ss.record.record import Record
    from iec104mm2ss.routing.reader import Reader
    from iec104mm2ss.routing.request import Session
    from iec104mm2ss.settings.site import MasterRow
    from iec104mm2ss.transport.connection import Connection

    class Port(Protocol):
        """Where a master came in: its row may be another one tomorrow."""

        row: MasterRow
        record: Record

        def forget(self, master: Master) -> None:
            """Free its place."""

    class Group(Protocol):
        """What a master needs of its group."""

        def start_requested(self, master: Master) -> None:
            """Call `begin_session` when the RTU is ready."""

        def stop_requested(self, master: Master) -> None:
            """End the session."""

        def acknowledged(self, master: Master, count: int) -> None:
            """Pass `count` on to the master's reader, and pump."""

        def received(self, master: Master, asdus: Sequence[bytes]) -> None:
            """Route ASDUs of a started master."""

        def closed(self, master: Master) -> None:
            """Forget the connection."""

        def failed(self, bug: BaseException) -> None:
            """Restart the group."""


_LOCAL_POWER_ON = b"\x00"
_IOA_ZERO = b"\x00\x00\x00"


def policy(row: MasterRow, oa: int) -> MasterPolicy:
    """Return what the router needs of a row; `oa` is its originator address in the group."""
    clock = Clock(row.clock.value)
    return MasterPolicy(ca=row.ca, oa=oa, commands=row.commands, points=row.command_points, clock=clock)


class Master:
    """Owns a begun connection and, while the master is started, its session."""

    def __init__(self, port: Port, connection: Connection, reader: Reader, group: Group) -> None:
        self.port = port
        self.connection = connection
        self.session: Session | None = None
        self.reader = reader
        self._group = group
        self._withholding = Withholding(connection, connection.release)
        self._withheld_before = math.inf
        self._full = FullWindow()

    @property
    def row(self) -> MasterRow:
        """Its row as it is now."""
        return self.port.row

    @property
    def log(self) -> ConnectionLog:
        """Its row's log."""
        return self.port.record.log

    @property
    def behind(self) -> int:
        """ASDUs that this master has yet to be sent."""
        return self.reader.behind if self.reader.started else 0

    def begin_session(self, session: Session, now: float) -> None:
        """Send STARTDT con, then the end of initialisation, then data as the window allows."""
        self.session = session
        self.connection.start()
        self._withheld_before = self.reader.withheld
        self.reader.start(now)
        self.reader.prepend(build(TypeId.M_EI_NA_1, Cause.INITIALIZED, self.row.ca, _IOA_ZERO + _LOCAL_POWER_ON))
        self.port.record.tell(f"started; originator address {session.oa} towards the RTU")
        self.pump(now)

    def end_session(self, now: float) -> None:
        """Take and get nothing more; what is in flight may still be acknowledged."""
        self.session = None
        self._withholding.update(wanted=False)
        self.reader.stop(now)

    def pump(self, now: float) -> None:
        """Move ASDUs from the ring into the window, and let the master wait while too many of its requests do."""
        if self.session is not None:
            self._withholding.update(wanted=self.session.flooded)
        if self.reader.has_more:
            self.refill(now)

    def refill(self, now: float) -> None:
        """Move ASDUs from the ring into the window, with one write."""
        window = self.connection.window
        asdus = self.reader.take(window, now) if window else []
        if asdus:
            self.connection.send(asdus)
        if self.reader.account.withheld > self._withheld_before:
            self._tell_of_withheld()

    def _tell_of_withheld(self) -> None:
        """Warn once a session: a station that sends one such ASDU sends many, and they are counted."""
        self._withheld_before = math.inf
        self.log.warning(
            "ASDUs of the RTU with CA %d are withheld: this master would take them for the RTU itself", self.row.ca
        )

    def overrun(self) -> None:
        """Give up a master that fell off the end of the event buffer: its reconnect interrogates."""
        lost = self.reader.overrun
        self.connection.close(f"too slow: fell behind the whole event buffer, {many(lost, 'ASDU')} lost")

    def look(self, now: float) -> None:
        """Tell of a window that has been full for too long; to be called once a second."""
        if text := self._full.look(self.connection.link, now):
            self.port.record.tell(text, level=logging.WARNING)

    def hampered(self, now: float) -> str:
        """Return what hampers a link that is up."""
        return self._full.hampers(self.connection.link, now)

    def on_events(self, connection: Connection, events: list[Event]) -> None:
        """Act on one step of the link, up to an event that makes us close the connection."""
        starts = False
        for event in events:
            # Most events by far are of this kind, and it is always the first.
            if isinstance(event, Acknowledged):
                self._group.acknowledged(self, event.count)
            elif isinstance(event, StartRequested):
                starts = True
            elif connection.close_reason is None:
                self._on_event(event)
        if starts:
            self._start_requested(connection)

    def _start_requested(self, connection: Connection) -> None:
        """Start, unless the master has stopped again, or broken the protocol, in the same segment."""
        if connection.link.state is State.STARTING and connection.close_reason is None:
            self._group.start_requested(self)

    def _on_event(self, event: Event) -> None:
        match event:
            case Received(asdus):
                self._group.received(self, asdus)
            case StopRequested():
                self._group.stop_requested(self)
            case Stopped():
                self.port.record.tell("stopped")
            case Discarded(count):
                self.log.warning("after STOPDT act, and not executed: %s", many(count, "ASDU"))
            case Tolerated(text):
                self.log.warning("tolerated: %s", text)

    def on_closed(self, connection: Connection, reason: str) -> None:
        """Report the end to log and group."""
        self.port.record.closed(connection, reason)
        self._group.closed(self)

    def on_bug(self, _connection: Connection, bug: Exception) -> None:
        """Let the group start anew."""
        self._group.failed(bug)
