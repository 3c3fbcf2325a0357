"""c104 (lib60870) as the master of the simulator, which runs as its users start it."""

from collections.abc import Iterator
from pathlib import Path

import c104
import pytest

from tests.matrix.c104_peers import C104Master, connected_master
from tests.program import eventually
from tests.simulator.program import RtuFile, SimulatorProgram, logged
from tests.station import ACTCON, ACTTERM, NEGATIVE, UNKNOWN_IOA, UNKNOWN_TYPE

CA = 32
RETURN_REMOTE = 11


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    file = RtuFile()
    port = file.add(CA)
    with SimulatorProgram(tmp_path, file) as simulator:
        simulator.wait_listening(port)
        yield port


@pytest.fixture
def master(port: int) -> Iterator[C104Master]:
    with connected_master(port, CA) as master:
        yield master


def test_interrogations_are_complete(master: C104Master) -> None:
    breaker, lamp = master.point(301, c104.Type.M_DP_NA_1), master.point(447, c104.Type.M_SP_NA_1)
    power, energy = master.point(11003, c104.Type.M_ME_NC_1), master.point(9001, c104.Type.M_IT_NA_1)
    assert master.confirmed(lambda: master.connection.interrogation(CA))
    eventually(lambda: (100, ACTTERM) in master.seen, "termination")
    assert master.seen == [(100, ACTCON), (3, 20), (1, 20), (13, 20), (100, ACTTERM)]
    assert master.confirmed(lambda: master.connection.counter_interrogation(CA))
    eventually(lambda: (101, ACTTERM) in master.seen, "termination")
    assert master.seen == [(101, ACTCON), (15, 37), (101, ACTTERM)]
    assert (breaker.value, lamp.value, power.value) == (c104.Double.OFF, False, -1.5)
    assert str(energy.value) == "70000"


def test_a_direct_command_returns_the_status_with_cause_11_and_the_next_interrogation_shows_it(
    master: C104Master, tmp_path: Path, port: int
) -> None:
    lamp, switch = master.point(447, c104.Type.M_SP_TB_1), master.point(21002, c104.Type.C_SC_NA_1)
    switch.value = True
    assert master.operate(switch)
    eventually(lambda: (45, ACTTERM) in master.seen, "termination")
    assert master.seen == [(45, ACTCON), (30, RETURN_REMOTE), (45, ACTTERM)]
    assert lamp.value is True
    assert master.confirmed(lambda: master.connection.interrogation(CA))
    eventually(lambda: (100, ACTTERM) in master.seen, "termination")
    assert bytes.fromhex("01011400 2000 bf0100 01") in master.asdus  # M_SP_NA_1, inrogen, IOA 447, ON
    row = ["sent", "M_SP_TB_1(30)", "447", "1", "", "retrem(11)"]
    eventually(lambda: row in [found[:6] for found in logged(tmp_path / "log", port)], "the report in the log")


def test_select_before_operate(master: C104Master) -> None:
    breaker = master.point(301, c104.Type.M_DP_TB_1)
    control = master.point(21001, c104.Type.C_DC_NA_1, c104.CommandMode.SELECT_AND_EXECUTE)
    control.value = c104.Double.ON
    assert master.operate(control)
    eventually(lambda: (46, ACTTERM) in master.seen, "termination")
    assert master.seen == [(46, ACTCON), (46, ACTCON), (31, RETURN_REMOTE), (46, ACTTERM)]
    assert breaker.value == c104.Double.ON


def test_a_set_point_is_taken_over(master: C104Master) -> None:
    power, target = master.point(11003, c104.Type.M_ME_NC_1), master.point(21003, c104.Type.C_SE_NC_1)
    target.value = 2.25
    assert master.operate(target)
    eventually(lambda: (50, ACTTERM) in master.seen, "termination")
    assert (13, RETURN_REMOTE) in master.seen
    assert power.value == 2.25


def test_an_unknown_object_is_confirmed_negatively(master: C104Master) -> None:
    control = master.point(29999, c104.Type.C_SC_NA_1)
    control.value = True
    assert not control.transmit(c104.Cot.ACTIVATION)
    eventually(lambda: master.seen == [(45, UNKNOWN_IOA | NEGATIVE)], f"the refusal, not {master.seen}")


def test_a_type_that_is_another_one_s_is_confirmed_negatively(master: C104Master) -> None:
    control = master.point(21001, c104.Type.C_SC_NA_1)
    control.value = True
    assert not control.transmit(c104.Cot.ACTIVATION)
    eventually(lambda: master.seen == [(45, UNKNOWN_IOA | NEGATIVE)], f"the refusal, not {master.seen}")
    assert UNKNOWN_TYPE not in {cause for _, cause in master.seen}


def test_clock_synchronisation_is_confirmed_and_the_difference_logged(
    master: C104Master, tmp_path: Path, port: int
) -> None:
    assert master.confirmed(lambda: master.connection.clock_sync(CA))
    eventually(lambda: master.seen == [(103, ACTCON)], f"the confirmation, not {master.seen}")
    eventually(
        lambda: any("s ahead of this one, which is not set" in row[0] for row in logged(tmp_path / "log", port)),
        "the difference in the log",
    )
