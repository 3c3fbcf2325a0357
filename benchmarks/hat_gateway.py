"""The peer: the same gateway as one would write it on hat-drivers, reading the same site file.

It has one connection per master row, rewrites common and originator addresses, and routes answers by originator address
or, where the RTU does not mirror that, to the last one who asked. No filters, no pending requests, no event buffer, no
logs.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from hat.drivers import iec104, net

from benchmarks import site

TO_ALL = {
    iec104.DataResCause.PERIODIC,
    iec104.DataResCause.BACKGROUND_SCAN,
    iec104.DataResCause.SPONTANEOUS,
    iec104.DataResCause.REMOTE_COMMAND,
    iec104.DataResCause.LOCAL_COMMAND,
}


class Master:
    """The place of one master row: its addresses and its connection while it has one."""

    def __init__(self, row: site.MasterRow, originator: int) -> None:
        self.row, self.originator = row, originator
        self.connection: Any = None

    async def send(self, message: Any) -> None:  # noqa: ANN401 - a hat message; the package has no stubs
        """Send under this master's addresses; a master that is not started gets nothing."""
        if self.connection and self.connection.is_enabled:
            ca = self.row.ca if message.asdu_address == site.RTU_CA else message.asdu_address
            with suppress(ConnectionError):
                await self.connection.send([message._replace(asdu_address=ca, originator_address=0)])

    async def greet(self) -> None:
        """Report the end of initialisation."""
        cause = iec104.InitializationResCause.LOCAL_POWER
        await self.send(iec104.InitializationMsg(False, 0, site.RTU_CA, False, cause))  # noqa: FBT003 - hat's named tuple


class Gateway:
    """One RTU and its masters."""

    def __init__(self, rtu: Any, group: site.GroupRow) -> None:  # noqa: ANN401
        self._rtu = rtu
        self.masters = [Master(row, number) for number, row in enumerate(group.masters, 1)]
        self._last_asker: dict[type, Master] = {}

    async def serve_rtu(self) -> None:
        """Pass on what the RTU sends until it is lost."""
        while True:
            for message in await self._rtu.receive():
                for master in self._addressees(message):
                    await master.send(message)

    async def serve_master(self, master: Master, connection: Any) -> None:  # noqa: ANN401
        """Pass on what a master sends until it is lost; a newer connection takes the place of an older one."""
        if master.connection:
            master.connection.close()
        master.connection = connection
        connection.register_enabled_cb(lambda on: on and connection.async_group.spawn(master.greet))
        while True:
            for message in await connection.receive():
                self._last_asker[type(message)] = master
                ca = site.RTU_CA if message.asdu_address == master.row.ca else message.asdu_address
                await self._rtu.send([message._replace(asdu_address=ca, originator_address=master.originator)])

    def _addressees(self, message: Any) -> list[Master]:  # noqa: ANN401
        if isinstance(message, iec104.InitializationMsg):
            return []
        if isinstance(message, iec104.DataMsg) and message.cause in TO_ALL:
            return self.masters
        if 0 < message.originator_address <= len(self.masters):
            return [self.masters[message.originator_address - 1]]
        asker = self._last_asker.get(_request_of(message))
        return [asker] if asker else []


def _request_of(message: Any) -> type[Any]:  # noqa: ANN401
    if not isinstance(message, iec104.DataMsg):
        return type(message)
    if message.cause is iec104.DataResCause.REQUEST:
        return iec104.ReadMsg  # type: ignore[no-any-return]
    counters = message.cause.name.startswith("INTERROGATED_COUNTER")
    return iec104.CounterInterrogationMsg if counters else iec104.InterrogationMsg  # type: ignore[no-any-return]


async def serve(group: site.GroupRow, windows: dict[str, int]) -> None:
    """Connect to the RTU, then listen for its masters until the RTU is lost."""
    rtu = await iec104.connect(net.TcpAddress(site.HOST, group.rtu_port), **windows)
    gateway = Gateway(rtu, group)
    for master in gateway.masters:
        address = net.TcpAddress(site.HOST, master.row.port)
        await iec104.listen(
            lambda connection, master=master: gateway.serve_master(master, connection), address, **windows
        )
    await gateway.serve_rtu()


async def main() -> None:
    """Serve every group of the site file."""
    groups, k, w = site.read(Path(sys.argv[1]))
    windows = {"send_window_size": k, "receive_window_size": w}
    await asyncio.gather(*(serve(group, windows) for group in groups))


if __name__ == "__main__":
    asyncio.run(main())
