"""The file's octets become rows of cells; a row that cannot be read carries its fault and the next one is read."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from iec104mm2ss.settings.cells import is_number

UNDECODABLE = "\ufffd"
_BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_MOST_LINES = 20  # of one row with quoted line breaks
_LONGEST_LINE = 20_000
# A spreadsheet may separate by comma, semicolon (where the comma is the decimal sign) or tab ("Unicode text").
_SEPARATOR = re.compile(r'\s*(?:"[^"]*"|[^",;\t]*)\s*([,;\t])')
_ENTRY = re.compile(r'\s*"?\d+"?\s*[,;\t]')


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line where it begins (from 1), its cells without blanks around and without empty ones at the end.

    `fault` says why the row cannot be read, in which case `cells` is a rough guess.
    """

    line: int
    cells: tuple[str, ...]
    fault: str = ""

    @property
    def first(self) -> str:
        """The first cell, empty in an empty row."""
        return self.cells[0] if self.cells else ""

    @property
    def is_entry(self) -> bool:
        """Whether the row begins with a group's number."""
        return is_number(self.first)


def decode(data: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16; octets that are neither become U+FFFD, every line ends in a line feed."""
    encoding, start = next(((name, len(bom)) for bom, name in _BOMS.items() if data.startswith(bom)), ("", 0))
    text = data[start:].decode(encoding or _without_bom(data), errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_bom(data: bytes) -> str:
    """UTF-16 shows by the NUL in its first character, which no comment or number lacks."""
    if data[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" else "utf-8"


def read_rows(text: str) -> Iterator[Row]:
    """Every row of a file, blank ones too. A quote that is never closed costs its own line only."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        row, used = _row(lines[at : at + _MOST_LINES], at + 1)
        yield row
        at += used


def _row(window: list[str], line: int) -> tuple[Row, int]:
    """The row that begins with the window's first line, and how many lines it has."""
    separator = _separator(window[0])
    if len(window[0]) > _LONGEST_LINE:
        return _broken(window[0], line, f"is longer than {_LONGEST_LINE} characters"), 1
    reader = csv.reader([text + "\n" for text in (*window, "")], delimiter=separator, skipinitialspace=True)
    try:
        cells = next(reader)
    except csv.Error as error:
        return _broken(window[0], line, f"cannot be read: {error}"), 1
    if _swallowed(window, reader.line_num):
        return _broken(window[0], line, "has a quote that is opened and not closed"), 1
    fault = "this row holds NUL characters; save the file as CSV UTF-8" if any("\0" in cell for cell in cells) else ""
    return Row(line, _trimmed(cells), fault), reader.line_num


def _swallowed(window: list[str], used: int) -> bool:
    """Whether a quoted cell ran on to the end of the window, or over rows that are entries of their own."""
    return used > len(window) or any(map(_ENTRY.match, window[1:used]))


def _separator(line: str) -> str:
    match = _SEPARATOR.match(line)
    return match[1] if match else ","


def _broken(line: str, number: int, fault: str) -> Row:
    plain = line[:_LONGEST_LINE].replace('"', "")
    return Row(number, _trimmed(plain.split(_separator(plain))), f"this row {fault}")


def _trimmed(cells: list[str]) -> tuple[str, ...]:
    kept = [cell.replace("\0", "").strip() for cell in cells]
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)
