"""The cells of one row, whichever file it is in; everything wrong in them is reported at once."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from iec104mm2ss.settings.cells import UnusableError, shown
from iec104mm2ss.settings.filters import HostFilter, read_filter
from iec104mm2ss.settings.options import Convert, Given
from iec104mm2ss.settings.problems import Report, column_letter
from iec104mm2ss.settings.table import UNDECODABLE, Row

T = TypeVar("T")


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

    def name(self, column: int, longest: int, whose: str) -> str:
        """A name: on one line, printable, at most `longest` characters; `whose` says who needs one."""
        text = " ".join(self.text(column).split())
        if not text:
            self.refuse(column, f"the name is empty; every {whose} needs one")
        if UNDECODABLE in text:
            self.warn(column, f"the name {shown(text)} has characters that are not UTF-8; save the file as CSV UTF-8")
        if not text.isprintable():
            text = "".join(character if character.isprintable() else "?" for character in text)
            self.warn(column, f"the name has invisible control characters; it is shown as {shown(text)}")
        if len(text) > longest:
            self.warn(column, f"the name {shown(text)} is cut to its first {longest} characters")
        return text[:longest].rstrip()

    def filter(self, column: int, *, required: bool = False) -> HostFilter:
        """Who may connect; where it is `required`, an empty filter is refused."""
        if required and not self.text(column):
            self.refuse(column, "the filter is empty, which require_filter forbids; list who may connect")
            return HostFilter(())
        accepted, complaints = read_filter(self.text(column))
        for complaint in complaints:
            self.warn(column, complaint)
        return accepted

    def options(
        self,
        first: int,
        known: Mapping[str, Convert],
        *,
        unknown: Callable[[int, str], None],
        remark: Callable[[int], None],
    ) -> dict[str, Given]:
        """The options `name=value` from column `first` on.

        `unknown` reports one that is not among the `known`, `remark` a cell that is no option at all.
        """
        options: dict[str, Given] = {}
        for column, written, equals, text in self._filled(first):
            name = written.lower()
            if not equals:
                remark(column)
            elif name in options:
                self.refuse(column, f"the option {name} is given twice in this row")
            elif name in known:
                value = self._option(column, name, known[name], text)
                options[name] = Given(value, self.row.line, column_letter(column))
            else:
                unknown(column, written)
        return options

    def _filled(self, first: int) -> Iterator[tuple[int, str, str, str]]:
        for column in range(first, len(self.row.cells)):
            name, equals, text = (part.strip() for part in self.text(column).partition("="))
            if name + equals and not name.startswith("#"):
                yield column, name, equals, text

    def _option(self, column: int, name: str, convert: Convert, text: str) -> object:
        try:
            return convert(text)
        except UnusableError as error:
            self.refuse(column, f"{shown(f'{name}={text}')} {error}")
            return None
