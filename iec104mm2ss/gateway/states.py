"""The word for what each row of a group is about, and why it is not ONLINE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import State
from iec104mm2ss.gateway.rtu import Phase
from iec104mm2ss.link import states as link

if TYPE_CHECKING:
    from iec104mm2ss.gateway.group import Group
    from iec104mm2ss.gateway.port import MasterPort

Standing = tuple[State, str]

_DISABLED = "disabled by an operator; enable it to go on"
_RTU_REASONS = {
    link.State.STOPPED: "stopped: no master is started (startdt=on_demand)",
    link.State.STARTING: "STARTDT act is not confirmed yet",
    link.State.STOPPING: "STOPDT act is not confirmed yet",
}


def of_rtu(group: Group, now: float) -> Standing:
    """Return state and reason of the RTU; `now` is monotonic seconds."""
    state, rtu = state_of_rtu(group), group.rtu
    match state:
        case State.DISABLED:
            return state, _DISABLED
        case State.ONLINE:
            return state, rtu.hampered(now) or _unwritten(group)
        case State.CONNECTED if rtu.connection is not None:
            return state, _RTU_REASONS.get(rtu.connection.link.state, "")
        case _:
            return state, _missed(group, now)


def state_of_rtu(group: Group) -> State:
    """Return the state of the RTU."""
    rtu = group.rtu
    if not rtu.enabled:
        return State.DISABLED
    if rtu.connection is None:
        return State.FAULT if rtu.is_faulty else State.RETRYING
    return State.ONLINE if rtu.started else State.CONNECTED


def _unwritten(group: Group) -> str:
    journaling = group.exchange.journaling
    return f"journal: {journaling.failure}" if journaling is not None and journaling.failure else ""


def _missed(group: Group, now: float) -> str:
    rtu = group.rtu
    failed = "internal error" if group.broken else rtu.failure
    if rtu.phase is Phase.WAITING:
        following = f"next try in {max(0.0, rtu.next_try - now):.0f} s"
    elif rtu.phase is Phase.CONNECTING:
        following = f"connecting to {rtu.host}"
    else:
        following = "connecting soon"
    return f"{failed}; {following}" if failed else following


def of_master(group: Group, port: MasterPort, now: float) -> Standing:
    """Return state and reason of a master row."""
    state = state_of_master(group, port)
    match state:
        case State.DISABLED:
            return state, _DISABLED
        case State.ONLINE:
            hampered = (master.hampered(now) for master in port.masters)
            return state, port.fault or next(filter(None, hampered), "")
        case State.CONNECTED:
            return state, _not_started(group, port)
        case State.FAULT:
            return state, port.fault
        case State.BLOCKED:
            return state, f"waits for the RTU{'' if group.rtu.enabled else ', which is disabled'}"
        case _:
            return state, _last_ending(port)


def state_of_master(group: Group, port: MasterPort) -> State:
    """Return the state of a master row."""
    if not port.enabled:
        return State.DISABLED
    if port.masters:
        return State.ONLINE if port.is_started else State.CONNECTED
    if port.fault:
        return State.FAULT
    return State.WAITING if group.is_open else State.BLOCKED


def _not_started(group: Group, port: MasterPort) -> str:
    if any(master in group.demand.waiting for master in port.masters):
        return "asked to start; waits for the RTU's STARTDT con"
    return "not started: no STARTDT act from it yet, or it has stopped"


def _last_ending(port: MasterPort) -> str:
    endings = port.record.endings
    return f"nobody is connected; {endings[-1].peer}: {endings[-1].reason}" if endings else "nobody has connected yet"


def note(group: Group) -> None:
    """Let every row of a group know its state."""
    group.rtu.record.stand(state_of_rtu(group))
    for port in group.ports:
        port.record.stand(state_of_master(group, port))
