"""The cases of the matrix, in the order in which they are played and stand in docs/interop.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.matrix import c104_stack, hat_stack
from tests.matrix.gaps import CANCEL, PARAMETER, RESET, TOGETHER
from tests.matrix.objects import object_address
from tests.matrix.points import (
    COMMANDS,
    EVENTS,
    REFUSED,
    REFUSED_IOA,
    SELECTED,
    TAGGED_COMMANDS,
    UNKNOWN_IOA,
    VALUES,
    WITHOUT_SELECT,
)
from tests.matrix.stage import Stage, without_marks
from tests.program import eventually
from tests.station import (
    ACTCON,
    ACTTERM,
    COUNTED,
    DEACTCON,
    INTERROGATED,
    NEGATIVE,
    REQUESTED,
    SPONTANEOUS,
    initialised,
    is_select,
    type_and_cause,
    with_header,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.matrix.points import Control
    from tests.matrix.stage import Master

Play = Callable[[Stage], None]
CASES: dict[str, Play] = {}
W = 8
"""After so many I-frames both stacks acknowledge."""
SEQUENCE_NUMBERS = 32768
BATCH = 64
"""c104 throws away what more its queue of 100 would have to hold."""
PAST_WRAP = "sequence numbers past 32767"


def case(title: str) -> Callable[[Play], Play]:
    def named(play: Play) -> Play:
        CASES[title] = play
        return play

    return named


@case("start-up: STARTDT, end of initialisation")
def start_up(stage: Stage) -> None:
    assert stage.welcome == [[initialised(master.ca)] for master in stage.masters]
    stage.assert_reported()


@case("general interrogation")
def interrogation(stage: Stage) -> None:
    stage.master.interrogate()
    stage.wait(100, ACTTERM)
    stage.assert_exchanged()
    _assert_station(stage.master)


def _assert_station(master: Master) -> None:
    """Confirmation, each of the values that every RTU gives to an interrogation once, termination."""
    confirmation, *values, termination = without_marks(master.heard)
    assert [type_and_cause(asdu) for asdu in (confirmation, termination)] == [(100, ACTCON), (100, ACTTERM)]
    assert {asdu[2] for asdu in values} == {INTERROGATED}
    ioas = [object_address(asdu) for asdu in values]
    assert {1, 3, 5, 7, 9, 11, 13} <= set(ioas)
    assert len(ioas) == len(set(ioas))


@case("general interrogation by both masters at once")
def interrogations_at_once(stage: Stage) -> None:
    for master in stage.masters:
        master.interrogate()
    for master in stage.masters:
        stage.wait(100, ACTTERM, master)
    stage.settle()
    for master in stage.masters:
        _assert_station(master)
        assert {(asdu[3], asdu[4]) for asdu in without_marks(master.heard)} == {(master.oa, master.ca)}


@case("counter interrogation")
def counter_interrogation(stage: Stage) -> None:
    stage.master.interrogate_counters()
    stage.wait(101, ACTTERM)
    stage.assert_exchanged()
    confirmation, counter, *_, termination = without_marks(stage.master.heard)
    assert [type_and_cause(asdu) for asdu in (confirmation, counter)] == [(101, ACTCON), (15, COUNTED)]
    assert type_and_cause(termination) == (101, ACTTERM)


@case("read")
def read(stage: Stage) -> None:
    for signal in VALUES[:2]:
        stage.master.read(signal)
        stage.wait(signal.type_id, REQUESTED)
    stage.assert_exchanged()
    assert all(stage.master.shows(signal) for signal in VALUES[:2])


@case("spontaneous values")
def values(stage: Stage) -> None:
    for signal in VALUES:
        stage.rtu.report(signal)
    stage.assert_reported()
    assert [type_and_cause(asdu)[0] for asdu in without_marks(stage.master.heard)] == [s.type_id for s in VALUES]
    for master in stage.masters:
        assert [signal.name for signal in VALUES if not master.shows(signal)] == []


@case("spontaneous events with time tag")
def events(stage: Stage) -> None:
    for signal in EVENTS:
        stage.rtu.report(signal)
    stage.assert_reported()
    assert [type_and_cause(asdu)[0] for asdu in without_marks(stage.master.heard)] == [s.type_id for s in EVENTS]
    for master in stage.masters:
        assert [signal.name for signal in EVENTS if not master.shows(signal)] == []


@case("direct commands")
def direct_commands(stage: Stage) -> None:
    _direct(stage, COMMANDS)


@case("direct commands with time tag")
def tagged_direct_commands(stage: Stage) -> None:
    _direct(stage, TAGGED_COMMANDS)


def _direct(stage: Stage, controls: Sequence[Control]) -> None:
    """Send all, and the first once more: it goes out though c104 never terminates the one before."""
    sent = (*controls, controls[0])
    for number, control in enumerate(sent, 1):
        stage.master.command(control, control.type_id)
        _wait_confirmations(stage.master, number)
    stage.assert_exchanged()
    assert [asdu[0] for asdu in stage.rtu.heard] == [control.type_id for control in sent]


def _wait_confirmations(master: Master, count: int) -> None:
    eventually(lambda: [asdu[2] for asdu in master.heard].count(ACTCON) >= count, f"{count} confirmations")


@case("select before operate")
def select_before_operate(stage: Stage) -> None:
    _selected(stage, COMMANDS)


@case("select before operate with time tag")
def tagged_select_before_operate(stage: Stage) -> None:
    _selected(stage, TAGGED_COMMANDS)


def _selected(stage: Stage, controls: Sequence[Control]) -> None:
    selected = [control for control in controls if control.type_id not in WITHOUT_SELECT]
    for control in selected:
        stage.master.command(control, SELECTED + control.type_id)
        stage.wait(control.type_id, ACTTERM)
    stage.assert_exchanged()
    executes = [asdu[0] for asdu in stage.rtu.heard if not is_select(asdu)]
    assert executes == [control.type_id for control in selected]


@case(CANCEL)
def cancel(stage: Stage) -> None:
    assert isinstance(stage.master, hat_stack.Master)
    stage.master.select_and_cancel(REFUSED, SELECTED + REFUSED.type_id)
    stage.wait(REFUSED.type_id, DEACTCON)
    stage.assert_exchanged()


@case("negative confirmation")
def negative_confirmation(stage: Stage) -> None:
    stage.master.command(REFUSED, REFUSED_IOA)
    stage.wait(REFUSED.type_id, ACTCON | NEGATIVE)
    stage.assert_exchanged()


@case("command to an unknown object")
def unknown_object(stage: Stage) -> None:
    stage.master.command(REFUSED, UNKNOWN_IOA)
    eventually(lambda: bool(without_marks(stage.master.heard)), "the refusal")
    stage.settle()
    eventually(lambda: bool(without_marks(stage.rtu.said)), "what the RTU's stack tells of it")
    first = without_marks(stage.rtu.said)[0]
    assert without_marks(stage.master.heard) == [with_header(first, ca=stage.master.ca, oa=stage.master.oa)]
    assert first[2] & NEGATIVE
    assert without_marks(stage.other.heard) == []


@case("clock synchronisation")
def clock_synchronisation(stage: Stage) -> None:
    stage.master.synchronise()
    stage.wait(103)
    stage.assert_exchanged()


@case("test command")
def test_command(stage: Stage) -> None:
    stage.master.test()
    stage.wait(107)
    stage.assert_exchanged()


@case(RESET)
def reset_process(stage: Stage) -> None:
    assert isinstance(stage.master, hat_stack.Master)
    stage.master.reset()
    stage.wait(105)
    stage.assert_exchanged()


@case(PARAMETER)
def parameter(stage: Stage) -> None:
    assert isinstance(stage.master, hat_stack.Master)
    stage.master.set_parameter(13)
    stage.wait(112)
    stage.assert_exchanged()


@case("originator address")
def originator_address(stage: Stage) -> None:
    for master in stage.masters:
        master.synchronise()
        stage.wait(103, ACTCON, master)
    assert [asdu[3] for asdu in stage.rtu.heard] == [stage.session_oa(master) for master in stage.masters]
    assert [master.heard[0][3] for master in stage.masters] == [master.oa for master in stage.masters]


@case(TOGETHER)
def several_objects(stage: Stage) -> None:
    assert isinstance(stage.rtu, c104_stack.Rtu)
    stage.rtu.report_together()
    stage.assert_reported()
    assert [asdu[1] & 0x7F for asdu in stage.rtu.sent][:1] == [2]


@case("test frames over an idle period")
def idle(stage: Stage) -> None:
    stage.rtu.wait_tested()
    stage.master.wait_tested()
    stage.assert_reported()


@case("a master away: its events come afterwards")
def master_away(stage: Stage) -> None:
    for _ in range(W):
        stage.rtu.report(VALUES[0])
    stage.settle()
    stage.master.disconnect()
    stage.gateway.wait_log("TESTED", "disconnected from")
    stage.master.forget()
    for signal in (*VALUES[:1], *EVENTS[:3]):
        stage.rtu.report(signal)
    eventually(lambda: type_and_cause(stage.other.heard[-1]) == (EVENTS[2].type_id, SPONTANEOUS), "the last event")
    stage.master.connect()
    eventually(lambda: len(stage.master.heard) >= 4, "M_EI and the events")
    stage.settle()
    missed = [with_header(asdu, ca=stage.master.ca, oa=0) for asdu in stage.other.heard if asdu[0] >= EVENTS[0].type_id]
    assert without_marks(stage.master.heard) == [initialised(stage.master.ca), *missed]
    assert [asdu[0] for asdu in missed] == [event.type_id for event in EVENTS[:3]]


@case("the RTU away: it comes again, and so do the masters")
def rtu_away(stage: Stage) -> None:
    stage.rtu.silence()
    for name in ("TESTED", "OTHER"):
        stage.gateway.wait_log(name, "disconnected from")
    for master in stage.masters:
        master.forget()
    stage.rtu.listen()
    for master in stage.masters:
        master.connect()
    stage.begin()
    interrogation(stage)


@case(PAST_WRAP)
def past_wrap(stage: Stage) -> None:
    for _ in range(SEQUENCE_NUMBERS // BATCH + 1):
        for _ in range(BATCH):
            stage.rtu.report(VALUES[0])
        stage.assert_reported()
        stage.forget()
    interrogation(stage)
