"""Looks into the gateway: after every round of the loop at what costs nothing, every few seconds at the rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.simulation.invariant import Invariant

if TYPE_CHECKING:
    from iec104mm2ss.gateway.group import Group
    from iec104mm2ss.gateway.port import MasterPort
    from tests.simulation.master import Master
    from tests.simulation.world import Station, World

_INTERVAL = 5.0
_WAITING_LIMIT = 1000
_MOST_AHEAD = 1001
# I-frames of a whole window, and what a peer that does not read has us confirm within t1.
_FRAME = 255
_CONFIRMATIONS = 8192
_TIMERS_PER_CONNECTION = 6
_TASKS_PER_PORT = 3


class Watch:
    """Judges a world's gateway."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._court = world.court
        self._next = 0.0

    def step(self) -> None:
        """Look at what every round may break."""
        for group in self._world.gateway.groups:
            kept, limit = group.exchange.buffer.kept, group.row.event_buffer
            if kept > limit:
                self._court.blame(Invariant.MEMORY, f"{kept} ASDUs in an event buffer of {limit}")
        if self._world.loop.time() >= self._next:
            self._next = self._world.loop.time() + _INTERVAL
            self._look()
        self._court.rule()

    def _look(self) -> None:
        for group in self._world.gateway.groups:
            self._bounds(group)
            for port in group.ports:
                self._account(group, port)
        self._process()

    def _bounds(self, group: Group) -> None:
        buffer = group.exchange.buffer
        ring = buffer._ring
        lanes = [len(lane.asdus) for lane in ring._lanes.values()]
        most = max([len(ring.marks), len(ring.addressees), *lanes])
        self._court.expect(most <= len(ring.asdus), Invariant.MEMORY, f"{most} entries beside {len(ring.asdus)} ASDUs")
        for master in group.exchange.started:
            session = master.session
            waiting = 0 if session is None else len(session.waiting)
            self._court.expect(waiting <= _WAITING_LIMIT, Invariant.MEMORY, f"{waiting} requests of a session wait")
            ahead = len(master.reader._ahead)
            self._court.expect(ahead <= _MOST_AHEAD, Invariant.MEMORY, f"{ahead} answers ahead of a replay")

    def _account(self, group: Group, port: MasterPort) -> None:
        losses = group.exchange.losses(port.row)
        self._court.expect(min(losses.values()) >= 0, Invariant.ACCOUNT, f"{port.row.name} did not get {losses}")
        account = group.exchange.buffer.account(port.row.key)
        readers = [it.reader for it in group.exchange.started if it.port is port]
        if readers and len(readers) == account.sessions:
            waiting = sum(reader.behind + reader.in_flight for reader in readers)
            what = f"{port.row.name}: {account.waiting} of {account.appended} ASDUs unaccounted for, {waiting} wait"
            self._court.expect(account.waiting == waiting, Invariant.ACCOUNT, what)

    def _process(self) -> None:
        world = self._world
        for end in world.network.of_gateway():
            size = end.get_write_buffer_size()
            bound = 30 * _FRAME + _CONFIRMATIONS
            self._court.expect(size <= bound, Invariant.MEMORY, f"{size} octets wait to be written to {end}")
        connections, ports = len(world.network.of_gateway()), sum(len(it.masters) for it in world.stations.values())
        timers, tasks = sum(map(is_of_gateway, world.loop.timers)), len(asyncio.all_tasks(world.loop))
        bound = _TIMERS_PER_CONNECTION * (connections + ports)
        self._court.expect(timers <= bound, Invariant.MEMORY, f"{timers} timers for {connections} connections")
        bound = 10 + _TASKS_PER_PORT * (ports + len(world.stations)) + len(world.reloads)
        self._court.expect(tasks <= bound, Invariant.MEMORY, f"{tasks} tasks for {ports} ports")


def is_of_gateway(timer: asyncio.TimerHandle) -> bool:
    """Whether a timer is one of the program's, and none of a modelled station's."""
    callback = timer._callback  # type: ignore[attr-defined]
    return str(getattr(callback, "__module__", "")).startswith("iec104mm2ss")


def missing(world: World, station: Station, master: Master) -> list[int]:
    """Events that a master should have got and has not, but for those that were too old when it came."""
    if not master.starts:
        return []
    age, rtu = station.row.event_age, station.rtu
    sent = {it.event: it.at for it in rtu.broadcasts if it.event >= 0}
    owed = [
        event
        for event, (when, ca) in enumerate(rtu.created)
        if when > master.starts[0] and event not in rtu.forgotten and not master.is_hidden(ca)
    ]
    starts = master.starts
    return [
        event
        for event in owed
        if event not in master.got and not any(start - sent.get(event, 0.0) > age for start in starts)
    ]


def judge_delivery(world: World) -> None:
    """See at the end that what did not arrive was counted."""
    for number, group in world.groups().items():
        station = world.stations[number]
        for port in group.ports:
            master = station.masters[port.row.port]
            losses = group.exchange.losses(port.row)
            # A session that ends while its row has another one leaves no position behind: the other one got it all.
            counted = losses["lost"] + (losses["skipped"] if master.may_be_several else 0)
            absent = missing(world, station, master)
            what = f"{master} did not get {len(absent)} events, the first is {absent[:1]}, but {counted} are counted"
            world.court.expect(len(absent) <= counted, Invariant.DELIVERY, what)
