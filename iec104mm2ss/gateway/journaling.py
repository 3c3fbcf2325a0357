"""The journal of one group beside its event buffer: the RTU may forget what is on disk."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar, cast

from iec104mm2ss.journal.journal import Batch, Journal
from iec104mm2ss.journal.records import Event as Written
from iec104mm2ss.routing.ring import Event
from iec104mm2ss.settings.site import JournalKind

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from iec104mm2ss.gateway.rtu import RtuLink
    from iec104mm2ss.journal.journal import Recovered
    from iec104mm2ss.routing.buffer import EventBuffer
    from iec104mm2ss.settings.site import GroupRow
    from iec104mm2ss.transport.connection import Connection

T = TypeVar("T")

JOURNALS: Final = Path("journal")
"""In the start folder, unless another one is named."""
_LAST_WRITE: Final = 1.0
"""Seconds that a group which ends waits for its disk."""


class Journals:
    """The folder of all groups' journals and the one thread that writes them: a disk that hangs holds nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    def of(
        self, row: GroupRow, buffer: EventBuffer, rtu: RtuLink, failed: Callable[[BaseException], None]
    ) -> Journaling | None:
        """Return what writes a group's journal, None where it has none. A bug there goes to `failed`."""
        if row.journal is JournalKind.OFF:
            return None
        journal = Journal(self._folder, row.number, row.rtu.ca, lasting=row.journal is JournalKind.SYNC)
        return Journaling(journal, self._thread, buffer, rtu, failed)

    def close(self) -> None:
        """Let the thread end when it has done what it was given."""
        self._thread.shutdown(wait=False)


