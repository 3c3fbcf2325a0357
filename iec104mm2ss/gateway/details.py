"""All there is to say of one row, for people to read."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.snapshot import Section
from iec104mm2ss.link.sequence import fifteen_bit
from iec104mm2ss.wire.causes import cause_label
from iec104mm2ss.wire.types import type_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iec104mm2ss.gateway.group import Group
    from iec104mm2ss.gateway.port import MasterPort
    from iec104mm2ss.record.record import Record
    from iec104mm2ss.transport.connection import Connection

    Rows = tuple[tuple[str, str], ...]

_CAUSE: Final = 0x3F
_NEGATIVE: Final = 0x40
_TEST: Final = 0x80


def of_rtu(group: Group, now: float) -> tuple[Section, ...]:
    """Return what there is to say of a group's RTU; `now` is monotonic seconds."""
    return (
        *_connections(group.rtu.record, now),
        Section("Event buffer", _buffer(group)),
        Section("Requests and answers", _requests(group)),
        *_history(group.rtu.record, now),
    )


def of_master(group: Group, port: MasterPort, now: float) -> tuple[Section, ...]:
    """Return what there is to say of a master row."""
    return (
        *_connections(port.record, now),
        Section("Event buffer", _account(group, port)),
        Section("Access", _access(port)),
        *_history(port.record, now),
    )


def _connections(record: Record, now: float) -> Iterator[Section]:
    if not record.connections:
        yield Section("Connection", (("peer", "none"),))
    for connection, began in record.connections.items():
        yield Section("Connection", tuple(_connection(connection, began, now)))


def _connection(connection: Connection, began: float, now: float) -> Iterator[tuple[str, str]]:
    link = connection.link
    yield "peer", connection.peer
    yield "local", connection.local
    if connection.identity:
        yield "TLS", connection.identity
    yield "since", _duration(now - began)
    yield "last frame from it", _duration(now - link.heard)
    yield "state", link.state.name
    yield "V(S)", f"{fifteen_bit(link.sent)} ({link.sent} I-frames sent)"
    yield "V(R)", f"{fifteen_bit(link.received)} ({link.received} I-frames received)"
    yield "not acknowledged by it", f"{link.sent - link.acknowledged} of k = {link.parameters.k}"
    yield "not acknowledged by us", f"{link.received - link.confirmed} of w = {link.parameters.w}"
    for name, due in zip(("t1", "t2", "t3"), link.due, strict=True):
        yield f"{name} left", _left(due - now)


def _buffer(group: Group) -> Rows:
    exchange = group.exchange
    return (
        ("kept", f"{exchange.buffer.kept} of {group.row.event_buffer} ASDUs"),
        ("events of an absence are kept for", f"{group.row.event_age:g} s"),
        ("acknowledged before every started master had it", str(exchange.custody.exposed)),
    )


def _requests(group: Group) -> Rows:
    pending = ("requests that the RTU has and has not finished", str(group.exchange.router.unanswered))
    return pending, *((what.value, str(count)) for what, count in group.exchange.tally.most_common())


def _account(group: Group, port: MasterPort) -> Rows:
    account, losses = group.exchange.buffer.account(port.row.key), group.exchange.losses(port.row)
    behind = sum(master.behind for master in port.masters)
    return (
        ("waits to be sent", f"{behind} ASDUs"),
        ("waits to be sent or acknowledged", f"{account.waiting} ASDUs"),
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


def _history(record: Record, now: float) -> Iterator[Section]:
    yield Section("Since the program began", _totals(record))
    if record.kinds:
        yield Section("ASDUs received from it", tuple(_kinds(record.kinds)))
    if record.endings:
        yield Section("Last disconnections", tuple((_wall(it.at), f"{it.peer}: {it.reason}") for it in record.endings))
    if record.event:
        yield Section("Last event", ((f"{_duration(now - record.event_at)} ago", record.event),))


def _totals(record: Record) -> Rows:
    return (
        ("I-frames received", str(record.received)),
        ("I-frames sent", str(record.sent)),
        ("disconnections", str(record.disconnections)),
    )


def _kinds(kinds: Mapping[tuple[int, int], int]) -> Iterator[tuple[str, str]]:
    for (number, octet), count in Counter(kinds).most_common():
        negative, test = " negative" * bool(octet & _NEGATIVE), " test" * bool(octet & _TEST)
        yield f"{type_name(number)} {cause_label(octet & _CAUSE)}{negative}{test}", str(count)


def _left(seconds: float) -> str:
    return "not running" if seconds == inf else f"{max(0.0, seconds):.1f} s"


def _duration(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = f"{hours:02}:{minutes:02}:{rest:02}"
    return f"{days} d {clock}" if days else clock


def _wall(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone().isoformat(" ", "seconds")
