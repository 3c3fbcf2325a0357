"""Connect to a controlled station."""

import asyncio
import contextlib
import os
import socket
from concurrent.futures import Future
from threading import Thread

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.link.states import Role
from iec104mm2ss.tls.parameters import TlsParameters
from iec104mm2ss.tls.session import Session
from iec104mm2ss.transport.connection import Connection
from iec104mm2ss.transport.tls_layer import TlsLayer

_NO_REASON = "Connect call failed"


async def connect(host: str, port: int, parameters: LinkParameters, tls: TlsParameters | None = None) -> Connection:
    """Return a connection that has not begun, with `tls` after the handshake; a name's addresses are tried in turn.

    Raises OSError, which `reason` turns into words, TimeoutError after t0.
    """
    async with asyncio.timeout(parameters.t0):
        *others, last = await _addresses(host)
        for address in others:
            with contextlib.suppress(OSError):
                return await _connect(address, port, parameters, _session(tls, host))
        return await _connect(last, port, parameters, _session(tls, host))


def reason(error: OSError) -> str:
    """Why a connection could not be made: asyncio's own text often holds no more than the address."""
    text = error.strerror or str(error)
    return os.strerror(error.errno) if error.errno and text.startswith(_NO_REASON) else text


def _session(tls: TlsParameters | None, host: str) -> Session | None:
    return None if tls is None else Session(tls, host)


async def _connect(address: str, port: int, parameters: LinkParameters, session: Session | None) -> Connection:
    loop = asyncio.get_running_loop()
    connection = Connection(Role.CONTROLLING, parameters, lambda _: None)
    if session is None:
        await loop.create_connection(lambda: connection, address, port)
        return connection
    handshake = _Handshake(session)
    try:
        await loop.create_connection(lambda: TlsLayer(connection, handshake), address, port)
        await handshake.done
    except asyncio.CancelledError:
        handshake.give_up()
        raise
    return connection


class _Handshake:
    """The one with the peer that is being connected."""

    def __init__(self, session: Session) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._session = session
        self._layer: TlsLayer | None = None

    def tcp_connected(self, layer: TlsLayer) -> None:
        """Begin."""
        self._layer = layer
        layer.shake_hands(self._session)

    def give_up(self) -> None:
        """Close: nobody waits for the connection any more."""
        self.done.cancel()
        if self._layer is not None:
            self._layer.abort()

    def secured(self, _layer: TlsLayer) -> None:
        """Know of the success."""
        if not self.done.done():
            self.done.set_result(None)

    def failed(self, _layer: TlsLayer, reason: str) -> None:
        """Know why not."""
        if not self.done.done():
            self.done.set_exception(ConnectionError(reason))


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
