"""One TCP connection and its link: feed, take output, write, re-arm one timer, hand on events."""

from __future__ import annotations

import asyncio
import math
import socket
from typing import TYPE_CHECKING, Protocol, cast
from weakref import WeakKeyDictionary

from iec104mm2ss.link.link import Link

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iec104mm2ss.link.events import Event
    from iec104mm2ss.link.parameters import LinkParameters
    from iec104mm2ss.link.states import Role

READ_SIZE = 16 * 1024
CLOSE_PATIENCE = 1.0
_LATE = 0.1


class Owner(Protocol):
    """Who acts on what a connection reports."""

    def on_events(self, connection: Connection, events: list[Event]) -> None:
        """Act on the events of one step, in order; `Closed` is not among them."""

    def on_closed(self, connection: Connection, reason: str) -> None:
        """Know that the connection is over; called once."""

    def on_bug(self, connection: Connection, bug: Exception) -> None:
        """Know that this program failed; the connection is closed next."""


class Connection(asyncio.BufferedProtocol):
    """A TCP connection, silent and unread until `begin` gives it a link and an owner.

    `tap`, where it is set, gets all that is read and written from then on: whether it is outgoing, and the octets, as
    IEC 104 has them. It must not raise. What had been read of an APDU before is `link.incomplete`. `identity` is the
    peer's name by its certificate and the version of TLS, empty without TLS.
    """

    link: Link
    _owner: Owner

    def __init__(self, role: Role, parameters: LinkParameters, on_connected: Callable[[Connection], None]) -> None:
        self._role = role
        self._parameters = parameters
        self._on_connected = on_connected
        self._loop = asyncio.get_running_loop()
        self._buffer = read_buffer(self._loop)
        self._begun = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed = math.inf
        self._soonest = min(parameters.t1, parameters.t2, parameters.t3, parameters.idle)
        self.close_reason: str | None = None
        self.tap: Callable[[bool, bytes], None] | None = None
        self.gone = asyncio.Event()
        self.peer = ""
        self.local = ""
        self.host = ""
        self.identity = ""

    def __repr__(self) -> str:
        return f"<Connection {self.local}-{self.peer}>"

    @property
    def who(self) -> str:
        """The peer's address and port, with its identity if there is one."""
        return f"{self.peer} ({self.identity})" if self.identity else self.peer

    @property
    def window(self) -> int:
        """ASDUs that `send` takes now; 0 once the connection is over."""
        return self.link.window if self.close_reason is None else 0

    def begin(self, owner: Owner) -> None:
        """Start the link: octets are read and timers run from now on."""
        self._owner, self._begun = owner, True
        self.link = Link(self._role, self._parameters, self._loop.time())
        if self.close_reason is not None:
            self._tell_end(self.close_reason)
            return
        self._transport.resume_reading()
        self._arm(self.link.next_deadline())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know the peer and tune the socket."""
        self._transport = cast("asyncio.Transport", transport)
        # Python 3.11.2 reads after connection_made even if that has paused it; no octet comes before this is called.
        self._loop.call_soon(self._wait_unread)
        self.peer, self.host = address(transport.get_extra_info("peername"))
        self.local, _ = address(transport.get_extra_info("sockname"))
        _tune(transport.get_extra_info("socket"), self._parameters.t1)
        self._on_connected(self)

    def _wait_unread(self) -> None:
        if not self._begun:
            self._transport.pause_reading()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Lend the read buffer to asyncio."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Feed the link with what one read gave."""
        octets = bytes(self._buffer[:nbytes])
        if self.tap is not None:
            self.tap(False, octets)  # noqa: FBT003 - received
        self._step(self.link.receive, octets)

    def eof_received(self) -> None:
        """End the link: it has no half-open state."""
        self._step(self.link.receive_eof)

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end, unless it was known before."""
        self.gone.set()
        self._over(f"connection lost: {exc}" if exc else "connection lost")
        self._disarm()
        if self._begun:
            # Nothing more is reported. Owner and connection, which know each other, would wait for the collector.
            del self._owner

    def start(self) -> None:
        """Send or confirm STARTDT."""
        self._act(self.link.start)

    def stop(self) -> None:
        """Send STOPDT act."""
        self._act(self.link.stop)

    def test(self) -> None:
        """Send TESTFR act unless one is unanswered."""
        self._act(self.link.test)

    def send(self, asdus: Sequence[bytes]) -> None:
        """Send at most `link.window` ASDUs with one write."""
        now = self._loop.time()
        self.link.send(asdus, now)
        self._flush(now)

    def withhold(self) -> None:
        """Acknowledge nothing that comes from now on, until `release`."""
        self.link.withhold = True

    def release(self) -> None:
        """Acknowledge what was withheld; from now on everything is acknowledged in time again."""
        self.link.withhold = False
        self._release(self.link.held)

    def release_to(self, received: int) -> None:
        """Acknowledge what was withheld of the first `received` I-frames since the connect, and no more."""
        self._release(min(received - self.link.released, self.link.held))

    def _release(self, count: int) -> None:
        now = self._loop.time()
        self.link.release(max(count, 0), now)
        self._flush(now)
        # What was held has waited already: its acknowledgement may be due sooner than anything that begins now.
        self._arm(self.link.next_deadline())

    def close(self, reason: str) -> None:
        """Close after what is still to be written, which a peer that does not read cannot delay beyond a second."""
        if self.close_reason is None:
            self._transport.close()
            self._over(reason)
            self._timer = self._loop.call_later(CLOSE_PATIENCE, self._transport.abort)

    def _over(self, reason: str) -> None:
        if self.close_reason is not None:
            return
        self.close_reason = reason
        self._disarm()
        if self._begun:
            self._tell_end(reason)

    def _tell_end(self, reason: str) -> None:
        try:
            self._owner.on_closed(self, reason)
        except Exception as bug:  # noqa: BLE001 - the boundary: whoever closes many connections goes on with the next
            self._owner.on_bug(self, bug)

    def _act(self, action: Callable[[float], None]) -> None:
        now = self._loop.time()
        action(now)
        self._flush(now)

    def _step(self, feed: Callable[..., list[Event]], *arguments: bytes) -> None:
        """Run one step of the link; a bug below or in the owner ends this connection, nothing else."""
        try:
            now = self._loop.time()
            events = feed(*arguments, now)
            self._flush(now)
            if events:
                self._hand_on(events)
        except Exception as bug:  # noqa: BLE001 - the boundary: the owner reports it with its traceback
            self._fail(bug)

    def _fail(self, bug: Exception) -> None:
        self._owner.on_bug(self, bug)
        self.close(f"internal error: {bug!r}")

    def _flush(self, now: float) -> None:
        output = self.link.take_output()
        if output:
            self._transport.write(output)
            if self.tap is not None:
                self.tap(True, output)  # noqa: FBT003 - sent
        # The earliest deadline is not looked for with every frame: no promise made now falls due before `_soonest`.
        if self._armed > now + self._soonest:
            self._arm(min(now + self._soonest, self.link.next_deadline()))

    def _hand_on(self, events: list[Event]) -> None:
        ended = self.link.close_reason
        if ended is not None:
            events = events[:-1]
        if events:
            self._owner.on_events(self, events)
        if ended is not None:
            self.close(ended)

    def _arm(self, deadline: float) -> None:
        # Deadlines mostly move on: the timer is left to fire early and re-armed then, not with every frame.
        if deadline < self._armed and self.close_reason is None:
            self._disarm()
            self._armed = deadline
            self._timer = self._loop.call_at(deadline, self._on_timer)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _on_timer(self) -> None:
        now = self._loop.time()
        if now - self._armed > _LATE:
            # This process stood still, and the loop has not looked at its sockets since: what has come is read first.
            self._timer = self._loop.call_at(now, self._on_deadline)
        else:
            self._on_deadline()

    def _on_deadline(self) -> None:
        self._timer = None
        self._armed = -math.inf  # while the deadline itself is served, none is looked for in between
        self._step(self.link.on_deadline)
        self._armed = math.inf
        self._arm(self.link.next_deadline())


_shared_buffers: WeakKeyDictionary[asyncio.AbstractEventLoop, memoryview] = WeakKeyDictionary()


def read_buffer(loop: asyncio.AbstractEventLoop) -> memoryview:
    """Return a buffer of 16 KiB for the reads of one protocol.

    A selector loop hands on what it has read before it reads again, so that all its connections share one: a thousand
    of their own would be most of the memory that a large site takes. Windows' loop lends each to the kernel in advance.
    """
    buffer = _shared_buffers.get(loop)
    if buffer is None:
        buffer = memoryview(bytearray(READ_SIZE))
        if isinstance(loop, asyncio.SelectorEventLoop):
            _shared_buffers[loop] = buffer
    return buffer


def address(name: object) -> tuple[str, str]:
    """Return `host:port` and the host of a socket's name, an IPv4-mapped IPv6 address as IPv4."""
    if not isinstance(name, tuple):
        return "?", ""
    host, port = str(name[0]).removeprefix("::ffff:"), name[1]
    return (f"[{host}]:{port}" if ":" in host else f"{host}:{port}"), host


def _tune(tcp: socket.socket, t1: float) -> None:
    """Let the kernel notice a dead peer too, also one that no longer acknowledges octets (Linux)."""
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(t1 * 1000))
