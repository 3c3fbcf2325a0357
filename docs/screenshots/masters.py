"""The control centres of the demonstration: masters that interrogate and operate, and strangers that are refused."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

from docs.screenshots.plant import Plant
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.link.states import Role
from iec104mm2ss.transport.connection import Connection
from iec104mm2ss.wire.asdu import build
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.elements import Command, Qualifier, encode_objects
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docs.screenshots.plant import Link
    from iec104mm2ss.link.events import Event

_PARAMETERS = LinkParameters()
_AGAIN = 0.3
_INTERROGATE_AFTER, _OPERATE_EVERY, _KNOCK_EVERY = 0.5, 3.0, 4.0
_OFF, _ON = 1, 2


class Master:
    """Comes again and again, interrogates once and then operates a switch now and then."""

    def __init__(self, gateway: str, link: Link) -> None:
        self._gateway, self._link = gateway, link

    async def run(self) -> None:
        """Be a master until cancelled."""
        while True:
            connection = Connection(Role.CONTROLLING, _PARAMETERS, lambda _: None)
            with contextlib.suppress(OSError):
                await self._connect(connection)
                await self._work(connection)
            await asyncio.sleep(_AGAIN)

    async def _connect(self, connection: Connection) -> None:
        loop, link = asyncio.get_running_loop(), self._link
        await loop.create_connection(lambda: connection, self._gateway, link.port, local_addr=(link.source, 0))
        connection.begin(self)
        connection.start()

    async def _work(self, connection: Connection) -> None:
        await asyncio.sleep(_INTERROGATE_AFTER)
        for asdu in self._requests():
            if connection.window:
                connection.send([asdu])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(connection.gone.wait(), _OPERATE_EVERY)
                return
        await connection.gone.wait()

    def _requests(self) -> Iterator[bytes]:
        link = self._link
        yield build(TypeId.C_IC_NA_1, Cause.ACTIVATION, link.ca, encode_objects(TypeId.C_IC_NA_1, [(0, Qualifier(20))]))
        order = _OFF
        while link.operates:
            objects = encode_objects(TypeId.C_DC_NA_1, [(link.operates, Command(order))])
            yield build(TypeId.C_DC_NA_1, Cause.ACTIVATION, link.ca, objects)
            order = _OFF + _ON - order

    def on_events(self, _connection: Connection, events: list[Event]) -> None:
        """Take what comes and make nothing of it."""

    def on_closed(self, _connection: Connection, reason: str) -> None:
        """Come again soon."""

    def on_bug(self, _connection: Connection, bug: Exception) -> None:
        """End with what went wrong."""
        raise bug


async def knock(gateway: str, source: str, port: int) -> None:
    """Connect from an address that is in no filter, again and again until cancelled."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(gateway, port, local_addr=(source, 0))
            writer.close()
        await asyncio.sleep(_KNOCK_EVERY)


async def come(gateway: str, links: Sequence[Link], strangers: Sequence[Link]) -> None:
    """Let all of them come until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for link in links:
            tasks.create_task(Master(gateway, link).run())
        for link in strangers:
            tasks.create_task(knock(gateway, link.source, link.port))


if __name__ == "__main__":
    plant = Plant(sys.argv[1])
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(come(plant.gateway, plant.masters, plant.strangers))
