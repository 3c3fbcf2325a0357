"""The three ways in which something can be wrong: the peer's fault, the caller's misuse, our bug."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iec104mm2ss.link.states import Role, State


class PeerError(Exception):
    """The peer broke the protocol. Never leaves the link: it becomes a `Closed` event with the text as reason."""


class _StateError(Exception):
    def __init__(self, role: Role, state: State, event: str) -> None:
        super().__init__(f"{event}: not possible on a {role.name} link that is {state.name}")
        self.role = role
        self.state = state
        self.event = event


class MisuseError(_StateError):
    """The caller asked for what the link cannot do in its role and state; nothing has changed."""


class LinkBugError(_StateError):
    """The link itself tried a transition that its table does not have."""
