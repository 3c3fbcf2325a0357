"""Whatever is edited, in whatever order: nothing is left behind."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from iec104mm2ss.console.snapshot import Role, State
from iec104mm2ss.gateway import attempts
from iec104mm2ss.gateway import group as group_module
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.endpoints import Endpoint
from iec104mm2ss.settings.filters import read_filter
from iec104mm2ss.settings.site import GroupRow, StartDt
from iec104mm2ss.transport.client import connect
from tests.gateway.scene import DEFAULTS, EAGER, Peer, Rtu, group_row, master_row, plant, play, site, value
from tests.left import DESCRIPTORS, Left, settled
from tests.program import free_port
from tests.transport.recorder import HOST, until

EDITS = 100


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_FIRST_WAIT", 0.05)
    monkeypatch.setattr(group_module, "_FLUSH_TIME", 0.05)


class Editor:
    """Makes one random change after another to a site and to what runs it."""

    def __init__(self, seed: int, gateway: Gateway, rtus: list[Rtu]) -> None:
        self.random = random.Random(seed)
        self.gateway = gateway
        self.rtus = rtus
        self.groups: list[GroupRow] = []
        self.masters: list[Peer] = []
        self._number = 0
        self._edits: list[Callable[[], None]] = [
            self._add_group,
            self._remove_group,
            self._turn,
            self._change_group,
            self._change_rtu,
            self._add_master,
            self._remove_master,
            self._change_master,
        ]

    async def edit(self) -> None:
        """Make a change, say it, apply it; then let somebody connect, send or be switched off."""
        self.random.choice(self._edits)()
        self.gateway.changes(site(*self.groups))
        await self.gateway.apply(site(*self.groups))
        assert self.gateway.changes(site(*self.groups)) == ()
        await self.random.choice([self._connect, self._operate, self._send])()

    def _add_group(self) -> None:
        self._number += 1
        port = self.random.choice([*(rtu.port for rtu in self.rtus), free_port()])
        rows = [master_row(self._number, name=f"M/{place}") for place in range(self.random.randint(1, 4))]
        self.groups.insert(0, group_row(port, masters=rows, number=self._number))

    def _remove_group(self) -> None:
        if len(self.groups) > 1:
            self.groups.pop(self.random.randrange(len(self.groups)))

    def _turn(self) -> None:
        self.random.shuffle(self.groups)
        self._replace(lambda row: replace(row, masters=row.masters[::-1]))

    def _replace(self, edit: Callable[[GroupRow], GroupRow]) -> None:
        if self.groups:
            place = self.random.randrange(len(self.groups))
            self.groups[place] = edit(self.groups[place])

    def _change_group(self) -> None:
        startdt, limit = self.random.choice(list(StartDt)), self.random.choice([10, 1000])
        self._replace(lambda row: replace(row, startdt=startdt, event_buffer=limit, select_timeout=limit))

    def _change_rtu(self) -> None:
        port = self.random.choice([*(rtu.port for rtu in self.rtus), free_port()])
        options = self.random.choice(
            [{"hosts": (Endpoint(HOST, port),)}, {"ca": port}, {"stamp": False}, {"name": f"S/{port}"}]
        )
        self._replace(lambda row: replace(row, rtu=replace(row.rtu, **options)))  # type: ignore[arg-type]

    def _add_master(self) -> None:
        self._replace(lambda row: replace(row, masters=(master_row(row.number, name="M/NEW"), *row.masters)))

    def _remove_master(self) -> None:
        self._replace(lambda row: replace(row, masters=row.masters[1:] or row.masters))

    def _change_master(self) -> None:
        number = self.random.randint(2, 20)
        options = self.random.choice(
            [
                {"name": f"M/{number}"},
                {"link": LinkParameters(k=number, w=1)},
                {"port": free_port()},
                {"ca": number},
                {"max": self.random.randint(1, 3)},
                {"accept": read_filter(self.random.choice(["127.0.0.1", "10.0.0.0/8"]))[0]},
                {"commands": False},
            ]
        )

        def edit(row: GroupRow) -> GroupRow:
            first, *others = row.masters
            return replace(row, masters=(*others, replace(first, **options)))  # type: ignore[arg-type]

        self._replace(edit)

    async def _connect(self) -> None:
        for entry in self.gateway.entries():
            if entry.role is Role.MASTER and entry.state is State.WAITING and self.random.random() < 0.5:
                try:
                    connection = await connect(HOST, int(entry.address), DEFAULTS)
                except OSError:
                    continue
                peer = Peer()
                peer.connection = connection
                connection.begin(peer)
                if connection.close_reason is None:
                    connection.start()
                self.masters.append(peer)

    async def _operate(self) -> None:
        key = self.random.choice([entry.key for entry in self.gateway.entries()] or [""])
        if not key:
            return
        operate = self.random.choice([self.gateway.disable, self.gateway.enable, self.gateway.disconnect])
        await operate(key)
        await self.gateway.enable(key)
        await self.gateway.restart(key)

    async def _send(self) -> None:
        for rtu in self.rtus:
            for peer in rtu.peers:
                if peer.connection.close_reason is None and peer.connection.window:
                    peer.connection.send([value(1)])
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="needs /proc")
def test_random_edits_leave_no_task_timer_descriptor_or_listener_behind(seed: int) -> None:
    async def scenario() -> None:
        async with Rtu(EAGER) as first, Rtu(EAGER) as second, plant() as gateway:
            await asyncio.sleep(0)
            before = Left()
            editor = Editor(seed, gateway, [first, second])
            for _ in range(EDITS):
                await editor.edit()
            assert not any(group.broken for group in gateway.groups)
            await gateway.apply(site())
            for peer in editor.masters:
                peer.connection.close("test over")
            await until(lambda: all(peer.connection.gone.is_set() for rtu in (first, second) for peer in rtu.peers))
            await until(lambda: all(peer.connection.gone.is_set() for peer in editor.masters))
            await settled(before)

    play(scenario)
