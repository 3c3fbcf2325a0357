"""One RTU and its masters: how a group begins, ends, and becomes another one while it runs."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from iec104mm2ss.console.table import many
from iec104mm2ss.gateway import changes
from iec104mm2ss.gateway.demand import Demand
from iec104mm2ss.gateway.exchange import Exchange
from iec104mm2ss.gateway.master import Master
from iec104mm2ss.gateway.port import MasterPort
from iec104mm2ss.gateway.rtu import RtuLink
from iec104mm2ss.record.record import Record
from iec104mm2ss.settings.site import GroupRow, MasterRow, RtuRow, StartDt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from iec104mm2ss.gateway.journaling import Journals
    from iec104mm2ss.logs import ConnectionLog, ConnectionLogs
    from iec104mm2ss.transport.connection import Connection

_FLUSH_TIME = 1.0
_FLUSH_LOOK = 0.02
_PAUSE_AFTER_BUG = 1.0


class Group:
    """Runs from `begin` to `end`, over and over. Nothing of it is shared with other groups.

    Who changes it holds `lock` meanwhile.
    """

    def __init__(self, row: GroupRow, logs: ConnectionLogs, journals: Journals) -> None:
        self.row = row
        self.lock = asyncio.Lock()
        self.broken = False
        self._logs = logs
        self._life: asyncio.Task[None] | None = None
        self._ending = ""
        self._closed = False
        self._serving = False
        self._flushing = False
        self._leaving: list[Connection] = []
        self.rtu = RtuLink(row.rtu, self, Record(f"{row.number}/S", self._log(row.rtu)))
        self.exchange = Exchange(row, self.rtu, journals, self.failed)
        self.demand = Demand(self.rtu, self._wants_data)
        self.ports = [self._new_port(master) for master in row.masters]

    def _new_port(self, row: MasterRow) -> MasterPort:
        return MasterPort(row, Record(f"{row.group}/{row.port}", self._log(row)), self)

    def _log(self, row: RtuRow | MasterRow) -> ConnectionLog:
        # A name is shown with S/ or M/; files and log lines add their own.
        if isinstance(row, RtuRow):
            return self._logs.connection(row.group, "S", row.name[2:])
        return self._logs.connection(row.group, "M", row.name[2:], row.port)

    def log_file(self, port: MasterPort | None) -> Path:
        """Return where the log of a master row, or of the RTU, is written."""
        row = self.rtu.row if port is None else port.row
        if isinstance(row, RtuRow):
            return self._logs.path(row.group, "S", row.name[2:])
        return self._logs.path(row.group, "M", row.name[2:], row.port)

    @property
    def is_open(self) -> bool:
        """Whether masters are let in."""
        return self._serving and not self._flushing and self.rtu.connection is not None

    # Its life.

    def begin(self, delay: float = 0.0) -> None:
        """Connect to the RTU and serve its masters, `delay` seconds from now, unless that goes on or is not wanted."""
        if self._life is None and self.rtu.enabled and not self._closed:
            self._ending = ""
            self.rtu.renew(self.row.rtu)
            self._life = asyncio.create_task(self._run(delay), name=f"group {self.row.number}")
            self._life.add_done_callback(self._ended)

    async def end(self, reason: str) -> None:
        """Close everything, as at a loss of the RTU; return when that is done."""
        life = self._life
        if life is None:
            return
        self._ending = reason
        if self._serving:
            self.rtu.close(reason)
        else:
            life.cancel()
        await asyncio.wait({life})

    def close(self) -> None:
        """Close everything at once and for good."""
        self._closed = True
        if self._life is not None:
            self._life.cancel()
        for record in (self.rtu.record, *(port.record for port in self.ports)):
            record.refusals.close()

    async def wait_closed(self) -> None:
        """Wait until the closed connections are gone, which takes a second where a peer does not read."""
        if self._life is not None:
            await asyncio.wait({self._life})
        for connection in self._leaving:
            await connection.gone.wait()

    def _ended(self, life: asyncio.Task[None]) -> None:
        if self._life is life:
            self._life = None
            self.rtu.renew(self.row.rtu)

    async def _run(self, delay: float) -> None:
        await asyncio.sleep(delay)
        while not self._ending:
            try:
                # After a bug the group starts with nothing: what made the bug may lie in the journal.
                if not self.broken:
                    await self.exchange.recover()
                await self._serve(await self.rtu.connect())
            except Exception as bug:  # noqa: BLE001 - the boundary: this group starts anew, the others never notice
                self.failed(bug)
            if self.broken and not self._ending:
                await asyncio.sleep(_PAUSE_AFTER_BUG)

    async def _serve(self, connection: Connection) -> None:
        reason = "the gateway stops"
        self._serving = True
        try:
            if self.broken:
                self.exchange.start_anew()
                self.broken = False
            lost = await self.rtu.serve(connection)
            reason = f"the RTU is {self._ending}" if self._ending else f"RTU lost: {lost}"
            await self._flush()
        finally:
            self._serving = False
            self._drop(reason)
            connection.close(reason)
            self._follow(connection)

    async def _flush(self) -> None:
        """Give the masters what their windows accept within a second; nothing new comes in."""
        self._flushing = True
        for port in self.ports:
            port.close()
        until = time.monotonic() + _FLUSH_TIME
        while time.monotonic() < until and not self.broken and any(it.behind for it in self.exchange.started):  # noqa: ASYNC110 - cheaper than a hook in every pump
            await asyncio.sleep(_FLUSH_LOOK)

    def _drop(self, reason: str) -> None:
        self.rtu.close(reason)
        for port in self.ports:
            port.close()
            port.drop(reason)
        self.demand.rest()
        self._flushing = False
        # A bug must not take the place of the cancellation that may have brought us here.
        self._guarded(self.exchange.rtu_lost)

    def _follow(self, connection: Connection) -> None:
        """Remember a closed connection until it is gone."""
        self._leaving = [it for it in self._leaving if not it.gone.is_set()] + [connection]

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as bug:  # noqa: BLE001 - the boundary: this group starts anew, the others never notice
            self.failed(bug)

    def failed(self, bug: BaseException) -> None:
        """Report a bug of ours with its traceback and let this group start anew; what follows from it is not told."""
        if not self.broken:
            self.rtu.record.log.error("internal error: group %d starts anew", self.row.number, exc_info=bug)
        self.broken = True
        self.rtu.close("internal error")

    def look(self, now: float) -> None:
        """See to what nobody tells of; to be called once a second."""
        self._guarded(lambda: self._look(now))

    def _look(self, now: float) -> None:
        self.rtu.look(now)
        self.exchange.look()
        for port in self.ports:
            port.look(now)

    # Other settings.

    async def let_go(self, row: GroupRow) -> None:
        """Close what another row of this group has no place for, or only with other constants."""
        wanted = {master.key: master for master in row.masters}
        for port in self.ports:
            if port.row.key not in wanted:
                self._remove(port)
            elif changes.restarts_port(port, wanted[port.row.key]):
                self._close_port(port, "its row has changed")
        if changes.restarts_rtu(self.row, row):
            self.rtu.record.tell("restarted: its row has changed")
            await self.end("restarted: its row has changed")

    def _remove(self, port: MasterPort) -> None:
        self._close_port(port, "removed from the site file")
        port.record.refusals.close()

    def _close_port(self, port: MasterPort, reason: str) -> None:
        port.record.tell(reason)
        port.close()
        port.drop(reason)

    def adopt(self, row: GroupRow) -> None:
        """Go on with another row of this group, after `let_go`."""
        former, self.row = self.row, row
        ports = {port.row.key: port for port in self.ports}
        self.ports = [self._adopted(ports, master) for master in row.masters]
        self.exchange.adopt(row)
        if row.rtu.name != former.rtu.name:
            self.rtu.record.renamed(self._log(row.rtu), row.rtu.name)
        self.rtu.adopt(row.rtu)
        if self.is_open:
            self._open_ports()
        self.begin()

    def _adopted(self, ports: dict[tuple[int, int], MasterPort], row: MasterRow) -> MasterPort:
        port = ports.get(row.key)
        if port is None:
            return self._new_port(row)
        if port.row.name != row.name:
            port.record.renamed(self._log(row), row.name)
        port.adopt(row)
        return port

    def _open_ports(self) -> None:
        for port in self.ports:
            port.open()
        self.demand.follow()

    # What the operator asks for.

    async def restart(self, port: MasterPort | None) -> None:
        """Close and open a master's port with its connections, or everything with the RTU."""
        await self._again(port, "restarted as per user request")

    async def disable(self, port: MasterPort | None) -> None:
        """Close a master's port with its connections, or everything with the RTU, and leave it closed."""
        entry = port or self.rtu
        if entry.enabled:
            entry.enabled = False
            await self._again(port, "disabled as per user request")

    async def enable(self, port: MasterPort | None) -> None:
        """Undo `disable`."""
        entry = port or self.rtu
        if not entry.enabled:
            entry.enabled = True
            await self._again(port, "enabled as per user request")

    def disconnect(self, port: MasterPort | None) -> None:
        """Close the connections of a master row, or the RTU's."""
        entry = port or self.rtu
        if entry.record.connections:
            entry.record.tell("disconnected as per user request")
        if port is None:
            self.rtu.close("disconnected as per user request")
        else:
            port.drop("disconnected as per user request")

    async def _again(self, port: MasterPort | None, reason: str) -> None:
        if port is None:
            self.rtu.record.tell(reason)
            await self.end(reason)
            self.begin()
            return
        self._close_port(port, reason)
        if self.is_open:
            port.open()

    # What the RTU's link tells.

    def rtu_connected(self) -> None:
        """Let the masters in: their availability reports must not tell of an RTU that is not there."""
        if self.rtu.connection is not None:
            self.exchange.rtu_connected(self.rtu.connection)
        self._open_ports()

    def rtu_started(self) -> None:
        """Confirm the masters that waited for it."""
        for master in tuple(self.demand.waiting):
            self._confirm(master)
        self.demand.follow()

    def rtu_stopped(self) -> None:
        """Start again if a master came in the meantime."""
        self.demand.follow()

    def rtu_sent(self, asdus: Sequence[bytes], read: float) -> None:
        """Route a batch and move it on at once."""
        self.exchange.from_rtu(asdus, read)

    def rtu_may_forget(self) -> None:
        """Acknowledge what was withheld, as far as may be."""
        self.exchange.rtu_may_forget()

    def rtu_acknowledged(self) -> None:
        """Hand on requests that waited for the window."""
        self.exchange.pump()

    # What the masters' connections tell.

    def is_rtu(self, host: str) -> bool:
        """Whether the RTU is connected at this address."""
        return self.rtu.is_at(host)

    def admit(self, port: MasterPort, connection: Connection) -> Master:
        """Make a master of a connection."""
        return Master(port, connection, self.exchange.reader(port.row), self)

    def start_requested(self, master: Master) -> None:
        """Confirm a master's STARTDT act once the RTU's link is started, or close it with the reason."""
        self.demand.wait(master)
        if self.rtu.started:
            self._confirm(master)
        self.demand.follow()

    def _confirm(self, master: Master) -> None:
        self.demand.leave(master)
        self.exchange.join(master)

    def _wants_data(self) -> bool:
        return self.row.startdt is StartDt.ALWAYS or bool(self.exchange.started)

    def stop_requested(self, master: Master) -> None:
        """End the session of a master that stops, or give up its start."""
        self._end_session(master)
        self.exchange.pump()

    def acknowledged(self, master: Master, count: int) -> None:
        """Move on what a master now has room for."""
        self.exchange.acknowledged(master, count)

    def received(self, master: Master, asdus: Sequence[bytes]) -> None:
        """Route ASDUs of a started master."""
        master.port.record.count(asdus)
        if master.session is None or self._flushing:
            master.log.warning("%s dropped: the RTU is lost", many(len(asdus), "ASDU"))
        else:
            self.exchange.from_master(master, master.session, asdus)

    def closed(self, master: Master) -> None:
        """Forget a connection."""
        self._follow(master.connection)
        master.port.forget(master)
        self._end_session(master)
        self.exchange.pump()

    def _end_session(self, master: Master) -> None:
        self.demand.leave(master)
        self.exchange.leave(master)
        self.demand.follow()
