"""The roles, the states and the one transition table of a link (IEC 60870-5-104, clause 5.3)."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(Enum):
    """Which end of the connection we are."""

    CONTROLLING = auto()
    """Towards an RTU: we send STARTDT act and STOPDT act."""
    CONTROLLED = auto()
    """Towards a master: we confirm them."""


class State(Enum):
    """Data transfer as the standard sees it; TESTFR works in every state but CLOSED."""

    STOPPED = auto()
    STARTING = auto()
    """STARTDT act was sent (CONTROLLING) or received (CONTROLLED) and is not confirmed."""
    STARTED = auto()
    STOPPING = auto()
    """STOPDT act was sent (CONTROLLING) or received (CONTROLLED) and is not confirmed."""
    CLOSED = auto()


class Trigger(Enum):
    """What makes a link change its state; the names are those of the peer's frames, or of what we do."""

    START = "start()"
    STOP = "stop()"
    STARTDT_ACT = "STARTDT act"
    STARTDT_CON = "STARTDT con"
    STOPDT_ACT = "STOPDT act"
    STOPDT_CON = "STOPDT con"
    ALL_ACKNOWLEDGED = "all acknowledged"
    CLOSE = "close"


TRANSITIONS: Mapping[tuple[Role, State], Mapping[Trigger, State]] = {
    (Role.CONTROLLING, State.STOPPED): {
        Trigger.START: State.STARTING,
        Trigger.CLOSE: State.CLOSED,
    },
    (Role.CONTROLLING, State.STARTING): {
        Trigger.STARTDT_CON: State.STARTED,
        Trigger.CLOSE: State.CLOSED,
    },
    (Role.CONTROLLING, State.STARTED): {
        Trigger.STOP: State.STOPPING,
        Trigger.CLOSE: State.CLOSED,
    },
    (Role.CONTROLLING, State.STOPPING): {
        Trigger.STOPDT_CON: State.STOPPED,
        Trigger.CLOSE: State.CLOSED,
    },
    (Role.CONTROLLING, State.CLOSED): {},
    (Role.CONTROLLED, State.STOPPED): {
        Trigger.STARTDT_ACT: State.STARTING,
        Trigger.CLOSE: State.CLOSED,
    },
    (Role.CONTROLLED, State.STARTING): {
        Trigger.START: State.STARTED,
        Trigger.STOPDT_ACT: State.STOPPING,
        Trigger.CLOSE: State.CLOSED,
    },
    (Role.CONTROLLED, State.STARTED): {
        Trigger.STOPDT_ACT: State.STOPPING,
        Trigger.CLOSE: State.CLOSED,
    },
    (Role.CONTROLLED, State.STOPPING): {
        Trigger.ALL_ACKNOWLEDGED: State.STOPPED,
        Trigger.CLOSE: State.CLOSED,
    },
    (Role.CONTROLLED, State.CLOSED): {},
}
