"""A file held with its unsaved edits; every row that is not edited stays as it is, octet for octet.

What a person writes into a cell is kept as it is, also where it begins with `=`, `+`, `-` or `@`: a mark before it
would change the name. Whoever opens the file in a spreadsheet can see it as a formula there.
"""

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Self

from iec104mm2ss.settings import saving
from iec104mm2ss.settings.cells import UnusableError, is_number, shown
from iec104mm2ss.settings.edited_row import joined, options_of, rewritten, separated
from iec104mm2ss.settings.layout import OPTIONS, Layout, S
from iec104mm2ss.settings.problems import Problem
from iec104mm2ss.settings.source import open_to_everybody, read_octets
from iec104mm2ss.settings.written import Written


class NoEntryError(LookupError):
    """The line is not that of an entry that can be edited; the message says why."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What there is to say of a field of an edited row, or of the whole row where `field` is empty."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Edited(Generic[S]):
    """What became of an edit: `draft` is the one before it where there are problems, and has the edit otherwise.

    `warnings` are about the row as it would be: it runs, though perhaps not as meant.
    """

    draft: "Draft[S]"
    problems: tuple[Complaint, ...]
    warnings: tuple[Complaint, ...]

    @property
    def taken(self) -> bool:
        """Whether the draft has the edit."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Draft(Generic[S]):
    """A file as it was read or saved last (`saved`) and with its edits (`current`), row by row the same.

    `settings` and `problems` are those of `current`; `exposure` is what of the problems is about who else can write the
    file, which no edit changes. Rows are named by the line on which they begin in `current`, which is the `line` of the
    rows in `settings`.
    """

    path: Path
    layout: Layout[S]
    saved: Written
    current: Written
    settings: S
    problems: tuple[Problem, ...]
    exposure: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, data: bytes, path: Path, layout: Layout[S]) -> Self:
        """A draft without edits. Takes any octets."""
        written = Written.of(data)
        return cls(path, layout, written, written, *layout.read(data, path))

    @classmethod
    def read(cls, path: Path, layout: Layout[S]) -> Self:
        """The same for a file, of which may be said who can write it. Raises UnusableError where it cannot be read."""
        draft = cls.of(read_octets(path), path, layout)
        exposure = tuple(open_to_everybody(path))
        return dataclasses.replace(draft, problems=(*exposure, *draft.problems), exposure=exposure)

    def fields(self, line: int) -> dict[str, str]:
        """The cells of an entry by the names of their columns, its options as one text. Raises NoEntryError."""
        return self._fields(self.current, self._place(line))

    def saved_fields(self, line: int) -> dict[str, str]:
        """The same as the file has them."""
        return self._fields(self.saved, self._place(line))

    def edit(self, line: int, fields: Mapping[str, str]) -> Edited[S]:
        """Write texts into fields of an entry, named as `Layout.field` takes them. Raises NoEntryError.

        Nothing is taken where the row would be refused, or another one that is not refused now. Line breaks between
        hosts become `;`, other blanks one space.
        """
        place = self._place(line)
        cells = _Cells(self.layout, self._cells(self.current, place), self._cells(self.saved, place))
        problems = [complaint for name, text in fields.items() for complaint in cells.take(name, text)]
        if problems:
            return Edited(self, tuple(problems), ())
        try:
            draft = self._with(place, cells)
        except UnusableError as error:
            return Edited(self, (Complaint("", str(error)),), ())
        row = draft.current.rows[place].read.line
        problems = [*draft.complaints(row, refused=True), *self._harm(draft, place, cells.taken)]
        return Edited(self if problems else draft, tuple(problems), draft.complaints(row, refused=False))

    def complaints(self, line: int, *, refused: bool) -> tuple[Complaint, ...]:
        """What is wrong with a row as complaints about its fields, and for what the whole file is refused."""
        lines = {line, 0} if refused else {line}
        return tuple(
            Complaint(self.layout.field_at(problem.column), problem.text)
            for problem in self.problems
            if problem.refused == refused and problem.row in lines
        )

    def diff(self) -> str:
        """The unsaved edits as a unified diff for people; empty where there are none."""
        names = (self.path.name, f"{self.path.name} (not saved)")
        lines = difflib.unified_diff(self.saved.lines, self.current.lines, *names, lineterm="")
        return "\n".join(map(_printable, lines))

    @property
    def edited(self) -> frozenset[int]:
        """The lines of the rows that differ from the file."""
        pairs = zip(self.saved.rows, self.current.rows, strict=True)
        return frozenset(row.read.line for saved, row in pairs if saved.text != row.text)

    @property
    def unsaved(self) -> int:
        """How many rows differ from the file."""
        return len(self.edited)

    def discard(self) -> Self:
        """The draft without its edits."""
        return self._holding(self.saved)

    def changed_on_disk(self) -> bool:
        """Whether the file holds anything else than what was read or saved last, or cannot be read."""
        try:
            return read_octets(self.path) != self.saved.octets
        except UnusableError:
            return True

    def save(self, path: Path | None = None) -> Self:
        """Write the file and keep the one before as `.bak`; or write a copy to a `path` where there is no file yet.

        The draft that is returned has no unsaved edits; after a copy it is this one, because its own file still lacks
        them. Raises saving.NotSavedError, for a file that was changed on disk too.
        """
        data = self.current.octets
        if path is None or saving.is_same(path, self.path):
            saving.replace(self.path, data, read=self.saved.octets)
            return dataclasses.replace(self, saved=self.current)
        saving.create(path, data, like=self.path)
        return self

    def _place(self, line: int) -> int:
        """The index of an entry's row."""
        end = 0
        for place, row in enumerate(self.current.rows):
            end = end or (row.read.line if row.read.first.startswith("!") else 0)
            if row.read.line == line and row.read.is_entry and not row.read.fault:
                if end:
                    raise NoEntryError(f"row {line} is not read: row {end} with its '!' ends the file")
                return place
        raise NoEntryError(f"row {line} is no entry that can be edited")

    def _cells(self, written: Written, place: int) -> tuple[list[str], list[str]]:
        """The texts of an entry's columns and of its options."""
        cells, count = written.rows[place].read.cells, len(self.layout.columns)
        return [*cells[:count], *[""] * (count - len(cells))], options_of(cells, count)

    def _fields(self, written: Written, place: int) -> dict[str, str]:
        columns, options = self._cells(written, place)
        fields = zip((*self.layout.columns, OPTIONS), (*columns, joined(options)), strict=True)
        return {name: _on_one_line(name, text) for name, text in fields}

    def _with(self, place: int, cells: "_Cells[S]") -> Self:
        """The draft with a row's cells. Raises UnusableError where they would not be read back as they are."""
        texts = [row.text for row in self.current.rows]
        texts[place] = rewritten(self.saved.rows[place], cells.columns, cells.options)
        data = self.current.octets_of(texts, self.current.rest)
        current = Written.of(data)
        if [row.text for row in current.rows] != texts or self._cells(current, place) != (cells.columns, cells.options):
            raise UnusableError("the row cannot be written so that it reads back the same; shorten or simplify it")
        return self._holding(current)

    def _holding(self, current: Written) -> Self:
        """The draft of the same file with other octets."""
        settings, problems = self.layout.read(current.octets, self.path)
        return dataclasses.replace(self, current=current, settings=settings, problems=(*self.exposure, *problems))

    def _harm(self, other: "Draft[S]", place: int, fields: set[str]) -> Iterator[Complaint]:
        """What `other`, with its edited row, has refused in further rows that are not refused here."""
        places = {row.read.line: at for at, row in enumerate(other.current.rows)}
        spared = {self.current.rows[place].read.line, *(problem.row for problem in self.problems if problem.refused)}
        for problem in other.problems:
            if problem.refused and problem.row and self.current.rows[places[problem.row]].read.line not in spared:
                field = self.layout.field_at(problem.column)
                text = f"row {problem.row} would no longer be taken: {problem.text}"
                yield Complaint(field if field in fields else "", text)


