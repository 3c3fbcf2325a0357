"""All there is to say of one row, for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import Section
from iec104mm2ss.console.table import many
from iec104mm2ss.record.sections import of_connections, of_history

if TYPE_CHECKING:
    from iec104mm2ss.gateway.group import Group
    from iec104mm2ss.gateway.port import MasterPort
    from iec104mm2ss.record.sections import Rows


def of_rtu(group: Group, now: float) -> tuple[Section, ...]:
    """Return what there is to say of a group's RTU; `now` is monotonic seconds."""
    return (
        *of_connections(group.rtu.record, now),
        Section("Event buffer", _buffer(group)),
        Section("Requests and answers", _requests(group)),
        *of_history(group.rtu.record, now),
    )


def of_master(group: Group, port: MasterPort, now: float) -> tuple[Section, ...]:
    """Return what there is to say of a master row."""
    return (
        *of_connections(port.record, now),
        Section("Event buffer", _account(group, port)),
        Section("Access", _access(port)),
        *of_history(port.record, now),
    )


def _buffer(group: Group) -> Rows:
    exchange = group.exchange
    return (
        ("kept", f"{exchange.buffer.kept} of {many(group.row.event_buffer, 'ASDU')}"),
        ("events of an absence are kept for", f"{group.row.event_age:g} s"),
        ("acknowledged before it was safe", str(exchange.custody.exposed)),
        ("journal", _journal(group)),
    )


def _journal(group: Group) -> str:
    journaling = group.exchange.journaling
    if journaling is None:
        return "none: what is kept ends with the program"
    if journaling.failure:
        return f"cannot be written: {journaling.failure}"
    return f"written, but for the latest {group.exchange.buffer.tail - journaling.written_to} ASDUs"


def _requests(group: Group) -> Rows:
    pending = ("requests that the RTU has and has not finished", str(group.exchange.router.unanswered))
    return pending, *((what.value, str(count)) for what, count in group.exchange.tally.most_common())


def _account(group: Group, port: MasterPort) -> Rows:
    account, losses = group.exchange.buffer.account(port.row.key), group.exchange.losses(port.row)
    behind = sum(master.behind for master in port.masters)
    return (
        ("waits to be sent", many(behind, "ASDU")),
        ("waits to be sent or acknowledged", many(account.waiting, "ASDU")),
        ("acknowledged by it", str(account.delivered)),
        ("skipped: too old, or of a kind that is not sent later", str(losses["skipped"])),
        ("withheld: another station's under its own number", str(losses["withheld"])),
        ("lost: no place in the buffer", str(losses["lost"])),
        ("dropped: for a session that was not started", str(losses["dropped"])),
    )


def _access(port: MasterPort) -> Rows:
    return (
        ("accepted from", str(port.row.accept)),
        ("connections", f"{len(port.masters)} of {port.row.max}"),
        ("refused", str(port.record.refusals.total)),
        ("taken over by a newcomer", str(port.takeovers)),
    )
