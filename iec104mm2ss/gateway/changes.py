"""What becomes of a group where its rows become others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.plant import Change
from iec104mm2ss.record.differences import different, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iec104mm2ss.gateway.group import Group
    from iec104mm2ss.gateway.port import MasterPort
    from iec104mm2ss.settings.site import GroupRow, MasterRow

_LIVE_OF_MASTER: Final = frozenset(("name", "accept", "commands", "command_points", "clock", "takeover", "oa", "max"))
_LIVE_OF_RTU: Final = frozenset(("name",))
_ROWS: Final = frozenset(("number", "rtu", "masters"))


def restarts_port(port: MasterPort, row: MasterRow) -> bool:
    """Whether a port cannot go on under another row: it listens or its links run with what differs."""
    return bool(different(port.row, row) - _LIVE_OF_MASTER) or len(port.masters) > row.max


def restarts_rtu(former: GroupRow, row: GroupRow) -> bool:
    """Whether the RTU has to be connected anew, and with it every master."""
    return bool(different(former.rtu, row.rtu) - _LIVE_OF_RTU)


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
    if differences := words(group.row, row, _ROWS):
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
    if differences := words(group.row.rtu, row.rtu):
        effect = "is connected anew, its masters have to come again" if anew else "stays connected"
        drops = everybody(group) if anew else ()
        yield Change(f"group {row.number}: {group.row.rtu.name}: {differences}; {effect}", drops)


def _master(port: MasterPort, row: MasterRow, *, anew: bool) -> Iterator[Change]:
    if differences := words(port.row, row):
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
