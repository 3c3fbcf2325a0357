"""What is wrong with a site file, as data that a person, a window and `--check` can show."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint about the site file.

    `row` is the line of the file where the row begins, from 1; 0 means the whole file. `column` is the spreadsheet's
    letter, empty for the whole row. `refused` says that the row (or the setting in it) is not used. `stops` says that
    the row waits for something beside the file to be mended. Otherwise the problem is a warning and the row runs.
    """

    file: str
    row: int
    column: str
    text: str
    refused: bool
    stops: bool = False

    @property
    def is_warning(self) -> bool:
        """Whether the row runs all the same."""
        return not (self.refused or self.stops)

    def __str__(self) -> str:
        place = [str(part) for part in (self.file, self.row, self.column) if part]
        return f"{':'.join(place)}: {'warning: ' if self.is_warning else ''}{self.text}"


@dataclass(slots=True)
class Report:
    """Collects the problems of one file."""

    file: str
    found: list[Problem] = field(default_factory=list)

    def refuse(self, row: int, column: str, text: str) -> None:
        """Report something that is not used."""
        self.found.append(Problem(self.file, row, column, text, refused=True))

    def fault(self, row: int, column: str, text: str) -> None:
        """Report something that is used as soon as what is wrong beside the file is mended."""
        waits = f"{text}; what needs it waits until it is mended"
        self.found.append(Problem(self.file, row, column, waits, refused=False, stops=True))

    def warn(self, row: int, column: str, text: str) -> None:
        """Report something that is used, though perhaps not as meant."""
        self.found.append(Problem(self.file, row, column, text, refused=False))

    def in_file_order(self) -> tuple[Problem, ...]:
        """All problems by row; those of one row stay in the order in which they were found."""
        return tuple(sorted(self.found, key=lambda problem: problem.row))


def column_letter(index: int) -> str:
    """The spreadsheet's letter of a column: 0 is `A`, 25 `Z`, 26 `AA`."""
    letters = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters
