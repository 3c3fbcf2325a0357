"""Both ends of connections through TLS, their files, and peers that are made of Python's own TLS."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.tls.parameters import TlsParameters
from iec104mm2ss.transport.connection import Connection
from tests.certificates import Authority
from tests.tls.conversation import lax
from tests.transport.recorder import HOST, Port

DEFAULTS = LinkParameters()
STARTDT_ACT = bytes.fromhex("68 04 07 00 00 00")
Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Ends:
    """The files of both ends, and of a second client that nobody knows."""

    rtu: TlsParameters
    gateway: TlsParameters
    stranger: TlsParameters
    authority: Authority


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


@asynccontextmanager
async def listening(tls: TlsParameters, **options: Any) -> AsyncIterator[Port]:  # noqa: ANN401 - Port's
    port = Port(DEFAULTS, tls=tls, **options)
    await port.listener.open()
    try:
        yield port
    finally:
        port.listener.close()
        await gone(*port.accepted)


async def gone(*connections: Connection) -> None:
    for end in connections:
        end.close("test over")
        await end.gone.wait()


@asynccontextmanager
async def raw(port: Port, context: ssl.SSLContext | None) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection(HOST, port.number, ssl=context)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


@asynccontextmanager
async def server(
    tls: TlsParameters,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None] = lambda *_: None,
) -> AsyncIterator[int]:
    """Python's own TLS server with this certificate, which asks for none."""
    context = lax(tls, server=True)
    context.maximum_version = version
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        serve(reader, writer)

    listener = await asyncio.start_server(talk, HOST, 0, ssl=context)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for writer in writers:
            writer.transport.abort()
