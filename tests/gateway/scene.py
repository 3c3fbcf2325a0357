"""A gateway inside the test's own loop, between an RTU and masters made of this package's connections."""

import asyncio
import contextlib
import gc
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, Self

from iec104mm2ss.gateway.group import Group
from iec104mm2ss.gateway.journaling import JOURNALS
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.link.events import Event, Received, Started, StartRequested
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.logs import ConnectionLog, ConnectionLogs
from iec104mm2ss.settings.endpoints import Endpoint
from iec104mm2ss.settings.filters import HostFilter
from iec104mm2ss.settings.site import GroupRow, MasterRow, RtuRow, Site
from iec104mm2ss.transport.client import connect
from iec104mm2ss.transport.connection import Connection
from iec104mm2ss.transport.server import Listener
from tests.program import free_port
from tests.station import TIME, address, asdu, initialised, single_point
from tests.transport.recorder import HOST, Recorder, until

DEFAULTS = LinkParameters()
EAGER = LinkParameters(w=1)
RTU_CA, MASTER_CA = 32, 33
M_EI = initialised(MASTER_CA)


def value(number: int) -> bytes:
    """M_SP_NA_1 ON, spontaneous, from the RTU; the number is its IOA."""
    return single_point(RTU_CA, number)


def event(number: int, ca: int = RTU_CA) -> bytes:
    """M_SP_TB_1 ON, spontaneous, with CP56Time2a: one that is replayed."""
    return asdu(30, 3, ca, address(number) + b"\x01" + TIME)


def numbers(asdus: Sequence[bytes]) -> list[int]:
    """The IOAs, without the end of initialisation."""
    return [int.from_bytes(octets[6:9], "little") for octets in asdus if octets[0] != 70]


