"""What becomes of an RTU where its row becomes another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.plant import Change
from iec104mm2ss.record.differences import different, words
from iec104mm2ss.simulator.misbehaviour import described

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iec104mm2ss.settings.simulation import Misbehaviour, RtuEntry
    from iec104mm2ss.simulator.rtu import Rtu

_LIVE: Final = frozenset(("id", "name", "accept"))
_MISBEHAVIOUR: Final = frozenset(("misbehaviour",))


def named(entry: RtuEntry) -> str:
    """Return a row's name with its port, for a sentence: two rows may have the same name."""
    return f"{entry.name} on port {entry.port}"


def label(entry: RtuEntry) -> str:
    """Return the same for a list."""
    return f"{entry.name}:{entry.port}"


def restarts(former: RtuEntry, entry: RtuEntry) -> bool:
    """Whether the port cannot go on under another row: it listens or its link runs with what differs."""
    return bool(different(former, entry) - _LIVE)


def drops(rtu: Rtu) -> tuple[str, ...]:
    """Return an RTU's label if a master is connected."""
    return (label(rtu.entry),) if rtu.port.connection is not None else ()


def added(entry: RtuEntry) -> Change:
    """Say that an RTU is new."""
    return Change(f"{named(entry)} is added")


def removed(rtu: Rtu) -> Change:
    """Say that an RTU ends."""
    return Change(f"{named(rtu.entry)} is removed", drops(rtu))


def changed(rtu: Rtu, entry: RtuEntry) -> Iterator[Change]:
    """Say what `Rtu.adopt` would do."""
    differences = _words(rtu.entry, entry)
    if not differences:
        return
    what, connection = f"{named(rtu.entry)}: {differences}", rtu.port.connection
    if restarts(rtu.entry, entry):
        yield Change(f"{what}; the port is opened anew", drops(rtu))
    elif connection is None or entry.accept.accepts(connection.host):
        yield Change(f"{what}; who is connected stays")
    else:
        yield Change(f"{what}; who is no longer in the filter is disconnected", drops(rtu))


def _words(former: RtuEntry, entry: RtuEntry) -> str:
    parts = [words(former, entry, _MISBEHAVIOUR)]
    if former.misbehaviour != entry.misbehaviour:
        parts.append(f"misbehaviour {_said(former.misbehaviour)} -> {_said(entry.misbehaviour)}")
    return ", ".join(filter(None, parts))


def _said(misbehaviour: Misbehaviour) -> str:
    return " ".join(f"{name}={text}" for name, text in described(misbehaviour).items()) or "none"
