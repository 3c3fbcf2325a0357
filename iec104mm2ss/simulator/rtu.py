"""One row of the simulator's file: a port, its logs, and what it is sending."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from iec104mm2ss.simulator.clock import ahead
from iec104mm2ss.simulator.index_send import IndexSend
from iec104mm2ss.simulator.journal import COLUMNS, rows_of
from iec104mm2ss.simulator.port import StationPort, local_time
from iec104mm2ss.simulator.sending import Sending
from iec104mm2ss.simulator.status import RtuStatus
from iec104mm2ss.wire.asdu import cause, type_id
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from datetime import datetime

    from iec104mm2ss.logs import ConnectionLogs
    from iec104mm2ss.settings.simulation import RtuEntry
    from iec104mm2ss.simulator.commands import Send
    from iec104mm2ss.simulator.shared import SharedStation

_RETRY_LISTEN: Final = 2.0
_INTERROGATIONS: Final = frozenset({TypeId.C_IC_NA_1, TypeId.C_CI_NA_1})
_INTERROGATED: Final = range(Cause.INTERROGATED_BY_STATION, Cause.COUNTERS_GROUP_4 + 1)


class Rtu:
    """A port of a station. `sends` are done, one after the other, as soon as a master has started here."""

    def __init__(self, entry: RtuEntry, station: SharedStation, logs: ConnectionLogs, sends: Sequence[Send]) -> None:
        self.entry = entry
        self.fault = ""
        self._station = station
        self._log = logs.table(entry.ca, entry.name, entry.port, COLUMNS)
        self._details = logs.table(entry.ca, entry.name, entry.port, COLUMNS, part="gi")
        self._sends = deque(sends)
        self._sending: IndexSend | None = None
        self._index: int | None = None
        self._port = StationPort(
            self,
            entry.port,
            entry.link,
            self,
            bind=entry.bind,
            accepts=entry.accept.accepts,
            misbehaviour=entry.misbehaviour,
            on_started=self._send_next,
        )
        station.members.append(self)

    async def run(self) -> None:
        """Listen, as soon as the port can be had, until cancelled."""
        try:
            while not self._port.is_open:
                await self._open()
            self.fault = ""
            self._log.info("listening on port %d", self.entry.port)
            await asyncio.get_running_loop().create_future()
        finally:
            await self._port.close("the simulator stops")

    async def _open(self) -> None:
        try:
            await self._port.open()
        except OSError as error:
            fault = f"port {self.entry.port} cannot be opened: {error.strerror or error}"
            if fault != self.fault:
                self._log.error("%s; tried again every %g s", fault, _RETRY_LISTEN)
            self.fault = fault
            await asyncio.sleep(_RETRY_LISTEN)

    @property
    def is_online(self) -> bool:
        """Whether a master is there and has started."""
        return self._port.started

    @property
    def sending(self) -> IndexSend | None:
        """The index send that is under way."""
        return self._sending

    def begin(self, send: Send) -> int:
        """Send an index to the master that has started, in place of another one; return how many signals it has."""
        self._end_sending()
        now = asyncio.get_running_loop().time()
        signals = self._station.signals(send.index)
        sending = Sending(signals, rtu=self.entry.ca, duration=send.seconds, now=now)
        total = sending.progress(now).total
        self._index = send.index
        if not total:
            self._log.info("index %d: no signal has it", send.index)
            return 0
        duration = "" if send.seconds is None else f" for {send.seconds:g} s"
        self._log.info("index %d begins: %d signals%s", send.index, total, duration)
        self._sending = IndexSend(send.index, sending, self._station, self._log, self._sent)
        self._port.run(self._sending)
        return total

    def stop(self) -> bool:
        """End the index send, with those that were to follow it; False where there is none."""
        if self._sending is None:
            return False
        self._sends.clear()
        self._end_sending()
        return True

    def _end_sending(self) -> None:
        if self._sending is not None:
            self._sending.stop(asyncio.get_running_loop().time())

    def _sent(self) -> None:
        self._sending = None
        # Not at once: the last signals are still on their way to the window.
        asyncio.get_running_loop().call_soon(self._send_next)

    def _send_next(self) -> None:
        while self._sends and self._sending is None and self.is_online:
            self.begin(self._sends.popleft())

    def send(self, asdus: Iterable[bytes]) -> bool:
        """Report to the master, if there is one that has started."""
        return self._port.send(asdus)

    def status(self) -> RtuStatus:
        """Return what there is to show."""
        port, sending = self._port, self._sending
        progress = None if sending is None else sending.sending.progress(asyncio.get_running_loop().time())
        return RtuStatus(
            id=self.entry.id,
            name=self.entry.name,
            ca=self.entry.ca,
            port=self.entry.port,
            state=self._state(),
            fault=self.fault,
            peer=port.peer,
            since=port.connected_at,
            answering=port.answering,
            index=self._index,
            progress=progress,
            test_period=port.tests.last,
            smallest_test_period=port.tests.smallest,
        )

    def _state(self) -> str:
        if not self._port.is_open:
            return "FAULT" if self.fault else "CLOSED"
        if self._port.started:
            return "ONLINE"
        return "CONNECTED" if self._port.peer else "WAITING"

    # The station behind the port.

    def initialised(self) -> bytes:
        """Return what comes first after STARTDT con."""
        return self._station.initialised()

    def receive(self, asdu: bytes, session: Hashable, now: float, wall: datetime) -> list[bytes]:
        """Return the answers to a request."""
        return self._station.receive(asdu, session, now, wall, self)

    def forget(self, session: Hashable) -> None:
        """Know that a connection is gone."""
        self._station.forget(session)

    # What happens on the port goes to the logs.

    def note(self, text: str) -> None:
        """Log what happens to the connection."""
        self._log.info("%s", text)

    def received(self, asdu: bytes) -> None:
        """Log a request."""
        self._put("received", asdu)
        if type_id(asdu) == TypeId.C_CS_NA_1 and cause(asdu) == Cause.ACTIVATION:
            difference = ahead(asdu, local_time())
            if difference is not None:
                self._log.info("the clock of the master is %+.3f s ahead of this one, which is not set", difference)

    def queued(self, asdu: bytes) -> None:
        """Log an answer or a report."""
        self._put("sent", asdu)

    def failed(self, bug: Exception) -> None:
        """Log a bug of ours with its traceback; the connection is closed, the next one is served."""
        self._log.error("internal error", exc_info=bug)

    def _put(self, event: str, asdu: bytes) -> None:
        rows = list(rows_of(event, asdu, self._station.comment))
        values = cause(asdu) in _INTERROGATED
        if values or type_id(asdu) in _INTERROGATIONS:
            self._details.rows(rows)
        if not values:
            self._log.rows(rows)
