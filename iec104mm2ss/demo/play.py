"""The play of the demonstration: one RTU, the gateway, two masters, and what they do to each other."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from iec104mm2ss.demo.ledger import Account, Ledger
from iec104mm2ss.demo.master import Master
from iec104mm2ss.demo.plant import BREAKER, BREAKER_CONTROL, CA, CLOSED, OPEN, SIGNALS, Feeder, station
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.endpoints import Endpoint
from iec104mm2ss.settings.filters import HostFilter
from iec104mm2ss.settings.site import GroupRow, MasterRow, RtuRow, Site
from iec104mm2ss.simulator.port import StationPort, local_time
from iec104mm2ss.wire.asdu import cause
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.elements import Monitored, decode_objects

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence
    from datetime import datetime

    from iec104mm2ss.logs import ConnectionLogs
    from iec104mm2ss.transport.connection import Connection

RTU: Final = "RTU-1"
_HOST: Final = "127.0.0.1"
_GROUP: Final = 111
_OTHER_CA: Final = 132
_BEGIN_WITHIN: Final = 10.0
_SETTLE_WITHIN: Final = 2.0
_REPORT_EVERY: Final = 1.0
_INTERROGATE_EVERY: Final = 5.0
_FIRST_OPERATION_AFTER: Final = 1.5
_OPERATE_EVERY: Final = 6.0
_BETWEEN_SELECT_AND_EXECUTE: Final = 0.5
_LINES_KEPT: Final = 1000
"""Happenings that wait to be shown; the view takes them several times a second."""


@dataclass(frozen=True, slots=True)
class Line:
    """One happening for people to read."""

    who: str
    text: str
    at: datetime = field(default_factory=local_time)


class Play:
    """Everything in one process on the loopback. `lines` has what happened and was not shown yet, oldest first."""

    def __init__(self, logs: ConnectionLogs, log: logging.Logger) -> None:
        self.lines: deque[Line] = deque(maxlen=_LINES_KEPT)
        self.complaints: list[str] = []
        self.began = math.inf
        self.accounts = (Account("OSI-1", CA), Account("OSI-2", _OTHER_CA))
        self.masters = [Master(account, self) for account in self.accounts]
        self.rtu_port, *self.ports = _free_ports(1 + len(self.masters))
        self.ledger = Ledger(self.accounts)
        self._station = station()
        self._port = StationPort(self._station, self.rtu_port, LinkParameters(t3=math.inf), self, bind=_HOST)
        self._gateway = Gateway(_site(self.rtu_port, self.accounts, self.ports), logs, log)
        self._running: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._ending = False

    @property
    def is_clean(self) -> bool:
        """Whether nothing failed and nothing was lost, leaked or unanswered."""
        return not self.complaints and all(account.is_clean for account in self.accounts)

    def stop(self) -> None:
        """Let `perform` finish what is under way and return."""
        self._stop.set()

    async def perform(self, seconds: float | None) -> None:
        """Play until `stop`, or that many seconds from the moment in which everybody is there."""
        try:
            await self._begin()
            if seconds is not None:
                asyncio.get_running_loop().call_later(seconds, self.stop)
            await self._act()
        except TimeoutError:
            self.over(f"the masters were not served within {_BEGIN_WITHIN:g} s")
        except OSError as error:
            self.over(f"port {self.rtu_port} of {RTU} cannot be opened: {error.strerror or error}")
        finally:
            await self._end()

    async def _begin(self) -> None:
        await self._port.open()
        self._running = asyncio.create_task(self._gateway.run(), name="gateway")
        self._running.add_done_callback(self._gateway_ended)
        async with asyncio.timeout(_BEGIN_WITHIN):
            for master, port in zip(self.masters, self.ports, strict=True):
                await master.join(port)
                self.say(
                    master.account.name, f"connected to port {port} and started, its RTU is CA {master.account.ca}"
                )
        self.began = asyncio.get_running_loop().time()

    async def _act(self) -> None:
        async with asyncio.TaskGroup() as scenes:
            scenes.create_task(self._report(), name="reports")
            scenes.create_task(self._interrogate(self.masters[0]), name="interrogations")
            scenes.create_task(self._operate(self.masters[1], rival=self.masters[0]), name="commands")
        await self.ledger.settled(_SETTLE_WITHIN)

    async def _end(self) -> None:
        self._ending = True
        for master in self.masters:
            await master.leave()
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait([running])
        await self._port.close("the demonstration ends")

    def _gateway_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self.over(f"the gateway ended: {task.exception()!r}")

    async def _pause(self, seconds: float) -> bool:
        """Wait; return whether the play goes on."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        return not self._stop.is_set()

    # The scenes.

    async def _report(self) -> None:
        happenings = Feeder(self._station).happenings()
        while await self._pause(_REPORT_EVERY):
            ioa, value = next(happenings)
            self._port.send([self._station.change(ioa, value, local_time())])

    async def _interrogate(self, master: Master) -> None:
        while True:
            strange = self._strange()
            values = await master.interrogate()
            alone = "nobody else sees them" if self._strange() == strange else "BUT SOMEBODY ELSE SAW THEM"
            answer = f"{values} values, {alone}" if values else master.last_answer
            self._check(values is not None, f"{master.account.name} interrogates: {master.last_answer}")
            self.say(master.account.name, f"interrogates: {answer}")
            if not await self._pause(_INTERROGATE_EVERY):
                return

    async def _operate(self, master: Master, rival: Master) -> None:
        wait = _FIRST_OPERATION_AFTER
        while await self._pause(wait):
            closed = self._station.reading(BREAKER).value == CLOSED
            await self._operate_once(master, rival, OPEN if closed else CLOSED)
            wait = _OPERATE_EVERY

    async def _operate_once(self, master: Master, rival: Master, order: int) -> None:
        verb, name = "opens" if order == OPEN else "closes", master.account.name
        selected = await master.select(BREAKER_CONTROL, order)
        self._check(selected == "confirmed", f"{name} selects: {selected}")
        self.say(name, f"selects breaker Q0: {selected}")
        refused = await rival.select(BREAKER_CONTROL, order)
        self._check(refused == "refused", f"{rival.account.name} selects what {name} has selected: {refused}")
        self.say(rival.account.name, f"wants to select it too: {refused}, {name} has it")
        await self._pause(_BETWEEN_SELECT_AND_EXECUTE)
        executed = await master.execute(BREAKER_CONTROL, order)
        await self.ledger.settled(_SETTLE_WITHIN)
        seen = all(_position(it) == order for it in self.masters)
        self._check(seen and executed == "confirmed, terminated", f"{name} executes: {executed}")
        self.say(name, f"{verb} it: {executed}; {'both see' if seen else 'NOT BOTH SEE'} the new position")

    def _strange(self) -> int:
        return sum(account.strange for account in self.accounts)

    def _check(self, good: bool, complaint: str) -> None:  # noqa: FBT001 - reads as the condition that it is
        if not good:
            self.complaints.append(complaint)

    def say(self, who: str, text: str) -> None:
        """Give people something to read; that everybody disconnects in the end is no news. From any thread."""
        if not self._ending:
            self.lines.append(Line(who, text))

    # What the cast tells.

    def over(self, reason: str) -> None:
        """End the play because it failed."""
        self.complaints.append(reason)
        self.stop()

    def failed(self, bug: Exception) -> None:
        """End the play because of a bug."""
        self.over(f"internal error: {bug!r}")

    def reported(self, account: Account, asdu: bytes) -> None:
        """Book what a master received, and say so when all have it."""
        event = self.ledger.arrived(account, asdu)
        if event is not None:
            self.say(RTU, f"{event.text}  -> {' and '.join(it.name for it in self.accounts)}")

    def note(self, text: str) -> None:
        """Say what happens on the RTU's port."""
        self.say(RTU, text)

    def opened(self, connection: Connection) -> None:
        """Say that the gateway has come."""
        self.note(f"connected from {connection.peer}")

    def closed(self, connection: Connection, reason: str) -> None:
        """Say that it is gone."""
        self.note(f"disconnected from {connection.peer}: {reason}")

    def refused(self, peer: str, reason: str) -> None:
        """Say that somebody else was turned away."""
        self.note(f"refused {peer}: {reason}")

    def received(self, asdu: bytes) -> None:
        """Leave the RTU's requests alone: those who ask tell of them."""

    def queued(self, asdu: bytes) -> None:
        """Book what the RTU reports to everybody."""
        if cause(asdu) in {Cause.SPONTANEOUS, Cause.RETURN_REMOTE}:
            ((ioa, element),) = decode_objects(asdu)
            signal = SIGNALS[ioa]
            self.ledger.report(asdu, f"{signal.point.name} {signal.text(element)}")


def _position(master: Master) -> float | None:
    shown = master.points.get(BREAKER)
    return shown.element.value if shown is not None and isinstance(shown.element, Monitored) else None


def _site(rtu_port: int, accounts: Sequence[Account], ports: Sequence[int]) -> Site:
    rtu = RtuRow(group=_GROUP, name=f"S/{RTU}", ca=CA, hosts=(Endpoint(_HOST, rtu_port),), link=LinkParameters())
    rows = tuple(
        MasterRow(
            group=_GROUP,
            name=f"M/{account.name}",
            port=port,
            ca=account.ca,
            accept=HostFilter(),
            link=LinkParameters(),
            bind=_HOST,
        )
        for account, port in zip(accounts, ports, strict=True)
    )
    return Site(path=Path(), groups=(GroupRow(number=_GROUP, rtu=rtu, masters=rows),))


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody has: all are held at the same time, so that they differ."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server((_HOST, 0))) for _ in range(count)]
        return [int(sock.getsockname()[1]) for sock in sockets]