def play(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario; nothing may be left that its loop, or the garbage collector, complains about."""
    complaints: list[dict[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        async with asyncio.timeout(30):
            await scenario()

    asyncio.run(watched())
    gc.collect()
    assert complaints == []


class Logs(ConnectionLogs):
    """Keeps the lines of each row, by its name."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}
        self._folder = Path("log")

    def connection(self, group: int, role: Literal["S", "M"], name: str, port: int | None = None) -> ConnectionLog:
        lines = self.lines.setdefault(name, [])
        logger = logging.Logger(name)  # noqa: LOG001 - kept out of the process-wide tree
        handler = logging.Handler()
        handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
        logger.addHandler(handler)
        return logging.LoggerAdapter(logger, {})

    def said(self, name: str, *parts: str) -> bool:
        """Whether a line of the row has all these parts."""
        return any(all(part in line for part in parts) for line in self.lines[name])


class Peer(Recorder):
    """One end of a link and what it received."""

    connection: Connection

    @property
    def asdus(self) -> list[bytes]:
        return [asdu for event in self.events if isinstance(event, Received) for asdu in event.asdus]

    @property
    def started(self) -> bool:
        return Started() in self.events


class Rtu:
    """A controlled station that listens; confirms STARTDT unless told not to."""

    def __init__(self, parameters: LinkParameters = DEFAULTS, *, confirms: bool = True) -> None:
        self.port = free_port()
        self.confirms = confirms
        self.peers: list[Peer] = []
        self._listener = Listener(
            self.port,
            parameters,
            bind=HOST,
            accepts=lambda _: True,
            on_connection=self._on_connection,
            on_refused=lambda *_: None,
        )

    async def __aenter__(self) -> Self:
        await self._listener.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        for peer in self.peers:
            peer.connection.close("test over")
            await peer.connection.gone.wait()

    @property
    def peer(self) -> Peer:
        return self.peers[-1]

    @property
    def link(self) -> Connection:
        return self.peer.connection

    @property
    def started(self) -> bool:
        """Whether the newest connection is started."""
        return bool(self.peers) and self.link.close_reason is None and self.link.window > 0

    def send(self, *asdus: bytes) -> None:
        self.link.send(asdus)

    def _on_connection(self, connection: Connection) -> None:
        peer = Peer(lambda event: self._act(connection, event))
        peer.connection = connection
        self.peers.append(peer)
        connection.begin(peer)

    def _act(self, connection: Connection, event: Event) -> None:
        if isinstance(event, StartRequested) and self.confirms:
            connection.start()


@asynccontextmanager
async def master(
    port: int, parameters: LinkParameters = DEFAULTS, *, started: bool = True, begun: bool = True
) -> AsyncIterator[Peer]:
    """Connect a controlling station as soon as the port is open."""
    peer = Peer()
    peer.connection = await _connected(port, parameters)
    try:
        if begun:
            peer.connection.begin(peer)
        if started:
            peer.connection.start()
            await until(lambda: peer.asdus)
        yield peer
    finally:
        peer.connection.close("test over")
        await peer.connection.gone.wait()


async def _connected(port: int, parameters: LinkParameters) -> Connection:
    async with asyncio.timeout(5):
        while True:
            try:
                return await connect(HOST, port, parameters)
            except OSError:
                await asyncio.sleep(0.01)


def master_row(number: int = 111, name: str = "M/SCADA", **options: Any) -> MasterRow:  # noqa: ANN401 - MasterRow's
    defaults: dict[str, Any] = {
        "ca": MASTER_CA,
        "accept": HostFilter(),
        "link": EAGER,
        "bind": HOST,
        "port": free_port(),
    }
    return MasterRow(group=number, name=name, **defaults | options)


def group_row(
    *ports: int,
    masters: Sequence[MasterRow],
    number: int = 111,
    rtu: LinkParameters = EAGER,
    **options: Any,  # noqa: ANN401 - GroupRow's
) -> GroupRow:
    """A group whose RTU is looked for on these ports."""
    hosts = tuple(Endpoint(HOST, port) for port in ports)
    slave = RtuRow(group=number, name="S/RTU", ca=RTU_CA, hosts=hosts, link=rtu)
    return GroupRow(number=number, rtu=slave, masters=tuple(masters), **options)


class Wire:
    """A raw peer: octets as they are, nothing answered that the test does not answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, *frames: bytes) -> None:
        self._writer.write(b"".join(frames))

    async def expect(self, *frames: bytes) -> None:
        octets = b"".join(frames)
        async with asyncio.timeout(5):
            assert await self._reader.readexactly(len(octets)) == octets

    async def closed(self) -> None:
        """Read whatever still comes, to the end."""
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                while await self._reader.read(1000):
                    pass

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


@asynccontextmanager
async def raw_master(port: int, *, receive_buffer: int = 0) -> AsyncIterator[Wire]:
    """Connect as soon as the port is open. A small receive buffer, never read, makes the peer a stuck one."""
    sock = await _dialled(port, receive_buffer)
    wire = Wire(*await asyncio.open_connection(sock=sock, limit=receive_buffer or 65536))
    try:
        yield wire
    finally:
        await wire.close()


async def _dialled(port: int, receive_buffer: int) -> socket.socket:
    async with asyncio.timeout(5):
        while True:
            sock = socket.socket()
            sock.settimeout(0)
            if receive_buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            try:
                await asyncio.get_running_loop().sock_connect(sock, (HOST, port))
            except OSError:
                sock.close()
                await asyncio.sleep(0.01)
            else:
                return sock


@asynccontextmanager
async def raw_rtu(port: int) -> AsyncIterator[asyncio.Queue[Wire]]:
    """Listen; every connection is put into the queue."""
    wires: asyncio.Queue[Wire] = asyncio.Queue()
    accepted: list[Wire] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(Wire(reader, writer))
        wires.put_nowait(accepted[-1])

    server = await asyncio.start_server(accept, HOST, port)
    try:
        yield wires
    finally:
        server.close()
        for wire in accepted:
            await wire.close()


def site(*rows: GroupRow) -> Site:
    return Site(path=Path("site.csv"), groups=rows)


@asynccontextmanager
async def plant(*rows: GroupRow, logs: Logs | None = None, journals: Path = JOURNALS) -> AsyncIterator[Gateway]:
    """Run groups."""
    running = Gateway(site(*rows), logs or Logs(), logging.Logger("gateway"), journals)  # noqa: LOG001
    task = asyncio.create_task(running.run(), name="gateway")
    try:
        yield running
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()


@asynccontextmanager
async def gateway(*rows: GroupRow, logs: Logs | None = None, journals: Path = JOURNALS) -> AsyncIterator[Group]:
    """Run groups; gives the first one."""
    async with plant(*rows, logs=logs, journals=journals) as running:
        yield running.groups[0]
