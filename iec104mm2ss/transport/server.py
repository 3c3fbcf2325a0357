"""A listening port of a controlled station."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.link.states import Role
from iec104mm2ss.tls.context import context
from iec104mm2ss.tls.parameters import TlsParameters
from iec104mm2ss.transport.connection import Connection
from iec104mm2ss.transport.handshakes import NOT_IN_THE_FILTER, Handshakes
from iec104mm2ss.transport.tls_layer import TlsLayer

_ACCEPTED_AT_ONCE = 16
_BACKLOG = 100


class Listener:
    """A port that accepts controlling stations.

    `accepts` gets a peer's address (IPv4-mapped IPv6 already as IPv4); a refused peer is closed before an octet is
    read or sent, and `on_refused` gets its `host:port` and the reason. The others reach `on_connection` before they
    have begun, with `tls` after the handshake.
    """

    _socket: socket.socket

    def __init__(
        self,
        port: int,
        parameters: LinkParameters,
        *,
        bind: str | None,
        accepts: Callable[[str], bool],
        on_connection: Callable[[Connection], None],
        on_refused: Callable[[str, str], None],
        tls: TlsParameters | None = None,
    ) -> None:
        self._port = port
        self._parameters = parameters
        self._bind = bind
        self._accepts = accepts
        self._on_connection = on_connection
        self._on_refused = on_refused
        self._tls = tls
        self._handshakes = Handshakes(tls, accepts, on_refused) if tls is not None else None
        self._server: asyncio.Server | None = None

    @property
    def is_open(self) -> bool:
        """Whether the port listens."""
        return self._server is not None

    @property
    def has_died(self) -> bool:
        """Whether the port was opened and has lost its socket since."""
        return self._server is not None and self._socket.fileno() < 0

    async def open(self) -> None:
        """Start listening. Raises OSError where the port or the address cannot be had, or a file of TLS not be used."""
        if self._tls is not None:
            context(self._tls, server=True)
        await asyncio.sleep(0)  # a listener that has just been closed frees the port now
        self._socket = _listening_socket(self._bind, self._port)
        loop = asyncio.get_running_loop()
        # In two steps, because `close` must find the server also when this coroutine is cancelled while it starts.
        self._server = await loop.create_server(
            self._protocol,
            sock=self._socket,
            backlog=_ACCEPTED_AT_ONCE,
            start_serving=False,
        )
        await self._server.start_serving()
        # asyncio's backlog is also how often it tries to accept when there are no files left, each time with a timer. A
        # burst of connects that finds no place in the kernel's queue waits a second for the repeated SYN.
        self._socket.listen(_BACKLOG)

    def close(self) -> None:
        """Stop listening; accepted connections stay."""
        if self._server is not None and not self.has_died:
            _close(self._server)
        self._server = None
        if self._handshakes is not None:
            self._handshakes.close()

    def _protocol(self) -> asyncio.BaseProtocol:
        connection = Connection(Role.CONTROLLED, self._parameters, self._on_connected)
        return connection if self._handshakes is None else TlsLayer(connection, self._handshakes)

    def _on_connected(self, connection: Connection) -> None:
        # A connection can still come out of the backlog in the very moment in which the port closes.
        if self._server is None:
            connection.close("the port has just been closed")
        elif not self._accepts(connection.host):
            connection.close("not accepted by the filter")
            self._on_refused(connection.peer, NOT_IN_THE_FILTER)
        else:
            self._on_connection(connection)


def _close(server: asyncio.Server) -> None:
    """Accept nothing more, and free the port in the next round of the loop.

    asyncio loses sight of a connection that it has accepted in this round if its server is closed before the next one:
    the peer would be left hanging.
    """
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows hands a connection on in the round that accepts it
        for sock in server.sockets:
            loop.remove_reader(sock.fileno())
    loop.call_soon(server.close)


def _listening_socket(bind: str | None, port: int) -> socket.socket:
    if bind is not None:
        return _socket(bind, port, socket.AF_INET6 if ":" in bind else socket.AF_INET)
    try:
        return _socket("", port, socket.AF_INET6, dual_stack=True)
    except (OSError, ValueError):
        # No IPv6 on this machine; if the port is in use, this says so.
        return _socket("", port, socket.AF_INET)


def _created(host: str, port: int, family: socket.AddressFamily, *, dual_stack: bool) -> socket.socket:
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=dual_stack)
    except OSError as error:
        # "... (while attempting to bind on address ...)": whoever reads of the port knows that.
        raise OSError(error.errno, str(error.strerror).partition(" (")[0]) from error


def _socket(host: str, port: int, family: socket.AddressFamily, *, dual_stack: bool = False) -> socket.socket:
    if sys.platform != "win32":
        return _created(host, port, family, dual_stack=dual_stack)
    # Windows lets a second program share a port unless that is forbidden.
    sock = socket.socket(family)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        if dual_stack:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
