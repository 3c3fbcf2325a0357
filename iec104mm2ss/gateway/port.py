"""A master row's port: who may connect, and who wins when one connection too many comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from iec104mm2ss.settings.site import MasterRow, Takeover
from iec104mm2ss.transport.server import Listener

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iec104mm2ss.gateway.master import Master
    from iec104mm2ss.logs import ConnectionLog
    from iec104mm2ss.transport.connection import Connection

_PROBE_TIME = 3.0
_PROBE_LOOK = 0.1
_RETRY_LISTEN = 2.0


class Group(Protocol):
    """What a port needs of its group."""

    def admit(self, port: MasterPort, connection: Connection) -> Master:
        """Make a master of a connection."""

    def failed(self, bug: BaseException) -> None:
        """Restart the group."""


class MasterPort:
    """The listener of a row and the connections that came through it."""

    def __init__(self, row: MasterRow, log: ConnectionLog, group: Group) -> None:
        self.row = row
        self.log = log
        self.masters: list[Master] = []
        self.refused = 0
        self.fault = ""
        self._group = group
        self._listening: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None
        self._newcomer: Connection | None = None
        self._listener = Listener(
            row.port,
            row.link,
            bind=row.bind,
            accepts=row.accept.accepts,
            on_connection=self._on_connection,
            on_refused=self._on_refused,
        )

    @property
    def is_open(self) -> bool:
        """Whether the port listens."""
        return self._listener.is_open

    @property
    def _is_full(self) -> bool:
        return len(self.masters) >= self.row.max

    def open(self) -> None:
        """Listen as soon as the port can be had."""
        self._listening = asyncio.create_task(self._listen(), name=f"listen on {self.row.port}")
        self._listening.add_done_callback(self._finished)

    def close(self) -> None:
        """Stop listening; masters that are connected stay."""
        for task in (self._listening, self._probing):
            if task is not None:
                task.cancel()
        self._listening = self._probing = None
        if self._newcomer is not None:
            self._newcomer.close("the port closes")
            self._newcomer = None
        if self._listener.is_open:
            self.log.info("port %d closed", self.row.port)
        self._listener.close()

    def drop(self, reason: str) -> None:
        """Close every connection of this port."""
        for master in tuple(self.masters):
            master.connection.close(reason)

    def forget(self, master: Master) -> None:
        """Free the place of a master that is gone."""
        self.masters.remove(master)

    async def _listen(self) -> None:
        while not self._listener.is_open:
            try:
                await self._listener.open()
            except OSError as error:
                self._report_fault(f"port {self.row.port} cannot be opened: {error.strerror or error}")
                await asyncio.sleep(_RETRY_LISTEN)
        self.fault = ""
        self.log.info("listening on port %d", self.row.port)

    def _report_fault(self, text: str) -> None:
        if text != self.fault:
            self.log.error("%s; tried again every %g s", text, _RETRY_LISTEN)
        self.fault = text

    def _on_refused(self, peer: str) -> None:
        self.refused += 1
        self.log.warning("refused %s: not in the filter", peer)

    def _on_connection(self, connection: Connection) -> None:
        try:
            self._place(connection)
        except Exception as bug:  # noqa: BLE001 - the boundary: asyncio would leave the connection open and unread
            connection.close("internal error")
            self._group.failed(bug)

    def _place(self, connection: Connection) -> None:
        if self._newcomer is not None:
            self._turn_away(connection)
        elif not self._is_full:
            self._accept(connection)
        elif self.row.takeover is Takeover.NEW:
            self.masters[0].connection.close(f"replaced by a new connection from {connection.peer}")
            self._accept(connection)
        elif self.row.takeover is Takeover.PROBE:
            self._newcomer = connection
            self._probing = asyncio.create_task(self._probe(connection), name=f"probe on {self.row.port}")
            self._probing.add_done_callback(self._finished)
        else:
            self._turn_away(connection)

    def _accept(self, connection: Connection) -> None:
        self.log.info("connected from %s", connection.peer)
        master = self._group.admit(self, connection)
        self.masters.append(master)
        connection.begin(master)

    def _turn_away(self, connection: Connection) -> None:
        self.refused += 1
        present = ", ".join(master.connection.peer for master in self.masters)
        self.log.warning("refused %s: %s is connected", connection.peer, present)
        connection.close("the port is taken")

    async def _probe(self, newcomer: Connection) -> None:
        """Test those who are there: a crashed master must not wait for its own ghost, nor throw out a live one."""
        self.log.info("%s connects while the port is taken: testing who is there", newcomer.peer)
        silent = await self._test(tuple(self.masters))
        self._newcomer = None
        if not self._is_full:
            self._accept(newcomer)
        elif silent:
            silent[0].connection.close(f"no answer to a test: {newcomer.peer} takes its place")
            self._accept(newcomer)
        else:
            self._turn_away(newcomer)

    async def _test(self, present: Sequence[Master]) -> Sequence[Master]:
        """Return who of those present has sent nothing after a test; early if all have, or if one goes."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        silent = present
        for master in present:
            master.connection.test()
        while silent and self._is_full and loop.time() < since + _PROBE_TIME:
            await asyncio.sleep(_PROBE_LOOK)
            silent = [it for it in silent if it in self.masters and it.connection.link.heard <= since]
        return silent

    def _finished(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (bug := task.exception()):
            self._group.failed(bug)
