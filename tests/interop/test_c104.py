"""c104 (lib60870) as the RTU and as the masters, with the program between them."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import c104
import pytest

from tests.peers import RawMaster, RawRtu, started_master
from tests.program import Gateway, Site, eventually, free_port
from tests.station import (
    ACTCON,
    ACTTERM,
    SELECT,
    Station,
    common_address,
    counter_interrogation,
    interrogation,
    single_command,
    single_point,
    type_and_cause,
)

RTU_CA = 32
SWITCH, MEASUREMENT, BREAKER, DOUBLE = 1, 2, 100, 101
TICK_MS = 50  # the least that c104 takes


class C104Rtu:
    """A c104 server with two points and two commands; `executed` has (IOA, value, OA) of every execute."""

    def __init__(self, security: c104.TransportSecurity | None = None) -> None:
        self.port = free_port()
        self.server = c104.Server("127.0.0.1", self.port, tick_rate_ms=TICK_MS, transport_security=security)
        station = self.server.add_station(RTU_CA)
        assert station
        self.switch = _point(station, SWITCH, c104.Type.M_SP_NA_1)
        self.measurement = _point(station, MEASUREMENT, c104.Type.M_ME_NC_1)
        self.breaker = _command(station, BREAKER, c104.Type.C_SC_NA_1)
        self.double = _command(station, DOUBLE, c104.Type.C_DC_NA_1)
        self.executed: list[tuple[int, object]] = []
        self.clocks: list[dt.datetime] = []
        self.breaker.on_receive(self._execute)
        self.double.on_receive(self._execute)
        self.server.on_clock_sync(self._set_clock)

    def _execute(
        self, point: c104.Point, previous_info: c104.Information, message: c104.IncomingMessage
    ) -> c104.ResponseState:
        self.executed.append((point.io_address, point.value))
        return c104.ResponseState.SUCCESS

    def _set_clock(self, server: c104.Server, ip: str, date_time: dt.datetime) -> c104.ResponseState:
        self.clocks.append(date_time)
        return c104.ResponseState.SUCCESS


def _point(station: c104.Station, ioa: int, kind: c104.Type) -> c104.Point:
    point = station.add_point(ioa, kind)
    assert point
    return point


def _command(station: c104.Station, ioa: int, kind: c104.Type) -> c104.Point:
    point = station.add_point(ioa, kind, command_mode=c104.CommandMode.SELECT_AND_EXECUTE)
    assert point
    return point


class C104Master:
    """A c104 client with the same points; `causes` has (type, cause, P/N) of everything that came, in order."""

    def __init__(self, port: int, ca: int, security: c104.TransportSecurity | None = None) -> None:
        self.client = c104.Client(tick_rate_ms=TICK_MS, command_timeout_ms=4000, transport_security=security)
        connection = self.client.add_connection("127.0.0.1", port, c104.Init.NONE)
        assert connection
        self.connection = connection
        station = connection.add_station(ca)
        assert station
        self.ca = ca
        self.switch = _point(station, SWITCH, c104.Type.M_SP_NA_1)
        self.measurement = _point(station, MEASUREMENT, c104.Type.M_ME_NC_1)
        self.breaker = _command(station, BREAKER, c104.Type.C_SC_NA_1)
        self.double = _command(station, DOUBLE, c104.Type.C_DC_NA_1)
        self.asdus: list[bytes] = []
        connection.on_receive_raw(self._record)

    def _record(self, connection: c104.Connection, data: bytes) -> None:
        if not data[2] & 1:
            self.asdus.append(data[6:])

    def operate(self, command: c104.Point, order: bool | c104.Double) -> int:  # noqa: FBT001  the two kinds of value
        """Select and execute; return how many ASDUs had come before.

        Tried again where c104 misses the answer to its select: one that comes before it waits is lost on it.
        """
        for _ in range(3):
            before = len(self.asdus)
            command.value = order
            if command.transmit(c104.Cot.ACTIVATION):
                return before
        raise AssertionError(f"c104 saw no confirmation: {self.seen()}")

    def is_open(self) -> bool:
        """Whether data transfer is started; a c104 client at times connects and forgets STARTDT."""
        if self.connection.state == c104.ConnectionState.OPEN_MUTED:
            self.connection.unmute()
        return self.connection.state == c104.ConnectionState.OPEN

    def seen(self, since: int = 0) -> list[tuple[int, int]]:
        return [type_and_cause(asdu) for asdu in self.asdus[since:]]

    def wait_seen(self, type_id: int, cause: int, since: int = 0) -> bytes:
        """Wait for an ASDU of this type and cause; return it."""
        wanted = type_id, cause
        eventually(lambda: wanted in self.seen(since), f"{wanted} among {self.seen(since)}")
        return next(asdu for asdu in self.asdus[since:] if type_and_cause(asdu) == wanted)


@contextmanager
def running_client(port: int, ca: int, security: c104.TransportSecurity | None = None) -> Iterator[C104Master]:
    master = C104Master(port, ca, security)
    master.client.start()
    try:
        eventually(master.is_open, "the c104 client is connected")
        master.wait_seen(70, 4)
        yield master
    finally:
        master.client.stop()


Stage = tuple[C104Rtu, C104Master, C104Master]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A c104 RTU with CA 32 and two c104 masters that know it as 33 and 34."""
    rtu = C104Rtu()
    site = Site()
    site.rtu(111, RTU_CA, rtu.port)
    ports = [site.master(111, "M-1", 33), site.master(111, "M-2", 34)]
    rtu.server.start()
    try:
        with (
            Gateway(tmp_path_factory.mktemp("c104"), site),
            running_client(ports[0], 33) as first,
            running_client(ports[1], 34) as second,
        ):
            yield rtu, first, second
    finally:
        rtu.server.stop()


