"""What becomes of a group where its rows become others."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Any, Final

from iec104mm2ss.console.plant import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iec104mm2ss.gateway.group import Group
    from iec104mm2ss.gateway.port import MasterPort
    from iec104mm2ss.settings.site import GroupRow, MasterRow, RtuRow

_LIVE_OF_MASTER: Final = frozenset(("name", "accept", "commands", "clock", "takeover", "oa", "max"))
_LIVE_OF_RTU: Final = frozenset(("name",))
# What a row has several cells for, and what these begin with.
_PREFIXES: Final = {"link": "", "tls": "tls_"}
_FILE_NAMES: Final = {"idle": "idletime"}
_ROWS: Final = frozenset(("number", "rtu", "masters"))


def restarts_port(port: MasterPort, row: MasterRow) -> bool:
    """Whether a port cannot go on under another row: it listens or its links run with what differs."""
    return bool(_different(port.row, row) - _LIVE_OF_MASTER) or len(port.masters) > row.max


def restarts_rtu(former: GroupRow, row: GroupRow) -> bool:
    """Whether the RTU has to be connected anew, and with it every master."""
    return bool(_different(former.rtu, row.rtu) - _LIVE_OF_RTU)


def added(row: GroupRow) -> Change:
    """Say that a group is new."""
    return Change(f"group {row.number} is added: {_names(row)}")


def removed(group: Group) -> Change:
    """Say that a group ends."""
    return Change(f"group {group.row.number} is removed: {_names(group.row)}", everybody(group))


def everybody(group: Group) -> tuple[str, ...]:
    """Return the names of the entries that lose their connection with the RTU's."""
    rtu = (group.rtu.row.name,) if group.rtu.connection is not None else ()
    return rtu + tuple(port.row.name for port in group.ports if port.masters)


def changed(group: Group, row: GroupRow) -> Iterator[Change]:
    """Say what `Group.let_go` and `Group.adopt` would do."""
    anew = restarts_rtu(group.row, row)
    yield from _rtu(group, row, anew=anew)
    if differences := _words(group.row, row, _ROWS):
        yield Change(f"group {row.number}: {differences}; takes effect at once")
    ports = {port.row.key: port for port in group.ports}
    for master in row.masters:
        port = ports.pop(master.key, None)
        if port is None:
            yield Change(f"group {row.number}: {master.name} on port {master.port} is added")
        else:
            yield from _master(port, master, anew=anew)
    for port in ports.values():
        yield Change(f"group {row.number}: {port.row.name} on port {port.row.port} is removed", connected(port))


def _rtu(group: Group, row: GroupRow, *, anew: bool) -> Iterator[Change]:
    if differences := _words(group.row.rtu, row.rtu):
        effect = "is connected anew, its masters have to come again" if anew else "stays connected"
        drops = everybody(group) if anew else ()
        yield Change(f"group {row.number}: {group.row.rtu.name}: {differences}; {effect}", drops)


def _master(port: MasterPort, row: MasterRow, *, anew: bool) -> Iterator[Change]:
    if differences := _words(port.row, row):
        what = f"group {row.group}: {port.row.name} on port {row.port}: {differences}"
        if restarts_port(port, row):
            yield Change(f"{what}; the port is opened anew", () if anew else connected(port))
        elif all(row.accept.accepts(master.connection.host) for master in port.masters):
            yield Change(f"{what}; who is connected stays")
        else:
            yield Change(f"{what}; who is no longer in the filter is disconnected", () if anew else connected(port))


def connected(port: MasterPort) -> tuple[str, ...]:
    """Return the name of a master row if it is connected."""
    return (port.row.name,) if port.masters else ()


def _names(row: GroupRow) -> str:
    return ", ".join((row.rtu.name, *(master.name for master in row.masters)))


def _different(former: MasterRow | RtuRow, row: MasterRow | RtuRow) -> set[str]:
    return {name for name, _, _ in _differences(former, row)}


def _words(former: object, row: object, without: frozenset[str] = frozenset()) -> str:
    return ", ".join(
        f"{name} {_shown(old)} -> {_shown(new)}" for name, old, new in _differences(former, row) if name not in without
    )


def _differences(former: object, row: object) -> list[tuple[str, object, object]]:
    old, new = _cells(former), _cells(row)
    return [(name, old.get(name), new.get(name)) for name in old | new if old.get(name) != new.get(name)]


def _cells(row: Any, prefix: str = "") -> dict[str, Any]:  # noqa: ANN401 - any of the rows, or what is in them
    """Return what a row is compared by, by the names that a file has for it."""
    cells: dict[str, Any] = {}
    for cell in fields(row):
        value = getattr(row, cell.name)
        if cell.name in _PREFIXES and is_dataclass(value):
            cells |= _cells(value, _PREFIXES[cell.name])
        elif cell.compare:
            cells[prefix + _FILE_NAMES.get(cell.name, cell.name)] = value
    return cells


def _shown(value: object) -> str:
    match value:
        case None:
            return "not given"
        case bool():
            return "Y" if value else "N"
        case Enum():
            return str(value.value)
        case tuple():
            return ";".join(map(str, value))
        case float():
            return "never" if value == inf else f"{value:g}"
        case _:
            return str(value)
