"""Under load: a changed row of the file drops that row's connections, and no ASDU is lost anywhere else."""

import asyncio
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.gateway.scene import DEFAULTS, Peer, Rtu, master, numbers, play, value
from tests.program import Gateway, Site
from tests.transport.recorder import until

if sys.platform == "win32":
    pytest.skip("SIGHUP", allow_module_level=True)

GROUPS, MASTERS = 20, 5
PERIOD = 0.02
"""Seconds between the ASDUs of one RTU: 50 APDU/s."""
PATIENCE = 20.0


class Load:
    """RTUs that send at a steady pace, and the masters that are to get every ASDU in order."""

    def __init__(self) -> None:
        self.site = Site()
        self.rtus: list[Rtu] = []
        self.ports: list[int] = []
        self.masters: dict[int, Peer] = {}
        self.sent = 0

    async def listen(self, stack: AsyncExitStack) -> None:
        for group in range(1, GROUPS + 1):
            rtu = await stack.enter_async_context(Rtu())
            self.rtus.append(rtu)
            self.site.rtu(group, 32, rtu.port, name=f"R-{group}")
            self.ports += [self.site.master(group, f"M-{group}-{place}", 32) for place in range(1, MASTERS + 1)]

    async def connect(self, stack: AsyncExitStack) -> None:
        for port in self.ports:
            self.masters[port] = await stack.enter_async_context(master(port, DEFAULTS))

    async def run(self) -> None:
        """Send until cancelled; a window that is full makes the others wait, too."""
        due = time.monotonic()
        while True:
            await until(lambda: all(rtu.link.window for rtu in self.rtus), PATIENCE)
            for rtu in self.rtus:
                rtu.send(value(self.sent))
            self.sent += 1
            due += PERIOD
            await asyncio.sleep(due - time.monotonic())


def edit(file: Path, port: int) -> None:
    """Give the row of this port another k."""
    text = file.read_text(encoding="utf-8")
    (row,) = [line for line in text.splitlines() if f",{port}," in line]
    file.write_text(text.replace(row, f"{row},k=20"), encoding="utf-8")


async def reload(gateway: Gateway, load: Load, file: Path) -> None:
    """Change the first master's row; return when it has data again."""
    port = load.ports[0]
    edit(file, port)
    gateway.signal(signal.SIGHUP)
    await until(lambda: load.masters[port].reasons, PATIENCE)
    async with master(port) as again:
        await until(lambda: numbers(again.asdus), PATIENCE)


def test_a_reload_with_one_row_changed_drops_that_row_and_loses_nothing_elsewhere(tmp_path: Path) -> None:
    async def scenario() -> None:
        load = Load()
        async with AsyncExitStack() as stack:
            await load.listen(stack)
            gateway = stack.enter_context(Gateway(tmp_path, load.site))
            await until(lambda: all(rtu.started for rtu in load.rtus), PATIENCE)
            await load.connect(stack)
            sending = asyncio.create_task(load.run())
            await until(lambda: load.sent > 100, PATIENCE)
            await reload(gateway, load, tmp_path / "site.csv")
            after = load.sent + 100
            await until(lambda: load.sent > after, PATIENCE)
            sending.cancel()
            await asyncio.wait({sending})
            dropped, *others = (load.masters[port] for port in load.ports)
            expected = list(range(load.sent))
            await until(lambda: all(numbers(it.asdus)[-1:] == expected[-1:] for it in others), PATIENCE)
            assert dropped.reasons != []
            assert [it.reasons for it in others if it.reasons] == []
            assert [it for it in others if numbers(it.asdus) != expected] == []
            assert [len(rtu.peers) for rtu in load.rtus] == [1] * GROUPS

    play(scenario)
