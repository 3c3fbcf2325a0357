"""One row of the file becomes an RTU or a master; everything wrong in it is reported at once."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings import constants
from iec104mm2ss.settings.cells import UnusableError, nearest, shown, whole, yes_or_no
from iec104mm2ss.settings.endpoints import Endpoint, read_endpoints
from iec104mm2ss.settings.filters import HostFilter, read_filter
from iec104mm2ss.settings.options import (
    GROUP,
    LINK,
    MASTER_ONLY,
    MASTER_OPTIONS,
    OPTIONS,
    RTU_ONLY,
    RTU_OPTIONS,
    Convert,
    Given,
    misplaced,
)
from iec104mm2ss.settings.problems import Report, column_letter
from iec104mm2ss.settings.site import MasterRow, RtuRow
from iec104mm2ss.settings.table import UNDECODABLE, Row

T = TypeVar("T")

ID, NAME, PORT, CA, MASTER, HOSTS, FIRST_OPTION = range(7)
LONGEST_NAME = 14
group_number = whole(0, 999_999_999)
_number = whole(1, 65535)


class RowReader:
    """Reads the cells of one row. `refused` is set once something in it cannot be used."""

    def __init__(self, row: Row, report: Report) -> None:
        self.row = row
        self.report = report
        self.refused = False

    def refuse(self, column: int, text: str) -> None:
        """Report a cell for which the row cannot be taken."""
        self.refused = True
        self.report.refuse(self.row.line, column_letter(column), text)

    def warn(self, column: int, text: str) -> None:
        """Report a cell with which the row runs all the same."""
        self.report.warn(self.row.line, column_letter(column), text)

    def text(self, column: int) -> str:
        """A cell's text, empty beyond the row's end."""
        return self.row.cells[column] if column < len(self.row.cells) else ""

    def value(self, column: int, label: str, convert: Convert, otherwise: T) -> T:
        """A cell's value, or `otherwise` after a refusal."""
        text = self.text(column)
        try:
            result: T = convert(text)
        except UnusableError as error:
            self.refuse(column, f"{label} {shown(text) if text else 'is empty: it'} {error}")
            return otherwise
        return result

    def name(self) -> str:
        """The name without its prefix: on one line, printable, at most 14 characters."""
        text = " ".join(self.text(NAME).split())
        if not text:
            self.refuse(NAME, "the name is empty; every RTU and master needs one")
        if UNDECODABLE in text:
            self.warn(NAME, f"the name {shown(text)} has characters that are not UTF-8; save the file as CSV UTF-8")
        if not text.isprintable():
            text = "".join(character if character.isprintable() else "?" for character in text)
            self.warn(NAME, f"the name has invisible control characters; it is shown as {shown(text)}")
        if len(text) > LONGEST_NAME:
            self.warn(NAME, f"the name {shown(text)} is cut to its first {LONGEST_NAME} characters")
        return text[:LONGEST_NAME].rstrip()

    def column_of(self, option: str) -> int:
        """The column of an option that the row has, else that of the row's number."""
        named = (cell.partition("=")[0].strip().lower() for cell in self.row.cells[FIRST_OPTION:])
        return next((FIRST_OPTION + place for place, name in enumerate(named) if name == option), ID)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The RTU's hosts; bad ones are left out where others are good."""
        endpoints, complaints = read_endpoints(self.text(HOSTS))
        for complaint in complaints:
            if endpoints:
                self.warn(HOSTS, f"{complaint}; it is left out")
            else:
                self.refuse(HOSTS, complaint)
        if not endpoints and not complaints:
            self.refuse(HOSTS, "the RTU has no host; it should look like 192.168.1.1:2404")
        return endpoints

    def filter(self) -> HostFilter:
        """Who may connect to the master's port."""
        accepted, complaints = read_filter(self.text(HOSTS))
        for complaint in complaints:
            self.warn(HOSTS, complaint)
        return accepted

    def options(self, known: Mapping[str, Convert]) -> dict[str, Given]:
        """The options `name=value` after the hosts."""
        options: dict[str, Given] = {}
        for column in range(FIRST_OPTION, len(self.row.cells)):
            name, equals, text = (part.strip() for part in self.text(column).partition("="))
            if not name + equals or name.startswith("#"):
                continue
            if not equals:
                self._note(column)
            elif name.lower() in options:
                self.refuse(column, f"the option {name.lower()} is given twice in this row")
            elif name.lower() in known:
                value = self._option(column, name.lower(), known[name.lower()], text)
                options[name.lower()] = Given(value, self.row.line, column_letter(column))
            else:
                self._unknown(column, name, known)
        return options

    def _option(self, column: int, name: str, convert: Convert, text: str) -> object:
        try:
            return convert(text)
        except UnusableError as error:
            self.refuse(column, f"{shown(f'{name}={text}')} {error}")
            return None

    def _unknown(self, column: int, name: str, known: Mapping[str, Convert]) -> None:
        # An option that is not understood refuses the row: a mistyped commands=N must not let commands through.
        place = misplaced(name.lower())
        if place:
            self.refuse(column, f"the option {name.lower()} {place}")
            return
        meant = nearest(name, OPTIONS)
        remedy = f"it should probably be {meant}" if meant else f"known here are {', '.join(known)}"
        self.refuse(column, f"the option {shown(name)} is unknown; {remedy}")

    def _note(self, column: int) -> None:
        """A cell without `=`: a remark, unless it looks as if it was meant as an option."""
        text = self.text(column)
        meant = nearest(re.split(r"[\s:]", text)[0], OPTIONS)
        if meant:
            self.refuse(column, f"{shown(text)} is no option; it should look like {meant}=value")
        else:
            self.warn(
                column, f"{shown(text)} is no option name=value and is not used; several hosts belong in one cell"
            )

    def link(self, options: Mapping[str, Given], base: LinkParameters) -> LinkParameters:
        """The row's constants; `base` after a refusal."""
        given = {name: options[name] for name in LINK if name in options}
        if self.refused:
            return base
        values = constants.combined(base, given)
        for pair, text in constants.contradictions(values):
            blamed = constants.first_given(pair, given)
            self.refused = True
            self.report.refuse(blamed.line, blamed.column, text)
        if self.refused:
            return base
        for setting, text in constants.doubts(values, given):
            self.report.warn(setting.line, setting.column, text)
        return LinkParameters(**values)