class _Cells(Generic[S]):
    """The cells that an edited row shall have; `taken` are the fields that were named."""

    def __init__(
        self, layout: Layout[S], current: tuple[list[str], list[str]], saved: tuple[list[str], list[str]]
    ) -> None:
        self.columns, self.options = current
        self.taken: set[str] = set()
        self._layout = layout
        self._saved = saved

    def take(self, name: str, text: str) -> Iterator[Complaint]:
        """Set a field, or say what is wrong with it."""
        field = name
        try:
            field = self._layout.field(name)
            self.taken.add(field)
            self._set(field, _on_one_line(field, text))
        except UnusableError as error:
            yield Complaint(field, str(error))

    def _set(self, field: str, text: str) -> None:
        if field == OPTIONS:
            self.options = self._options(text)
        else:
            at = self._layout.columns.index(field)
            self.columns[at] = self._column(at, text)

    def _options(self, text: str) -> list[str]:
        for options in (self.options, self._saved[1]):
            if _on_one_line(OPTIONS, joined(options)) == text:
                return options
        return separated(_harmless(text))

    def _column(self, at: int, text: str) -> str:
        field = self._layout.columns[at]
        for cell in (self.columns[at], self._saved[0][at]):
            if _on_one_line(field, cell) == text:
                return cell
        if at == 0 and not is_number(text):
            raise UnusableError(f"{shown(text)} should be a number, or the row would be no entry")
        return _harmless(text)


def _on_one_line(field: str, text: str) -> str:
    """A cell's text for a form: hosts may stand below each other in a cell."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return (";" if field == "hosts" else " ").join(filter(None, lines))


def _harmless(text: str) -> str:
    if not text.isprintable():
        raise UnusableError(f"{shown(text)} has characters that cannot be printed; leave them out")
    return text


def _printable(line: str) -> str:
    """A line of a file for a terminal, which control characters could drive."""
    return "".join(character if character.isprintable() else " " for character in line)
