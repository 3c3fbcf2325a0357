"""c104 (lib60870) as the RTU and as the masters, with the program between them."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import c104
import pytest

from tests.interop.c104_bay import BREAKER, DOUBLE, RTU_CA, SWITCH, BayMaster, BayRtu, bay_master
from tests.matrix.c104_peers import running_server
from tests.peers import RawMaster, RawRtu, started_master
from tests.program import Gateway, Site, eventually
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

Stage = tuple[BayRtu, BayMaster, BayMaster]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A c104 RTU with CA 32 and two c104 masters that know it as 33 and 34."""
    rtu = BayRtu()
    site = Site()
    site.rtu(111, RTU_CA, rtu.port)
    ports = [site.master(111, "M-1", 33), site.master(111, "M-2", 34)]
    with (
        running_server(rtu),
        Gateway(tmp_path_factory.mktemp("c104"), site),
        bay_master(ports[0], 33) as first,
        bay_master(ports[1], 34) as second,
    ):
        yield rtu, first, second


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
    assert first.seen[before:] == [(100, ACTCON), (1, 20), (13, 20), (100, ACTTERM)]
    assert {common_address(asdu) for asdu in first.asdus[before:]} == {33}
    assert first.switch.value is True
    assert second.connection.interrogation(34, wait_for_response=False)
    second.wait_seen(100, ACTTERM, others)
    assert second.seen[others:] == [(100, ACTCON), (1, 20), (13, 20), (100, ACTTERM)]


@pytest.mark.parametrize(("name", "order"), [("breaker", True), ("double", c104.Double.ON)])
def test_select_and_execute(stage: Stage, name: str, order: bool | c104.Double) -> None:  # noqa: FBT001
    rtu, first, second = stage
    command, type_id = {"breaker": (first.breaker, 45), "double": (first.double, 46)}[name]
    others = len(second.asdus)
    rtu.executed.clear()
    command.value = order
    assert first.operate(command)
    first.wait_seen(type_id, ACTTERM)
    assert first.seen == [(type_id, ACTCON), (type_id, ACTCON), (type_id, ACTTERM)]
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
    assert first.seen[before:][0] == (101, ACTCON)
    assert second.asdus[others:] == []


def test_both_masters_at_the_same_moment(stage: Stage) -> None:
    rtu, first, second = stage
    rtu.executed.clear()
    starts = [len(first.asdus), len(second.asdus)]
    first.breaker.value, second.double.value = False, c104.Double.OFF
    _at_once(
        lambda: first.connection.interrogation(33, wait_for_response=False),
        lambda: second.connection.interrogation(34, wait_for_response=False),
        lambda: _operate(first.breaker),
        lambda: _operate(second.double),
    )
    for master, start, command in ((first, starts[0], 45), (second, starts[1], 46)):
        master.wait_seen(command, ACTTERM, start)
        master.wait_seen(100, ACTTERM, start)
        answers = [(100, ACTCON), (1, 20), (13, 20), (100, ACTTERM)]
        assert [seen for seen in master.seen[start:] if seen[0] != command] == answers
        assert {seen[0] for seen in master.seen[start:]} == {100, 1, 13, command}
        assert {common_address(asdu) for asdu in master.asdus[start:]} == {master.ca}
    assert sorted(rtu.executed, key=lambda pair: pair[0]) == [(BREAKER, False), (DOUBLE, c104.Double.OFF)]


def _operate(command: c104.Point) -> bool:
    """Select and execute, again where c104 misses the answer to its select."""
    return any(command.transmit(c104.Cot.ACTIVATION) for _ in range(3))


def _at_once(*actions: Callable[[], object]) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def test_c104_master_after_a_raw_rtu_and_the_other_way_round(tmp_path: Path) -> None:
    """Both lib60870 roles against a peer that shares nothing with it."""
    station = Station(RTU_CA, points={SWITCH: 1})
    other = BayRtu()
    site = Site()
    with RawRtu(station) as rtu:
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "C104", 33)
        site.rtu(222, RTU_CA, other.port)
        raw_port = site.master(222, "RAW", 34)
        with (
            running_server(other),
            Gateway(tmp_path, site),
            bay_master(port, 33) as master,
            started_master(raw_port) as raw,
        ):
            assert master.connection.interrogation(33, wait_for_response=False)
            eventually(lambda: master.switch.value is True, "the interrogated value")
            _raw_master_with_c104_rtu(raw, other)


def _raw_master_with_c104_rtu(master: RawMaster, rtu: BayRtu) -> None:
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
