"""One RTU and its masters: the place where links, router and event buffer meet."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from iec104mm2ss.gateway.custody import Custody
from iec104mm2ss.gateway.master import Master, policy
from iec104mm2ss.gateway.port import MasterPort
from iec104mm2ss.gateway.rtu import RtuLink
from iec104mm2ss.routing.addresses import originators
from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.policy import Policy
from iec104mm2ss.routing.router import MalformedAsduError, Router
from iec104mm2ss.settings.site import GroupRow, InterrogationData, StartDt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iec104mm2ss.logs import ConnectionLogs
    from iec104mm2ss.routing.reader import Reader
    from iec104mm2ss.transport.connection import Connection

_SHARE_OF_T1 = 0.8
_LINGER = 3.0
_FLUSH_TIME = 1.0
_FLUSH_LOOK = 0.02
_PAUSE_AFTER_BUG = 1.0
_BRAKE_LOOK = 0.1


class Group:
    """Runs one group until its task is cancelled. Nothing of it is shared with other groups."""

    def __init__(self, row: GroupRow, logs: ConnectionLogs) -> None:
        self.row = row
        self.custody = Custody()
        self._log = logs.connection(row.number, "S", _bare(row.rtu.name))
        self._originators = originators([master.oa for master in row.masters])
        self.rtu = RtuLink(row.rtu, self, self._log)
        self.ports = [
            MasterPort(master, logs.connection(row.number, "M", _bare(master.name), master.port), self)
            for master in row.masters
        ]
        self._waiting: dict[Master, asyncio.TimerHandle] = {}
        self._started: list[Master] = []
        self._leaving: list[Connection] = []
        self._flushing = False
        self._linger: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed = math.inf
        self._start_anew()

    def _start_anew(self) -> None:
        row = self.row
        self.broken = False
        self.buffer = EventBuffer(row.rtu.ca, limit=row.event_buffer, age=row.event_age)
        self.custody.begin(self.buffer.tail)
        self.router = Router(
            Policy(
                ca=row.rtu.ca,
                stamp=row.rtu.stamp,
                reserved=frozenset(self._originators),
                copy_interrogation_data=row.interrogation_data is InterrogationData.ALL,
                select_timeout=row.select_timeout,
            ),
            self.buffer,
        )

    async def run(self) -> None:
        """Connect to the RTU and serve its masters, for ever."""
        while True:
            try:
                await self._serve(await self.rtu.connect())
            except Exception as bug:  # noqa: BLE001 - the boundary: this group starts anew, the others never notice
                self.failed(bug)
            if self.broken:
                await asyncio.sleep(_PAUSE_AFTER_BUG)
                self._start_anew()

    async def _serve(self, connection: Connection) -> None:
        reason = "the gateway stops"
        try:
            reason = f"RTU lost: {await self.rtu.serve(connection)}"
            await self._flush()
        finally:
            self._drop(reason)
            self._follow(connection)

    async def _flush(self) -> None:
        """Give the masters what their windows accept within a second; nothing new comes in."""
        self._flushing = True
        for port in self.ports:
            port.close()
        loop = asyncio.get_running_loop()
        until = loop.time() + _FLUSH_TIME
        while loop.time() < until and not self.broken and any(it.behind for it in self._started):  # noqa: ASYNC110 - cheaper than a hook in every pump
            await asyncio.sleep(_FLUSH_LOOK)

    def _drop(self, reason: str) -> None:
        self.rtu.close(reason)
        for port in self.ports:
            port.close()
            port.drop(reason)
        for timer in (self._linger, self._timer):
            if timer is not None:
                timer.cancel()
        self._linger = self._timer = None
        self._armed = math.inf
        self._flushing = False
        # A bug must not take the place of the cancellation that may have brought us here.
        self._guarded(self._give_up_requests)

    def _give_up_requests(self) -> None:
        self.router.rtu_lost(self._now())
        self._say()
        self.custody.begin(self.buffer.tail)

    def _follow(self, connection: Connection) -> None:
        """Remember a closed connection until it is gone."""
        self._leaving = [it for it in self._leaving if not it.gone.is_set()] + [connection]

    async def wait_closed(self) -> None:
        """Wait until the closed connections are gone, which takes a second where a peer does not read."""
        for connection in self._leaving:
            await connection.gone.wait()

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as bug:  # noqa: BLE001 - the boundary: this group starts anew, the others never notice
            self.failed(bug)

    def failed(self, bug: BaseException) -> None:
        """Report a bug of ours with its traceback and let this group start anew; what follows from it is not told."""
        if not self.broken:
            self._log.error("internal error: group %d starts anew", self.row.number, exc_info=bug)
        self.broken = True
        self.rtu.close("internal error")

    # What the RTU's link tells.

    def rtu_connected(self) -> None:
        """Let the masters in: their availability reports must not tell of an RTU that is not there."""
        for port in self.ports:
            port.open()
        self._follow_demand()

    def rtu_started(self) -> None:
        """Confirm the masters that waited for it."""
        for master in tuple(self._waiting):
            self._confirm(master)
        self._follow_demand()

    def rtu_stopped(self) -> None:
        """Start again if a master came in the meantime."""
        self._follow_demand()

    def rtu_sent(self, asdus: Sequence[bytes]) -> None:
        """Route a batch and move it on at once."""
        self.router.from_rtu(asdus, self._now())
        self._count_exposed()
        self._pump()

    def rtu_acknowledged(self) -> None:
        """Hand on requests that waited for the window."""
        self._pump()

    # What the masters' connections tell.

    def admit(self, port: MasterPort, connection: Connection) -> Master:
        """Make a master of a connection."""
        return Master(port.row, connection, self.buffer.reader(port.row.key, port.row.ca), self, port.log)

    def start_requested(self, master: Master) -> None:
        """Confirm a master's STARTDT act once the RTU's link is started, or close it with the reason."""
        patience = _SHARE_OF_T1 * master.row.link.t1
        self._waiting[master] = asyncio.get_running_loop().call_later(
            patience, master.connection.close, f"the RTU's link was not started within {patience:g} s"
        )
        if self.rtu.started:
            self._confirm(master)
        self._follow_demand()

    def _confirm(self, master: Master) -> None:
        self._waiting.pop(master).cancel()
        place = self.row.masters.index(master.row)
        session = self.router.join(master, policy(master.row, self._originators[place]), master.reader)
        self._started.append(master)
        master.begin_session(session, self._now())

    def stop_requested(self, master: Master) -> None:
        """End the session of a master that stops, or give up its start."""
        self._end_session(master)
        self._pump()

    def acknowledged(self, master: Master, count: int) -> None:
        """Move on what a master now has room for, and let the RTU go on if it waited for that."""
        now = self._now()
        self._count_exposed()
        master.reader.acknowledged(count)
        master.pump(now)
        if self.rtu.withheld:
            self._brake(now)

    def received(self, master: Master, asdus: Sequence[bytes]) -> None:
        """Route ASDUs of a started master."""
        if master.session is None or self._flushing:
            master.log.warning("%d ASDUs dropped: the RTU is lost", len(asdus))
            return
        try:
            self.router.from_master(master.session, asdus, self._now())
        except MalformedAsduError as fault:
            master.connection.close(str(fault))
        self._pump()

    def closed(self, master: Master) -> None:
        """Forget a connection."""
        self._follow(master.connection)
        self._port_of(master).forget(master)
        self._end_session(master)
        self._pump()

    def _end_session(self, master: Master) -> None:
        waiting = self._waiting.pop(master, None)
        if waiting is not None:
            waiting.cancel()
        session = master.session
        if session is not None:
            self._count_exposed()
            self._started.remove(master)
            master.end_session(self._now())
            self.router.leave(session)
        self._follow_demand()

    def _port_of(self, master: Master) -> MasterPort:
        return self.ports[self.row.masters.index(master.row)]

    # STARTDT on demand.

    def _follow_demand(self) -> None:
        wanted = self.row.startdt is StartDt.ALWAYS or bool(self._started or self._waiting)
        if wanted and self._linger is not None:
            self._linger.cancel()
            self._linger = None
        if wanted:
            self.rtu.start()
        elif self.rtu.started and self._linger is None:
            self._linger = asyncio.get_running_loop().call_later(_LINGER, self._stop_rtu)

    def _stop_rtu(self) -> None:
        self._linger = None
        self.rtu.stop()

    # Moving ASDUs.

    def _pump(self) -> None:
        """Move what can move, in both directions; the only place where windows meet ring and queue."""
        now = self._now()
        window = self.rtu.window
        if window:
            self.rtu.send(self.router.take(window, now))
        for master in self._started:
            master.pump(now)
        for reader in self.buffer.overrun():
            self._started_with(reader).overrun()
        self._brake(now)
        self._say()
        self._arm(now)

    def _brake(self, now: float) -> None:
        """Let the RTU stop at its own k while it sends more than its masters can take, though they do what they can."""
        self.rtu.withhold(wanted=self.buffer.all_behind or self.buffer.outruns_prompt_one(now))

    def _started_with(self, reader: Reader) -> Master:
        return next(master for master in self._started if master.reader is reader)

    def _count_exposed(self) -> None:
        if self.rtu.connection is not None:
            self.custody.count(self.rtu.connection.link, self.buffer)

    def _say(self) -> None:
        for note in self.router.notes():
            who = note.session.who if note.session is not None else None
            log = who.log if isinstance(who, Master) else self._log
            (log.warning if note.warning else log.info)("%s", note.text)

    def _arm(self, now: float) -> None:
        deadline = self.router.next_deadline()
        if self.rtu.withheld:
            # Whether a master still takes what it can is not told by any event once it does not.
            deadline = min(deadline, now + _BRAKE_LOOK)
        if deadline < self._armed:
            if self._timer is not None:
                self._timer.cancel()
            self._armed = deadline
            self._timer = asyncio.get_running_loop().call_at(deadline, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._armed = math.inf
        self._guarded(self._pump_overdue)

    def _pump_overdue(self) -> None:
        self.router.on_deadline(self._now())
        self._pump()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _bare(name: str) -> str:
    """Return a row's name without the `S/` or `M/` that it is shown with: files and log lines add their own."""
    return name[2:]
