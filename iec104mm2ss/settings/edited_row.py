"""One row written anew: what does not change stays as it was written, the rest is quoted as CSV needs."""

import csv
import re
from collections.abc import Sequence

from iec104mm2ss.settings.cells import UnusableError
from iec104mm2ss.settings.written import WrittenRow

# A row of an entry begins with a number, so that what follows it separates (compare `table.read_rows`).
_SEPARATOR = re.compile(r'\s*"?\s*\d+\s*"?\s*([,;\t])')


def rewritten(row: WrittenRow, columns: Sequence[str], options: Sequence[str]) -> str:
    """The text of an entry's row whose first cells read `columns` and whose further cells read `options`.

    Cells that read so already stay as they are written, and the row becomes no shorter: a spreadsheet fills all rows
    of a file up to the same number of cells. The line end is the row's own.
    """
    body = row.text.rstrip("\r\n")
    separator = _separator(body)
    pieces = _pieces(body, separator)
    old = [*row.read.cells, *[""] * (len(pieces) - len(row.read.cells))]
    count = len(columns)
    as_written = list(zip(old, pieces, strict=True))
    cells = [
        *(_cell(cell, as_written[at : at + 1], separator) for at, cell in enumerate(columns)),
        *_further(options, as_written[count:], separator),
    ]
    return separator.join(_as_long_as(len(pieces), cells)) + row.text[len(body) :]


def _further(options: Sequence[str], as_written: Sequence[tuple[str, str]], separator: str) -> list[str]:
    if list(options) == [text for text, _ in as_written if text]:
        return [piece for _, piece in as_written]
    return [_cell(option, as_written, separator) for option in options]


def _cell(text: str, as_written: Sequence[tuple[str, str]], separator: str) -> str:
    """A cell as one of the pairs (text, as it is written) has it, else quoted where it must be."""
    return next((piece for old, piece in as_written if old == text), None) or _quoted(text, separator)


def _as_long_as(count: int, cells: Sequence[str]) -> list[str]:
    """At least so many cells, and no empty ones behind them."""
    kept = [*cells, *[""] * (count - len(cells))]
    while len(kept) > count and not kept[-1]:
        kept.pop()
    return kept


def options_of(cells: Sequence[str], count: int) -> list[str]:
    """The cells after the first `count` that hold something."""
    return [cell for cell in cells[count:] if cell]


def joined(options: Sequence[str]) -> str:
    """Options as one text: `k=20, commands=N`."""
    return ", ".join(_quoted(option, ",") for option in options)


def separated(text: str) -> list[str]:
    """The options in a text that `joined` could have made. Raises UnusableError for a quote that is not closed."""
    try:
        (cells,) = csv.reader([text], skipinitialspace=True, strict=True)
    except csv.Error as error:
        raise UnusableError(f"cannot be read as name=value, name=value: {error}") from None
    return [cell.strip() for cell in cells if cell.strip()]


def _separator(text: str) -> str:
    match = _SEPARATOR.match(text)
    return match[1] if match else ","


def _pieces(text: str, separator: str) -> list[str]:
    """The cells of a row as they are written, with their quotes and blanks."""
    # What follows a closing quote belongs to the cell, as in the csv module.
    cell = re.compile(rf' *"(?:[^"]|"")*+"[^{separator}]*|[^{separator}]*')
    pieces: list[str] = []
    at = 0
    while at <= len(text) and (match := cell.match(text, at)):
        pieces.append(match[0])
        at = match.end() + 1
    return pieces


def _quoted(cell: str, separator: str) -> str:
    if not any(mark in cell for mark in (separator, '"', "\n")):
        return cell
    return '"' + cell.replace('"', '""') + '"'
