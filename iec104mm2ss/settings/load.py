"""A site file, or its octets, becomes a `Site` and the list of its problems; nothing in a file raises."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from iec104mm2ss.settings.cells import is_number, nearest, shown
from iec104mm2ss.settings.general import read_general
from iec104mm2ss.settings.groups import read_groups
from iec104mm2ss.settings.options import SETTINGS
from iec104mm2ss.settings.problems import Problem, Report
from iec104mm2ss.settings.rows import CA, MASTER
from iec104mm2ss.settings.site import Site
from iec104mm2ss.settings.table import Row, decode, read_rows

_LARGEST_FILE = 32_000_000  # octets; the largest site that is known has 200 kB


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
    """Read a site file.

    The other arguments are those of the command line and beat the file: `ntp_servers` are used instead of its servers,
    `ntp_interval` (seconds) instead of its `ntp_update_every_sec`; `nogui` holds when either has it. Never raises for
    what is in the file or for a file that cannot be read.
    """
    try:
        data = _octets(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        return _nothing(path, f"the file cannot be read: {reason}")
    loaded = parse(data, path)
    site = dataclasses.replace(
        loaded.site,
        nogui=nogui or loaded.site.nogui,
        ntp_servers=tuple(ntp_servers) or loaded.site.ntp_servers,
        ntp_interval=loaded.site.ntp_interval if ntp_interval is None else ntp_interval,
    )
    return dataclasses.replace(loaded, site=site)


def parse(data: bytes, path: Path) -> Loaded:
    """The same for the octets of a file that need not exist yet; `path` names it in the problems."""
    if len(data) > _LARGEST_FILE:
        return _nothing(path, f"the file is larger than {_LARGEST_FILE} octets and is not read")
    text = decode(data)
    if not text.strip():
        return _nothing(path, "the file is empty")
    report = Report(str(path))
    settings, entries = _sorted_out(_until_end(read_rows(text), report), report)
    general = read_general(settings, report)
    groups = read_groups(entries, general, report)
    if not entries:
        report.refuse(0, "", "the file has no entry that can be read: no row begins with the number of a group")
    return Loaded(Site(path=path, groups=groups, **general.program), report.in_file_order())


def _octets(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST_FILE + 1)


def _nothing(path: Path, text: str) -> Loaded:
    return Loaded(Site(path=path), (Problem(str(path), 0, "", text, refused=True),))


def _until_end(rows: Iterable[Row], report: Report) -> Iterable[Row]:
    """The rows before the one that begins with `!`; entries after it are counted, not read."""
    end, unread = 0, 0
    for row in rows:
        end = end or (row.line if row.first.startswith("!") else 0)
        if not end:
            yield row
        unread += bool(end) and is_number(row.first.lstrip("! "))
    if unread:
        report.warn(end, "A", f"'!' ends the file here; {unread} rows with entries from here on are not read")


def _sorted_out(rows: Iterable[Row], report: Report) -> tuple[list[Row], list[Row]]:
    """The rows with settings and those with entries. Comments go, reported where they look like either."""
    settings: list[Row] = []
    entries: list[Row] = []
    for row in rows:
        if not row.first.startswith("#"):
            kind = settings if row.first.lower() in SETTINGS else entries if row.is_entry else None
            if row.fault:
                _report_fault(row, report, used=kind is not None)
            elif kind is not None:
                kind.append(row)
            else:
                _report_comment(row, report)
    return settings, entries


def _report_fault(row: Row, report: Report, *, used: bool) -> None:
    (report.refuse if used else report.warn)(row.line, "", row.fault)


def _report_comment(row: Row, report: Report) -> None:
    """A comment without `#` may be a setting or an entry with a slip in its first cell."""
    meant = _mistyped_setting(row.first)
    if meant:
        report.warn(row.line, "A", f"{shown(row.first)} is taken as a comment; the setting is called {meant}")
    elif len(row.cells) > MASTER and is_number(row.cells[CA]):
        report.warn(row.line, "A", f"{shown(row.first)} is no number, so the row is taken as a comment")


def _mistyped_setting(text: str) -> str | None:
    """The setting that a first cell resembles: `ntp_servr`, `idle time`, `k=12`."""
    name, separator, _ = text.replace(":", "=").partition("=")
    if len(name.strip()) < 3 and not separator:  # noqa: PLR2004 - two letters resemble each other too easily
        return None
    return nearest(name.strip(), SETTINGS)
