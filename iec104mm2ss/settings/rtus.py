"""The RTU simulator's file, or its octets, becomes a `Simulation` and the list of its problems; nothing in it raises.

A row is `id, name, rtu no, port no, hosts, k, idletime, io data file` and then options `name=value`. The data files
lie in the folder `data` beside the file.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.cells import UnusableError, is_number, shown
from iec104mm2ss.settings.general import read_general
from iec104mm2ss.settings.options import LINK, PROGRAM, SERVER, TLS, Given
from iec104mm2ss.settings.options import SETTINGS as SITE_SETTINGS
from iec104mm2ss.settings.problems import Problem, Report
from iec104mm2ss.settings.row_reader import RowReader
from iec104mm2ss.settings.rtu_row import CA, DEFAULTS, PORT, Defaults, link_parameters, read_entry
from iec104mm2ss.settings.simulation import RtuEntry, Simulation
from iec104mm2ss.settings.source import mistyped, read_octets, read_text, until_end, whole_file
from iec104mm2ss.settings.table import Row, read_rows

DATA_FOLDER = "data"
PROGRAM_SETTINGS = ("nogui", *SERVER, *PROGRAM, *TLS)
LINK_SETTINGS = ("k", "w", "t1", "t2", "idletime")


@dataclass(frozen=True, slots=True)
class LoadedRtus:
    """What a file holds that can run, and everything to complain about, by row."""

    simulation: Simulation
    problems: tuple[Problem, ...]

    @property
    def usable(self) -> bool:
        """Whether at least one RTU can run."""
        return bool(self.simulation.rtus)

    @property
    def refused(self) -> bool:
        """Whether any row, or the file itself, is not used."""
        return any(problem.refused for problem in self.problems)


def load_rtus(
    path: Path, *, nogui: bool = False, ntp_servers: Sequence[str] = (), ntp_interval: int | None = None
) -> LoadedRtus:
    """Read the file of the simulated RTUs; the other arguments are the command line's (`ProgramSettings.overridden`).

    Never raises for what is in the file or for a file that cannot be read.
    """
    try:
        data = read_octets(path)
    except UnusableError as error:
        return LoadedRtus(Simulation(path=path), whole_file(path, error))
    loaded = parse_rtus(data, path)
    simulation = loaded.simulation.overridden(nogui=nogui, ntp_servers=ntp_servers, ntp_interval=ntp_interval)
    return dataclasses.replace(loaded, simulation=simulation)


def parse_rtus(data: bytes, path: Path) -> LoadedRtus:
    """The same for the octets of a file that need not exist yet; the data files are looked for beside `path`."""
    try:
        text = read_text(data)
    except UnusableError as error:
        return LoadedRtus(Simulation(path=path), whole_file(path, error))
    report = Report(str(path))
    rows = _Sorted([], [], [])
    for row in until_end(read_rows(text), report):
        rows.add(row, report)
    general = read_general(rows.program, path.parent, report)
    defaults = Defaults(_link_defaults(rows.link, report), general.tls, path.parent / DATA_FOLDER)
    rtus = _rtus(rows.entries, defaults, report)
    general.tls.warn_if_unused(report)
    if not rows.entries:
        report.refuse(0, "", "the file has no RTU that can be read: no row begins with a number")
    return LoadedRtus(Simulation(path=path, rtus=rtus, **general.program), report.in_file_order())


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The rows of a file by what they are for. Comments go, reported where they look like anything else."""

    program: list[Row]
    link: list[Row]
    entries: list[Row]

    def add(self, row: Row, report: Report) -> None:
        if row.first.startswith("#"):
            return
        place = self._place(row)
        if row.fault and place is not self.program:
            (report.warn if place is None else report.refuse)(row.line, "", row.fault)
        elif place is None:
            _report_comment(row, report)
        else:
            place.append(row)

    def _place(self, row: Row) -> list[Row] | None:
        name = row.first.lower()
        if name in PROGRAM_SETTINGS:
            return self.program
        if name in LINK_SETTINGS:
            return self.link
        return self.entries if row.is_entry else None


def _report_comment(row: Row, report: Report) -> None:
    """A comment without `#` may be a setting or an RTU with a slip in its first cell."""
    name = row.first.lower()
    if name in SITE_SETTINGS:
        remedy = "; write t3= in the row of an RTU that is to send test frames" if name == "t3" else ""
        report.warn(row.line, "A", f"{name} is no setting of the RTU simulator and is not used{remedy}")
    elif meant := mistyped(row.first, PROGRAM_SETTINGS + LINK_SETTINGS):
        report.warn(row.line, "A", f"{shown(row.first)} is taken as a comment; the setting is called {meant}")
    elif len(row.cells) > PORT and is_number(row.cells[CA]) and is_number(row.cells[PORT]):
        report.warn(row.line, "A", f"{shown(row.first)} is no number, so the row is taken as a comment")


def _link_defaults(rows: Iterable[Row], report: Report) -> LinkParameters:
    """The constants of rows that are silent about them; where two contradict each other none of the file's is used."""
    given: dict[str, Given] = {}
    for row in rows:
        name, reader = row.first.lower(), RowReader(row, report)
        value = reader.value(1, name, LINK[name], None)
        if not reader.refused:
            given[name] = Given(value, row.line, "B")
    return link_parameters(DEFAULTS, given, report) or DEFAULTS


def _rtus(rows: Iterable[Row], defaults: Defaults, report: Report) -> tuple[RtuEntry, ...]:
    """The RTUs that can run, in file order; of two with one port the first."""
    ports: dict[int, RtuEntry] = {}
    for row in rows:
        reader = RowReader(row, report)
        entry = read_entry(reader, defaults)
        if entry is None:
            continue
        other = ports.get(entry.port)
        if other:
            reader.refuse(PORT, f"port {entry.port} is used by {other.name} in row {other.line}; choose another one")
        else:
            ports[entry.port] = entry
    _note_repeated_ids(ports.values(), report)
    return tuple(ports.values())


def _note_repeated_ids(entries: Iterable[RtuEntry], report: Report) -> None:
    lines: dict[int, int] = {}
    for entry in entries:
        first = lines.setdefault(entry.id, entry.line)
        if first != entry.line:
            text = f"id {entry.id} stands in row {first} too; both run, but a number of its own tells them apart better"
            report.warn(entry.line, "A", text)
