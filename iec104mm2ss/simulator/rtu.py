"""One row of the simulator's file: a port, its logs, and what is remembered of it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.record.record import Record
from iec104mm2ss.record.watch import FullWindow
from iec104mm2ss.simulator import changes, states
from iec104mm2ss.simulator.clock import ahead
from iec104mm2ss.simulator.journal import COLUMNS, rows_of
from iec104mm2ss.simulator.port import StationPort, local_time
from iec104mm2ss.simulator.sender import Sender
from iec104mm2ss.wire.asdu import cause, type_id
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from datetime import datetime

    from iec104mm2ss.logs import ConnectionLogs, TableLog
    from iec104mm2ss.settings.simulation import RtuEntry
    from iec104mm2ss.simulator.commands import Send
    from iec104mm2ss.simulator.shared import SharedStation
    from iec104mm2ss.transport.connection import Connection

_RETRY_LISTEN: Final = 2.0
_PAUSE_AFTER_BUG: Final = 1.0
_INTERROGATIONS: Final = frozenset({TypeId.C_IC_NA_1, TypeId.C_CI_NA_1})
_INTERROGATED: Final = range(Cause.INTERROGATED_BY_STATION, Cause.COUNTERS_GROUP_4 + 1)


class Rtu:
    """A port of a station, from `begin` to `close`, over and over; `leave` is the end.

    `fault` says why the port cannot be opened though it should be.
    """

    def __init__(self, entry: RtuEntry, station: SharedStation, logs: ConnectionLogs, sends: Sequence[Send]) -> None:
        self.entry = entry
        self.station = station
        self.enabled = True
        self.fault = ""
        self._logs = logs
        self.log, self._details = self._tables()
        self.record = Record(str(entry.port), self.log)
        self.sender = Sender(self, sends)
        self.port = self._new_port()
        self._full = FullWindow()
        self._listening: asyncio.Task[None] | None = None
        station.members.append(self)

    def _tables(self) -> tuple[TableLog, TableLog]:
        entry, table = self.entry, self._logs.table
        return (
            table(entry.ca, entry.name, entry.port, COLUMNS),
            table(entry.ca, entry.name, entry.port, COLUMNS, part="gi"),
        )

    def _new_port(self) -> StationPort:
        entry = self.entry
        port = StationPort(
            self,
            entry.port,
            entry.link,
            self,
            bind=entry.bind,
            accepts=self._accepts,
            misbehaviour=entry.misbehaviour,
            tls=entry.tls,
        )
        port.on_started = self.sender.go_on
        return port

    def _accepts(self, host: str) -> bool:
        return self.entry.accept.accepts(host)

    # Its life.

    def begin(self) -> None:
        """Listen as soon as the port can be had, unless that is done already or the RTU is disabled."""
        if self.enabled and self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name=f"listen on {self.entry.port}")

    async def close(self, reason: str) -> None:
        """Stop listening and close the connection; return when it is gone."""
        self.record.tell(reason)
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.wait([listening])
        self.fault = ""
        await self.port.close(reason)

    def leave(self) -> None:
        """End for good what is closed."""
        self.station.members.remove(self)
        self.record.refusals.close()

    async def _listen(self) -> None:
        while not self.port.is_open:
            try:
                await self.port.open()
            except OSError as error:
                self._report_fault(f"port {self.entry.port} cannot be opened: {error.strerror or error}")
                await asyncio.sleep(_RETRY_LISTEN)
            except Exception as bug:  # noqa: BLE001 - the boundary: this RTU tries again, the others never notice
                self.failed(bug)
                await asyncio.sleep(_PAUSE_AFTER_BUG)
        self.fault = ""
        self.record.tell(f"listening on port {self.entry.port}")

    def _report_fault(self, text: str) -> None:
        if text != self.fault:
            self.record.tell(f"{text}; tried again every {_RETRY_LISTEN:g} s", level=logging.ERROR)
        self.fault = text

    def look(self, now: float) -> None:
        """See to what nobody tells of; to be called once a second."""
        try:
            self._look(now)
        except Exception as bug:  # noqa: BLE001 - the boundary: the other RTUs are looked at all the same
            self.failed(bug)

    def _look(self, now: float) -> None:
        if self.port.has_died:
            # asyncio on Windows closes a listener where a peer resets its connection while it is accepted.
            text = f"port {self.entry.port} has stopped listening: opened again"
            self.record.tell(text, level=logging.WARNING)
            self.port.stop_listening()
            self._listening = None
            self.begin()
        for connection in self.record.connections:
            if text := self._full.look(connection.link, now):
                self.record.tell(text, level=logging.WARNING)
        self.record.stand(states.of(self, now)[0])

    def hampered(self, now: float) -> str:
        """Return what hampers a link that is up."""
        return next((self._full.hampers(connection.link, now) for connection in self.record.connections), "")

    def adopt(self, entry: RtuEntry, station: SharedStation) -> None:
        """Go on under another row of this port; where `changes.restarts` says so it must be closed."""
        former, self.entry = self.entry, entry
        if station is not self.station:
            self.station.members.remove(self)
            station.members.append(self)
            self.station = station
        if (entry.name, entry.ca) != (former.name, former.ca):
            self.log, self._details = self._tables()
            self.record.renamed(self.log, f"{entry.name}, RTU number {entry.ca}")
        if changes.restarts(former, entry):
            self.port = self._new_port()
        elif self.port.connection is not None and not entry.accept.accepts(self.port.connection.host):
            self.port.disconnect("no longer in the filter")

    # What the operator asks for.

    async def restart(self) -> None:
        """Close the port with its connection and open it anew. Raises RequestError where it is disabled."""
        if not self.enabled:
            raise RequestError(f"{changes.named(self.entry)} is disabled: enable it to start it")
        await self.close("restarted as per user request")
        self.begin()

    async def disable(self) -> None:
        """Close the port with its connection and leave it closed."""
        if self.enabled:
            self.enabled = False
            await self.close("disabled as per user request")

    async def enable(self) -> None:
        """Undo `disable`."""
        if not self.enabled:
            self.enabled = True
            self.record.tell("enabled as per user request")
            self.begin()

    def send(self, asdus: Iterable[bytes]) -> bool:
        """Report to the master, if there is one that has started."""
        return self.port.send(asdus)

    # The station behind the port.

    def initialised(self) -> bytes:
        """Return what comes first after STARTDT con."""
        return self.station.initialised()

    def receive(self, asdu: bytes, session: Hashable, now: float, wall: datetime) -> list[bytes]:
        """Return the answers to a request."""
        return self.station.receive(asdu, session, now, wall, self)

    def forget(self, session: Hashable) -> None:
        """Know that a connection is gone."""
        self.station.forget(session)

    # What happens on the port goes to the logs.

    def note(self, text: str) -> None:
        """Log what happens."""
        self.record.tell(text)

    def opened(self, connection: Connection) -> None:
        """Follow a connection."""
        self.record.tell(f"connected from {connection.who}")
        self.record.opened(connection)
        self._full = FullWindow()

    def closed(self, connection: Connection, reason: str) -> None:
        """Keep what is to be kept of a connection."""
        self.record.closed(connection, reason)

    def refused(self, peer: str, reason: str) -> None:
        """Count somebody who was turned away."""
        self.record.refusals.add(peer, reason)

    def received(self, asdu: bytes) -> None:
        """Log a request."""
        self.record.count((asdu,))
        self._put("received", asdu)
        if type_id(asdu) == TypeId.C_CS_NA_1 and cause(asdu) == Cause.ACTIVATION:
            difference = ahead(asdu, local_time())
            if difference is not None:
                self.log.info("the clock of the master is %+.3f s ahead of this one, which is not set", difference)

    def queued(self, asdu: bytes) -> None:
        """Log an answer or a report."""
        self._put("sent", asdu)

    def failed(self, bug: Exception) -> None:
        """Log a bug of ours with its traceback; the connection is closed, the next one is served."""
        self.log.error("internal error", exc_info=bug)

    def _put(self, event: str, asdu: bytes) -> None:
        rows = list(rows_of(event, asdu, self.station.comment))
        values = cause(asdu) in _INTERROGATED
        if values or type_id(asdu) in _INTERROGATIONS:
            self._details.rows(rows)
        if not values:
            self.log.rows(rows)
