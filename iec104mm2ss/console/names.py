"""How a human names an entry: `111/S`, `111/2407`, `111/OSI-1`, `OSI-1`, `111` for a group's RTU; an RTU's port."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.snapshot import Role
from iec104mm2ss.settings.simulation import Simulation
from iec104mm2ss.settings.site import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iec104mm2ss.console.snapshot import Entry
    from iec104mm2ss.settings.program import ProgramSettings

_MOST_NAMED: Final = 8


def entry_named(name: str, entries: Sequence[Entry]) -> Entry:
    """Return the one entry that is meant; a group's number means its RTU. Raises RequestError.

    Case does not matter. A key beats a group's number, and that beats a name.
    """
    found = _by_key(name, entries) or _rtus(name, entries) or _by_name(name, entries)
    if len(found) == 1:
        return found[0]
    if found:
        raise RequestError(f"{name!r} may be {_listed([entry.key for entry in found])}; say which")
    raise RequestError(f"there is no entry {name!r}; {_remedy(name, entries)}")


def entries_named(name: str, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries that are meant, where a group's number means its RTU and its masters. Raises RequestError."""
    if not _by_key(name, entries):
        group = tuple(entry for entry in entries if str(entry.group) == name.strip())
        if group:
            return group
    return (entry_named(name, entries),)


def lines(settings: ProgramSettings) -> dict[str, int]:
    """Return the key of every entry that settings have, and the line of the file on which its row begins."""
    if isinstance(settings, Site):
        rtus = {f"{group.number}/S": group.rtu.line for group in settings.groups}
        masters = {f"{row.group}/{row.port}": row.line for group in settings.groups for row in group.masters}
        return rtus | masters
    assert isinstance(settings, Simulation)  # noqa: S101 - there are two kinds of file
    return {str(rtu.port): rtu.line for rtu in settings.rtus}


def _by_key(name: str, entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.key.lower() == name.strip().lower()]


def _rtus(name: str, entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if str(entry.group) == name.strip() and entry.role is Role.RTU]


def _by_name(name: str, entries: Sequence[Entry]) -> list[Entry]:
    """`OSI-1` or `M/OSI-1`, in one group with its number in front."""
    wanted = name.strip().lower()
    return [entry for entry in entries if wanted in _names(entry)]


def _names(entry: Entry) -> set[str]:
    letter = "s" if entry.role is Role.RTU else "m"
    bare = entry.name.lower().removeprefix(f"{letter}/")
    plain = {bare, f"{letter}/{bare}"}
    return plain | {f"{entry.group}/{name}" for name in plain}


def _remedy(name: str, entries: Sequence[Entry]) -> str:
    known = {spelling: entry for entry in entries for spelling in (entry.key.lower(), *_names(entry))}
    close = difflib.get_close_matches(name.strip().lower(), known, n=3, cutoff=0.6)
    if close:
        meant = dict.fromkeys(f"{known[spelling].key} ({known[spelling].name})" for spelling in close)
        return f"did you mean {' or '.join(meant)}?"
    return f"there are {_listed([entry.key for entry in entries])}" if entries else "there are none"


def _listed(keys: Sequence[str]) -> str:
    further = len(keys) - _MOST_NAMED
    return ", ".join(keys[:_MOST_NAMED]) + (f" and {further} more" if further > 0 else "")
