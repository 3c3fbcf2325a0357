"""Kill the gateway over and over while it works, and see what everybody has in the end."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from tests.kills.plant import HOST, Master, Rtu
from tests.program import Gateway, Site, free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_RTU_CA: Final = 32
_MASTER_CAS: Final = (32, 33, 34)
_EVENTS_AT_ONCE: Final = 20
_PAUSE: Final = 0.01
_PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out: events made, how many came more than once, and everything that must be empty."""

    events: int
    commands: int
    repeated: int
    missed: tuple[tuple[int, ...], ...]
    commanded_twice: tuple[int, ...]

    @property
    def is_kept(self) -> bool:
        """Whether nothing was lost or came out of order, and no command came twice."""
        return not any(self.missed) and not self.commanded_twice


def _nobody_looks(_: int) -> None:
    pass


async def trial(
    kills: int, seed: int, folder: Path, *, journal: str = "on", on_kill: Callable[[int], None] = _nobody_looks
) -> Verdict:
    """Kill so many times; the seed says when, and who is away."""
    chance, rtu, rtu_port = random.Random(seed), Rtu(_RTU_CA), free_port()
    site = Site(set_clock="never")
    site.rtu(111, _RTU_CA, rtu_port, journal=journal, event_buffer=1_000_000)
    masters = [Master(site.master(111, f"M{ca}", ca), ca) for ca in _MASTER_CAS]
    server = await asyncio.get_running_loop().create_server(rtu.accept, HOST, rtu_port)
    tasks = [asyncio.create_task(master.run()) for master in masters]
    gateway = Gateway(folder, site, debug=False)
    try:
        await _until(lambda: all(master.started for master in masters), "all masters started")
        tasks.append(asyncio.create_task(_load(rtu, masters)))
        for number in range(kills):
            gateway = await _kill(gateway, site, masters, chance, folder)
            on_kill(number + 1)
        await _finish(rtu, masters, tasks[-1])
        await asyncio.to_thread(gateway.stop)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        gateway.process.kill()
        gateway.process.wait()
        server.close()
        for master in masters:
            master.leave()
    return _verdict(rtu, masters)


async def _load(rtu: Rtu, masters: list[Master]) -> None:
    for number in count(1):
        await asyncio.sleep(_PAUSE)
        rtu.produce(_EVENTS_AT_ONCE)
        masters[number % len(masters)].command(number)
        if number % 20 == 0:
            for master in masters:
                master.confirm()


async def _kill(gateway: Gateway, site: Site, masters: list[Master], chance: random.Random, folder: Path) -> Gateway:
    """Let everybody get on, or one be away for a while; then the process is gone from one instruction to the next."""
    away = chance.choice([*masters, None, None])
    present = [master for master in masters if master is not away]
    if away is not None:
        away.leave()
    before = [master.latest for master in present]
    await _until(lambda: all(it.latest > at for it, at in zip(present, before, strict=True)), "events after the start")
    await asyncio.sleep(chance.uniform(0, 0.3))
    gateway.process.kill()
    await asyncio.to_thread(gateway.process.wait)
    for master in masters:
        master.come()
    return Gateway(folder, site, debug=False)


async def _finish(rtu: Rtu, masters: list[Master], load: asyncio.Task[None]) -> None:
    """End with everybody there; then nothing more is made, and what was made is waited for."""
    await _until(lambda: all(master.started for master in masters), "all masters started again")
    made = rtu.produced
    await _until(lambda: all(master.latest > made for master in masters), "events of after the last start")
    load.cancel()
    await asyncio.wait({load})
    await _until(lambda: all(master.latest == rtu.produced for master in masters), "everybody has the last event")


async def _until(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            while not condition():  # noqa: ASYNC110 - conditions of several peers
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {_PATIENCE:g} s: {what}") from None


def _verdict(rtu: Rtu, masters: list[Master]) -> Verdict:
    return Verdict(
        events=rtu.produced,
        commands=len(rtu.commands),
        repeated=sum(len(master.events) - len(set(master.events)) for master in masters),
        missed=tuple(tuple(master.missed) for master in masters),
        commanded_twice=tuple(number for number, times in rtu.commands.items() if times > 1),
    )
