"""What there is to say of any row: its connections as they are, and what is remembered of those before."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.snapshot import Section
from iec104mm2ss.console.table import many
from iec104mm2ss.link.sequence import fifteen_bit
from iec104mm2ss.wire.causes import cause_label
from iec104mm2ss.wire.types import type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from iec104mm2ss.record.record import Record
    from iec104mm2ss.transport.connection import Connection

Rows = tuple[tuple[str, str], ...]

_CAUSE: Final = 0x3F
_NEGATIVE: Final = 0x40
_TEST: Final = 0x80
_MINUTE: Final = 60


def fullest(connections: Iterable[Connection]) -> int:
    """Return the I-frames that wait for their acknowledgement, on the connection that has most of them."""
    most = 0
    for connection in connections:
        most = max(most, connection.link.outstanding)
    return most


def of_connections(record: Record, now: float) -> Iterator[Section]:
    """Give a section for each connection; `now` is monotonic seconds."""
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
    yield "since", duration(now - began)
    yield "last frame from it", duration(now - link.heard)
    yield "state", link.state.name
    yield "V(S)", f"{fifteen_bit(link.sent)} ({many(link.sent, 'I-frame')} sent)"
    yield "V(R)", f"{fifteen_bit(link.received)} ({many(link.received, 'I-frame')} received)"
    yield "not acknowledged by it", f"{link.outstanding} of k = {link.parameters.k}"
    yield "not acknowledged by us", f"{link.received - link.confirmed} of w = {link.parameters.w}"
    for name, due in zip(("t1", "t2", "t3"), link.due, strict=True):
        yield f"{name} left", _left(due - now)


def of_history(record: Record, now: float) -> Iterator[Section]:
    """Give what is counted, who was there and what happened last."""
    yield Section("Since the program began", _totals(record))
    if record.kinds:
        yield Section("ASDUs received from it", tuple(_kinds(record.kinds)))
    if record.endings:
        yield Section("Last disconnections", tuple((_wall(it.at), f"{it.peer}: {it.reason}") for it in record.endings))
    if record.event:
        yield Section("Last event", ((f"{duration(now - record.event_at)} ago", record.event),))


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


def duration(seconds: float) -> str:
    """Return a span: `12.3 s`, `00:07:40`, `3 d 04:05:06`."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), _MINUTE)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = f"{hours:02}:{minutes:02}:{rest:02}"
    return f"{days} d {clock}" if days else clock


def _left(seconds: float) -> str:
    return "not running" if seconds == inf else f"{max(0.0, seconds):.1f} s"


def _wall(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone().isoformat(" ", "seconds")
