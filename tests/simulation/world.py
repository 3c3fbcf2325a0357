"""The whole gateway with modelled stations round it, on virtual time: what a schedule acts on."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Literal
from unittest import mock

from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.gateway.exchange import Losses
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.logs import ConnectionLog, ConnectionLogs
from iec104mm2ss.settings.site import GroupRow, InterrogationData, Site
from iec104mm2ss.transport import server
from tests.simulation.book import Book, Request
from tests.simulation.invariant import Court, Invariant
from tests.simulation.loop import VirtualLoop, virtual_time
from tests.simulation.master import Master
from tests.simulation.network import Conditions, Network
from tests.simulation.peer import Manners, Peer
from tests.simulation.rtu import Rtu, Temper
from tests.simulation.site import site
from tests.simulation.trace import Trace
from tests.station import address, asdu, interrogation

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.gateway.group import Group
    from iec104mm2ss.link.parameters import LinkParameters


class Logs(ConnectionLogs):
    """Gives lines to the trace; what the program calls an error of its own breaks an invariant."""

    def __init__(self, trace: Trace, court: Court, *, level: int) -> None:
        self._trace = trace
        self._court = court
        self._level = level
        self._folder = Path("log")

    def connection(self, group: int, role: Literal["S", "M"], name: str, port: int | None = None) -> ConnectionLog:
        logger = logging.Logger(f"{group}-{role}-{name}", self._level)  # noqa: LOG001 - kept out of the process-wide tree
        handler = logging.Handler()
        handler.emit = self._emit  # type: ignore[method-assign]
        logger.addHandler(handler)
        return logging.LoggerAdapter(logger, {})

    def _emit(self, record: logging.LogRecord) -> None:
        self._trace.note(record.name, record.getMessage())
        if record.exc_info or "internal error" in record.getMessage():
            self._court.blame(Invariant.NO_BUG, f"{record.getMessage()}: {record.exc_info and record.exc_info[1]!r}")


class Station:
    """One group from outside: its RTU, its masters by port, and its row as it was last loaded."""

    def __init__(self, row: GroupRow, rtu: Rtu, book: Book) -> None:
        self.row = row
        self.rtu = rtu
        self.book = book
        self.masters: dict[int, Master] = {}

    def peers(self) -> list[Peer]:
        """All its connections from outside."""
        peers = [peer for master in self.masters.values() for peer in master.peers]
        return peers if self.rtu.peer is None else [self.rtu.peer, *peers]

    def links(self) -> list[LinkParameters]:
        """The parameters of all rows."""
        return [self.row.rtu.link, *(master.link for master in self.row.masters)]


class World:
    """A gateway, a network and stations; `gateway` runs from `open` to `close`."""

    gateway: Gateway
    _running: asyncio.Task[None]

    def __init__(self, seed: int, print_line: Callable[[str], None] | None = None) -> None:
        self.seed = seed
        self.random = Random(f"world {seed}")
        self.loop = VirtualLoop()
        self.trace = Trace(self.loop.time, print_line)
        self.court = Court(self.loop.time)
        self.network = Network(self.loop, Random(f"network {seed}"), self.trace)
        self.stations: dict[int, Station] = {}
        self.site: Site = site()
        self.reloads: set[asyncio.Task[None]] = set()
        self._later: dict[asyncio.TimerHandle, Callable[[], None]] = {}
        self._asked: dict[Master, Request] = {}
        self.closings = 0
        self._calm_since = 0.0
        self._level = logging.ERROR if print_line is None else logging.INFO
        self.loop.set_exception_handler(self._complain)

    def _complain(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.court.blame(Invariant.NO_BUG, f"{context['message']}: {context.get('exception')!r}")

    # What surrounds it.

    def virtual(self) -> ExitStack:
        """Let clocks, chance and sockets be this world's."""
        stack = ExitStack()
        stack.enter_context(virtual_time(self.loop, self.seed))
        stack.enter_context(mock.patch.object(server, "_listening_socket", self.network.socket))
        return stack

    def populate(self, *rows: GroupRow) -> None:
        """Have stations for these groups."""
        self.site = site(*rows)
        for row in rows:
            book = Book()
            hosts = [(host.host, host.port) for host in row.rtu.hosts]
            rtu = Rtu(self.loop, self.network, self._chance(f"rtu {row.number}"), self.court, book, row.rtu.ca, *hosts)
            rtu.select_timeout = row.select_timeout
            self.stations[row.number] = Station(row, rtu, book)
            self.fit(row)
            rtu.listen()

    def _chance(self, name: str) -> Random:
        return Random(f"{name} {self.seed}")

    def fit(self, row: GroupRow) -> None:
        """Have stations keep what a row says of them: those of a new row come, those of one that is gone leave."""
        station = self.stations[row.number]
        station.row = row
        station.rtu.gateway_k = row.rtu.link.k
        station.rtu.manners = _manners(row.rtu.link)
        for port in set(station.masters) - {master.port for master in row.masters}:
            station.masters.pop(port).leave()
        for master in row.masters:
            known = station.masters.get(master.port)
            if known is None:
                known = self._master(station, row.number, master.port)
            known.cas.add(master.ca)
            known.gateway_k = max(master.link.k, known.gateway_k)
            known.commands = master.commands
            known.may_be_several |= master.max > 1
            known.gets_all = row.interrogation_data is InterrogationData.ALL
            known.manners = _manners(master.link)

    def _master(self, station: Station, group: int, port: int) -> Master:
        host = f"10.2.{group}.{port % 100}"
        chance = self._chance(f"master {port}")
        master = Master(self.loop, self.network, chance, self.court, station.book, station.rtu, (group, port), host)
        master.gateway_k = 0
        master.lost = lambda: self.lost(group, port)
        station.masters[port] = master
        master.come()
        return master

    # The gateway.

    async def open(self) -> None:
        """Start it."""
        log = logging.Logger("gateway", logging.ERROR)  # noqa: LOG001 - kept out of the process-wide tree
        self.gateway = Gateway(self.site, Logs(self.trace, self.court, level=self._level), log)
        self._running = self.loop.create_task(self.gateway.run(), name="gateway")
        await asyncio.sleep(0)

    async def close(self) -> None:
        """Stop it; nothing of it may be left."""
        began = self.loop.time()
        self._running.cancel()
        await asyncio.wait({self._running})
        took = self.loop.time() - began
        self.court.expect(took <= 2.0, Invariant.CLOSING, f"the gateway took {took:.3f} s to stop")
        self.court.expect(self._running.cancelled(), Invariant.CLOSING, "the gateway did not end by cancellation")
        left = self.network.listening
        self.court.expect(not left, Invariant.CLOSING, f"ports {left} still listen")
        ends = self.network.of_gateway()
        self.court.expect(not ends, Invariant.CLOSING, f"{ends} are still open")

    def lost(self, group: int, port: int) -> int:
        """How many ASDUs are counted as lost for a row."""
        exchange = self.groups()[group].exchange
        return (
            exchange.buffer.account((group, port)).lost + exchange._earlier_losses.get((group, port), Losses())["lost"]
        )

    def groups(self) -> dict[int, Group]:
        """The gateway's groups by number."""
        return {group.row.number: group for group in self.gateway.groups}

    def reload(self, row: GroupRow) -> None:
        """Have the gateway go on with another row of a group."""
        rows = [row if it.number == row.number else it for it in self.site.groups]
        self.site = site(*rows)
        self.fit(row)
        self.do(self.gateway.apply(self.site))

    # Faults and their end.

    @property
    def pending(self) -> int:
        """Moments that are still to come."""
        return len(self._later)

    def later(self, delay: float, act: Callable[[], None]) -> None:
        """Act after so many seconds, or when all faults end."""

        def due() -> None:
            del self._later[timer]
            act()

        timer = self.loop.call_later(delay, due)
        self._later[timer] = act

    def return_of(self, station: Station, master: Master) -> None:
        """Let a master come again, unless its row is no longer there."""
        if master in station.masters.values():
            master.come()

    def heal(self) -> None:
        """End all faults."""
        self.network.conditions = Conditions()
        later, self._later = self._later, {}
        for timer, act in later.items():
            timer.cancel()
            act()
        for end in tuple(self.network.connections):
            end.freeze(0.0)
        for station in self.stations.values():
            station.rtu.temper = Temper(refuses=0.0)
            for peer in station.peers():
                peer.mute = False
                peer.acknowledge()
                if peer.wild:
                    peer.abort("it has broken the rules")

    @property
    def aftermath(self) -> float:
        """Seconds in which a connection may still end for what a fault has begun."""
        return 1.0 + max(link.t1 for station in self.stations.values() for link in station.links())

    @property
    def patience(self) -> float:
        """Seconds until everything must be back: dead links are noticed one after another, then come the waits."""
        links = [link for station in self.stations.values() for link in station.links()]
        slowest = max(link.t1 + link.t3 for link in links)
        backlog = sum(len(peer.queue) for station in self.stations.values() for peer in station.peers())
        return 2 * slowest + max(link.t0 for link in links) + 60 + 0.1 * backlog

    def complaints(self) -> list[str]:
        """What is not as it should be while nothing is wrong."""
        found = [f"{entry.name} is {entry.state.name}: {entry.reason}" for entry in self.gateway.entries()]
        found = [text for text in found if " is ONLINE" not in text]
        for number, group in self.groups().items():
            station = self.stations[number]
            found += [f"{master} has no session" for master in station.masters.values() if master.session is None]
            found += [f"{len(peer.queue)} wait at {peer.transport}" for peer in station.peers() if peer.queue]
            found += [
                f"{master.behind} wait for {master.row.name}" for master in group.exchange.started if master.behind
            ]
        return found

    def begin_calm(self) -> None:
        """Have every master ask, and remember what has been closed until now."""
        self.closings = self.count_closings()
        self._calm_since = self.loop.time()
        for station in self.stations.values():
            for master in station.masters.values():
                session = master.session
                if session is not None:
                    number = station.book.next().to_bytes(4, "little")
                    master.ask(session, interrogation(session.ca, oa=1))
                    self._asked[master] = master.ask(session, asdu(51, 6, session.ca, address(77) + number))
                    master.answered.clear()
                    session.peer.flush()

    def judge_calm(self) -> None:
        """See that nothing closes, every event arrives and every request is answered."""
        closed = self.count_closings() - self.closings
        self.court.expect(not closed, Invariant.RECOVERY, f"{closed} connections were closed though nothing was wrong")
        for station in self.stations.values():
            fresh = [event for event, (at, _) in enumerate(station.rtu.created) if at > self._calm_since]
            for master in station.masters.values():
                late = [event for event in fresh if event not in master.got]
                self.court.expect(not late, Invariant.RECOVERY, f"{master} waits for {len(late)} events")
                self._judge_answers(master)

    def _judge_answers(self, master: Master) -> None:
        request = self._asked.get(master)
        if request is None:
            self.court.blame(Invariant.RECOVERY, f"{master} had no session any more")
            return
        wanted = [0x07, 0x0A] if master.commands else [0x47]
        self.court.expect(request.answers == wanted, Invariant.RECOVERY, f"a command of {master} got {request.answers}")
        ended = master.answered[100, 0x0A] > 0
        self.court.expect(ended, Invariant.RECOVERY, f"the interrogation of {master} got {master.answered}")

    def count_closings(self) -> int:
        """Connections that have ended so far."""
        return sum(
            len(it.rtu.closed) + sum(len(m.closed) for m in it.masters.values()) for it in self.stations.values()
        )

    async def attempt(self, work: Any) -> None:  # noqa: ANN401 - any coroutine
        """Do what an operator asks for; a refusal is an answer."""
        with suppress(RequestError):
            await work

    def do(self, work: Any) -> None:  # noqa: ANN401 - any coroutine
        """Let something be done while the schedule goes on."""
        task = self.loop.create_task(work)
        self.reloads.add(task)
        task.add_done_callback(self.reloads.discard)


def _manners(link: LinkParameters) -> Manners:
    """What a station that was set up for this row has: its w is two thirds of the gateway's k, and the reverse."""
    return Manners(k=max(link.w, 2), w=max(1, link.k * 2 // 3), t1=link.t1, t2=link.t2, t3=link.t3)
