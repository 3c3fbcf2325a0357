"""Every length octet with every first control octet in every state: never an exception, always a state of the table."""

from __future__ import annotations

import pytest

from iec104mm2ss.link import Closed, Link, Role, State
from tests.link.octets import EVERY_OPEN_LINK, link_in

BOTH_ROLES = {0x43: None, 0x83: None}  # TESTFR keeps the state
STATE_AFTER_U: dict[Role, dict[int, dict[State, State] | None]] = {
    Role.CONTROLLING: BOTH_ROLES
    | {
        0x0B: {State.STARTING: State.STARTED},
        0x23: {State.STOPPING: State.STOPPED},
    },
    Role.CONTROLLED: BOTH_ROLES
    | {
        0x07: {State.STOPPED: State.STARTING, State.STOPPING: State.CLOSED},
        0x13: {State.STARTING: State.STOPPED, State.STARTED: State.STOPPED},
        0x0B: dict.fromkeys(State, State.CLOSED),
        0x23: dict.fromkeys(State, State.CLOSED),
    },
}


def state_after(role: Role, state: State, length: int, octet: int) -> State:
    """Read from clause 5: what one APDU, otherwise all zero, does to a link that has received nothing else."""
    data_allowed = state in {State.STARTED, State.STOPPING}
    if octet & 1 == 0:
        right = octet == 0 and 10 <= length <= 253 and data_allowed
    elif octet & 3 == 1:
        right = octet == 1 and length == 4 and data_allowed
    elif length == 4 and octet in STATE_AFTER_U[role]:
        return (STATE_AFTER_U[role][octet] or {}).get(state, state)
    else:
        right = length == 4 and role is Role.CONTROLLING  # a single illegal U octet of an RTU is borne
    return state if right else State.CLOSED


def receive(link: Link, length: int, octet: int) -> None:
    events = link.receive(bytes((0x68, length, octet)) + bytes(max(length - 1, 0)), 1.0)
    link.take_output()
    assert (Closed(link.close_reason or "") in events) == (link.state is State.CLOSED)


LENGTHS = {
    Role.CONTROLLED: range(256),
    Role.CONTROLLING: [*range(13), 252, 253, 254, 255],  # the framing is the same: its limits are enough
}


@pytest.mark.parametrize(("role", "state"), EVERY_OPEN_LINK)
def test_a14_every_header(role: Role, state: State) -> None:
    for length in LENGTHS[role]:
        for octet in range(256):
            expected = state_after(role, state, length, octet)
            link = link_in(role, state)
            receive(link, length, octet)
            if link.state is not expected:
                pytest.fail(f"length {length}, octet {octet:#04x}: {link.state} instead of {expected}")
