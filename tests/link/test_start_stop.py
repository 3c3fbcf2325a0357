from __future__ import annotations

import pytest

from iec104mm2ss.link import (
    Acknowledged,
    Closed,
    Discarded,
    Link,
    LinkBugError,
    LinkParameters,
    MisuseError,
    Received,
    Role,
    Started,
    StartRequested,
    State,
    Stopped,
    StopRequested,
)
from iec104mm2ss.link.states import TRANSITIONS, Trigger
from tests.link.octets import (
    ASDU,
    COMMAND,
    EVERY_OPEN_LINK,
    OTHER,
    STARTDT_ACT,
    STARTDT_CON,
    STOPDT_ACT,
    STOPDT_CON,
    i_frame,
    i_frames,
    link_in,
    s_frame,
    started,
)


class TestControlling:
    def test_start(self) -> None:
        link = Link(Role.CONTROLLING, LinkParameters(), 0.0)
        assert (link.state, link.window) == (State.STOPPED, 0)
        link.start(1.0)
        assert link.take_output() == STARTDT_ACT
        assert (link.state, link.window) == (State.STARTING, 0)
        assert link.receive(STARTDT_CON, 2.0) == [Started()]
        assert (link.state, link.window) == (State.STARTED, 12)
        assert link.take_output() == b""

    def test_data_behind_the_confirmation_in_one_segment(self) -> None:
        link = link_in(Role.CONTROLLING, State.STARTING)
        assert link.receive(STARTDT_CON + i_frame(0) + i_frame(1, 0, OTHER), 1.0) == [
            Started(),
            Received([ASDU, OTHER]),
        ]

    def test_stop_acknowledges_first(self) -> None:
        link = started(Role.CONTROLLING)
        link.receive(i_frames(0, 3), 1.0)
        link.stop(2.0)
        assert link.take_output() == s_frame(3) + STOPDT_ACT
        assert (link.state, link.window, link.confirmed) == (State.STOPPING, 0, 3)

    def test_stop_without_anything_to_acknowledge(self) -> None:
        link = started(Role.CONTROLLING)
        link.stop(2.0)
        assert link.take_output() == STOPDT_ACT
        assert link.receive(STOPDT_CON, 3.0) == [Stopped()]
        assert link.state is State.STOPPED

    def test_c12_data_before_the_stop_confirmation_is_delivered_and_acknowledged(self) -> None:
        link = link_in(Role.CONTROLLING, State.STOPPING)
        link.withhold = True
        assert link.receive(i_frames(0, 2), 1.0) == [Received([ASDU, ASDU])]
        assert link.take_output() == s_frame(2)
        assert link.receive(i_frame(2) + STOPDT_CON, 1.5) == [Received([ASDU]), Stopped()]
        assert link.take_output() == s_frame(3)
        assert (link.state, link.held) == (State.STOPPED, 0)

    def test_last_commands_are_acknowledged_while_stopping(self) -> None:
        link = started(Role.CONTROLLING)
        link.send([COMMAND, COMMAND], 1.0)
        link.stop(1.0)
        assert link.receive(s_frame(2), 2.0) == [Acknowledged(2)]
        assert (link.state, link.window) == (State.STOPPING, 0)

    def test_starts_again_with_the_numbers_going_on(self) -> None:
        link = started(Role.CONTROLLING)
        link.receive(i_frames(0, 3), 1.0)
        link.send([COMMAND], 1.0)
        link.receive(s_frame(1), 1.0)
        link.stop(2.0)
        link.receive(STOPDT_CON, 2.0)
        link.start(3.0)
        assert link.receive(STARTDT_CON + i_frame(3, 1), 3.0) == [Started(), Received([ASDU])]
        link.take_output()
        link.send([COMMAND], 3.0)
        assert link.take_output() == i_frame(1, 4, COMMAND)


