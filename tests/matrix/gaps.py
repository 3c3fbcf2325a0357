"""What a foreign stack does not offer, each with the fact that shows it, so that a newer stack is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import c104
from hat.drivers import iec104

from tests.matrix.c104_peers import C104Master, C104Rtu, running_client, running_server
from tests.matrix.hat_peers import Loop, data_message, running_master
from tests.matrix.hat_stack import encoded
from tests.matrix.points import COMMANDS, RTU_CA, VALUES
from tests.program import eventually
from tests.station import ACTCON, NEGATIVE, is_select, type_and_cause

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.matrix.stage import Pairing

SINGLE = COMMANDS[0]
OA = 5
RESET_PROCESS = 105
CANCEL, RESET, PARAMETER, TOGETHER = (
    "select, then cancel",
    "reset process",
    "parameter of a measured value",
    "several objects in one ASDU",
)


class Gap(NamedTuple):
    """A case that a stack cannot play as `role` (rtu or master); `is_there` tells whether that is still so."""

    case: str
    role: str
    stack: str
    reason: str
    is_there: Callable[[], bool]

    def concerns(self, pairing: Pairing) -> bool:
        return self.stack == (pairing.rtu if self.role == "rtu" else pairing.master)


def gap(case: str, pairing: Pairing) -> Gap | None:
    """Return why the pairing cannot play the case; the RTU's reason before the master's."""
    return next((found for found in GAPS if found.case == case and found.concerns(pairing)), None)


def _answers(request: object, *requests: object) -> list[tuple[int, int]]:
    """Return all that a c104 RTU answers these requests of hat-drivers, one after the other."""
    rtu = C104Rtu(RTU_CA)
    rtu.command(SINGLE.type_id, SINGLE.kind)
    with running_server(rtu), Loop() as loop, running_master(loop, rtu.port) as master:
        for number, each in enumerate((request, *requests), 1):
            loop.run(master.send(each))
            loop.run(master.take(1))
            # c104 tells what it has sent in a thread of its own.
            eventually(lambda: len(rtu.sent) >= number, "that c104 tells of its answer")  # noqa: B023 - called at once
    return [type_and_cause(asdu) for asdu in rtu.sent]


def _takes_cancel_for_select() -> bool:
    select, cancel = (
        iec104.CommandMsg(False, OA, RTU_CA, SINGLE.type_id, SINGLE.hat._replace(select=True), False, None, cause)  # noqa: FBT003
        for cause in (iec104.CommandReqCause.ACTIVATION, iec104.CommandReqCause.DEACTIVATION)
    )
    return _answers(select, cancel) == [(SINGLE.type_id, ACTCON)] * 2


def _executes_what_it_selects() -> bool:
    """Whether one call of a c104 master sends both, even to deactivate."""
    rtu = C104Rtu(RTU_CA)
    rtu.command(SINGLE.type_id, SINGLE.kind)
    master = C104Master(rtu.port, RTU_CA, command_timeout_ms=500)
    point = master.point(SINGLE.type_id, SINGLE.kind, c104.CommandMode.SELECT_AND_EXECUTE)
    with running_server(rtu), running_client(master, initialised=False):
        eventually(lambda: point.transmit(c104.Cot.DEACTIVATION), "a confirmation that c104 does not miss")
    return [is_select(asdu) for asdu in master.sent[-2:]] == [True, False]


def _refuses_reset() -> bool:
    reset = iec104.ResetMsg(False, OA, RTU_CA, 1, iec104.ActivationReqCause.ACTIVATION)  # noqa: FBT003
    return (RESET_PROCESS, ACTCON | NEGATIVE) in _answers(reset)


def _has_no_parameters() -> bool:
    return not [name for name in c104.Type.__members__ if name.startswith("P_")]


def _gives_each_object_its_asdu() -> bool:
    cause = iec104.DataResCause.SPONTANEOUS
    return len(encoded([data_message(RTU_CA, ioa, VALUES[0].hat, cause) for ioa in (1, 2)])) == 2


GAPS = (
    Gap(TOGETHER, "rtu", "hat", "hat-drivers gives every object an ASDU of its own", _gives_each_object_its_asdu),
    Gap(CANCEL, "rtu", "c104", "a c104 RTU takes a cancel for another select", _takes_cancel_for_select),
    Gap(CANCEL, "master", "c104", "a c104 master sends the execute with every select", _executes_what_it_selects),
    Gap(RESET, "rtu", "c104", "a c104 RTU refuses type 105", _refuses_reset),
    Gap(
        RESET,
        "master",
        "c104",
        "a c104 master has no such request",
        lambda: "reset" not in " ".join(dir(c104.Connection)),
    ),
    Gap(PARAMETER, "rtu", "c104", "c104 does not know the types 110 to 113", _has_no_parameters),
    Gap(PARAMETER, "master", "c104", "c104 does not know the types 110 to 113", _has_no_parameters),
)
