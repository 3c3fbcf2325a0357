"""Connect to a controlled station."""

import asyncio
import contextlib
import os
import socket
from concurrent.futures import Future
from threading import Thread

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.link.states import Role
from iec104mm2ss.transport.connection import Connection

_NO_REASON = "Connect call failed"


async def connect(host: str, port: int, parameters: LinkParameters) -> Connection:
    """Return a TCP connection that has not begun; a name's addresses are tried in turn.

    Raises OSError, which `reason` turns into words, TimeoutError after t0.
    """
    async with asyncio.timeout(parameters.t0):
        *others, last = await _addresses(host)
        for address in others:
            with contextlib.suppress(OSError):
                return await _connect(address, port, parameters)
        return await _connect(last, port, parameters)


def reason(error: OSError) -> str:
    """Why a connection could not be made: asyncio's own text often holds no more than the address."""
    text = error.strerror or str(error)
    return os.strerror(error.errno) if error.errno and text.startswith(_NO_REASON) else text


async def _connect(address: str, port: int, parameters: LinkParameters) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: Connection(Role.CONTROLLING, parameters, lambda _: None), address, port
    )
    return connection


async def _addresses(host: str) -> list[str]:
    try:
        return _look_up(host, socket.AI_NUMERICHOST)
    except OSError:
        return await _looked_up(host)


async def _looked_up(host: str) -> list[str]:
    """Look a name up in a thread of its own: a dead name server holds up no other name and no stopping process."""
    answer: Future[list[str]] = Future()
    answer.set_running_or_notify_cancel()

    def ask() -> None:
        try:
            answer.set_result(_look_up(host))
        except OSError as error:
            answer.set_exception(error)

    Thread(target=ask, name=f"look up {host}", daemon=True).start()
    return await asyncio.wrap_future(answer)


def _look_up(host: str, flags: int = 0) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=flags)
    return [str(address[0]) for *_, address in found]
