"""A file as it is written, octet for octet: its encoding, and every row with its own line end."""

import codecs
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from iec104mm2ss.settings.table import Row, decode, read_rows

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"")
_CODECS = ("utf-8", "utf-16-le", "utf-16-be")
_LINE_END = re.compile(r"\r\n|\r|\n")
_AFTER_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row as it was read and as it stands in the file, with its line end.

    Octets that are no character of the encoding are surrogates in `text`, so that they can be written again.
    """

    read: Row
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """A whole file. `mark` is its byte order mark, `rest` half a character of UTF-16 at its end; both mostly empty."""

    mark: bytes
    codec: str
    rows: tuple[WrittenRow, ...]
    rest: bytes

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The rows of a file, as `table.read_rows` finds them. Takes any octets."""
        text = decode(data)
        mark, codec = _encoding(data, text)
        content = data[len(mark) :]
        whole = len(content) if codec == "utf-8" else len(content) // 2 * 2
        lines = _AFTER_LINE_END.split(content[:whole].decode(codec, _lossless(codec)))
        rows = tuple(_with_text(list(read_rows(text)), lines))
        return cls(mark, codec, rows, content[whole:])

    @property
    def octets(self) -> bytes:
        """The file itself."""
        return self.octets_of((row.text for row in self.rows), self.rest)

    def octets_of(self, texts: Iterable[str], rest: bytes = b"") -> bytes:
        """A file in the same encoding that has these rows and this half character."""
        return self.mark + "".join(texts).encode(self.codec, _lossless(self.codec)) + rest

    @property
    def lines(self) -> list[str]:
        """What people see of the file, without line ends."""
        return decode(self.octets).removesuffix("\n").split("\n")


def _encoding(data: bytes, text: str) -> tuple[bytes, str]:
    """The mark and the codec with which `table.decode` made `text` of the octets."""
    return next(
        (mark, codec)
        for mark in _MARKS
        if data.startswith(mark)
        for codec in _CODECS
        if _LINE_END.sub("\n", data[len(mark) :].decode(codec, "replace")) == text
    )


def _lossless(codec: str) -> str:
    """How what cannot be decoded is kept: octets in UTF-8, lone surrogates in UTF-16."""
    return "surrogateescape" if codec == "utf-8" else "surrogatepass"


def _with_text(rows: Sequence[Row], lines: Sequence[str]) -> Iterable[WrittenRow]:
    for row, end in zip(rows, [*(following.line - 1 for following in rows[1:]), len(lines)], strict=True):
        yield WrittenRow(row, "".join(lines[row.line - 1 : end]))
