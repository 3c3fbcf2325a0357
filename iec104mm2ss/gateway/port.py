"""A master row's port: who may connect, and who wins when one connection too many comes."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Protocol

from iec104mm2ss.record.refusals import host_of
from iec104mm2ss.settings.site import MasterRow, Takeover
from iec104mm2ss.transport.server import Listener

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iec104mm2ss.gateway.master import Master
    from iec104mm2ss.record.record import Record
    from iec104mm2ss.transport.connection import Connection

_PROBE_TIME = 3.0
_PROBE_LOOK = 0.1
_RETRY_LISTEN = 2.0
_TAKEOVERS = 5
_TAKEOVER_TIME = 60.0


class Group(Protocol):
    """What a port needs of its group."""

    def is_rtu(self, host: str) -> bool:
        """Whether that is the RTU's own address."""

    def admit(self, port: MasterPort, connection: Connection) -> Master:
        """Make a master of a connection."""

    def failed(self, bug: BaseException) -> None:
        """Restart the group."""


class MasterPort:
    """The listener of a row and the connections that came through it. Its row can be exchanged while it is open."""

    def __init__(self, row: MasterRow, record: Record, group: Group) -> None:
        self.row = row
        self.record = record
        self.enabled = True
        self.masters: list[Master] = []
        self.takeovers = 0
        self._fault = ""
        self._group = group
        self._listener: Listener | None = None
        self._listening: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None
        self._newcomer: Connection | None = None
        self._taken_over: deque[float] = deque(maxlen=_TAKEOVERS)

    @property
    def is_open(self) -> bool:
        """Whether the port listens."""
        return self._listener is not None and self._listener.is_open

    @property
    def fault(self) -> str:
        """Why the port cannot be opened though it should be."""
        return "" if self.is_open else self._fault

    @property
    def is_started(self) -> bool:
        """Whether one of its masters is started."""
        return any(master.session is not None for master in self.masters)

    @property
    def is_full(self) -> bool:
        """Whether a further connection would be one too many."""
        return len(self.masters) >= self.row.max

    def open(self) -> None:
        """Listen as soon as the port can be had, unless it is open already or the row is disabled."""
        if not self.enabled or self._listening is not None:
            return
        self._listening = asyncio.create_task(self._listen(), name=f"listen on {self.row.port}")
        self._listening.add_done_callback(self._finished)

    def close(self) -> None:
        """Stop listening; masters that are connected stay."""
        for task in (self._listening, self._probing):
            if task is not None:
                task.cancel()
        self._listening = self._probing = None
        self._fault = ""
        if self._newcomer is not None:
            self._newcomer.close("the port closes")
            self._newcomer = None
        if self.is_open:
            self.record.tell(f"port {self.row.port} closed")
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def drop(self, reason: str) -> None:
        """Close every connection of this port."""
        for master in tuple(self.masters):
            master.connection.close(reason)

    def forget(self, master: Master) -> None:
        """Free the place of a master that is gone."""
        self.masters.remove(master)

    def adopt(self, row: MasterRow) -> None:
        """Go on under a row that differs in nothing that a listener or a link is made with."""
        self.row = row
        for master in tuple(self.masters):
            if not row.accept.accepts(master.connection.host):
                master.connection.close("no longer in the filter")

    def look(self, now: float) -> None:
        """See to what nobody tells of; to be called once a second."""
        for master in self.masters:
            master.look(now)
        if self._listener is not None and self._listener.has_died:
            # asyncio on Windows closes a listener where a peer resets its connection while it is accepted.
            self.record.tell(f"port {self.row.port} has stopped listening: opened again", level=logging.WARNING)
            self._listener.close()
            self._listening = None
            self.open()

    async def _listen(self) -> None:
        self._listener = Listener(
            self.row.port,
            self.row.link,
            bind=self.row.bind,
            accepts=self._accepts,
            on_connection=self._on_connection,
            on_refused=self._on_refused,
            tls=self.row.tls,
        )
        while not self._listener.is_open:
            try:
                await self._listener.open()
            except OSError as error:
                self._report_fault(f"port {self.row.port} cannot be opened: {error.strerror or error}")
                await asyncio.sleep(_RETRY_LISTEN)
        self._fault = ""
        self.record.tell(f"listening on port {self.row.port}")

    def _report_fault(self, text: str) -> None:
        if text != self._fault:
            self.record.tell(f"{text}; tried again every {_RETRY_LISTEN:g} s", level=logging.ERROR)
        self._fault = text

    def _objection(self, host: str) -> str | None:
        if not self.row.accept.accepts(host):
            return "not in the filter"
        if self._group.is_rtu(host) and not self.row.accept.names(host):
            return "this is the RTU's own address; a filter that names it lets it in"
        return None

    def _accepts(self, host: str) -> bool:
        return self._objection(host) is None

    def _on_refused(self, peer: str, reason: str) -> None:
        self.record.refusals.add(peer, self._objection(host_of(peer)) or reason)

    def _on_connection(self, connection: Connection) -> None:
        try:
            self._place(connection)
        except Exception as bug:  # noqa: BLE001 - the boundary: asyncio would leave the connection open and unread
            connection.close("internal error")
            self._group.failed(bug)

    def _place(self, connection: Connection) -> None:
        if self._newcomer is not None:
            self._turn_away(connection, self._present)
        elif not self.is_full:
            self._accept(connection)
        elif self.row.takeover is Takeover.NEW:
            self._take_over(connection)
        elif self.row.takeover is Takeover.PROBE:
            self._newcomer = connection
            self._probing = asyncio.create_task(self._probe(connection), name=f"probe on {self.row.port}")
            self._probing.add_done_callback(self._finished)
        else:
            self._turn_away(connection, self._present)

    def _accept(self, connection: Connection) -> None:
        self.record.tell(f"connected from {connection.who}")
        master = self._group.admit(self, connection)
        self.masters.append(master)
        self.record.opened(connection)
        connection.begin(master)

    @property
    def _present(self) -> str:
        return f"{', '.join(master.connection.peer for master in self.masters)} is connected"

    def _turn_away(self, connection: Connection, reason: str) -> None:
        self.record.refusals.add(connection.peer, reason)
        connection.close("the port is taken")

    def _take_over(self, newcomer: Connection) -> None:
        """Replace the oldest connection; two masters that throw each other out are stopped after a while."""
        now, times = asyncio.get_running_loop().time(), self._taken_over
        if len(times) == _TAKEOVERS and now - times[0] < _TAKEOVER_TIME:
            limit = f"{_TAKEOVERS} times within {_TAKEOVER_TIME:g} s"
            self._turn_away(newcomer, f"{self._present}; the place was taken over {limit}")
            return
        times.append(now)
        self.takeovers += 1
        self.masters[0].connection.close(f"replaced by a new connection from {newcomer.peer}")
        self._accept(newcomer)

    async def _probe(self, newcomer: Connection) -> None:
        """Test those who are there: a crashed master must not wait for its own ghost, nor throw out a live one."""
        if not self.record.refusals.is_known(newcomer.host):
            self.record.tell(f"{newcomer.peer} connects while the port is taken: testing who is there")
        silent = await self._test(tuple(self.masters))
        self._newcomer = None
        if not self.is_full:
            self._accept(newcomer)
        elif silent:
            self.takeovers += 1
            silent[0].connection.close(f"no answer to a test: {newcomer.peer} takes its place")
            self._accept(newcomer)
        else:
            self._turn_away(newcomer, self._present)

    async def _test(self, present: Sequence[Master]) -> Sequence[Master]:
        """Return who of those present has sent nothing after a test; early if all have, or if one goes."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        silent = present
        for master in present:
            master.connection.test()
        while silent and self.is_full and loop.time() < since + _PROBE_TIME:
            await asyncio.sleep(_PROBE_LOOK)
            silent = [it for it in silent if it in self.masters and it.connection.link.heard <= since]
        return silent

    def _finished(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (bug := task.exception()):
            self._group.failed(bug)
