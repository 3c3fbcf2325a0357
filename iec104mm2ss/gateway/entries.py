"""The rows of a group as the console shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import Entry, Role
from iec104mm2ss.gateway import states
from iec104mm2ss.record.sections import fullest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iec104mm2ss.gateway.group import Group
    from iec104mm2ss.gateway.port import MasterPort


def of_group(group: Group, now: float) -> Iterator[Entry]:
    """Give the RTU, then its masters in file order; `now` is monotonic seconds."""
    yield _rtu(group, now)
    for port in group.ports:
        yield _master(group, port, now)


def of_row(group: Group, port: MasterPort | None, now: float) -> Entry:
    """Return one of them: the RTU where there is no port."""
    return _rtu(group, now) if port is None else _master(group, port, now)


def _rtu(group: Group, now: float) -> Entry:
    rtu, record = group.rtu, group.rtu.record
    state, reason = states.of_rtu(group, now)
    record.stand(state)
    return Entry(
        key=record.key,
        group=group.row.number,
        name=rtu.row.name,
        role=Role.RTU,
        state=state,
        reason=reason,
        age=now - record.since,
        peer=rtu.peer,
        address=";".join(map(str, rtu.row.hosts)),
        ca=rtu.row.ca,
        received=record.received,
        sent=record.sent,
        unacknowledged=fullest(record.connections),
        k=rtu.row.link.k,
        event=record.event,
        event_age=now - record.event_at,
        attempt=rtu.attempt,
        line=rtu.row.line,
    )


def _master(group: Group, port: MasterPort, now: float) -> Entry:
    row, record = port.row, port.record
    state, reason = states.of_master(group, port, now)
    record.stand(state)
    return Entry(
        key=record.key,
        group=group.row.number,
        name=row.name,
        role=Role.MASTER,
        state=state,
        reason=reason,
        age=now - record.since,
        peer=", ".join([connection.peer for connection in record.connections]),
        address=str(row.port),
        ca=row.ca,
        received=record.received,
        sent=record.sent,
        unacknowledged=fullest(record.connections),
        k=row.link.k,
        event=record.event,
        event_age=now - record.event_at,
        line=row.line,
    )
