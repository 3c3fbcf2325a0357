"""What is measured in a group.

A counter may begin at 0 again where its group or row is new; it never decreases otherwise.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.snapshot import Role
from iec104mm2ss.gateway import states
from iec104mm2ss.metrics.figures import Distribution, Kind, Measure
from iec104mm2ss.record.sections import fullest
from iec104mm2ss.routing.notes import Tally
from iec104mm2ss.wire.types import type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from iec104mm2ss.gateway.group import Group
    from iec104mm2ss.gateway.port import MasterPort
    from iec104mm2ss.metrics.figures import Figure, Labels
    from iec104mm2ss.record.record import Record

_GROUP: Final = ("group",)
_ROW: Final = (*_GROUP, "entry", "name", "role")


def of_group(group: Group) -> Iterator[Figure]:
    """Give everything."""
    yield from _of_rows(group)
    yield from _of_records(tuple(_records(group)))
    yield from _of_masters(group)
    yield from _of_buffer(group)
    yield from _of_requests(group)
    text = "seconds from the read of a batch of the RTU to the end of writing it to the masters whose windows are open"
    yield Distribution("latency_seconds", text, _GROUP, {(str(group.row.number),): group.exchange.latency.observed})


def _of_rows(group: Group) -> Iterator[Measure]:
    standing = {(*_rtu(group), states.state_of_rtu(group).value): 1.0}
    standing |= {(*_master(group, it), states.state_of_master(group, it).value): 1.0 for it in group.ports}
    yield Measure("state", "1 for the state that an entry is in", Kind.GAUGE, (*_ROW, "state"), standing)
    sizes = {_rtu(group): float(group.rtu.row.link.k)}
    sizes |= {_master(group, it): float(it.row.link.k) for it in group.ports}
    yield Measure("window_size", "k of the entry: I-frames that may wait for acknowledgement", Kind.GAUGE, _ROW, sizes)


def _of_records(rows: Sequence[tuple[Labels, Record]]) -> Iterator[Measure]:
    def each(name: str, text: str, kind: Kind, value: Callable[[Record], float]) -> Measure:
        return Measure(name, text, kind, _ROW, {labels: value(record) for labels, record in rows})

    frames: dict[Labels, float] = {}
    for labels, record in rows:
        frames |= {(*labels, "received"): record.received, (*labels, "sent"): record.sent}
    yield Measure("i_frames", "I-frames over all connections", Kind.COUNTER, (*_ROW, "direction"), frames)
    yield Measure("received_asdus", "ASDUs received, by type", Kind.COUNTER, (*_ROW, "type"), _types(rows))
    yield each("connections", "connections that are open", Kind.GAUGE, lambda it: len(it.connections))
    text = "I-frames that wait for their acknowledgement, on the connection with most of them"
    yield each("window_used", text, Kind.GAUGE, lambda it: fullest(it.connections))
    yield each("disconnections", "connections that ended", Kind.COUNTER, lambda it: it.disconnections)
    yield each("refusals", "connections that were refused", Kind.COUNTER, lambda it: it.refusals.total)


def _types(rows: Sequence[tuple[Labels, Record]]) -> dict[Labels, float]:
    types: Counter[Labels] = Counter()
    for labels, record in rows:
        for (number, _), count in record.kinds.items():
            types[(*labels, type_name(number))] += count
    return {labels: float(count) for labels, count in types.items()}


def _of_masters(group: Group) -> Iterator[Measure]:
    ports = [(_master(group, port), port) for port in group.ports]
    losses = {
        (*labels, reason): float(count)
        for labels, port in ports
        for reason, count in group.exchange.losses(port.row).items()
    }
    yield Measure("losses", "ASDUs that a master did not get, by reason", Kind.COUNTER, (*_ROW, "reason"), losses)
    behind = {labels: float(sum(master.behind for master in port.masters)) for labels, port in ports}
    yield Measure("behind_asdus", "ASDUs that wait to be sent to a master", Kind.GAUGE, _ROW, behind)
    takeovers = {labels: float(port.takeovers) for labels, port in ports}
    yield Measure("takeovers", "connections that gave way to a newcomer", Kind.COUNTER, _ROW, takeovers)


def _of_buffer(group: Group) -> Iterator[Measure]:
    exchange = group.exchange
    yield _one(group, "buffer_used", "ASDUs in the event buffer", Kind.GAUGE, exchange.buffer.kept)
    yield _one(group, "buffer_size", "ASDUs that the event buffer takes", Kind.GAUGE, group.row.event_buffer)
    text = "ASDUs acknowledged to the RTU before every started master, or the journal, had them"
    yield _one(group, "exposed_asdus", text, Kind.COUNTER, exchange.custody.exposed)
    journaling = exchange.journaling
    failing = journaling is not None and bool(journaling.failure)
    yield _one(group, "journal_failing", "1 while a journal is wanted and cannot be written", Kind.GAUGE, failing)
    behind = 0 if journaling is None else exchange.buffer.tail - journaling.written_to
    yield _one(group, "journal_behind", "places in the event buffer that are not in the journal", Kind.GAUGE, behind)


def _of_requests(group: Group) -> Iterator[Measure]:
    router, tally = group.exchange.router, group.exchange.tally
    yield _one(group, "unanswered_requests", "requests that the RTU has not finished", Kind.GAUGE, router.unanswered)
    # All of them from the start: Prometheus takes no notice of a counter that begins at 1.
    events: dict[Labels, float] = {(str(group.row.number), it.name.lower()): float(tally[it]) for it in Tally}
    yield Measure("router_events", "what the router counts, by event", Kind.COUNTER, (*_GROUP, "event"), events)


def _one(group: Group, name: str, text: str, kind: Kind, value: float) -> Measure:
    return Measure(name, text, kind, _GROUP, {(str(group.row.number),): float(value)})


def _rtu(group: Group) -> Labels:
    return str(group.row.number), group.rtu.record.key, group.rtu.row.name, Role.RTU.value


def _master(group: Group, port: MasterPort) -> Labels:
    return str(group.row.number), port.record.key, port.row.name, Role.MASTER.value


def _records(group: Group) -> Iterator[tuple[Labels, Record]]:
    yield _rtu(group), group.rtu.record
    for port in group.ports:
        yield _master(group, port), port.record
