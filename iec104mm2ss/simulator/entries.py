"""The RTUs as the console shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import Entry, Role
from iec104mm2ss.record.sections import fullest
from iec104mm2ss.simulator import states

if TYPE_CHECKING:
    from iec104mm2ss.simulator.rtu import Rtu


def of_rtu(rtu: Rtu, now: float) -> Entry:
    """Return an RTU as it is; its group is its id, because everything else of it can stand in several rows."""
    row, record, connection = rtu.entry, rtu.record, rtu.port.connection
    state, reason = states.of(rtu, now)
    record.stand(state)
    return Entry(
        key=record.key,
        group=row.id,
        name=row.name,
        role=Role.RTU,
        state=state,
        reason=reason,
        age=now - record.since,
        peer="" if connection is None else connection.peer,
        address=str(row.port),
        ca=row.ca,
        received=record.received,
        sent=record.sent,
        unacknowledged=fullest(record.connections),
        k=row.link.k,
        event=record.event,
        event_age=now - record.event_at,
        line=row.line,
        sending=rtu.sender.shown(now),
    )
