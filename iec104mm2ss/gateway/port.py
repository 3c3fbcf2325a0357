"""A master row's port: who may connect, and who wins when one connection too many comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from iec104mm2ss.settings.site import MasterRow, Takeover
from iec104mm2ss.transport.server import Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.gateway.master import Master
    from iec104mm2ss.logs import ConnectionLog
    from iec104mm2ss.transport.connection import Connection

_PROBE_TIME = 3.0
_PROBE_LOOK = 0.1
_RETRY_LISTEN = 2.0


class MasterPort:
    """The listener of a row and the connections that came through it. `admit` makes a master of a connection."""

    def __init__(self, row: MasterRow, log: ConnectionLog, admit: Callable[[MasterPort, Connection], Master]) -> None:
        self.row = row
        self.log = log
        self.masters: list[Master] = []
        self.refused = 0
        self.fault = ""
        self._admit = admit
        self._listening: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None
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
        self._listening.add_done_callback(self._report_bug)

    def close(self) -> None:
        """Stop listening; masters that are connected stay."""
        for task in (self._listening, self._probing):
            if task is not None:
                task.cancel()
        self._listening = self._probing = None
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
        if not self._is_full:
            self._accept(connection)
        elif self.row.takeover is Takeover.NEW:
            self.masters[0].connection.close(f"replaced by a new connection from {connection.peer}")
            self._accept(connection)
        elif self.row.takeover is Takeover.PROBE and self._probing is None:
            self._probing = asyncio.create_task(self._probe(connection), name=f"probe on {self.row.port}")
            self._probing.add_done_callback(self._report_bug)
            self._probing.add_done_callback(lambda task: self._probed(task, connection))
        else:
            self._turn_away(connection)

    def _accept(self, connection: Connection) -> None:
        self.log.info("connected from %s", connection.peer)
        master = self._admit(self, connection)
        self.masters.append(master)
        connection.begin(master)

    def _turn_away(self, connection: Connection) -> None:
        self.refused += 1
        present = ", ".join(master.connection.peer for master in self.masters)
        self.log.warning("refused %s: %s is connected", connection.peer, present)
        connection.close("the port is taken")

    async def _probe(self, newcomer: Connection) -> None:
        """Test those who are there: a crashed master must not wait for its own ghost, nor throw out a live one."""
        loop = asyncio.get_running_loop()
        since, until = loop.time(), loop.time() + _PROBE_TIME
        tested = tuple(self.masters)
        self.log.info("%s connects while the port is taken: testing who is there", newcomer.peer)
        for master in tested:
            master.connection.test()
        while self._is_full and loop.time() < until and not _all_heard(tested, since):  # noqa: ASYNC110 - no hook in every read
            await asyncio.sleep(_PROBE_LOOK)
        if self._is_full:
            ghost = next((it for it in tested if it in self.masters and it.connection.link.heard <= since), None)
            if ghost is None:
                self._turn_away(newcomer)
                return
            ghost.connection.close(f"no answer to a test: {newcomer.peer} takes its place")
        self._accept(newcomer)

    def _probed(self, task: asyncio.Task[None], newcomer: Connection) -> None:
        if self._probing is task:
            self._probing = None
        if task.cancelled():
            newcomer.close("the port closes")

    def _report_bug(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (bug := task.exception()):
            self.log.error("internal error in %s", task.get_name(), exc_info=bug)


def _all_heard(masters: tuple[Master, ...], since: float) -> bool:
    return all(master.connection.link.heard > since for master in masters)
