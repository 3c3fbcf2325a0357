"""TCP as the stations see it, in memory: octets in order, in pieces of any size, late, or never."""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from dataclasses import dataclass
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.simulation.loop import VirtualLoop
    from tests.simulation.trace import Trace

GATEWAY: Final = "10.0.0.1"
Address = tuple[str, int]


@dataclass(slots=True)
class Conditions:
    """How the network is at the moment.

    `delay` are the bounds of the seconds a segment takes, `cut` the probability that octets written together are cut
    in two, again and again, `joined` that a read of the gateway takes all that is there. `capacity` are the octets
    that two kernels hold of one direction.
    """

    delay: tuple[float, float] = (0.0005, 0.01)
    cut: float = 0.1
    joined: float = 0.8
    capacity: int = 16_384


class Segment:
    """Octets on their way: when they come, and when they were written. END and RESET carry none."""

    __slots__ = ("arrival", "octets", "written")

    def __init__(self, octets: bytes, written: float) -> None:
        self.octets = octets
        self.written = written
        self.arrival = inf


class Mark(Segment):
    """What is no data: the end of a direction, or a reset."""

    __slots__ = ("error",)

    def __init__(self, written: float, error: ConnectionError | None = None) -> None:
        super().__init__(b"", written)
        self.error = error


class Socket:
    """What a program may ask of a socket; a listening one has a port."""

    def __init__(self, network: Network, number: int, port: int = 0) -> None:
        self.port = port
        self._network = network
        self._number = number
        self._open = True

    def fileno(self) -> int:
        return self._number if self._open else -1

    def setsockopt(self, *_: int) -> None:
        pass

    def listen(self, _backlog: int) -> None:
        pass

    def close(self) -> None:
        self._open = False
        self._network.free(self)


