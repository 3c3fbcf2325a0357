"""A data file of the RTU simulator, or its octets, becomes signals and a list of problems; nothing in it raises.

A row is `index, GI, type id, IOA, value, wait sec`, the filter `rtu no, type id, IOA, value, T-out` and then a comment
in any number of cells, among which `quality=IV+NT` and `group=1` may stand.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from iec104mm2ss.settings.cells import UnusableError, is_number, shown
from iec104mm2ss.settings.problems import Problem, Report, column_letter
from iec104mm2ss.settings.row_reader import RowReader
from iec104mm2ss.settings.signal_row import IOA, TYPE, VALUE, Condition, SignalRow, read_signal
from iec104mm2ss.settings.source import read_octets, read_text, whole_file
from iec104mm2ss.settings.table import Row, read_rows

__all__ = ["Condition", "LoadedSignals", "SignalRow", "load_signals", "parse_signals"]

_MILLISECOND = 0.001
_TITLE = re.compile(r"t-?\s?out\s*\(\s*(?:(m)s(?:ec)?|s|sec|seconds?)\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LoadedSignals:
    """The signals of a file in file order, and everything to complain about, by row."""

    rows: tuple[SignalRow, ...]
    problems: tuple[Problem, ...]

    @property
    def usable(self) -> bool:
        """Whether there is at least one signal."""
        return bool(self.rows)

    @property
    def refused(self) -> bool:
        """Whether any row, or the file itself, is not used."""
        return any(problem.refused for problem in self.problems)


def load_signals(path: Path) -> LoadedSignals:
    """Read a data file. Never raises for what is in it or for a file that cannot be read."""
    try:
        data = read_octets(path)
    except UnusableError as error:
        return LoadedSignals((), whole_file(path, error))
    return parse_signals(data, path)


def parse_signals(data: bytes, path: Path) -> LoadedSignals:
    """The same for the octets of a file that need not exist yet; `path` names it in the problems.

    A row that begins with `!` ends interrogations; those below are read all the same, for index sends. The T-out of a
    filter is milliseconds, and seconds below a comment that has the title `T-out(s)`.
    """
    try:
        text = read_text(data)
    except UnusableError as error:
        return LoadedSignals((), whole_file(path, error))
    reading = _Reading(Report(str(path)))
    entries = sum(map(reading.take, read_rows(text)))
    if not entries:
        reading.report.refuse(0, "", "the file has no signal that can be read: no row begins with an index")
    _note_missing_status(reading.signals, reading.report)
    return LoadedSignals(tuple(reading.signals), reading.report.in_file_order())


@dataclass(slots=True)
class _Reading:
    """The signals so far, and what the rows above mean for the next one."""

    report: Report
    signals: list[SignalRow] = field(default_factory=list)
    timeout_unit: float = _MILLISECOND
    in_gi: bool = True

    def take(self, row: Row) -> bool:
        """Read one row; whether it begins with an index."""
        if not row.is_entry:
            self._comment(row)
        elif row.fault:
            self.report.refuse(row.line, "", row.fault)
        else:
            signal = read_signal(RowReader(row, self.report), timeout_unit=self.timeout_unit, in_gi=self.in_gi)
            self.signals += [signal] if signal else []
        return row.is_entry

    def _comment(self, row: Row) -> None:
        self.in_gi &= not row.first.startswith("!")
        for title in filter(None, map(_TITLE.fullmatch, row.cells)):
            self.timeout_unit = _MILLISECOND if title[1] else 1.0
        if _resembles_signal(row):
            self.report.warn(row.line, "A", f"{shown(row.first)} is no number, so the row is taken as a comment")


def _resembles_signal(row: Row) -> bool:
    marked = row.first.startswith(("#", "!"))
    return not marked and len(row.cells) > VALUE and is_number(row.cells[TYPE]) and is_number(row.cells[IOA])


def _note_missing_status(signals: Iterable[SignalRow], report: Report) -> None:
    present = {row.ioa for row in signals if not row.is_command}
    for row in signals:
        if row.status_ioa is not None and row.status_ioa not in present:
            text = f"no signal of this file has the IOA {row.status_ioa}, so no status follows the command"
            report.warn(row.line, column_letter(VALUE), text)