class Journaling:
    """Writes what is new in an event buffer, one batch at a time, and releases the RTU's I-frames behind it.

    There is no queue: what is next to be written lies in the buffer, `written_to` is the place there. So memory has the
    buffer's bound, and after a failure everything that is still kept is written. An RTU whose frames have waited for
    0.8 t2 is acknowledged nevertheless until the disk has caught up, and so is one whose disk fails.
    Masters' positions go with the events, or within a second: what they confirmed after the last one that was written
    they get twice after a crash.

    `recover` or `start_empty` comes first. `failure` says why nothing can be written.
    """

    def __init__(
        self,
        journal: Journal,
        thread: ThreadPoolExecutor,
        buffer: EventBuffer,
        rtu: RtuLink,
        failed: Callable[[BaseException], None],
    ) -> None:
        self.failure = ""
        self.written_to = 0
        self.is_ready = False
        self._journal = journal
        self._thread = thread
        self._buffer = buffer
        self._rtu = rtu
        self._failed = failed
        self._connection: Connection | None = None
        self._received = 0
        self._places: dict[int, int] = {}
        self._job: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waits_since = 0.0
        self._gives_way = False
        self._discarded = False

    async def recover(self, rows: Mapping[int, tuple[Hashable, int]]) -> None:
        """Fill the empty buffer with what an earlier process left; `rows` are key and CA of the masters, by port."""
        try:
            recovered = await self._in_thread(self._journal.recover)
        except OSError as error:
            self._fail(error)
        else:
            self._restore(rows, recovered)
        self.is_ready = True

    def _restore(self, rows: Mapping[int, tuple[Hashable, int]], recovered: Recovered) -> None:
        for remark in recovered.remarks:
            self._rtu.record.log.warning("journal: %s", remark)
        now = asyncio.get_running_loop().time()
        # Where the clock was set back in between, an event is young and not of the future.
        events = [Event(it.position, now - max(0.0, time.time() - it.time), it.asdu) for it in recovered.events]
        known = {port: position for port, position in recovered.positions.items() if port in rows}
        places = {rows[port][0]: (rows[port][1], position) for port, position in known.items()}
        self._buffer.restore(events, recovered.tail, places, now)
        self.written_to = recovered.tail
        if known:
            self._rtu.record.tell(
                f"journal: {len(events)} events of before the start are kept for {len(known)} masters"
            )

    def start_empty(self) -> None:
        """Delete what an earlier process left and begin with what is in the buffer."""
        self._delete()
        self.is_ready = True

    def discard(self) -> None:
        """Delete what is written and write no more."""
        self._discarded = True
        self.disconnected()
        self._delete()

    def _delete(self) -> None:
        self._in_thread(self._journal.remove).add_done_callback(self._deleted)

    def _deleted(self, job: asyncio.Future[None]) -> None:
        if not job.cancelled() and (error := job.exception()) is not None:
            self._not_done(error)

    def connected(self, connection: Connection) -> None:
        """Let an RTU wait for the disk."""
        self._connection, self._received = connection, 0
        if not self._gives_way:
            connection.withhold()

    def disconnected(self) -> None:
        """Let nobody wait any more."""
        self._connection = None
        self._end_patience()

    def appended(self) -> None:
        """Write what is new; to be called when all that was received is in the buffer."""
        if self._job is None:
            self._waits_since = asyncio.get_running_loop().time()
            self._advance()

    def look(self) -> None:
        """Write the masters' positions, and try again where the disk failed; to be called once a second."""
        if self.is_ready and self._job is None and (self.failure or self._positions() != self._places):
            self._submit(self._batch())

    def release(self) -> None:
        """Let the RTU be acknowledged as far as it may be."""
        connection = self._connection
        if connection is None or connection.close_reason is not None:
            return
        if self._gives_way:
            connection.release()
        else:
            connection.release_to(self._received)

    async def close(self) -> None:
        """Write where everybody is, and end; a disk that hangs is not waited for."""
        self.disconnected()
        if not self.is_ready:
            return
        # The one thread does this after what it may still have to write.
        last = self._in_thread(partial(self._finish, self._batch()))
        await asyncio.wait({last}, timeout=_LAST_WRITE)
        if not last.done():
            self._rtu.record.log.error("journal: the disk does not answer; masters may get again what they have")
        elif (error := last.exception()) is not None:
            self._not_done(error)

    def _finish(self, batch: Batch) -> None:
        try:
            self._journal.write(batch)
        finally:
            self._journal.close()

    def _batch(self) -> Batch:
        ahead = time.time() - asyncio.get_running_loop().time()
        events = [Written(it.position, it.stamp + ahead, it.asdu) for it in self._buffer.replayable(self.written_to)]
        self._places = self._positions()
        return Batch(events, self._places, self._buffer.oldest)

    def _positions(self) -> dict[int, int]:
        """Where each master row is, by its port."""
        positions = cast("dict[tuple[int, int], int]", self._buffer.positions())
        return {port: position for (_, port), position in positions.items()}

    def _advance(self) -> None:
        """Write what there is to write; what a return does not ask for needs no place on the disk."""
        batch = self._batch()
        if batch.events:
            self._submit(batch)
        else:
            self._is_written(self._buffer.tail, self._connection, self._rtu.received)

    def _submit(self, batch: Batch) -> None:
        covers = self._buffer.tail, self._connection, self._rtu.received
        self._job = self._in_thread(partial(self._journal.write, batch))
        self._job.add_done_callback(partial(self._done, *covers))
        self._begin_patience()

    def _done(self, tail: int, connection: Connection | None, received: int, job: asyncio.Future[None]) -> None:
        self._job = None
        if job.cancelled() or self._discarded:
            return
        if (error := job.exception()) is not None:
            self._not_done(error)
            return
        if self.failure:
            self._rtu.record.tell("journal: written again")
            self.failure = ""
        self._is_written(tail, connection, received)
        if self._buffer.tail > tail:
            self._advance()

    def _is_written(self, tail: int, connection: Connection | None, received: int) -> None:
        self.written_to = tail
        self._end_patience()
        if connection is None or connection is not self._connection:
            return
        self._received = received
        if self._gives_way and not self.failure and self._buffer.tail == tail:
            self._gives_way = False
            connection.withhold()
        if not self._rtu.withheld:
            self.release()

    def _not_done(self, error: BaseException) -> None:
        if isinstance(error, OSError):
            self._fail(error)
        else:
            self._failed(error)

    def _fail(self, error: OSError) -> None:
        if not self.failure:
            line = f"journal: {error}; events are kept in memory only until it can be written again"
            self._rtu.record.tell(line, level=logging.ERROR)
        self.failure = str(error)
        self._give_way()

    def _begin_patience(self) -> None:
        if self._timer is None and self._connection is not None:
            due = self._waits_since + self._connection.link.parameters.t2
            self._timer = asyncio.get_running_loop().call_at(due, self._lose_patience)

    def _end_patience(self) -> None:
        self._waits_since = asyncio.get_running_loop().time()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose_patience(self) -> None:
        self._timer = None
        line = (
            "journal: the disk is slow; the RTU is acknowledged before its events are written until that has caught up"
        )
        self._rtu.record.tell(line, level=logging.WARNING)
        self._give_way()

    def _give_way(self) -> None:
        self._gives_way = True
        if not self._rtu.withheld:
            self.release()

    def _in_thread(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work)
