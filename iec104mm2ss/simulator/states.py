"""The word for what an RTU is about, and why it is not ONLINE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import State

if TYPE_CHECKING:
    from iec104mm2ss.simulator.rtu import Rtu


def of(rtu: Rtu, now: float) -> tuple[State, str]:
    """Return state and reason; `now` is monotonic seconds."""
    if not rtu.enabled:
        return State.DISABLED, "disabled by an operator; enable it to go on"
    if rtu.port.started:
        return State.ONLINE, rtu.fault or rtu.hampered(now)
    if rtu.port.connection is not None:
        return State.CONNECTED, rtu.fault or "not started: no STARTDT act from the master yet, or it has stopped"
    if rtu.fault:
        return State.FAULT, rtu.fault
    if not rtu.port.is_open:
        return State.BLOCKED, "the port is about to be opened"
    return State.WAITING, _last_ending(rtu)


def _last_ending(rtu: Rtu) -> str:
    endings = rtu.record.endings
    return f"nobody is connected; {endings[-1].peer}: {endings[-1].reason}" if endings else "nobody has connected yet"
