"""lib60870, by way of c104: an RTU and a master that remember what they hear and say."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import c104

from tests.program import eventually, free_port
from tests.station import type_and_cause

Server = TypeVar("Server", bound="C104Rtu")
TICK_MS = 50  # the least that c104 takes
TESTFR_ACT, TESTFR_CON = 0x43, 0x83


class Conversation:
    """The ASDUs that a peer has heard and sent, in order, and the function octets of its TESTFR frames."""

    def __init__(self) -> None:
        self.asdus: list[bytes] = []
        self.sent: list[bytes] = []
        self.tests_heard: list[int] = []
        self.tests_sent: list[int] = []

    def take(self, frame: bytes) -> None:
        _sort(frame, self.asdus, self.tests_heard)

    def give(self, frame: bytes) -> None:
        _sort(frame, self.sent, self.tests_sent)

    def forget(self) -> None:
        for kept in (self.asdus, self.sent, self.tests_heard, self.tests_sent):
            kept.clear()

    @property
    def seen(self) -> list[tuple[int, int]]:
        """(Type id, cause with P/N) of what was heard."""
        return [type_and_cause(asdu) for asdu in self.asdus]

    def wait_seen(self, type_id: int, cause: int, since: int = 0) -> bytes:
        """Wait for an ASDU of this type and cause; return it."""
        wanted = type_id, cause
        eventually(lambda: wanted in self.seen[since:], f"{wanted} among {self.seen[since:]}")
        return next(asdu for asdu in self.asdus[since:] if type_and_cause(asdu) == wanted)


def _sort(frame: bytes, asdus: list[bytes], tests: list[int]) -> None:
    if not frame[2] & 1:
        asdus.append(frame[6:])
    elif frame[2] in {TESTFR_ACT, TESTFR_CON}:
        tests.append(frame[2])


def add_point(
    station: c104.Station, ioa: int, kind: c104.Type, mode: c104.CommandMode = c104.CommandMode.DIRECT
) -> c104.Point:
    point = station.add_point(ioa, kind, command_mode=mode)
    assert point
    return point


class C104Rtu(Conversation):
    """A server with one station; `executed` has (IOA, value) of every command, `clocks` every time it was told.

    A command on an address among `refused` is confirmed negatively.
    """

    def __init__(self, ca: int, security: c104.TransportSecurity | None = None) -> None:
        super().__init__()
        self.port = free_port()
        self.server = c104.Server("127.0.0.1", self.port, tick_rate_ms=TICK_MS, transport_security=security)
        station = self.server.add_station(ca)
        assert station
        self.station = station
        self.refused: set[int] = set()
        self.executed: list[tuple[int, object]] = []
        self.clocks: list[dt.datetime] = []
        self.server.on_clock_sync(self._set_clock)
        self.server.on_receive_raw(self._receive)
        self.server.on_send_raw(self._send)

    def point(self, ioa: int, kind: c104.Type) -> c104.Point:
        return add_point(self.station, ioa, kind)

    def command(
        self, ioa: int, kind: c104.Type, mode: c104.CommandMode = c104.CommandMode.SELECT_AND_EXECUTE
    ) -> c104.Point:
        point = add_point(self.station, ioa, kind, mode)
        point.on_receive(self._execute)
        return point

    def _execute(
        self, point: c104.Point, previous_info: c104.Information, message: c104.IncomingMessage
    ) -> c104.ResponseState:
        if point.io_address in self.refused:
            return c104.ResponseState.FAILURE
        self.executed.append((point.io_address, point.value))
        return c104.ResponseState.SUCCESS

    def _set_clock(self, server: c104.Server, ip: str, date_time: dt.datetime) -> c104.ResponseState:
        self.clocks.append(date_time)
        return c104.ResponseState.SUCCESS

    def _receive(self, server: c104.Server, data: bytes) -> None:
        self.take(data)

    def _send(self, server: c104.Server, data: bytes) -> None:
        self.give(data)


@contextmanager
def running_server(rtu: Server) -> Iterator[Server]:
    rtu.server.start()
    try:
        yield rtu
    finally:
        rtu.server.stop()


class C104Master(Conversation):
    """A client with one station; it waits `command_timeout_ms` for the confirmation of a command."""

    def __init__(
        self, port: int, ca: int, security: c104.TransportSecurity | None = None, *, command_timeout_ms: int = 4000
    ) -> None:
        super().__init__()
        self.ca = ca
        self.client = c104.Client(
            tick_rate_ms=TICK_MS, command_timeout_ms=command_timeout_ms, transport_security=security
        )
        connection = self.client.add_connection("127.0.0.1", port, c104.Init.NONE)
        assert connection
        station = connection.add_station(ca)
        assert station
        self.connection, self.station = connection, station
        connection.on_receive_raw(self._receive)
        connection.on_send_raw(self._send)

    def point(self, ioa: int, kind: c104.Type, mode: c104.CommandMode = c104.CommandMode.DIRECT) -> c104.Point:
        return add_point(self.station, ioa, kind, mode)

    def confirmed(self, request: Callable[[], bool]) -> bool:
        """Make a request that c104 waits for; `asdus` has what came since.

        Tried again where c104 misses the answer: one that comes before it waits is lost on it.
        """
        for _ in range(3):
            self.forget()
            if request():
                return True
        return False

    def operate(self, control: c104.Point) -> bool:
        """Send a command, after its select where that is the point's mode."""
        return self.confirmed(lambda: control.transmit(c104.Cot.ACTIVATION))

    def is_open(self) -> bool:
        """Whether data transfer is started; a c104 client at times connects and forgets STARTDT."""
        if self.connection.state == c104.ConnectionState.OPEN_MUTED:
            self.connection.unmute()
        return self.connection.state == c104.ConnectionState.OPEN

    def _receive(self, connection: c104.Connection, data: bytes) -> None:
        self.take(data)

    def _send(self, connection: c104.Connection, data: bytes) -> None:
        self.give(data)


@contextmanager
def running_client(master: C104Master, *, initialised: bool = True) -> Iterator[C104Master]:
    """Start the client and data transfer; where the station sends M_EI, this has come then."""
    master.client.start()
    try:
        eventually(master.is_open, "the c104 client is connected")
        if initialised:
            master.wait_seen(70, 4)
        yield master
    finally:
        master.client.stop()


@contextmanager
def connected_master(port: int, ca: int) -> Iterator[C104Master]:
    """Give a master that has started; what came until then is forgotten."""
    with running_client(C104Master(port, ca)) as master:
        master.forget()
        yield master
