"""The load's two ends on raw non-blocking sockets: an RTU that honours k, and masters that check every octet."""

import select
import socket
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.site import HOST, MasterRow
from benchmarks.streams import (
    READ_SIZE,
    SEQUENCE_MODULO,
    STARTDT_ACT,
    STARTDT_CON,
    TESTFR_ACT,
    TESTFR_CON,
    Stream,
    end_of_initialisation,
    s_frame,
)

if TYPE_CHECKING:
    from array import array

assert sys.platform != "win32", "the load generator waits with epoll"

U_LENGTH = 6
S_START = b"\x68\x04\x01\x00"


class LoadError(Exception):
    """The gateway under test broke the protocol, altered or lost octets, or was too slow; says which and where."""


class Sockets:
    """The sockets of one load and what is called when one of them can be read or, after `watch_writing`, written.

    `eager`: never sleep between two events. Falling asleep and being woken costs more than the work in between, and
    would be counted as the gateway's. It needs a core of its own.
    """

    def __init__(self) -> None:
        self.eager = False
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._writers: dict[int, Callable[[], None]] = {}

    def add(self, sock: socket.socket, on_readable: Callable[[], None]) -> None:
        """Call `on_readable` whenever `sock` has something; a second call replaces the first."""
        if sock.fileno() not in self._handlers:
            self._epoll.register(sock, select.EPOLLIN)
        self._handlers[sock.fileno()] = on_readable

    def watch_writing(self, sock: socket.socket, on_writable: Callable[[], None]) -> None:
        """Call `on_writable` once, as soon as `sock` takes octets again."""
        self._writers[sock.fileno()] = on_writable
        self._epoll.modify(sock, select.EPOLLIN | select.EPOLLOUT)

    def turn_until(self, end: float, done: Callable[[], bool] | None = None) -> None:
        """Serve the sockets until the monotonic time `end`, or until `done`."""
        poll, handlers, now = self._epoll.poll, self._handlers, time.monotonic
        while (left := end - now()) > 0 and not (done and done()):
            for fd, event in poll(0 if self.eager else left):
                if event & select.EPOLLOUT:
                    self._written(fd)
                if event & ~select.EPOLLOUT:
                    handlers[fd]()

    def turn_to(self, done: Callable[[], bool], within: float, what: str) -> None:
        """Serve the sockets until `done`; `LoadError` if that takes longer than `within` seconds."""
        self.turn_until(time.monotonic() + within, done)
        if not done():
            raise LoadError(f"{what} took longer than {within:g} s")

    def _written(self, fd: int) -> None:
        self._epoll.modify(fd, select.EPOLLIN)
        self._writers.pop(fd)()


class Rtu:
    """A controlled station for one connection: confirms STARTDT, then sends its stream, never more than k ahead.

    Totals of I-frames: `allowed` to be sent, `sent`, `acknowledged`.
    """

    def __init__(self, sockets: Sockets, port: int, k: int) -> None:
        self.connected = self.started = False
        self.sent = self.acknowledged = self.allowed = 0
        self._sockets, self._k = sockets, k
        self._held = b""
        self._unsent = b""
        self._stream: Stream | None = None
        self._listener = socket.create_server((HOST, port))
        sockets.add(self._listener, self._accept)

    def load(self, stream: Stream) -> None:
        """Set what `allow` will send; the stream counts its N(S) from 0."""
        self._stream = stream

    def allow(self, frames: int) -> None:
        """Raise the total that may be sent to `frames` and send what the window takes."""
        self.allowed = frames
        self._pump()

    def stop(self) -> None:
        """Send nothing more than has been sent."""
        self.allowed = self.sent

    def _accept(self) -> None:
        accepted, _ = self._listener.accept()
        if self.connected:
            raise LoadError("the gateway opened a second connection to its RTU")
        self.connected, self._socket = True, accepted
        accepted.settimeout(0)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets.add(accepted, self._read)

    def _read(self) -> None:
        data = self._held + _receive(self._socket, "RTU")
        whole = len(data) - len(data) % U_LENGTH
        for start in range(0, whole, U_LENGTH):
            self._take(data[start : start + U_LENGTH])
        self._held = data[whole:]
        self._pump()

    def _take(self, frame: bytes) -> None:
        if frame.startswith(S_START):
            self._acknowledge((frame[4] | frame[5] << 8) >> 1)
        elif frame == STARTDT_ACT:
            self.started = True
            self._socket.send(STARTDT_CON)
        elif frame == TESTFR_ACT:
            self._socket.send(TESTFR_CON)
        else:
            raise LoadError(f"the RTU got {frame.hex(' ')} from the gateway")

    def _acknowledge(self, nr: int) -> None:
        self.acknowledged += (nr - self.acknowledged) % SEQUENCE_MODULO
        if self.acknowledged > self.sent:
            raise LoadError(f"the gateway acknowledged N(R)={nr}, but {self.sent} I-frames were sent")

    def _pump(self) -> None:
        end = min(self.acknowledged + self._k, self.allowed)
        if end <= self.sent or self._unsent or self._stream is None:
            return
        begin = self.sent % SEQUENCE_MODULO
        # One slice cannot pass the end of the period.
        stop = min(begin + end - self.sent, SEQUENCE_MODULO)
        self.sent += stop - begin
        self._write(self._stream.octets[self._stream.place(begin) : self._stream.place(stop)])
        if self.sent < end:
            self._pump()

    def _write(self, octets: bytes) -> None:
        try:
            written = self._socket.send(octets)
        except BlockingIOError:
            written = 0
        self._unsent = octets[written:]
        if self._unsent:
            self._sockets.watch_writing(self._socket, self._go_on)

    def _go_on(self) -> None:
        self._write(self._unsent)
        self._pump()


