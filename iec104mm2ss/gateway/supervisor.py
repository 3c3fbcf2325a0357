"""All groups of a site: started a little apart, changed while they run, stopped together."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import AsyncExitStack
from random import uniform
from typing import TYPE_CHECKING

from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.table import many
from iec104mm2ss.gateway import changes, details, entries, measures, states
from iec104mm2ss.gateway.group import Group
from iec104mm2ss.gateway.journaling import JOURNALS, Journals
from iec104mm2ss.record.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from logging import Logger
    from pathlib import Path
    from typing import Any

    from iec104mm2ss.console.plant import Change
    from iec104mm2ss.console.snapshot import Entry, RefusedPeer, Section
    from iec104mm2ss.gateway.port import MasterPort
    from iec104mm2ss.logs import ConnectionLogs
    from iec104mm2ss.metrics.figures import Figure
    from iec104mm2ss.settings.site import Site
    from iec104mm2ss.trace import TracedFrame

_STARTS_PER_SECOND = 400
_ROUND = 1.0
_GROUPS_AT_ONCE = 40
"""Looking at them takes about a millisecond. Waking up more often, for fewer, would cost more than the look itself."""
_NOT_HERE = "the gateway has no signals to send: that is for iec104rs"


class Gateway:
    """Runs the groups of a site until cancelled: what the console asks of it is explained at `console.plant.Plant`.

    `journals` is the folder for those groups that have a journal.
    A change that somebody has asked for is finished, whatever becomes of who waits for it.
    """

    def __init__(self, site: Site, logs: ConnectionLogs, log: Logger, journals: Path = JOURNALS) -> None:
        self._logs = logs
        self._journals = Journals(journals)
        self._log = log
        self._running = False
        self._lock = asyncio.Lock()
        self._jobs: set[asyncio.Task[None]] = set()
        self._leaving: list[Group] = []
        self._groups = {row.number: Group(row, logs, self._journals) for row in site.groups}

    @property
    def groups(self) -> Sequence[Group]:
        """The groups in file order."""
        return tuple(self._groups.values())

    async def run(self) -> None:
        """Serve every group; on cancellation close everything and return within a second or so."""
        masters = sum(len(group.ports) for group in self.groups)
        self._log.info("%s with %s", many(len(self.groups), "group"), many(masters, "master"))
        self._running = True
        _begin(self.groups)
        try:
            while True:
                await self._look_around()
        finally:
            await self._close()

    async def _look_around(self) -> None:
        """Look at every group once in a second, at few at a time: none of them waits for all."""
        groups = self.groups
        pause = _ROUND / max(1, math.ceil(len(groups) / _GROUPS_AT_ONCE))
        for start in range(0, max(len(groups), 1), _GROUPS_AT_ONCE):
            await asyncio.sleep(pause)
            now = time.monotonic()
            for group in groups[start : start + _GROUPS_AT_ONCE]:
                group.look(now)
                states.note(group)

    async def _close(self) -> None:
        self._running = False
        for job in self._jobs:
            job.cancel()
        groups = (*self.groups, *self._leaving)
        for group in groups:
            group.close()
        for group in groups:
            await group.wait_closed()
        # Together: a disk that hangs holds each of them for a second.
        await asyncio.gather(*(it.exchange.journaling.close() for it in groups if it.exchange.journaling is not None))
        self._journals.close()

    # What there is to see.

    def entries(self) -> tuple[Entry, ...]:
        """Return every row, an RTU before its masters."""
        now = time.monotonic()
        return tuple(entry for group in self.groups for entry in entries.of_group(group, now))

    def entry(self, key: str) -> Entry:
        """Return one row."""
        group, port = self._find(key)
        return entries.of_row(group, port, time.monotonic())

    def pulse(self) -> int:
        """Return a number that grows whenever something happens to a row, also in another gateway of this process."""
        return Record.happened

    def sections(self, key: str) -> tuple[Section, ...]:
        """Return what there is to say of an entry in detail."""
        group, port = self._find(key)
        now = time.monotonic()
        return details.of_rtu(group, now) if port is None else details.of_master(group, port, now)

    def refused(self, key: str) -> tuple[RefusedPeer, ...]:
        """Return the hosts that an entry turned away, the latest first; at most 100."""
        return self._record(key).refusals.peers()

    def drops(self, key: str) -> tuple[str, ...]:
        """Return the names of the connected entries that a restart of this one disconnects."""
        group, port = self._find(key)
        return changes.everybody(group) if port is None else changes.connected(port)

    def log_file(self, key: str) -> Path:
        """Return where an entry's log is written."""
        group, port = self._find(key)
        return group.log_file(port)

    def measures(self) -> Iterator[Figure]:
        """Give everything that is counted, a group at a time, so that not all of it has to be taken at once."""
        for group in self.groups:
            yield from measures.of_group(group)

    def trace(self, key: str, sink: Callable[[TracedFrame], None]) -> Callable[[], None]:
        """Give `sink` every APDU of an entry's connections, until what is returned is called."""
        return self._record(key).taps.add(sink)

    # What can be asked for.

    async def restart(self, key: str) -> None:
        """Close an entry's connections and listener, and open them anew; of an RTU its masters', too."""
        group, port = self._find(key)
        entry = port or group.rtu
        if not entry.enabled:
            raise RequestError(f"{entry.row.name} is disabled: enable it to start it")
        await self._do(_locked(group, lambda: group.restart(port)))

    async def disconnect(self, key: str) -> None:
        """Close an entry's connections."""
        group, port = self._find(key)
        group.disconnect(port)

    async def disable(self, key: str) -> None:
        """Close an entry, its listener too, and keep it closed."""
        group, port = self._find(key)
        await self._do(_locked(group, lambda: group.disable(port)))

    async def enable(self, key: str) -> None:
        """Undo `disable`."""
        group, port = self._find(key)
        await self._do(_locked(group, lambda: group.enable(port)))

    def changes(self, settings: Site) -> tuple[Change, ...]:
        """Return what `apply` would do to the groups."""
        wanted = {row.number: row for row in settings.groups}
        found = [changes.removed(group) for number, group in self._groups.items() if number not in wanted]
        for row in settings.groups:
            group = self._groups.get(row.number)
            found += [changes.added(row)] if group is None else changes.changed(group, row)
        return tuple(found)

    async def apply(self, settings: Site) -> None:
        """Make the groups equal to the settings; what does not differ is not touched."""
        await self._do(self._apply(settings))

    def send(self, index: int, seconds: float | None) -> str:  # noqa: ARG002 - the console's words for a simulator
        """Raise RequestError: there is nothing to send."""
        raise RequestError(_NOT_HERE)

    def stop_sending(self) -> str:
        """Raise RequestError: there is nothing that sends."""
        raise RequestError(_NOT_HERE)

    async def _do(self, work: Coroutine[Any, Any, None]) -> None:
        job = asyncio.create_task(work, name="change of the site")
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        await asyncio.shield(job)

    async def _apply(self, site: Site) -> None:
        wanted = {row.number: row for row in site.groups}
        async with self._lock, AsyncExitStack() as held:
            removed = [group for number, group in self._groups.items() if number not in wanted]
            kept = [(group, wanted[number]) for number, group in self._groups.items() if number in wanted]
            for group in self.groups:
                await held.enter_async_context(group.lock)
            # A port may move from one group to another: it is closed there before it is opened here.
            await asyncio.gather(*(self._remove(group) for group in removed), *(it.let_go(row) for it, row in kept))
            for group, row in kept:
                group.adopt(row)
            added = [Group(row, self._logs, self._journals) for row in site.groups if row.number not in self._groups]
            known = {group.row.number: group for group in (*self.groups, *added)}
            self._groups = {row.number: known[row.number] for row in site.groups}
            if self._running:
                _begin(added)

    async def _remove(self, group: Group) -> None:
        del self._groups[group.row.number]
        self._leaving.append(group)
        await group.end("removed from the site file")
        group.exchange.discard_journal()
        group.close()
        await group.wait_closed()
        self._leaving.remove(group)

    def _find(self, key: str) -> tuple[Group, MasterPort | None]:
        for group in self.groups:
            if group.rtu.record.key == key:
                return group, None
            for port in group.ports:
                if port.record.key == key:
                    return group, port
        raise RequestError(f"there is no entry {key}")

    def _record(self, key: str) -> Record:
        group, port = self._find(key)
        return (port or group.rtu).record


async def _locked(group: Group, change: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async with group.lock:
        await change()


def _begin(groups: Sequence[Group]) -> None:
    # A second daemon's worth of RTUs must not be knocked on in the same millisecond.
    spread = len(groups) / _STARTS_PER_SECOND
    for group in groups:
        group.begin(uniform(0, spread))  # noqa: S311 - no secret