def test_events_reach_both_masters_with_their_common_address(stage: Stage) -> None:
    rtu, first, second = stage
    rtu.measurement.value = 12.5
    assert rtu.measurement.transmit(c104.Cot.SPONTANEOUS)
    for master in (first, second):
        assert common_address(master.wait_seen(13, 3)) == master.ca
        assert master.measurement.value == 12.5


def test_interrogation_is_answered_to_the_asker_alone(stage: Stage) -> None:
    rtu, first, second = stage
    rtu.switch.value = True
    before, others = len(first.asdus), len(second.asdus)
    assert first.connection.interrogation(33, wait_for_response=False)
    first.wait_seen(100, ACTTERM, before)
    assert first.seen(before) == [(100, ACTCON), (1, 20), (13, 20), (100, ACTTERM)]
    assert {common_address(asdu) for asdu in first.asdus[before:]} == {33}
    assert first.switch.value is True
    assert second.connection.interrogation(34, wait_for_response=False)
    second.wait_seen(100, ACTTERM, others)
    assert second.seen(others) == [(100, ACTCON), (1, 20), (13, 20), (100, ACTTERM)]


@pytest.mark.parametrize(("name", "order"), [("breaker", True), ("double", c104.Double.ON)])
def test_select_and_execute(stage: Stage, name: str, order: bool | c104.Double) -> None:  # noqa: FBT001
    rtu, first, second = stage
    command, type_id = {"breaker": (first.breaker, 45), "double": (first.double, 46)}[name]
    others = len(second.asdus)
    rtu.executed.clear()
    before = first.operate(command, order)
    first.wait_seen(type_id, ACTTERM, before)
    assert first.seen(before) == [(type_id, ACTCON), (type_id, ACTCON), (type_id, ACTTERM)]
    assert rtu.executed == [(command.io_address, order)]
    assert second.asdus[others:] == []


def test_clock_synchronisation(stage: Stage) -> None:
    rtu, first, second = stage
    before, others = len(first.asdus), len(second.asdus)
    rtu.clocks.clear()
    assert first.connection.clock_sync(33, wait_for_response=False)
    first.wait_seen(103, ACTCON, before)
    assert len(rtu.clocks) == 1
    assert second.asdus[others:] == []


def test_counter_interrogation(stage: Stage) -> None:
    _, first, second = stage
    before, others = len(first.asdus), len(second.asdus)
    assert first.connection.counter_interrogation(33, wait_for_response=False)
    first.wait_seen(101, ACTTERM, before)
    assert first.seen(before)[0] == (101, ACTCON)
    assert second.asdus[others:] == []


def test_both_masters_at_the_same_moment(stage: Stage) -> None:
    rtu, first, second = stage
    rtu.executed.clear()
    starts = [len(first.asdus), len(second.asdus)]
    _at_once(
        lambda: first.connection.interrogation(33, wait_for_response=False),
        lambda: second.connection.interrogation(34, wait_for_response=False),
        lambda: first.operate(first.breaker, order=False),
        lambda: second.operate(second.double, order=c104.Double.OFF),
    )
    for master, start, command in ((first, starts[0], 45), (second, starts[1], 46)):
        master.wait_seen(command, ACTTERM, start)
        master.wait_seen(100, ACTTERM, start)
        answers = [(100, ACTCON), (1, 20), (13, 20), (100, ACTTERM)]
        assert [seen for seen in master.seen(start) if seen[0] != command] == answers
        assert {seen[0] for seen in master.seen(start)} == {100, 1, 13, command}
        assert {common_address(asdu) for asdu in master.asdus[start:]} == {master.ca}
    assert sorted(rtu.executed, key=lambda pair: pair[0]) == [(BREAKER, False), (DOUBLE, c104.Double.OFF)]


def _at_once(*actions: Callable[[], object]) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def test_c104_master_after_a_raw_rtu_and_the_other_way_round(tmp_path: Path) -> None:
    """Both lib60870 roles against a peer that shares nothing with it."""
    station = Station(RTU_CA, points={SWITCH: 1})
    other = C104Rtu()
    site = Site()
    with RawRtu(station) as rtu:
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "C104", 33)
        site.rtu(222, RTU_CA, other.port)
        raw_port = site.master(222, "RAW", 34)
        other.server.start()
        try:
            with Gateway(tmp_path, site), running_client(port, 33) as master, started_master(raw_port) as raw:
                assert master.connection.interrogation(33, wait_for_response=False)
                eventually(lambda: master.switch.value is True, "the interrogated value")
                _raw_master_with_c104_rtu(raw, other)
        finally:
            other.server.stop()


def _raw_master_with_c104_rtu(master: RawMaster, rtu: C104Rtu) -> None:
    master.post(interrogation(34))
    answers = master.take_until(interrogation(34, ACTTERM))
    assert [type_and_cause(asdu) for asdu in answers] == [(100, ACTCON), (1, 20), (13, 20)]
    for order in (SELECT | 1, 1):
        master.post(single_command(34, BREAKER, order, oa=5))
        assert master.take(1) == [single_command(34, BREAKER, order, ACTCON, oa=5)]
    # a c104 server terminates with the S/E bit of the select
    assert master.take(1) == [single_command(34, BREAKER, SELECT | 1, ACTTERM, oa=5)]
    assert rtu.executed == [(BREAKER, True)]
    master.post(counter_interrogation(34))
    master.take_until(counter_interrogation(34, ACTTERM))
    rtu.switch.value = True
    assert rtu.switch.transmit(c104.Cot.SPONTANEOUS)
    master.take_until(single_point(34, SWITCH))
