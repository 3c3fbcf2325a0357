"""Whatever is edited, in whatever order: nothing is left behind."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.console.snapshot import State
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.logs import ConnectionLogs
from iec104mm2ss.settings.filters import read_filter
from iec104mm2ss.settings.simulation import Misbehaviour, RtuEntry, Simulation
from iec104mm2ss.simulator.simulation import Simulator
from iec104mm2ss.transport.client import connect
from tests.gateway.scene import DEFAULTS, Peer, play
from tests.left import DESCRIPTORS, Left, settled
from tests.logfiles import Console
from tests.program import free_port
from tests.simulator.program import SWITCHES, write_data
from tests.transport.recorder import HOST, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

EDITS = 100
FILES = ("one.csv", "two.csv")


class Editor:
    """Makes one random change after another to the rows of a file and to what runs them."""

    def __init__(self, seed: int, simulator: Simulator, folder: Path) -> None:
        self.random = random.Random(seed)
        self.simulator = simulator
        self.rows: list[RtuEntry] = []
        self.masters: list[Peer] = []
        self._folder = folder
        self._edits: list[Callable[[], None]] = [self._add, self._add, self._remove, self._turn, self._change]

    async def edit(self) -> None:
        """Make a change, say it, apply it; then let somebody connect, be switched off or be sent an index."""
        self.random.choice(self._edits)()
        wanted = Simulation(path=Path("iec104rs.csv"), rtus=tuple(self.rows))
        self.simulator.changes(wanted)
        await self.simulator.apply(wanted)
        assert self.simulator.changes(wanted) == ()
        await self.random.choice([self._connect, self._operate, self._send])()

    def _add(self) -> None:
        row = RtuEntry(
            id=len(self.rows),
            name="RTU",
            ca=self.random.randint(1, 3),
            port=free_port(),
            accept=read_filter("127.0.0.0/8")[0],
            link=LinkParameters(k=4, w=2),
            data=self._data(),
            bind=HOST,
        )
        self.rows.insert(0, row)

    def _data(self) -> Path:
        return self._folder / self.random.choice(FILES)

    def _remove(self) -> None:
        if len(self.rows) > 1:
            self.rows.pop(self.random.randrange(len(self.rows)))

    def _turn(self) -> None:
        self.random.shuffle(self.rows)

    def _change(self) -> None:
        number = self.random.randint(2, 20)
        options = self.random.choice(
            [
                {"name": f"RTU-{number}"},
                {"ca": number},
                {"port": free_port()},
                {"data": self._data()},
                {"link": LinkParameters(k=number, w=1)},
                {"accept": read_filter(self.random.choice(["127.0.0.1", "10.0.0.0/8"]))[0]},
                {"misbehaviour": Misbehaviour(answer_delay=number, drop_seconds=number)},
            ]
        )
        for place in range(len(self.rows))[:1]:
            self.rows[place] = replace(self.rows[place], **options)  # type: ignore[arg-type]

    async def _connect(self) -> None:
        for entry in self.simulator.entries():
            if entry.state is State.WAITING and self.random.random() < 0.5:
                peer = Peer()
                peer.connection = await connect(HOST, int(entry.address), DEFAULTS)
                peer.connection.begin(peer)
                if peer.connection.close_reason is None:
                    peer.connection.start()
                self.masters.append(peer)

    async def _operate(self) -> None:
        keys = [entry.key for entry in self.simulator.entries()]
        if keys:
            key = self.random.choice(keys)
            operate = self.random.choice([self.simulator.disable, self.simulator.disconnect, self.simulator.enable])
            await operate(key)
            await self.simulator.enable(key)
            await self.simulator.restart(key)
            self.simulator.trace(key, lambda _: None)
            self.simulator.sections(key)

    async def _send(self) -> None:
        for rtu in self.simulator.rtus:
            if rtu.port.started:
                rtu.sender.begin(301, self.random.choice([None, 60.0]))
        await asyncio.sleep(0.01)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Simulator]:
    for name in FILES:
        write_data(folder / name, *SWITCHES)
    logs = ConnectionLogs(folder / "log", size=1_000_000, files=1, console=Console())
    logs.start()
    simulator = Simulator(Simulation(path=Path("iec104rs.csv")), logs, Console())
    task = asyncio.create_task(simulator.run(), name="simulator")
    try:
        yield simulator
    finally:
        task.cancel()
        await asyncio.wait({task})
        logs.stop()
        assert task.cancelled()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="needs /proc")
def test_random_edits_leave_no_task_timer_descriptor_or_listener_behind(tmp_path: Path, seed: int) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as simulator:
            await asyncio.sleep(0)
            before = Left()
            editor = Editor(seed, simulator, tmp_path)
            for _ in range(EDITS):
                await editor.edit()
            assert editor.masters
            await simulator.apply(Simulation(path=Path("iec104rs.csv")))
            for peer in editor.masters:
                peer.connection.close("test over")
            await until(lambda: all(peer.connection.gone.is_set() for peer in editor.masters))
            await settled(before)
            assert (simulator._stations, simulator._files._databases) == ({}, {})

    play(scenario)