class Transport(asyncio.Transport):
    """One end of a connection, with what asyncio's transport of a socket does.

    `written` is when the octets that a protocol is being given were written by the other end. `name` is the same in
    every run of a schedule.
    """

    peer: Transport

    def __init__(self, network: Network, name: str, local: Address, remote: Address) -> None:
        super().__init__()
        self.name = name
        self.written = 0.0
        self.local, self.remote = local, remote
        self.gone = False
        self.vanished = False
        self.frozen_until = 0.0
        self.read = 0
        self._marks: deque[tuple[int, Callable[[float], None]]] = deque()
        self._network = network
        self._loop = network.loop
        self._socket = Socket(network, network.next_number())
        self._protocol: Any = None
        self._buffered = False
        self._reading = True
        self._closing = False
        self._unsent: deque[Segment] = deque()
        self._sent_octets = 0
        self._inbound: deque[Segment] = deque()
        self._inbound_size = 0
        self._last_arrival = 0.0
        self._due: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<Transport {self.name}>"

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's signature
        return {"peername": self.remote, "sockname": self.local, "socket": self._socket}.get(name, default)

    # What the protocol of this end does.

    def open(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the end its protocol; octets are read from now on unless that pauses."""
        self._protocol = protocol
        self._buffered = isinstance(protocol, asyncio.BufferedProtocol)
        protocol.connection_made(self)
        self._schedule()

    def is_reading(self) -> bool:
        return self._reading and not self._closing

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        self._schedule()

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return sum(len(segment.octets) for segment in self._unsent)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or self.gone or not data:
            return
        octets = bytes(data)
        self._sent_octets += len(octets)
        self._network.note(self, "writes", octets)
        now = self._loop.time()
        for piece in self._network.pieces(octets):
            self._unsent.append(Segment(piece, now))
        self.push()

    def write_marked(self, octets: bytes, then: Callable[[float], None]) -> None:
        """Write, and have `then` called with the time at which the other end's program has read the last octet."""
        self.peer._marks.append((self._sent_octets + len(octets), then))
        self.write(octets)

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            if not self._unsent:
                self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        if not self.gone:
            self._closing = True
            self._unsent.clear()
            self._loop.call_soon(self._lose, None)

    # What the network does with this end.

    def push(self) -> None:
        """Hand to the kernels what they have place for."""
        peer = self.peer
        while self._unsent and (peer._inbound_size < self._network.conditions.capacity or peer.gone):
            peer.take(self._unsent.popleft())
        if self._closing and not self._unsent and not self.gone:
            self._loop.call_soon(self._lose, None)

    def take(self, segment: Segment) -> None:
        """Have a segment come after all others."""
        if self.gone:
            if not self.vanished and segment.octets:
                self.peer.break_off("Connection reset by peer")
            return
        delay = 0.0 if self._network is None else self._network.delay()
        self._last_arrival = segment.arrival = max(self._last_arrival, self._loop.time() + delay)
        self._inbound.append(segment)
        self._inbound_size += len(segment.octets)
        self._schedule()

    def break_off(self, why: str, number: int = errno.ECONNRESET) -> None:
        """Let this end know, after all that is on its way, that the connection is broken."""
        self.take(Mark(self._loop.time(), ConnectionResetError(number, why)))

    def vanish(self) -> None:
        """Lose this end without a word to the other, as when its power fails."""
        self.gone = self.vanished = self._closing = True
        self._inbound.clear()
        self._network.closed(self)

    def freeze(self, until: float) -> None:
        """Let nothing reach this end before `until`; what is on its way comes then, as TCP sends it again."""
        self.frozen_until = until
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._schedule()

    def _schedule(self) -> None:
        if self._due is None and self._inbound and self.is_reading() and self._protocol is not None:
            at = max(self._inbound[0].arrival, self.frozen_until, self._loop.time())
            self._due = self._loop.call_at(at, self._deliver)

    def _deliver(self) -> None:
        self._due = None
        now = self._loop.time()
        if self.is_reading() and self._inbound and max(self._inbound[0].arrival, self.frozen_until) <= now + 1e-9:
            first = self._inbound.popleft()
            if isinstance(first, Mark):
                self._end(first)
                return
            self._give(first)
            self.peer.push()
        self._schedule()

    def _end(self, mark: Mark) -> None:
        if mark.error is not None:
            self._network.note(self, "is reset", b"")
            self._closing = True
            self._unsent.clear()
            self._loop.call_soon(self._lose, mark.error)
        else:
            self._network.note(self, "reads the end", b"")
            if not self._protocol.eof_received():
                self.close()

    def _give(self, segment: Segment) -> None:
        self._inbound_size -= len(segment.octets)
        self.written = segment.written
        octets = segment.octets
        if self._buffered:
            octets = self._joined(octets)
            self._give_buffered(octets)
        else:
            self._protocol.data_received(octets)
        self.read += len(octets)
        while self._marks and self._marks[0][0] <= self.read:
            self._marks.popleft()[1](self._loop.time())

    def _joined(self, octets: bytes) -> bytes:
        """Take more of what has come, as one read does."""
        now, room = self._loop.time(), len(self._protocol.get_buffer(-1))
        while self._inbound and self._inbound[0].arrival <= now and self._inbound[0].octets:
            if len(octets) + len(self._inbound[0].octets) > room or not self._network.joins():
                break
            segment = self._inbound.popleft()
            self._inbound_size -= len(segment.octets)
            octets += segment.octets
        return octets

    def _give_buffered(self, octets: bytes) -> None:
        self._network.note(self, "reads", octets)
        buffer = self._protocol.get_buffer(-1)
        buffer[: len(octets)] = octets
        self._protocol.buffer_updated(len(octets))

    def _lose(self, error: ConnectionError | None) -> None:
        if self.gone:
            return
        self.gone = True
        if self._due is not None:
            self._due.cancel()
        self._network.closed(self)
        if self._inbound_size:
            self.peer.break_off("Connection reset by peer")
        else:
            self.peer.take(Mark(self._loop.time()))
        self._inbound.clear()
        self.peer.push()
        self._protocol.connection_lost(error)


class Server:
    """A listening port."""

    def __init__(self, network: Network, factory: Callable[[], asyncio.BaseProtocol], sock: Socket) -> None:
        self.factory = factory
        self._network = network
        self._sockets: tuple[Socket, ...] = (sock,)

    @property
    def sockets(self) -> tuple[Socket, ...]:
        return self._sockets

    async def start_serving(self) -> None:
        self._network.serve(GATEWAY, self._sockets[0].port, self.factory)
        await asyncio.sleep(0)

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()
        self._sockets = ()


class Network:
    """All hosts, their listening ports and their connections."""

    def __init__(self, loop: VirtualLoop, random: Random, trace: Trace) -> None:
        self.loop = loop
        self.conditions = Conditions()
        self.dark: set[str] = set()
        """Hosts that nothing comes from, not even a refusal."""
        self.connections: dict[Transport, None] = {}
        """Ends that are open."""
        self._random = random
        self._trace = trace
        self._numbers = count(10)
        self._ports = count(40_000)
        self._servers: dict[Address, Callable[[], asyncio.BaseProtocol]] = {}
        self._bound: dict[int, Socket | None] = {}
        loop.network = self

    # What happens to octets.

    def delay(self) -> float:
        low, high = self.conditions.delay
        return low + (high - low) * self._random.random()

    def pieces(self, octets: bytes) -> list[bytes]:
        """Cut octets as TCP may."""
        pieces = [octets]
        while len(pieces[-1]) > 1 and self._random.random() < self.conditions.cut:
            last = pieces.pop()
            at = self._random.randrange(1, len(last))
            pieces += [last[:at], last[at:]]
        return pieces

    def joins(self) -> bool:
        return self._random.random() < self.conditions.joined

    def note(self, end: Transport, what: str, octets: bytes) -> None:
        self._trace.note(end.name, what, octets)

    # Ports of this program's host.

    def socket(self, _bind: str | None, port: int) -> Socket:
        """Bind a port, as `transport.server` does it with the kernel's. Raises OSError where it is taken."""
        if port in self._bound:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        self._bound[port] = sock = Socket(self, self.next_number(), port)
        return sock

    def steal(self, port: int) -> bool:
        """Let another program have a port, if it is free."""
        return self._bound.setdefault(port) is None

    def give_back(self, port: int) -> None:
        """End `steal`."""
        if self._bound.get(port, self) is None:
            del self._bound[port]

    @property
    def listening(self) -> list[int]:
        """Ports that this program has."""
        return [port for port, sock in self._bound.items() if sock is not None]

    def next_number(self) -> int:
        return next(self._numbers)

    def server(self, factory: Callable[[], asyncio.BaseProtocol], sock: Socket) -> Server:
        return Server(self, factory, sock)

    def stop_accepting(self, number: int) -> bool:
        for port, sock in self._bound.items():
            if sock is not None and sock.fileno() == number:
                return self.withdraw(GATEWAY, port)
        return False

    def free(self, sock: Socket) -> None:
        """Have a port free again."""
        if sock.port and self._bound.get(sock.port) is sock:
            del self._bound[sock.port]
            self.withdraw(GATEWAY, sock.port)

    # Connections.

    def serve(self, host: str, port: int, factory: Callable[[], asyncio.BaseProtocol]) -> None:
        """Let a host accept connections."""
        self._servers[host, port] = factory

    def withdraw(self, host: str, port: int) -> bool:
        """Let it refuse them."""
        return self._servers.pop((host, port), None) is not None

    async def connect(self, factory: Callable[[], Any], host: str, port: int) -> tuple[Transport, Any]:
        """Connect from this program's host. Raises OSError."""
        answer: asyncio.Future[Transport] = self.loop.create_future()
        self.dial(GATEWAY, (host, port), answer)
        transport = await answer
        protocol = factory()
        transport.open(protocol)
        return transport, protocol

    def dial(self, source: str, target: Address, answer: asyncio.Future[Transport]) -> None:
        """Have `answer` hold this end of a connection, or the refusal; nothing comes of a host that is dark."""
        self.loop.call_later(self.delay(), self._arrive, source, target, answer)

    def _arrive(self, source: str, target: Address, answer: asyncio.Future[Transport]) -> None:
        if target[0] in self.dark or answer.done():
            return
        factory = self._servers.get(target)
        if factory is None:
            self.loop.call_later(self.delay(), _refuse, target, answer)
            return
        client, server = self._pair(source, target)
        server.open(factory())
        self.loop.call_later(self.delay(), _accept, client, answer)

    def _pair(self, source: str, target: Address) -> tuple[Transport, Transport]:
        local = source, next(self._ports)
        name = f"{local[0]}:{local[1]}>{target[0]}:{target[1]}"
        client, server = Transport(self, f"{name} c", local, target), Transport(self, f"{name} s", target, local)
        client.peer, server.peer = server, client
        self.connections |= {client: None, server: None}
        return client, server

    def closed(self, end: Transport) -> None:
        """Forget an end that is closed."""
        self.connections.pop(end, None)

    def of_gateway(self) -> list[Transport]:
        """This program's ends of open connections."""
        return [end for end in self.connections if end.local[0] == GATEWAY]


def _refuse(target: Address, answer: asyncio.Future[Transport]) -> None:
    if not answer.done():
        answer.set_exception(ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {target}"))


def _accept(client: Transport, answer: asyncio.Future[Transport]) -> None:
    if answer.done():
        client.open(asyncio.Protocol())
        client.abort()
    elif client.gone:
        answer.set_exception(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))
    else:
        answer.set_result(client)
