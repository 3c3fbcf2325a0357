"""The entries of a file put together to groups; what clashes with an earlier row is refused."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from iec104mm2ss.settings.general import General
from iec104mm2ss.settings.problems import Report
from iec104mm2ss.settings.row_reader import RowReader
from iec104mm2ss.settings.rows import ID, MASTER, PORT, column_of, group_number, is_master, read_master, read_rtu
from iec104mm2ss.settings.site import GroupRow, MasterRow, RtuRow
from iec104mm2ss.settings.table import Row

_MOST_SESSIONS = 255  # each has an originator address of its own: one octet, and 0 is nobody's


@dataclass(slots=True)
class _Group:
    number: int
    line: int
    rtu: RtuRow | None = None
    values: dict[str, Any] = field(default_factory=dict)
    masters: list[MasterRow] = field(default_factory=list)


def read_groups(rows: Iterable[Row], general: General, report: Report) -> tuple[GroupRow, ...]:
    """The groups that can run, in file order; every row or group that cannot is reported."""
    groups: dict[int, _Group] = {}
    ports: dict[int, MasterRow] = {}
    for row in rows:
        reader = RowReader(row, report)
        number = reader.value(ID, "id", group_number, -1)
        master = is_master(reader)
        group = groups.setdefault(number, _Group(number, row.line))
        if master:
            _add_master(group, reader, general, ports)
        elif master is not None:
            _add_rtu(group, reader, general)
    groups.pop(-1, None)
    return tuple(filter(None, (_complete(group, general, report) for group in groups.values())))


def _add_rtu(group: _Group, reader: RowReader, general: General) -> None:
    taken = read_rtu(reader, general.link, general.tls)
    if taken and group.rtu:
        reader.refuse(MASTER, f"group {group.number} has its RTU in row {group.rtu.line} already; masters have Y here")
    elif taken:
        group.rtu, group.values = taken


def _add_master(group: _Group, reader: RowReader, general: General, ports: dict[int, MasterRow]) -> None:
    master = read_master(reader, general.link, general.tls, require_filter=general.require_filter)
    if not master:
        return
    _refuse_taken_port(master, ports, reader)
    _refuse_taken_originator(master, group, reader)
    _refuse_too_many(master, group, reader)
    if not reader.refused:
        ports[master.port] = master
        group.masters.append(master)


def _refuse_taken_port(master: MasterRow, ports: dict[int, MasterRow], reader: RowReader) -> None:
    other = ports.get(master.port)
    if other:
        reader.refuse(PORT, f"port {master.port} is used by {other.name} in row {other.line}; choose another one")


def _refuse_taken_originator(master: MasterRow, group: _Group, reader: RowReader) -> None:
    other = next((row for row in group.masters if master.oa is not None and row.oa == master.oa), None)
    if other:
        reader.refuse(
            column_of(reader, "oa"), f"oa={master.oa} is used by {other.name} in row {other.line}; choose another one"
        )


def _refuse_too_many(master: MasterRow, group: _Group, reader: RowReader) -> None:
    before = sum(row.max for row in group.masters)
    if before + master.max > _MOST_SESSIONS:
        reader.refuse(
            column_of(reader, "max"),
            f"max={master.max} is too many: the rows of group {group.number} before this one allow {before} "
            f"connections, and together at most {_MOST_SESSIONS} are possible",
        )


def _complete(group: _Group, general: General, report: Report) -> GroupRow | None:
    if not group.rtu or not group.masters:
        lacking = " and ".join(
            what
            for what, row in (("no RTU (master: N)", group.rtu), ("no master (master: Y)", group.masters))
            if not row
        )
        report.refuse(group.line, "", f"group {group.number} is not started: it has {lacking} that can be used")
        return None
    values = {**general.group, **group.values}
    return GroupRow(number=group.number, rtu=group.rtu, masters=tuple(group.masters), **values)
