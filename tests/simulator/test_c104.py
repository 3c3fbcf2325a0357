"""c104 (lib60870) as the station's master."""

from collections.abc import Iterator

import c104
import pytest

from tests.program import eventually
from tests.simulator.bay import CA, WALL, bay
from tests.simulator.running import Running, running_port
from tests.station import ACTCON, ACTTERM, NEGATIVE, type_and_cause

TICK_MS = 50  # the least that c104 takes


class Master:
    """A c104 client; `seen` has (type, cause, P/N) of everything that came, in order."""

    def __init__(self, port: int) -> None:
        self.client = c104.Client(tick_rate_ms=TICK_MS, command_timeout_ms=4000)
        connection = self.client.add_connection("127.0.0.1", port, c104.Init.NONE)
        assert connection
        self.connection = connection
        self.seen: list[tuple[int, int]] = []
        station = connection.add_station(CA)
        assert station
        self.station = station
        connection.on_receive_raw(self._record)

    def point(self, ioa: int, kind: c104.Type, mode: c104.CommandMode = c104.CommandMode.DIRECT) -> c104.Point:
        point = self.station.add_point(ioa, kind, command_mode=mode)
        assert point
        return point

    def _record(self, connection: c104.Connection, data: bytes) -> None:
        if not data[2] & 1:
            self.seen.append(type_and_cause(data[6:]))

    def is_open(self) -> bool:
        """Whether data transfer is started; a c104 client at times connects and forgets STARTDT."""
        if self.connection.state == c104.ConnectionState.OPEN_MUTED:
            self.connection.unmute()
        return self.connection.state == c104.ConnectionState.OPEN


@pytest.fixture
def running() -> Iterator[Running]:
    with running_port(bay()) as running:
        yield running


@pytest.fixture
def master(running: Running) -> Iterator[Master]:
    master = Master(running.number)
    master.client.start()
    try:
        eventually(master.is_open, "the c104 client is connected")
        eventually(lambda: (70, 4) in master.seen, "the end of initialisation")
        master.seen.clear()
        yield master
    finally:
        master.client.stop()


def test_interrogations_reach_its_points(master: Master) -> None:
    breaker, voltage = master.point(301, c104.Type.M_DP_NA_1), master.point(11002, c104.Type.M_ME_NC_1)
    counter = master.point(9001, c104.Type.M_IT_NA_1)
    assert master.connection.interrogation(CA)
    assert master.connection.counter_interrogation(CA)
    eventually(lambda: (101, ACTTERM) in master.seen, "termination")
    assert master.seen[:5] == [(100, ACTCON), (3, 20), (1, 20), (13, 20), (100, ACTTERM)]
    assert master.seen[5:] == [(101, ACTCON), (15, 37), (101, ACTTERM)]
    assert (breaker.value, voltage.value) == (c104.Double.ON, 10.5)
    assert str(counter.value) == "70000"


def test_an_event_reaches_its_point(master: Master, running: Running) -> None:
    breaker = master.point(301, c104.Type.M_DP_TB_1)
    station = bay()
    running.send(station.change(301, 1, WALL))
    eventually(lambda: breaker.value == c104.Double.OFF, "the event")


def test_select_and_execute(master: Master) -> None:
    breaker = master.point(301, c104.Type.M_DP_TB_1)
    control = master.point(21001, c104.Type.C_DC_NA_1, c104.CommandMode.SELECT_AND_EXECUTE)
    control.value = c104.Double.OFF
    assert control.transmit(c104.Cot.ACTIVATION)
    eventually(lambda: (46, ACTTERM) in master.seen, "termination")
    assert master.seen == [(46, ACTCON), (46, ACTCON), (31, 11), (46, ACTTERM)]
    assert breaker.value == c104.Double.OFF


def test_execute_without_select_is_refused(master: Master) -> None:
    control = master.point(21001, c104.Type.C_DC_NA_1)
    control.value = c104.Double.OFF
    assert not control.transmit(c104.Cot.ACTIVATION)
    eventually(lambda: master.seen == [(46, ACTCON | NEGATIVE)], f"the refusal, not {master.seen}")


def test_clock_and_test_commands(master: Master) -> None:
    assert master.connection.clock_sync(CA)
    assert master.connection.test(CA, with_time=True)
    # c104 does not know the confirmation of the test without time for one.
    assert master.connection.test(CA, with_time=False, wait_for_response=False)
    eventually(lambda: len(master.seen) == 3, "the confirmations")
    assert master.seen == [(103, ACTCON), (107, ACTCON), (104, ACTCON)]