def is_master(reader: RowReader) -> bool | None:
    """What column E says; None after a refusal."""
    text = reader.text(MASTER)
    return reader.value(MASTER, "master", yes_or_no, None) if text else False


def read_rtu(reader: RowReader, base: LinkParameters) -> tuple[RtuRow, dict[str, Any]] | None:
    """The RTU of a row and the group's values from its options; None after a refusal."""
    name, ca, hosts = reader.name(), reader.value(CA, "rtu no", _number, 0), reader.endpoints()
    options = reader.options(RTU_OPTIONS)
    link = reader.link(options, base)
    if reader.refused:
        return None
    own = _values(options, RTU_ONLY)
    group = group_number(reader.row.first)
    row = RtuRow(group=group, name=f"S/{name}", ca=ca, hosts=hosts, link=link, line=reader.row.line, **own)
    return row, _values(options, GROUP)


def read_master(reader: RowReader, base: LinkParameters) -> MasterRow | None:
    """The master of a row; None after a refusal."""
    name, ca = reader.name(), reader.value(CA, "rtu no", _number, 0)
    port, accept = reader.value(PORT, "port no", _number, 0), reader.filter()
    options = reader.options(MASTER_OPTIONS)
    link = reader.link(options, base)
    if reader.refused:
        return None
    return MasterRow(
        group=group_number(reader.row.first),
        name=f"M/{name}",
        port=port,
        ca=ca,
        accept=accept,
        link=link,
        line=reader.row.line,
        **_values(options, MASTER_ONLY),
    )


def _values(options: Mapping[str, Given], names: Mapping[str, Convert]) -> dict[str, Any]:
    return {name: options[name].value for name in names if name in options}
