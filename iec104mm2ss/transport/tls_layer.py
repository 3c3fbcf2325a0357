"""TLS between a TCP connection and the `Connection` above it, begun only after somebody has looked at the peer.

asyncio's own TLS is not used: it never sends the alert that tells a refused peer why, and it hands octets up before
there is a connection that wants them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from iec104mm2ss.tls.session import Session, TlsError
from iec104mm2ss.transport.connection import CLOSE_PATIENCE, address, read_buffer

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.transport.connection import Connection

_HANDSHAKE_TIME: Final = 10.0
_SHORTEST_LOOK: Final = 0.2
_LONGEST_LOOK: Final = 2.0


class Watcher(Protocol):
    """Who decides on a TCP connection and is told what became of its handshake."""

    def tcp_connected(self, layer: TlsLayer) -> None:
        """Let it shake hands, or close it."""

    def secured(self, layer: TlsLayer) -> None:
        """Know that both ends know each other; the connection above is made next."""

    def failed(self, layer: TlsLayer, reason: str) -> None:
        """Know that there will be no connection; not called after `close` and `abort`."""


class TlsLayer(asyncio.BufferedProtocol, asyncio.Transport):
    """The protocol of a TCP connection and, after the handshake, the transport of the connection above.

    Nothing is handed up before that resumes reading. `peer` is `host:port`.
    """

    _tcp: asyncio.Transport
    _session: Session

    def __init__(self, upper: Connection, watcher: Watcher) -> None:
        super().__init__()
        self.peer = self.host = ""
        self._upper = upper
        self._watcher = watcher
        self._loop = asyncio.get_running_loop()
        self._buffer = read_buffer(self._loop)
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._next: Callable[[], None] = self._shake
        self._early = b""
        self._error: ConnectionError | None = None
        self._secured = self._over = False
        self._paused = True

    def __repr__(self) -> str:
        return f"<TlsLayer {self.peer}>"

    def shake_hands(self, session: Session) -> None:
        """Begin the handshake, which ends within 10 s."""
        self._session, self._began = session, self._loop.time()
        self._arm(_HANDSHAKE_TIME, lambda: self._fail(f"handshake not finished within {_HANDSHAKE_TIME:g} s"))
        self._go_on()

    # What the network brings.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have somebody look at the peer."""
        self._tcp = cast("asyncio.Transport", transport)
        self.peer, self.host = address(transport.get_extra_info("peername"))
        self._watcher.tcp_connected(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Lend the read buffer to asyncio."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Do what can be done with the octets of one read."""
        if not self._over:
            self._session.feed(self._buffer[:nbytes])
            self._go_on()

    def eof_received(self) -> None:
        """End the connection, also without TLS's own farewell: what is cut off here is no whole APDU."""
        if self._secured and not self._over:
            self._upper.eof_received()
        elif not self._over:
            self._fail("the connection was closed during the handshake")

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end, unless it was known before."""
        if self._secured:
            self._upper.connection_lost(exc or self._error)
        elif not self._over:
            self._fail(f"the connection was lost during the handshake{f': {exc}' if exc else ''}")
        self._disarm()
        self._over = True
        # Nothing more comes or goes. Who knows each other would wait for the collector, with all the memory of TLS.
        del self._upper, self._watcher, self._next

    # The transport of the connection above.

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's signature
        """Return what is known of the TCP connection."""
        return self._tcp.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Hand nothing up."""
        self._paused = True
        self._tcp.pause_reading()

    def resume_reading(self) -> None:
        """Hand up, beginning with what came together with the handshake."""
        self._paused = False
        self._tcp.resume_reading()
        self._loop.call_soon(self._go_on)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send octets of the connection above."""
        if self._over:
            return
        try:
            self._session.write(bytes(data))
        except TlsError as error:
            self._fail(str(error))
        else:
            self._flush()

    def close(self) -> None:
        """Close after what is still to be written, which a peer that does not read cannot delay beyond a second."""
        if self._over:
            return
        if self._secured:
            self._session.end()
            self._flush()
        self._end()

    def abort(self) -> None:
        """Close at once."""
        self._disarm()
        self._over = True
        self._tcp.abort()

    # From the handshake to the connection above, one step for each read.

    def _go_on(self) -> None:
        if self._over:
            return
        try:
            self._next()
        except TlsError as error:
            self._flush()
            self._fail(str(error))
        else:
            self._flush()

    def _shake(self) -> None:
        if not self._session.shake_hands():
            return
        if self._session.knows_at_once:
            self._hand_over()
            return
        # The peer's refusal takes about as long as its half of the handshake did.
        self._next = self._look
        self._arm(min(max(self._loop.time() - self._began, _SHORTEST_LOOK), _LONGEST_LOOK), self._hand_over)
        self._look()

    def _look(self) -> None:
        """See whether a server refuses our certificate after all."""
        octets = self._session.read()
        if octets == b"":
            raise TlsError("the connection was closed right after the handshake: our certificate may not be accepted")
        if octets:
            self._early = octets
            self._hand_over()

    def _hand_over(self) -> None:
        self._disarm()
        self._secured, self._next = True, self._hand_up
        self._tcp.pause_reading()
        self._watcher.secured(self)
        self._upper.identity = f"{self._session.peer}, {self._session.version}"
        self._upper.connection_made(self)

    def _hand_up(self) -> None:
        while not (self._paused or self._over):
            octets = self._early or self._session.read()
            self._early = b""
            if octets is None:
                return
            if not octets:
                self._upper.eof_received()
                return
            self._upper.get_buffer(-1)[: len(octets)] = octets
            self._upper.buffer_updated(len(octets))

    def _flush(self) -> None:
        octets = self._session.take_output()
        if octets:
            self._tcp.write(octets)

    def _fail(self, reason: str) -> None:
        self._end()
        if self._secured:
            self._error = ConnectionError(f"TLS: {reason}")
        else:
            self._watcher.failed(self, f"TLS: {reason}")

    def _end(self) -> None:
        self._over = True
        self._tcp.close()
        self._arm(CLOSE_PATIENCE, self._tcp.abort)

    def _arm(self, delay: float, then: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self._loop.call_later(delay, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
