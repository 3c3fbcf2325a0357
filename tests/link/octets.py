"""Frames as a peer sends them, built without the code under test, and links brought into a state by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.link import Event, Link, LinkParameters, Role, State

if TYPE_CHECKING:
    from collections.abc import Callable

STARTDT_ACT = bytes.fromhex("68 04 07 00 00 00")
STARTDT_CON = bytes.fromhex("68 04 0b 00 00 00")
STOPDT_ACT = bytes.fromhex("68 04 13 00 00 00")
STOPDT_CON = bytes.fromhex("68 04 23 00 00 00")
TESTFR_ACT = bytes.fromhex("68 04 43 00 00 00")
TESTFR_CON = bytes.fromhex("68 04 83 00 00 00")

ASDU = bytes.fromhex("01 01 03 00 01 00 64 00 00 01")  # M_SP_NA_1, spontaneous, CA 1, IOA 100, on
OTHER = bytes.fromhex("01 01 03 00 01 00 65 00 00 00")  # M_SP_NA_1, spontaneous, CA 1, IOA 101, off
COMMAND = bytes.fromhex("2d 01 06 00 01 00 64 00 00 01")  # C_SC_NA_1, activation, CA 1, IOA 100, on


def i_frame(ns: int, nr: int = 0, asdu: bytes = ASDU) -> bytes:
    return b"\x68" + bytes([4 + len(asdu)]) + (ns << 1 | nr << 17).to_bytes(4, "little") + asdu


def i_frames(first: int, count: int, nr: int = 0) -> bytes:
    return b"".join(i_frame(ns % 32768, nr) for ns in range(first, first + count))


def s_frame(nr: int) -> bytes:
    return bytes.fromhex("68 04 01 00") + (nr << 1).to_bytes(2, "little")


DEFAULTS = LinkParameters()


def link_in(role: Role, state: State, parameters: LinkParameters = DEFAULTS, now: float = 0.0) -> Link:
    """A link in that state since `now`, its output taken; CONTROLLED and STOPPING it waits for S-frame 1."""
    link = Link(role, parameters, now)
    _STEPS[role, state](link, now)
    link.take_output()
    assert link.state is state
    return link


def _controlling(link: Link, now: float, *, confirm: bool = True, stop: bool = False) -> None:
    link.start(now)
    if confirm:
        link.receive(STARTDT_CON, now)
    if stop:
        link.stop(now)


def _controlled(link: Link, now: float, *, confirm: bool = True, stop: bool = False) -> None:
    link.receive(STARTDT_ACT, now)
    if confirm:
        link.start(now)
    if stop:
        link.send([ASDU], now)
        link.receive(STOPDT_ACT, now)


_STEPS: dict[tuple[Role, State], Callable[[Link, float], None]] = {
    (Role.CONTROLLING, State.STOPPED): lambda link, now: None,
    (Role.CONTROLLING, State.STARTING): lambda link, now: _controlling(link, now, confirm=False),
    (Role.CONTROLLING, State.STARTED): _controlling,
    (Role.CONTROLLING, State.STOPPING): lambda link, now: _controlling(link, now, stop=True),
    (Role.CONTROLLED, State.STOPPED): lambda link, now: None,
    (Role.CONTROLLED, State.STARTING): lambda link, now: _controlled(link, now, confirm=False),
    (Role.CONTROLLED, State.STARTED): _controlled,
    (Role.CONTROLLED, State.STOPPING): lambda link, now: _controlled(link, now, stop=True),
}

OPEN_STATES = (State.STOPPED, State.STARTING, State.STARTED, State.STOPPING)
EVERY_OPEN_LINK = [(role, state) for role in Role for state in OPEN_STATES]


def started(role: Role, parameters: LinkParameters = DEFAULTS, now: float = 0.0) -> Link:
    return link_in(role, State.STARTED, parameters, now)


def fire(link: Link, until: float) -> list[tuple[float, list[Event], bytes]]:
    """Run the link's own deadlines up to and including `until`: when, what it reported, what it sent."""
    steps: list[tuple[float, list[Event], bytes]] = []
    while (now := link.next_deadline()) <= until:
        assert len(steps) < 1000, f"a deadline at {now} that never passes"
        steps.append((now, link.on_deadline(now), link.take_output()))
    return steps
