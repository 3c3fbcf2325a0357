import asyncio
import random
import time

import pytest

from tests.simulation.loop import StandstillError, VirtualLoop, virtual_time


def test_a_year_passes_at_once_and_both_clocks_with_it() -> None:
    loop = VirtualLoop()

    async def sleep() -> tuple[float, float, float]:
        monotonic, wall = time.monotonic(), time.time()
        await asyncio.sleep(31_536_000)
        return loop.time(), time.monotonic() - monotonic, time.time() - wall

    with virtual_time(loop, 0):
        assert loop.run_until_complete(sleep()) == (31_537_000.0, 31_536_000.0, 31_536_000.0)
    loop.close()


def test_timers_fire_in_their_order() -> None:
    loop, fired = VirtualLoop(), list[str]()
    for delay, name in ((2.0, "c"), (1.0, "a"), (1.5, "b")):
        loop.call_later(delay, fired.append, name)
    loop.run_until_complete(asyncio.sleep(3))
    loop.close()
    assert fired == ["a", "b", "c"]


def test_a_step_of_the_wall_clock_moves_no_timer() -> None:
    loop = VirtualLoop()

    async def sleep() -> float:
        loop.wall_offset += 1e9
        await asyncio.sleep(5)
        return loop.time()

    assert loop.run_until_complete(sleep()) == 1005.0
    loop.close()


def test_waiting_for_nothing_is_told() -> None:
    loop = VirtualLoop()
    with pytest.raises(StandstillError, match="nothing is scheduled"):
        loop.run_until_complete(loop.create_future())
    loop.close()


def test_a_moment_that_does_not_pass_is_told() -> None:
    loop = VirtualLoop()

    async def spin() -> None:
        for _ in range(100_000):
            await asyncio.sleep(0)

    with pytest.raises(StandstillError, match="stands still at 1000"):
        loop.run_until_complete(spin())
    loop.abandon()


def test_chance_is_the_seeds_and_the_process_gets_its_own_back() -> None:
    loop = VirtualLoop()
    before = random.getstate()
    with virtual_time(loop, 7):
        first = random.random()
    with virtual_time(loop, 7):
        assert random.random() == first
    assert random.getstate() == before
    loop.close()