class Master:
    """A controlling station: starts the connection, holds every octet against its stream, acknowledges at the w-th.

    `up` once STARTDT is confirmed and, where the gateway greets, M_EI_NA_1 has come; `frames` is the total of I-frames
    that compared equal.
    """

    def __init__(self, sockets: Sockets, row: MasterRow, w: int, *, greeted: bool) -> None:
        self.row = row
        self.connected = self.up = False
        self.frames = 0
        self._sockets, self._w = sockets, w
        self._awaited = STARTDT_CON + (end_of_initialisation(row.ca) if greeted else b"")
        # The greeting counts as an I-frame, and one octet of it (COI) is not compared.
        self._greetings = int(greeted)
        self._held = b""
        self._place = self._round = self._acknowledged = 0

    def connect(self) -> None:
        """Connect and send STARTDT act; stay unconnected if the gateway does not listen yet."""
        try:
            self._socket = socket.create_connection((HOST, self.row.port), timeout=5)
        except ConnectionRefusedError:
            return
        self.connected = True
        self._socket.settimeout(0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.send(STARTDT_ACT)
        self._sockets.add(self._socket, self._read_idle)

    def expect(
        self, stream: Stream, stamps: "array[float] | None" = None, delays: "array[float] | None" = None
    ) -> None:
        """From here on compare with `stream`.

        `stamps`, where given, holds the monotonic time of sending by the frame's number modulo 32768; how long each
        frame was under way is then appended to `delays`, in seconds.
        """
        self._stream, self._stamps, self._delays = stream, stamps, delays
        self._sockets.add(self._socket, self._read_stream)

    def acknowledge(self) -> None:
        """Acknowledge every I-frame that has come."""
        self._acknowledged = self.frames
        self._socket.send(s_frame(self.frames + self._greetings))

    def _read_idle(self) -> None:
        self._held += _receive(self._socket, self._name())
        size = len(self._awaited) + self._greetings
        if not self.up and len(self._held) >= size:
            self._check_greeting()
            self._held = self._held[size:]
            self.acknowledge()
            self.up = True
        if self.up and self._held:
            self._answer_tests()

    def _check_greeting(self) -> None:
        if not self._held.startswith(self._awaited):
            raise LoadError(f"{self._name()} awaited {self._awaited.hex(' ')}, got {self._held.hex(' ')}")

    def _answer_tests(self) -> None:
        while self._held.startswith(TESTFR_ACT):
            self._held = self._held[U_LENGTH:]
            self._socket.send(TESTFR_CON)
        if not TESTFR_ACT.startswith(self._held):
            raise LoadError(f"{self._name()} got {self._held.hex(' ')} while nothing was sent")

    def _read_stream(self) -> None:
        data = _receive(self._socket, self._name())
        if not self._stream.octets.startswith(data, self._place):
            data = self._without_tests(data)
        place = self._place + len(data)
        if place >= self._stream.period:
            place -= self._stream.period
            self._round += SEQUENCE_MODULO
        self._place = place
        before, self.frames = self.frames, self._round + self._stream.frames(place)
        if self._stamps is not None:
            self._measure(before)
        if self.frames - self._acknowledged >= self._w:
            self.acknowledge()

    def _measure(self, before: int) -> None:
        assert self._stamps is not None
        assert self._delays is not None
        now = time.monotonic()
        self._delays.extend(now - self._stamps[number % SEQUENCE_MODULO] for number in range(before, self.frames))

    def _without_tests(self, data: bytes) -> bytes:
        """Answer a TESTFR act between two I-frames and take it out; any other difference is an error."""
        cut = data.find(TESTFR_ACT)
        rest = data[:cut] + data[cut + U_LENGTH :]
        at = (self._place + cut) % self._stream.period
        between = self._stream.place(self._stream.frames(at)) == at
        if cut < 0 or not between or not self._stream.octets.startswith(rest, self._place):
            raise LoadError(self._difference(data))
        self._socket.send(TESTFR_CON)
        return rest

    def _difference(self, data: bytes) -> str:
        expected = self._stream.octets[self._place : self._place + len(data)]
        at = next((i for i, pair in enumerate(zip(data, expected, strict=True)) if pair[0] != pair[1]), 0)
        frame = self._round + self._stream.frames(self._place + at)
        start = max(0, at - 20)
        return (
            f"{self._name()}, I-frame {frame}: expected {expected[start : at + 20].hex(' ')}, "
            f"got {data[start : at + 20].hex(' ')}"
        )

    def _name(self) -> str:
        return f"master at port {self.row.port}"


def _receive(sock: socket.socket, name: str) -> bytes:
    try:
        data = sock.recv(READ_SIZE)
    except ConnectionError as error:
        raise LoadError(f"{name}: {error}") from error
    if not data:
        raise LoadError(f"the gateway closed the connection of {name}")
    return data
