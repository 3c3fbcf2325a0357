"""c104 (lib60870) as the station's master."""

from collections.abc import Iterator

import c104
import pytest

from tests.matrix.c104_peers import C104Master, connected_master
from tests.program import eventually
from tests.simulator.bay import CA, WALL, bay
from tests.simulator.running import Running, running_port
from tests.station import ACTCON, ACTTERM, NEGATIVE


@pytest.fixture
def running() -> Iterator[Running]:
    with running_port(bay()) as running:
        yield running


@pytest.fixture
def master(running: Running) -> Iterator[C104Master]:
    with connected_master(running.number, CA) as master:
        yield master


def test_interrogations_reach_its_points(master: C104Master) -> None:
    breaker, voltage = master.point(301, c104.Type.M_DP_NA_1), master.point(11002, c104.Type.M_ME_NC_1)
    counter = master.point(9001, c104.Type.M_IT_NA_1)
    assert master.confirmed(lambda: master.connection.interrogation(CA))
    eventually(lambda: (100, ACTTERM) in master.seen, "termination")
    assert master.seen == [(100, ACTCON), (3, 20), (1, 20), (13, 20), (100, ACTTERM)]
    assert master.confirmed(lambda: master.connection.counter_interrogation(CA))
    eventually(lambda: (101, ACTTERM) in master.seen, "termination")
    assert master.seen == [(101, ACTCON), (15, 37), (101, ACTTERM)]
    assert (breaker.value, voltage.value) == (c104.Double.ON, 10.5)
    assert str(counter.value) == "70000"


def test_an_event_reaches_its_point(master: C104Master, running: Running) -> None:
    breaker = master.point(301, c104.Type.M_DP_TB_1)
    station = bay()
    running.send(station.change(301, 1, WALL))
    eventually(lambda: breaker.value == c104.Double.OFF, "the event")


def test_select_and_execute(master: C104Master) -> None:
    breaker = master.point(301, c104.Type.M_DP_TB_1)
    control = master.point(21001, c104.Type.C_DC_NA_1, c104.CommandMode.SELECT_AND_EXECUTE)
    control.value = c104.Double.OFF
    assert master.operate(control)
    eventually(lambda: (46, ACTTERM) in master.seen, "termination")
    assert master.seen == [(46, ACTCON), (46, ACTCON), (31, 11), (46, ACTTERM)]
    assert breaker.value == c104.Double.OFF


def test_execute_without_select_is_refused(master: C104Master) -> None:
    control = master.point(21001, c104.Type.C_DC_NA_1)
    control.value = c104.Double.OFF
    assert not control.transmit(c104.Cot.ACTIVATION)
    eventually(lambda: master.seen == [(46, ACTCON | NEGATIVE)], f"the refusal, not {master.seen}")


def test_clock_and_test_commands(master: C104Master) -> None:
    assert master.confirmed(lambda: master.connection.clock_sync(CA))
    eventually(lambda: master.seen == [(103, ACTCON)], f"the confirmation, not {master.seen}")
    assert master.confirmed(lambda: master.connection.test(CA, with_time=True))
    eventually(lambda: master.seen == [(107, ACTCON)], f"the confirmation, not {master.seen}")
    # c104 does not know the confirmation of the test without time for one.
    assert master.confirmed(lambda: master.connection.test(CA, with_time=False, wait_for_response=False))
    eventually(lambda: master.seen == [(104, ACTCON)], f"the confirmation, not {master.seen}")
