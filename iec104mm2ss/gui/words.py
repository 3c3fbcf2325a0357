"""How states and rates are written in a window, and how much attention they ask for."""

from enum import IntEnum

from iec104mm2ss.console import table
from iec104mm2ss.console.snapshot import Entry, State

_TENTHS_BELOW = 9.95


class Weight(IntEnum):
    """How much attention an entry asks for; the higher, the more."""

    NORMAL = 0
    OFF = 1
    NOTICE = 2
    ALARM = 3

    @property
    def tag(self) -> str:
        """The name of its colours in lists and texts."""
        return self.name.lower()


GLYPHS = {
    State.ONLINE: "●",
    State.CONNECTED: "◐",
    State.WAITING: "○",
    State.BLOCKED: "◇",
    State.RETRYING: "▲",
    State.DISABLED: "□",
    State.FAULT: "✖",
}
HAMPERED = "◆"
"""Stands before the state of an entry that is ONLINE and has a reason to be looked at all the same."""

WEIGHTS = {
    State.ONLINE: Weight.NORMAL,
    State.CONNECTED: Weight.NOTICE,
    State.WAITING: Weight.NOTICE,
    State.BLOCKED: Weight.NOTICE,
    State.RETRYING: Weight.ALARM,
    State.DISABLED: Weight.OFF,
    State.FAULT: Weight.ALARM,
}

MEANINGS = {
    State.ONLINE: "connected and started: data flows",
    State.CONNECTED: "connected, not started",
    State.WAITING: "the port listens and nobody is there",
    State.BLOCKED: "the port is closed because the RTU is not connected",
    State.RETRYING: "the RTU cannot be connected; it is tried again and again",
    State.DISABLED: "switched off by an operator",
    State.FAULT: "something on this machine must be mended",
}


def weight(entry: Entry) -> Weight:
    """Return how much attention an entry asks for."""
    if entry.state is State.ONLINE and entry.reason:
        return Weight.NOTICE
    return WEIGHTS[entry.state]


def state(entry: Entry) -> str:
    """Return an entry's state as glyph and word, and how often it was tried."""
    hampered = entry.state is State.ONLINE and entry.reason
    glyph = HAMPERED if hampered else GLYPHS[entry.state]
    return f"{glyph} {table.state(entry)}"


def rate(per_second: float | None) -> str:
    """Return frames per second: one decimal below ten, nothing where it is not known."""
    if per_second is None:
        return ""
    if per_second == 0:
        return "0"
    return f"{per_second:.1f}" if per_second < _TENTHS_BELOW else f"{per_second:.0f}"
