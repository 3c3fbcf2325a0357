"""Let the gateway work for a long time while masters come and go and RTUs are lost, and write down how it is."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.kills.plant import HOST, Link, Master, Rtu
from tests.program import Gateway, Site, free_port
from tests.scrape import ask

if TYPE_CHECKING:
    from collections.abc import Callable

_RTU_CA: Final = 32
_TICK: Final = 0.1
_UP: Final = 60.0
_SETTLE: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much for how long: `seconds` of churn, `rate` events a second from each RTU.

    Before that every RTU is lost `losses` times: until each row keeps as many endings as it ever does, memory grows.
    """

    seconds: float
    groups: int = 200
    masters: int = 5
    rate: float = 2.0
    seed: int = 1
    every: float = 5.0
    losses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How the process is, `at` seconds after the start: memory in KiB; latencies in seconds since the last sample."""

    at: float
    memory: int
    files: int
    started: int
    median: float
    slowest: float


@dataclass(frozen=True, slots=True)
class Held:
    """What the process has open."""

    files: int
    threads: int
    tasks: int


class TimedRtu(Rtu):
    """Knows when each event was made, and can lose its connection."""

    def __init__(self) -> None:
        super().__init__(_RTU_CA)
        self.made: list[float] = []

    def produce(self, count: int) -> None:
        # What waits for the RTU to be connected again says nothing of the gateway.
        there = self.link is not None and self.link.started
        self.made += [time.monotonic() if there else 0.0] * count
        super().produce(count)

    def drop(self) -> None:
        if self.link is not None:
            self.link.close()


class TimedMaster(Master):
    """Adds how long each event took that was made while it was there."""

    def __init__(self, port: int, ca: int, rtu: TimedRtu, latencies: list[float]) -> None:
        super().__init__(port, ca)
        self._rtu = rtu
        self._latencies = latencies
        self._there_since = 0.0

    def on_start(self, link: Link) -> None:
        super().on_start(link)
        self._there_since = time.monotonic()

    def on_asdu(self, link: Link, octets: bytes) -> None:
        before = len(self.events)
        super().on_asdu(link, octets)
        for number in self.events[before:]:
            made = self._rtu.made[number - 1]
            if made > self._there_since:
                self._latencies.append(time.monotonic() - made)


class Course:
    """One run. `base` and `end` are taken with everybody there, before the churn and after it."""

    base: Held
    end: Held

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.samples: list[Sample] = []
        self._plan = plan
        self._folder = folder
        self._chance = random.Random(plan.seed)
        self._latencies: list[float] = []
        self._began = time.monotonic()
        self._site = Site(set_clock="never")
        self._rtus = {free_port(): TimedRtu() for _ in range(plan.groups)}
        self._masters = [it for group, port in enumerate(self._rtus, 1) for it in self._row(group, port)]

    def _row(self, group: int, rtu_port: int) -> list[TimedMaster]:
        self._site.rtu(group, _RTU_CA, rtu_port, name=f"R{group}")
        cas = range(_RTU_CA, _RTU_CA + self._plan.masters)
        ports = [(self._site.master(group, f"M{group}-{ca}", ca), ca) for ca in cas]
        return [TimedMaster(port, ca, self._rtus[rtu_port], self._latencies) for port, ca in ports]

    @property
    def losses(self) -> list[int]:
        """Events that a master has missed, or got out of order, over all masters."""
        return [number for master in self._masters for number in master.missed]

    @property
    def slope(self) -> float:
        """Growth of memory in MiB an hour over the second half of the churn, by least squares."""
        half = [it for it in self.samples if it.at > self.samples[-1].at / 2]
        mean_at = sum(it.at for it in half) / len(half)
        mean = sum(it.memory for it in half) / len(half)
        spread = sum((it.at - mean_at) ** 2 for it in half)
        return sum((it.at - mean_at) * (it.memory - mean) for it in half) / spread * 3600 / 1024 if spread else 0.0

    async def run(self, on_sample: Callable[[Sample], None]) -> None:
        """Start everything, stir, let it settle, and stop the gateway."""
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(rtu.accept, HOST, port) for port, rtu in self._rtus.items()]
        tasks = [asyncio.create_task(master.run()) for master in self._masters]
        port = free_port()
        launcher = "-m", "iec104mm2ss", "--metrics", f"{HOST}:{port}"
        gateway = Gateway(self._folder, self._site, launcher=launcher, debug=False)
        try:
            await self._all_there()
            await self._lose_all()
            tasks.append(asyncio.create_task(self._load()))
            await asyncio.sleep(_SETTLE)
            self.base = await asyncio.to_thread(_held, gateway.process.pid, port)
            await self._stir(gateway, on_sample)
            await self._all_there()
            await asyncio.sleep(_SETTLE)
            self.end = await asyncio.to_thread(_held, gateway.process.pid, port)
            await asyncio.to_thread(gateway.stop)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for master in self._masters:
                master.leave()
            gateway.process.kill()
            gateway.process.wait()
            for server in servers:
                server.close()

    async def _lose_all(self) -> None:
        for _ in range(self._plan.losses):
            for rtu in self._rtus.values():
                rtu.drop()
            await asyncio.sleep(_SETTLE)
            await self._all_there()

    async def _stir(self, gateway: Gateway, on_sample: Callable[[Sample], None]) -> None:
        """Let masters leave for some seconds and RTUs be lost, a few of them in every second."""
        until = time.monotonic() + self._plan.seconds
        due = time.monotonic() + self._plan.every
        while time.monotonic() < until:
            await asyncio.sleep(_TICK)
            self._disturb()
            if time.monotonic() >= due:
                due += self._plan.every
                self.samples.append(self._sample(gateway))
                on_sample(self.samples[-1])
        for master in self._masters:
            master.come()

    def _disturb(self) -> None:
        for _ in range(max(1, len(self._masters) // 500)):
            master = self._chance.choice(self._masters)
            if master.wanted and master.started:
                master.leave()
                back = self._chance.uniform(0.1, 10.0)
                asyncio.get_running_loop().call_later(back, master.come)
        if self._chance.random() < len(self._rtus) / 2000:
            self._chance.choice(list(self._rtus.values())).drop()

    async def _load(self) -> None:
        """Let every RTU have its events, spread over each second, and masters confirm what they have."""
        rtus, made, confirmed, began = list(self._rtus.values()), 0, 0, time.monotonic()
        while True:
            await asyncio.sleep(_TICK / 10)
            passed = time.monotonic() - began
            while made < passed * self._plan.rate * len(rtus):
                rtus[made % len(rtus)].produce(1)
                made += 1
            while confirmed < passed * len(self._masters):
                self._masters[confirmed % len(self._masters)].confirm()
                confirmed += 1

    async def _all_there(self) -> None:
        async with asyncio.timeout(_UP):
            while not all(master.started for master in self._masters):  # noqa: ASYNC110 - of many peers
                await asyncio.sleep(_TICK)

    def _sample(self, gateway: Gateway) -> Sample:
        pid = gateway.process.pid
        latencies = sorted(self._latencies) or [0.0]
        self._latencies.clear()
        return Sample(
            at=time.monotonic() - self._began,
            memory=int(_status(pid)["VmRSS"].split()[0]),
            files=_files(pid),
            started=sum(master.started for master in self._masters),
            median=latencies[len(latencies) // 2],
            slowest=latencies[-1],
        )


def _held(pid: int, metrics: int) -> Held:
    # A log file that is being written is open for a moment.
    files = min(_files_after(0.1, pid) for _ in range(10))
    page = ask(metrics).text
    tasks = next(line.split()[1] for line in page.splitlines() if line.startswith("iec104mm2ss_tasks "))
    return Held(files=files, threads=int(_status(pid)["Threads"]), tasks=int(float(tasks)))


def _files_after(pause: float, pid: int) -> int:
    time.sleep(pause)
    return _files(pid)


def _files(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return dict(line.split(":", 1) for line in lines)
