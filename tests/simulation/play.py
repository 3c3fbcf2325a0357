"""Plays a seed: faults, then none, then an end; what must hold is looked at all the time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tests.simulation import site
from tests.simulation.invariant import BrokenError, Invariant
from tests.simulation.loop import BEGIN, StandstillError
from tests.simulation.schedule import Moment, draw
from tests.simulation.watch import Watch, is_of_gateway, judge_delivery
from tests.simulation.world import Station, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iec104mm2ss.settings.site import GroupRow

NEIGHBOUR = 2
_NEIGHBOURED = 0.25
_DAY = 86_400.0
_MOMENTS_A_DAY = 400
_CALM = 50.0
_QUICK = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one seed: what was broken, if anything, and the digest of all that happened.

    `seconds` were simulated, `cpu` of this machine's it took. `asdus` were sent by RTUs, `closings` are the
    connections that stations have seen ending before the gateway was stopped.
    """

    seed: int
    broken: BrokenError | None
    digest: str
    seconds: float
    cpu: float
    asdus: int
    closings: int


def play(
    seed: int,
    print_line: Callable[[str], None] | None = None,
    moments: Sequence[Moment] | None = None,
    days: float = 0.0,
) -> Outcome:
    """Play one seed, with its own schedule unless one is given; with `days` it is a long one of few moments."""
    cpu = time.process_time()
    world = World(seed, print_line)
    random = Random(f"schedule {seed}")
    rows = [site.group_row(random, 1)]
    if random.random() < _NEIGHBOURED:
        rows.append(site.quiet_group(NEIGHBOUR))
    length = days * _DAY or 10 ** random.uniform(1.3, 3.3)
    count = int(days * _MOMENTS_A_DAY) or random.randint(10, 120)
    schedule = draw(random, length, count) if moments is None else moments
    broken = _run(_Play(world, schedule, length), rows)
    asdus = sum(len(station.rtu.sent) for station in world.stations.values())
    seconds, cpu = world.loop.time() - BEGIN, time.process_time() - cpu
    return Outcome(seed, broken, world.trace.digest, seconds, cpu, asdus, world.closings)


def _run(played: _Play, rows: Sequence[GroupRow]) -> BrokenError | None:
    world = played.world
    with world.virtual():
        world.populate(*rows)
        try:
            world.loop.run_until_complete(played.run())
        except BrokenError as error:
            return error
        except StandstillError as error:
            return BrokenError(Invariant.NO_BUG, str(error), world.loop.time())
        finally:
            world.trace.end()
            world.loop.abandon()
    return None


class _Play:
    def __init__(self, world: World, schedule: Sequence[Moment], length: float) -> None:
        self.world = world
        self._schedule = schedule
        self._length = length

    async def run(self) -> None:
        """From the start of the gateway to its end."""
        world = self.world
        await world.open()
        world.loop.on_step = Watch(world).step
        await self._faults()
        world.heal()
        await self._recovery()
        await self._calm()
        judge_delivery(world)
        world.closings = world.count_closings()
        world.loop.on_step = world.court.rule
        await world.close()
        for station in world.stations.values():
            station.rtu.listen(on=False)
            for master in station.masters.values():
                master.leave()
        await asyncio.sleep(_QUICK)
        left = [*filter(is_of_gateway, world.loop.timers), *(asyncio.all_tasks(world.loop) - {asyncio.current_task()})]
        world.court.expect(not left, Invariant.CLOSING, f"left after the end: {left}")
        world.court.rule()

    async def _faults(self) -> None:
        loop = self.world.loop
        began = loop.time()
        for moment in self._schedule:
            await asyncio.sleep(began + moment.at - loop.time())
            moment.happen(self.world)
            if NEIGHBOUR in self.world.stations:
                self._disturb_not(self.world.stations[NEIGHBOUR])
        await asyncio.sleep(began + self._length - loop.time())

    def _disturb_not(self, neighbour: Station) -> None:
        neighbour.rtu.event()
        neighbour.rtu.flush()
        closed = [*neighbour.rtu.closed, *(why for master in neighbour.masters.values() for why in master.closed)]
        self.world.court.expect(not closed, Invariant.NEIGHBOUR, f"the quiet group lost connections: {closed}")

    async def _recovery(self) -> None:
        world = self.world
        until = world.loop.time() + world.patience
        await asyncio.sleep(world.aftermath)
        while world.complaints():
            await asyncio.sleep(0.5)
            if world.loop.time() > until:
                world.court.blame(
                    Invariant.RECOVERY, f"after {world.patience:g} s without faults: {world.complaints()}"
                )
                return

    async def _calm(self) -> None:
        """Nothing closes while nothing is wrong, whatever the wall clock does; who asks is answered."""
        world = self.world
        await asyncio.sleep(_QUICK)
        world.begin_calm()
        random = Random(f"calm {world.seed}")
        for _ in range(5):
            world.loop.wall_offset += random.uniform(-1e9, 1e9)
            for station in world.stations.values():
                for _ in range(3):
                    station.rtu.event()
                station.rtu.flush()
            await asyncio.sleep(_CALM / 5)
            world.judge_calm()
