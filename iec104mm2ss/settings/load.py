"""A site file, or its octets, becomes a `Site` and the list of its problems; nothing in a file raises."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from iec104mm2ss.settings.cells import UnusableError, is_number, shown
from iec104mm2ss.settings.general import read_general
from iec104mm2ss.settings.groups import read_groups
from iec104mm2ss.settings.options import MASTER_ONLY, RTU_ONLY, SETTINGS, misplaced
from iec104mm2ss.settings.problems import Problem, Report
from iec104mm2ss.settings.rows import CA, MASTER
from iec104mm2ss.settings.site import Site
from iec104mm2ss.settings.source import mistyped, read_octets, read_text, until_end, whole_file
from iec104mm2ss.settings.table import Row, read_rows


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file holds that can run, and everything to complain about, by row."""

    site: Site
    problems: tuple[Problem, ...]

    @property
    def usable(self) -> bool:
        """Whether at least one group can run."""
        return bool(self.site.groups)

    @property
    def refused(self) -> bool:
        """Whether any row, or the file itself, is not used."""
        return any(problem.refused for problem in self.problems)


def load(
    path: Path, *, nogui: bool = False, ntp_servers: Sequence[str] = (), ntp_interval: int | None = None
) -> Loaded:
    """Read a site file; the other arguments are those of the command line (see `ProgramSettings.overridden`).

    Never raises for what is in the file or for a file that cannot be read.
    """
    try:
        data = read_octets(path)
    except UnusableError as error:
        return Loaded(Site(path=path), whole_file(path, error))
    loaded = parse(data, path)
    site = loaded.site.overridden(nogui=nogui, ntp_servers=ntp_servers, ntp_interval=ntp_interval)
    return dataclasses.replace(loaded, site=site)


def parse(data: bytes, path: Path) -> Loaded:
    """The same for the octets of a file that need not exist yet; `path` names it in the problems."""
    try:
        text = read_text(data)
    except UnusableError as error:
        return Loaded(Site(path=path), whole_file(path, error))
    report = Report(str(path))
    settings, entries = _sorted_out(until_end(read_rows(text), report), report)
    general = read_general(settings, path.parent, report)
    groups = read_groups(entries, general, report)
    general.tls.warn_if_unused(report)
    if not entries:
        report.refuse(0, "", "the file has no entry that can be read: no row begins with the number of a group")
    return Loaded(Site(path=path, groups=groups, **general.program), report.in_file_order())


def _sorted_out(rows: Iterable[Row], report: Report) -> tuple[list[Row], list[Row]]:
    """The rows with settings, also unreadable ones, and those with entries.

    Comments go, reported where they look like either.
    """
    settings: list[Row] = []
    entries: list[Row] = []
    for row in rows:
        if not row.first.startswith("#"):
            kind = settings if row.first.lower() in SETTINGS else entries if row.is_entry else None
            if row.fault and kind is not settings:
                _report_fault(row, report, used=kind is not None)
            elif kind is not None:
                kind.append(row)
            else:
                _report_comment(row, report)
    return settings, entries


def _report_fault(row: Row, report: Report, *, used: bool) -> None:
    (report.refuse if used else report.warn)(row.line, "", row.fault)


def _report_comment(row: Row, report: Report) -> None:
    """A comment without `#` may be a setting or an entry with a slip in its first cell, or an option alone."""
    option = row.first.partition("=")[0].strip().lower()
    if option in RTU_ONLY or option in MASTER_ONLY:
        report.warn(row.line, "A", f"{shown(row.first)} is taken as a comment; {option} {misplaced(option)}")
    elif meant := mistyped(row.first, SETTINGS):
        report.warn(row.line, "A", f"{shown(row.first)} is taken as a comment; the setting is called {meant}")
    elif len(row.cells) > MASTER and is_number(row.cells[CA]):
        report.warn(row.line, "A", f"{shown(row.first)} is no number, so the row is taken as a comment")
