"""All simulated RTUs of a file: opened together, asked together, changed while they run, stopped together."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.table import many
from iec104mm2ss.metrics.figures import Kind, Measure
from iec104mm2ss.record.record import Record
from iec104mm2ss.simulator import changes, details, entries
from iec104mm2ss.simulator.commands import HIGHEST_INDEX, LONGEST_DURATION
from iec104mm2ss.simulator.files import DataFiles
from iec104mm2ss.simulator.rtu import Rtu
from iec104mm2ss.simulator.shared import SharedStation

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from iec104mm2ss.console.plant import Change
    from iec104mm2ss.console.snapshot import Entry, RefusedPeer, Section
    from iec104mm2ss.logs import ConnectionLogs
    from iec104mm2ss.metrics.figures import Figure, Labels
    from iec104mm2ss.settings.simulation import RtuEntry, Simulation
    from iec104mm2ss.simulator.commands import Send
    from iec104mm2ss.trace import TracedFrame

_ROUND: Final = 1.0


class Simulator:
    """Runs the RTUs of a file until cancelled; those with one number and one data file share a station.

    `sends` are done by every RTU as soon as it has a master. What the console asks is explained at
    `console.plant.Plant`; a change that somebody has asked for is finished, whatever becomes of who waits for it.
    Everything here is called in the loop that runs it.
    """

    def __init__(
        self, simulation: Simulation, logs: ConnectionLogs, log: logging.Logger, sends: Sequence[Send] = ()
    ) -> None:
        self._logs = logs
        self._log = log
        self._sends = sends
        self._files = DataFiles(log, self._on_edit)
        self._stations: dict[tuple[int, Path], SharedStation] = {}
        self._running = False
        self._ended = False
        self._lock = asyncio.Lock()
        self._jobs: set[asyncio.Task[None]] = set()
        self._rtus = {entry.port: self._new_rtu(entry) for entry in simulation.rtus}

    @property
    def rtus(self) -> Sequence[Rtu]:
        """The RTUs in file order."""
        return tuple(self._rtus.values())

    def _new_rtu(self, entry: RtuEntry) -> Rtu:
        return Rtu(entry, self._station(entry), self._logs, self._sends)

    def _station(self, entry: RtuEntry) -> SharedStation:
        key = entry.ca, entry.data
        if key not in self._stations:
            self._stations[key] = SharedStation(entry.ca, self._files.database(entry.data), self._files)
        return self._stations[key]

    async def run(self) -> None:
        """Serve every RTU; on cancellation close everything and return within a second or so."""
        self._log.info("%s, %s", many(len(self._rtus), "RTU"), many(len(self._stations), "station"))
        self._running = True
        self._begin()
        try:
            while True:
                await asyncio.sleep(_ROUND)
                now = time.monotonic()
                for rtu in self.rtus:
                    rtu.look(now)
        finally:
            await self._close()

    def _begin(self) -> None:
        for rtu in self.rtus:
            rtu.begin()

    async def _close(self) -> None:
        self._running, self._ended = False, True
        for job in self._jobs:
            job.cancel()
        if self._jobs:
            await asyncio.wait(self._jobs)
        await asyncio.gather(*(rtu.close("the simulator stops") for rtu in self.rtus))
        for rtu in self.rtus:
            rtu.leave()

    # What there is to see.

    def entries(self) -> tuple[Entry, ...]:
        """Return every RTU, in file order."""
        now = time.monotonic()
        return tuple(entries.of_rtu(rtu, now) for rtu in self.rtus)

    def entry(self, key: str) -> Entry:
        """Return one RTU."""
        return entries.of_rtu(self._find(key), time.monotonic())

    def pulse(self) -> int:
        """Return a number that another one follows when something happens to an RTU."""
        return Record.happened + sum(rtu.record.sent for rtu in self.rtus)

    def sections(self, key: str) -> tuple[Section, ...]:
        """Return what there is to say of an RTU in detail."""
        return details.of_rtu(self._find(key), time.monotonic())

    def refused(self, key: str) -> tuple[RefusedPeer, ...]:
        """Return the hosts that an RTU turned away, the latest first; at most 100."""
        return self._find(key).record.refusals.peers()

    def drops(self, key: str) -> tuple[str, ...]:
        """Return the RTU, as `name:port`, if a restart of it disconnects its master."""
        return changes.drops(self._find(key))

    def measures(self) -> Iterator[Figure]:
        """Give the state and the traffic of every RTU."""
        labels = ("entry", "name")
        rows = [((entry.key, entry.name), entry) for entry in self.entries()]
        states: dict[Labels, float] = {(*who, entry.state.value): 1.0 for who, entry in rows}
        yield Measure("state", "1 for the state that an entry is in", Kind.GAUGE, (*labels, "state"), states)
        both: dict[Labels, float] = {
            (*who, way): float(count)
            for who, entry in rows
            for way, count in (("received", entry.received), ("sent", entry.sent))
        }
        yield Measure("i_frames", "I-frames over all connections", Kind.COUNTER, (*labels, "direction"), both)

    def log_file(self, key: str) -> Path:
        """Return where an RTU's log is written; that of its interrogations lies beside it."""
        return self._find(key).log.path

    def trace(self, key: str, sink: Callable[[TracedFrame], None]) -> Callable[[], None]:
        """Give `sink` every APDU of an RTU's connections, until what is returned is called."""
        return self._find(key).record.taps.add(sink)

    # What can be asked for.

    async def restart(self, key: str) -> None:
        """Close an RTU's port with its connection and open it anew; what its station remembers stays."""
        await self._change(lambda: self._find(key).restart())

    async def disconnect(self, key: str) -> None:
        """Close an RTU's connection."""
        self._find(key).port.disconnect("disconnected as per user request")

    async def disable(self, key: str) -> None:
        """Close an RTU's port with its connection, and keep it closed."""
        await self._change(lambda: self._find(key).disable())

    async def enable(self, key: str) -> None:
        """Undo `disable`."""
        await self._change(lambda: self._find(key).enable())

    def changes(self, settings: Simulation) -> tuple[Change, ...]:
        """Return what `apply` would do to the RTUs."""
        wanted = {entry.port for entry in settings.rtus}
        found = [changes.removed(rtu) for port, rtu in self._rtus.items() if port not in wanted]
        for entry in settings.rtus:
            rtu = self._rtus.get(entry.port)
            found += [changes.added(entry)] if rtu is None else changes.changed(rtu, entry)
        return tuple(found)

    async def apply(self, settings: Simulation) -> None:
        """Make the RTUs equal to the settings; what does not differ is not touched.

        A station remembers what it was commanded to as long as there is a row with its RTU number and data file.
        """
        await self._change(lambda: self._apply(settings))

    async def _change(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._ended:
            raise RequestError("the simulator stops")
        job = asyncio.create_task(self._in_turn(work), name="change of the simulation")
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        await asyncio.shield(job)

    async def _in_turn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async with self._lock:
            await work()

    async def _apply(self, settings: Simulation) -> None:
        wanted = {entry.port: entry for entry in settings.rtus}
        removed = [rtu for port, rtu in self._rtus.items() if port not in wanted]
        kept = [(rtu, wanted[port]) for port, rtu in self._rtus.items() if port in wanted]
        anew = [rtu for rtu, entry in kept if changes.restarts(rtu.entry, entry)]
        await asyncio.gather(
            *(rtu.close("removed from the file") for rtu in removed),
            *(rtu.close("restarted: its row has changed") for rtu in anew),
        )
        for rtu in removed:
            rtu.leave()
        for rtu, entry in kept:
            rtu.adopt(entry, self._station(entry))
        self._rtus = {port: self._rtus.get(port) or self._new_rtu(entry) for port, entry in wanted.items()}
        self._stations = {key: station for key, station in self._stations.items() if station.members}
        self._files.keep({path for _, path in self._stations})
        if self._running:
            self._begin()

    def send(self, index: int, seconds: float | None) -> str:
        """Send an index, 0 for every signal, from every RTU that has a master, for `seconds` above 0 if given.

        Return what comes of it. Raises RequestError where nothing does.
        """
        _check(index, seconds)
        if self.sending:
            raise RequestError(f"index {self.sending[0]} is being sent; stop ends it")
        online = [rtu for rtu in self.rtus if rtu.port.started]
        if not online:
            raise RequestError("no RTU has a master that has started")
        counts = [count for count in (rtu.sender.begin(index, seconds) for rtu in online) if count]
        if not counts:
            raise RequestError(f"no signal has the index {index}")
        without = len(self._rtus) - len(online)
        rest = f"; without a master: {without}" if without else ""
        return (
            f"index {index}: {many(sum(counts), 'signal')} from {len(counts)} of {many(len(self._rtus), 'RTU')}{rest}"
        )

    @property
    def sending(self) -> list[int]:
        """The indexes that are being sent, one for every RTU that does."""
        return [rtu.sender.index for rtu in self.rtus if rtu.sender.is_sending and rtu.sender.index is not None]

    def stop_sending(self) -> str:
        """End every index send; return what was ended."""
        count = [rtu.sender.stop() for rtu in self.rtus].count(True)
        return f"stopped on {many(count, 'RTU')}" if count else "nothing is being sent"

    def set(self, ca: int, ioa: int, value: float) -> str:
        """Give a signal of the RTUs with this number a value and report it; return what comes of it."""
        stations = [station for (number, _), station in self._stations.items() if number == ca]
        if not stations:
            return f"no RTU has the number {ca}"
        changed, faults = 0, []
        for station in stations:
            try:
                station.change(ioa, value)
                changed += 1
            except KeyError:
                faults.append(f"RTU {ca} has no signal with the IOA {ioa}")
            except ValueError as fault:
                faults.append(str(fault))
        return f"IOA {ioa} of RTU {ca} is {value:g}" if changed else faults[0]

    def _find(self, key: str) -> Rtu:
        for rtu in self.rtus:
            if rtu.record.key == key:
                return rtu
        raise RequestError(f"there is no RTU on port {key}")

    def _on_edit(self, path: Path, text: str) -> None:
        for rtu in self.rtus:
            if rtu.entry.data == path:
                rtu.note(text)


def _check(index: int, seconds: float | None) -> None:
    if not 0 <= index <= HIGHEST_INDEX:
        raise RequestError(f"the index is {index} and should be a whole number from 0 to {HIGHEST_INDEX}")
    if seconds is not None and not 0 < seconds <= LONGEST_DURATION:
        raise RequestError(f"the time is {seconds:g} and should be seconds above 0, at most {LONGEST_DURATION:.0f}")
