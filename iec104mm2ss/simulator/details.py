"""All there is to say of one RTU, for people to read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.snapshot import Section
from iec104mm2ss.record import sections
from iec104mm2ss.simulator.changes import label
from iec104mm2ss.simulator.misbehaviour import described
from iec104mm2ss.simulator.port import QUEUE_LIMIT
from iec104mm2ss.simulator.sender import remarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iec104mm2ss.settings.problems import Problem
    from iec104mm2ss.simulator.database import Database
    from iec104mm2ss.simulator.rtu import Rtu

    Rows = tuple[tuple[str, str], ...]

_MOST_INDEXES: Final = 30
_MOST_PROBLEMS: Final = 100


def of_rtu(rtu: Rtu, now: float) -> tuple[Section, ...]:
    """Return everything about an RTU; `now` is monotonic seconds. An edit of its data file is taken over first."""
    rtu.station.refresh()
    found = (
        *sections.of_connections(rtu.record, now),
        Section("Test frames of this master", _tests(rtu)),
        Section("Index send", _index_send(rtu, now)),
        Section("Station", _station(rtu)),
        Section("Rows not used", tuple(_refused_rows(rtu.station.database))),
        Section("Signals by index", tuple(_indexes(rtu.station.database))),
        Section("Misbehaviour on purpose", tuple(described(rtu.entry.misbehaviour).items())),
        Section("Access", _access(rtu)),
        *sections.of_history(rtu.record, now),
    )
    return tuple(section for section in found if section.rows)


def _tests(rtu: Rtu) -> Rows:
    tests = rtu.port.tests
    if tests.last is None or tests.smallest is None:
        return ()
    return ("last period", f"{tests.last:.1f} s"), ("smallest period", f"{tests.smallest:.1f} s")


def _index_send(rtu: Rtu, now: float) -> Rows:
    progress, shown = rtu.sender.progress(now), rtu.sender.shown(now)
    if shown.index is None:
        return ()
    if progress is None:
        return (("last index", shown.text or str(shown.index)),)
    place = ", ".join((f"{progress.place} of {progress.total}", *remarks(progress)))
    return ("index", str(shown.index)), ("progress", place), ("sent", str(progress.sent))


def _station(rtu: Rtu) -> Rows:
    station = rtu.station
    others = [label(member.entry) for member in station.members if member is not rtu]
    return (
        ("data file", str(rtu.entry.data)),
        ("shared with", ", ".join(others) or "no other RTU"),
        ("signals", str(len(station.database.signals))),
        ("of these changed since by a master or by set", str(station.remembered)),
        ("answers that wait", str(rtu.port.answering)),
        (f"dropped because more than {QUEUE_LIMIT} waited", str(rtu.port.lost)),
        ("requests that cannot be read", str(station.malformed)),
    )


def _refused_rows(database: Database) -> Iterator[tuple[str, str]]:
    refused = [problem for problem in database.problems if problem.refused]
    if not database.taken:
        yield database.path.name, "the file as it is now is not in use; what could be read before stays in use"
    for problem in refused[:_MOST_PROBLEMS]:
        yield _place(problem), problem.text
    yield from _further(refused, _MOST_PROBLEMS)


def _place(problem: Problem) -> str:
    return ":".join(str(part) for part in (Path(problem.file).name, problem.row, problem.column) if part)


def _indexes(database: Database) -> Iterator[tuple[str, str]]:
    counts = sorted(Counter(signal.row.index for signal in database.signals).items())
    for index, count in counts[:_MOST_INDEXES]:
        yield str(index), str(count)
    yield from _further(counts, _MOST_INDEXES)


def _further(items: Sequence[object], shown: int) -> Iterator[tuple[str, str]]:
    if len(items) > shown:
        yield "further", str(len(items) - shown)


def _access(rtu: Rtu) -> Rows:
    return (
        ("accepted from", str(rtu.entry.accept)),
        ("listens on", rtu.entry.bind or "every address"),
        ("refused", str(rtu.record.refusals.total)),
    )
