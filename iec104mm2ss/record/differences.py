"""What differs between a row and the one that takes its place, in the words of the file."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from math import inf
from typing import Any, Final

# What a row has several cells for, and what these begin with.
_PREFIXES: Final = {"link": "", "tls": "tls_"}
_FILE_NAMES: Final = {"idle": "idletime"}


def different(former: object, row: object) -> set[str]:
    """Return the names of the cells in which two rows, which are dataclasses, differ."""
    return {name for name, _, _ in _differences(former, row)}


def words(former: object, row: object, without: frozenset[str] = frozenset()) -> str:
    """Return the differences on one line: `k 12 -> 20, bind not given -> 127.0.0.1`; empty where there are none."""
    return ", ".join(
        f"{name} {_shown(old)} -> {_shown(new)}" for name, old, new in _differences(former, row) if name not in without
    )


def _differences(former: object, row: object) -> list[tuple[str, object, object]]:
    old, new = _cells(former), _cells(row)
    return [(name, old.get(name), new.get(name)) for name in old | new if old.get(name) != new.get(name)]


def _cells(row: Any, prefix: str = "") -> dict[str, Any]:  # noqa: ANN401 - any of the rows, or what is in them
    """Return what a row is compared by, by the names that a file has for it."""
    found: dict[str, Any] = {}
    for cell in fields(row):
        value = getattr(row, cell.name)
        if cell.name in _PREFIXES and is_dataclass(value):
            found |= _cells(value, _PREFIXES[cell.name])
        elif cell.compare:
            found[prefix + _FILE_NAMES.get(cell.name, cell.name)] = None if value == () else value
    return found


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
