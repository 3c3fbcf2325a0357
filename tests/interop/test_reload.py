"""Under load: other settings drop the connections of the row that differs, and no ASDU is lost anywhere else."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.site import GroupRow
from tests.gateway.scene import DEFAULTS, Peer, Rtu, group_row, master, master_row, numbers, plant, play, site, value
from tests.transport.recorder import until

PERIOD = 0.02
"""Seconds between the ASDUs of one RTU: 50 APDU/s."""


class Load:
    """RTUs that send at a steady pace, and the masters that are to get every ASDU in order."""

    def __init__(self, rows: list[GroupRow], rtus: list[Rtu]) -> None:
        self.rows = rows
        self.rtus = rtus
        self.masters: dict[tuple[int, int], Peer] = {}
        self.sent = 0

    async def connect(self, stack: AsyncExitStack) -> None:
        for row in (row for group in self.rows for row in group.masters):
            self.masters[row.key] = await stack.enter_async_context(master(row.port, DEFAULTS))

    async def run(self) -> None:
        """Send until cancelled; a window that is full makes the others wait, too."""
        while True:
            await until(lambda: all(rtu.link.window for rtu in self.rtus))
            for rtu in self.rtus:
                rtu.send(value(self.sent))
            self.sent += 1
            await asyncio.sleep(PERIOD)

    def others(self, *keys: tuple[int, int]) -> Iterator[Peer]:
        return (peer for key, peer in self.masters.items() if key not in keys)


async def reload_under_load(groups: int, masters: int, seconds: float) -> int:
    """Change one row in the middle; return how many ASDUs each of the others got."""
    async with AsyncExitStack() as stack:
        rtus = [await stack.enter_async_context(Rtu()) for _ in range(groups)]
        rows = [_group(number, rtu, masters) for number, rtu in enumerate(rtus, start=1)]
        gateway = await stack.enter_async_context(plant(*rows))
        load = Load(rows, rtus)
        await load.connect(stack)
        sending = asyncio.create_task(load.run())
        await asyncio.sleep(seconds / 2)
        await _change_one(gateway, load)
        await asyncio.sleep(seconds / 2)
        sending.cancel()
        await asyncio.wait({sending})
        _assert_one_dropped(load)
        expected = list(range(load.sent))
        for peer in load.others(rows[0].masters[0].key):
            await until(lambda: numbers(peer.asdus)[-1:] == expected[-1:])  # noqa: B023 - waited for in this round
            assert numbers(peer.asdus) == expected
        return load.sent


def _group(number: int, rtu: Rtu, masters: int) -> GroupRow:
    rows = [master_row(number, name=f"M/{place}", link=DEFAULTS) for place in range(masters)]
    return group_row(rtu.port, masters=rows, number=number, rtu=DEFAULTS)


async def _change_one(gateway: Gateway, load: Load) -> None:
    first, *others = load.rows
    changed, *untouched = first.masters
    changed = replace(changed, link=LinkParameters(k=20))
    rows = [replace(first, masters=(changed, *untouched)), *others]
    (change,) = gateway.changes(site(*rows))
    assert change.drops == (changed.name,)
    await gateway.apply(site(*rows))
    async with master(changed.port) as again:
        await until(lambda: numbers(again.asdus))


def _assert_one_dropped(load: Load) -> None:
    key = load.rows[0].masters[0].key
    assert load.masters[key].reasons != []
    assert [peer.reasons for peer in load.others(key) if peer.reasons] == []
    assert [len(rtu.peers) for rtu in load.rtus] == [1] * len(load.rtus)


def test_a_reload_with_one_row_changed_drops_that_row_and_loses_nothing_elsewhere() -> None:
    async def scenario() -> None:
        assert await reload_under_load(groups=4, masters=3, seconds=1.5) > 20

    play(scenario)
