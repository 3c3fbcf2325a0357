"""The data file of a station: its rows as points and controls, and its edits while the station runs."""

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Final

from iec104mm2ss.settings.problems import Problem
from iec104mm2ss.settings.signals import LoadedSignals, SignalRow, load_signals
from iec104mm2ss.simulator.inventory import Inventory
from iec104mm2ss.simulator.point import UNTAGGED_COMMANDS, Control, Point
from iec104mm2ss.wire.elements import GOOD, Quality

EVERY_INDEX: Final = 0

_Version = tuple[int, int, int]
_UNREAD: Final = (-1, -1, -1)


@dataclass(frozen=True, slots=True)
class Signal:
    """A row that can be sent and its point."""

    row: SignalRow
    point: Point


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of a file that was found new or changed: all of it is in use, or nothing and the rows before stay."""

    taken: bool
    problems: tuple[Problem, ...]


class Database:
    """A data file with the last good state of its rows; every station with that file can share it.

    There are none before the first `refresh`. `signals` are the rows of monitoring types in file order, `inventory`
    is the same and the commands as a station has them. `problems` are those of the file as it was read last, which is
    in use if `taken`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.signals: tuple[Signal, ...] = ()
        self.inventory = Inventory()
        self.problems: tuple[Problem, ...] = ()
        self.taken = False
        self._version: _Version | None = _UNREAD
        self._known_refusals: Counter[tuple[str, str]] | None = None

    def refresh(self) -> Edit | None:
        """Read the file if it is not the one that was read last; None where it is.

        The first reading takes every good row. An edit is taken whole or not at all: not where the file is gone,
        cannot be read or has no signal, and not where it has a fault that was not in the rows in use. A file that
        cannot be used is reported once. Reads from the disk, in the thread of its caller.
        """
        version = _version(self.path)
        if version == self._version:
            return None
        self._version = version
        loaded = load_signals(self.path)
        refusals = Counter((problem.column, problem.text) for problem in loaded.problems if problem.refused)
        self.problems = loaded.problems
        self.taken = loaded.usable and (self._known_refusals is None or refusals <= self._known_refusals)
        if self.taken:
            self._known_refusals = refusals
            self._take(loaded)
        return Edit(self.taken, loaded.problems)

    def _take(self, loaded: LoadedSignals) -> None:
        self.signals = tuple(Signal(row, point_of(row)) for row in loaded.rows if not row.is_command)
        controls = (control_of(row) for row in loaded.rows if row.is_command)
        self.inventory = Inventory((signal.point for signal in self.signals), controls)

    def of_index(self, index: int) -> tuple[Signal, ...]:
        """Return the signals that an index send sends: those of that index, all of them for 0."""
        if index == EVERY_INDEX:
            return self.signals
        return tuple(signal for signal in self.signals if signal.row.index == index)


def point_of(row: SignalRow) -> Point:
    """Return the point of a row; its group counts above the `!` only, where interrogations end."""
    quality = reduce(or_, (Quality[name] for name in row.quality), GOOD)
    group = row.group if row.in_gi else None
    return Point(row.ioa, row.type_id, row.value, row.comment, quality, row.interrogated, group)


def control_of(row: SignalRow) -> Control:
    """Return the control of a command's row."""
    status = row.status_ioa
    assert status is not None  # noqa: S101 - what makes the row a command
    return Control(row.ioa, UNTAGGED_COMMANDS.get(row.type_id, row.type_id), status)


def _version(path: Path) -> _Version | None:
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