class TestControlled:
    def test_start_waits_for_the_shell(self) -> None:
        link = Link(Role.CONTROLLED, LinkParameters(), 0.0)
        assert link.receive(STARTDT_ACT, 1.0) == [StartRequested()]
        assert (link.state, link.window, link.take_output()) == (State.STARTING, 0, b"")
        link.start(2.0)
        assert (link.state, link.window, link.take_output()) == (State.STARTED, 12, STARTDT_CON)

    def test_a16_startdt_act_twice(self) -> None:
        link = link_in(Role.CONTROLLED, State.STARTING)
        assert link.receive(STARTDT_ACT, 1.0) == []
        link.start(2.0)
        assert link.take_output() == STARTDT_CON
        assert link.receive(STARTDT_ACT, 3.0) == []
        assert link.take_output() == STARTDT_CON
        assert link.state is State.STARTED

    def test_a16_stopdt_act_twice(self) -> None:
        link = started(Role.CONTROLLED)
        assert link.receive(STOPDT_ACT, 1.0) == [StopRequested(), Stopped()]
        assert link.take_output() == STOPDT_CON
        assert link.receive(STOPDT_ACT, 2.0) == []
        assert link.take_output() == STOPDT_CON
        assert link.state is State.STOPPED

    def test_stopdt_act_while_starting(self) -> None:
        link = link_in(Role.CONTROLLED, State.STARTING)
        assert link.receive(STOPDT_ACT, 1.0) == [StopRequested(), Stopped()]
        assert link.take_output() == STOPDT_CON

    def test_c11_stop_acknowledges_waits_and_confirms(self) -> None:
        link = started(Role.CONTROLLED)
        link.send([ASDU, ASDU], 1.0)
        link.receive(i_frames(0, 3), 1.5)
        link.take_output()
        assert link.receive(STOPDT_ACT, 2.0) == [StopRequested()]
        assert link.take_output() == s_frame(3)
        assert (link.state, link.window) == (State.STOPPING, 0)
        assert link.receive(s_frame(1), 3.0) == [Acknowledged(1)]
        assert link.receive(STOPDT_ACT, 3.5) == []
        assert link.take_output() == b""
        assert link.receive(s_frame(2), 4.0) == [Acknowledged(1), Stopped()]
        assert link.take_output() == STOPDT_CON
        assert link.state is State.STOPPED

    def test_c11_t1_bounds_the_wait(self) -> None:
        link = started(Role.CONTROLLED)
        link.send([ASDU], 1.0)
        link.receive(STOPDT_ACT, 14.0)
        assert link.next_deadline() == 16.0
        assert link.on_deadline(16.0) == [Closed("N(S) 0 not acknowledged within t1 (15 s), 1 outstanding")]

    def test_c11_everything_in_one_segment(self) -> None:
        link = started(Role.CONTROLLED)
        link.send([ASDU, ASDU], 1.0)
        link.take_output()
        assert link.receive(i_frame(0, 1, COMMAND) + STOPDT_ACT + s_frame(2) + STARTDT_ACT, 2.0) == [
            Acknowledged(2),
            Received([COMMAND]),
            StopRequested(),
            Stopped(),
            StartRequested(),
        ]
        assert link.take_output() == s_frame(1) + STOPDT_CON

    def test_c13_commands_while_stopping_are_counted_not_delivered(self) -> None:
        link = link_in(Role.CONTROLLED, State.STOPPING)
        assert link.receive(i_frame(0, 0, COMMAND) + i_frame(1, 0, COMMAND), 1.0) == [Discarded(2)]
        assert link.take_output() == s_frame(2)
        assert link.received == 2
        assert link.receive(i_frame(2, 1, COMMAND), 2.0) == [Acknowledged(1), Discarded(1), Stopped()]
        assert link.take_output() == s_frame(3) + STOPDT_CON

    def test_c13_numbers_are_still_checked(self) -> None:
        link = link_in(Role.CONTROLLED, State.STOPPING)
        assert link.receive(i_frame(1, 0, COMMAND), 1.0) == [Closed("N(S) 1 where 0 was expected")]

    def test_startdt_act_before_the_stop_is_confirmed(self) -> None:
        link = link_in(Role.CONTROLLED, State.STOPPING)
        assert link.receive(STARTDT_ACT, 1.0) == [Closed("STARTDT act before the STOPDT act was confirmed")]

    def test_starts_again_after_a_stop(self) -> None:
        link = link_in(Role.CONTROLLED, State.STOPPING)
        assert link.receive(s_frame(1) + STARTDT_ACT, 1.0) == [Acknowledged(1), Stopped(), StartRequested()]
        link.start(1.0)
        link.take_output()
        link.send([OTHER], 2.0)
        assert link.take_output() == i_frame(1, 0, OTHER)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", [State.STOPPED, State.STARTING])
@pytest.mark.parametrize(("octets", "name"), [(i_frame(0), "I-frame"), (s_frame(0), "S-frame")])
def test_c10_data_outside_data_transfer_closes(role: Role, state: State, octets: bytes, name: str) -> None:
    link = link_in(role, state)
    assert link.receive(octets, 1.0) == [Closed(f"{name} while {state.name}")]


@pytest.mark.parametrize("octets", [i_frame(0, 1), s_frame(1)])
def test_c10_data_behind_the_stop_confirmation_closes(octets: bytes) -> None:
    controlling = link_in(Role.CONTROLLING, State.STOPPING)
    assert controlling.receive(STOPDT_CON + octets, 1.0)[0] == Stopped()
    assert controlling.state is State.CLOSED
    controlled = link_in(Role.CONTROLLED, State.STOPPING)
    assert controlled.receive(s_frame(1) + octets, 1.0)[:2] == [Acknowledged(1), Stopped()]
    assert controlled.state is State.CLOSED


LEGAL_CALLS = {
    ("start", Role.CONTROLLING, State.STOPPED),
    ("start", Role.CONTROLLED, State.STARTING),
    ("stop", Role.CONTROLLING, State.STARTED),
}


@pytest.mark.parametrize("call", ["start", "stop"])
@pytest.mark.parametrize(("role", "state"), EVERY_OPEN_LINK)
def test_start_and_stop_are_refused_elsewhere(call: str, role: Role, state: State) -> None:
    link = link_in(role, state)
    if (call, role, state) in LEGAL_CALLS:
        getattr(link, call)(1.0)
        assert link.state is not state
        return
    text = rf"^{call}\(\): not possible on a {role.name} link that is {state.name}$"
    with pytest.raises(MisuseError, match=text) as caught:
        getattr(link, call)(1.0)
    assert (caught.value.role, caught.value.state, caught.value.event) == (role, state, f"{call}()")
    assert (link.state, link.take_output()) == (state, b"")


def test_every_open_state_is_in_the_table_and_can_close() -> None:
    assert set(TRANSITIONS) == {(role, state) for role in Role for state in State}
    for (_, state), row in TRANSITIONS.items():
        assert (row.get(Trigger.CLOSE) is State.CLOSED) == (state is not State.CLOSED)


def test_a_transition_that_the_table_lacks_is_a_bug_of_the_link() -> None:
    link = Link(Role.CONTROLLED, LinkParameters(), 0.0)
    with pytest.raises(LinkBugError, match="STOPDT con: not possible on a CONTROLLED link that is STOPPED"):
        link._move(Trigger.STOPDT_CON)
    assert link.state is State.STOPPED
