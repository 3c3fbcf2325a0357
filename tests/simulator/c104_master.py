"""c104 (lib60870) as the master of a simulated station."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import c104

from tests.program import eventually
from tests.station import type_and_cause

TICK_MS = 50  # the least that c104 takes


class Master:
    """A c104 client; `asdus` has everything that came, in order, `seen` the same as (type, cause with P/N)."""

    def __init__(self, port: int, ca: int) -> None:
        self.client = c104.Client(tick_rate_ms=TICK_MS, command_timeout_ms=4000)
        connection = self.client.add_connection("127.0.0.1", port, c104.Init.NONE)
        assert connection
        station = connection.add_station(ca)
        assert station
        self.connection, self.station = connection, station
        self.asdus: list[bytes] = []
        connection.on_receive_raw(self._record)

    @property
    def seen(self) -> list[tuple[int, int]]:
        return [type_and_cause(asdu) for asdu in self.asdus]

    def point(self, ioa: int, kind: c104.Type, mode: c104.CommandMode = c104.CommandMode.DIRECT) -> c104.Point:
        point = self.station.add_point(ioa, kind, command_mode=mode)
        assert point
        return point

    def confirmed(self, request: Callable[[], bool]) -> bool:
        """Make a request that c104 waits for; `asdus` has what came since.

        Tried again where c104 misses the answer: one that comes before it waits is lost on it.
        """
        for _ in range(3):
            self.asdus.clear()
            if request():
                return True
        return False

    def operate(self, control: c104.Point) -> bool:
        """Send a command, after its select where that is the point's mode."""
        return self.confirmed(lambda: control.transmit(c104.Cot.ACTIVATION))

    def is_initialised(self) -> bool:
        """Whether data transfer is started; a c104 client at times connects and forgets STARTDT."""
        if self.connection.state == c104.ConnectionState.OPEN_MUTED:
            self.connection.unmute()
        return self.connection.state == c104.ConnectionState.OPEN and (70, 4) in self.seen

    def _record(self, connection: c104.Connection, data: bytes) -> None:
        if not data[2] & 1:
            self.asdus.append(data[6:])


@contextmanager
def connected_master(port: int, ca: int) -> Iterator[Master]:
    """Give a master that has started; what came until then is forgotten."""
    master = Master(port, ca)
    master.client.start()
    try:
        eventually(master.is_initialised, "the c104 client is connected")
        master.asdus.clear()
        yield master
    finally:
        master.client.stop()
