"""All simulated RTUs of a file: opened together, asked together, stopped together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from iec104mm2ss.simulator.files import DataFiles
from iec104mm2ss.simulator.rtu import Rtu
from iec104mm2ss.simulator.shared import SharedStation

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence
    from pathlib import Path

    from iec104mm2ss.logs import ConnectionLogs
    from iec104mm2ss.settings.simulation import RtuEntry, Simulation
    from iec104mm2ss.simulator.commands import Send
    from iec104mm2ss.simulator.status import RtuStatus

_PAUSE_AFTER_BUG = 1.0


class Simulator:
    """Runs the RTUs of a file until cancelled; those with one number and one data file share a station.

    `sends` are done by every RTU as soon as it has a master. Everything here is called in the loop that runs it.
    """

    def __init__(
        self, simulation: Simulation, logs: ConnectionLogs, log: logging.Logger, sends: Sequence[Send] = ()
    ) -> None:
        self._log = log
        self._files = DataFiles(log, self._on_edit)
        self._stations: dict[tuple[int, Path], SharedStation] = {}
        self.rtus = [Rtu(entry, self._station(entry), logs, sends) for entry in simulation.rtus]

    def _station(self, entry: RtuEntry) -> SharedStation:
        key = entry.ca, entry.data
        if key not in self._stations:
            self._stations[key] = SharedStation(entry.ca, self._files.database(entry.data), self._files)
        return self._stations[key]

    async def run(self) -> None:
        """Serve every RTU; on cancellation close everything and return within a second or so."""
        self._log.info("%d RTUs, %d stations", len(self.rtus), len(self._stations))
        async with asyncio.TaskGroup() as tasks:
            for rtu in self.rtus:
                tasks.create_task(_run_for_ever(rtu), name=f"RTU on port {rtu.entry.port}")

    def send(self, send: Send) -> str:
        """Send an index from every RTU that has a master; return what comes of it."""
        if self.sending:
            return f"index {self.sending[0]} is being sent; stop ends it"
        online = [rtu for rtu in self.rtus if rtu.is_online]
        if not online:
            return "no RTU has a master that has started"
        counts = [count for count in (rtu.begin(send) for rtu in online) if count]
        if not counts:
            return f"no signal has the index {send.index}"
        without = len(self.rtus) - len(online)
        rest = f"; {without} have no master" if without else ""
        return f"index {send.index}: {sum(counts)} signals from {len(counts)} of {len(self.rtus)} RTUs{rest}"

    @property
    def sending(self) -> list[int]:
        """The indexes that are being sent, one for every RTU that does."""
        return [rtu.sending.index for rtu in self.rtus if rtu.sending is not None]

    def stop(self) -> str:
        """End every index send; return what was ended."""
        count = [rtu.stop() for rtu in self.rtus].count(True)
        return f"stopped on {count} RTUs" if count else "nothing is being sent"

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

    def status(self) -> list[RtuStatus]:
        """Return every RTU, in file order."""
        return [rtu.status() for rtu in self.rtus]

    def _on_edit(self, path: Path, text: str) -> None:
        for rtu in self.rtus:
            if rtu.entry.data == path:
                rtu.note(text)


async def _run_for_ever(rtu: Rtu) -> None:
    while True:
        try:
            await rtu.run()
        except Exception as bug:  # noqa: BLE001 - the boundary: this RTU starts anew, the others never notice
            rtu.failed(bug)
        await asyncio.sleep(_PAUSE_AFTER_BUG)
