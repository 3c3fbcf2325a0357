"""The rows with settings of the whole file."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings import constants
from iec104mm2ss.settings.cells import UnusableError, shown
from iec104mm2ss.settings.options import GROUP, LINK, PROGRAM, SERVER, SETTINGS, TLS, Given
from iec104mm2ss.settings.problems import Report
from iec104mm2ss.settings.table import Row
from iec104mm2ss.settings.tls import TlsSettings

_PROGRAM_FIELDS = {"ntp_update_every_sec": "ntp_interval"}
# What a slip in these settings means: it must neither leave connections without TLS nor open what was to be closed.
_AFTER_A_SLIP = {
    "tls": True,
    "tls_crl": None,  # see `TlsSettings`
    "tls_peers": None,
    "require_filter": True,
    "private_types": False,
}


@dataclass(slots=True)
class General:
    """What the setting rows give: fields of `Site`, of every `GroupRow`, constants and TLS of every connection."""

    program: dict[str, Any]
    group: dict[str, Any]
    link: LinkParameters
    tls: TlsSettings
    require_filter: bool


def read_general(rows: Iterable[Row], folder: Path, report: Report) -> General:
    """The settings of a file that lies in `folder`; one that cannot be used is reported and its default holds.

    Rows that cannot be read belong here too: for some settings the default is not the safe side.
    """
    given: dict[str, Given] = {}
    servers: dict[str, None] = {}
    for row in rows:
        name = row.first.lower()
        value = _value(name, row, report)
        if value is None:
            continue
        if name in SERVER:
            servers[value.value] = None
        else:
            _note_repetition(name, value, given, report)
            given[name] = value
    program = {_PROGRAM_FIELDS.get(name, name): given[name].value for name in PROGRAM if name in given}
    program |= {"nogui": "nogui" in given and given["nogui"].value, "ntp_servers": tuple(servers)}
    group = {name: given[name].value for name in GROUP if name in given}
    link = _link({name: given[name] for name in LINK if name in given}, report)
    tls = TlsSettings(folder, {name: given[name] for name in TLS if name in given})
    require_filter = "require_filter" in given and given["require_filter"].value
    return General(program, group, link, tls, require_filter)


def _value(name: str, row: Row, report: Report) -> Given | None:
    """The value in column B; after a report the safe one, or None where its default will do."""
    if row.fault:
        report.refuse(row.line, "", row.fault)
        return _after_a_slip(name, row)
    text = row.cells[1] if len(row.cells) > 1 else ""
    if name == "nogui":  # its presence is what counts
        return Given(text.lower() not in ("n", "no"), row.line, "B")
    _note_more_cells(row, report)
    try:
        return Given(SETTINGS[name](text), row.line, "B")
    except UnusableError as error:
        report.refuse(row.line, "B", f"{name} {shown(text) if text else 'has no value: it'} {error}")
        return _after_a_slip(name, row)


def _after_a_slip(name: str, row: Row) -> Given | None:
    return Given(_AFTER_A_SLIP[name], row.line, "B") if name in _AFTER_A_SLIP else None


def _note_more_cells(row: Row, report: Report) -> None:
    if len(row.cells) > 2 and not row.cells[2].startswith("#"):  # noqa: PLR2004 - the name, its value and more
        report.warn(row.line, "C", f"{shown(row.cells[2])} is not read; a setting has one value")


def _note_repetition(name: str, value: Given, given: dict[str, Given], report: Report) -> None:
    if name in given and name != "nogui":
        report.warn(value.line, "A", f"{name} stands in row {given[name].line} too; the value of this row counts")


def _link(given: dict[str, Given], report: Report) -> LinkParameters:
    """The constants for all connections; two that contradict each other are both left at their defaults."""
    for pair, text in list(constants.contradictions(constants.combined(constants.DEFAULTS, given))):
        blamed = constants.first_given(pair, given)
        report.refuse(blamed.line, blamed.column, f"{text}; the defaults of both are used")
        given = {name: setting for name, setting in given.items() if name not in pair}
    values = constants.combined(constants.DEFAULTS, given)
    if values["w"] < constants.DEFAULTS.w and "w" not in given:
        k = given["k"]
        report.warn(k.line, k.column, f"k is {k.value} and w is not set; w becomes {values['w']}, two thirds of k")
    for setting, text in constants.doubts(values, given):
        report.warn(setting.line, setting.column, text)
    return LinkParameters(**values)
