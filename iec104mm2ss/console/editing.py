"""What people write to edit a row, and what they are told of edits and files."""

from __future__ import annotations

import re
from dataclasses import fields as fields_of
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.requests import Done, Edit, Edited, FieldProblem
from iec104mm2ss.settings.cells import UnusableError
from iec104mm2ss.settings.edited_row import joined, separated
from iec104mm2ss.settings.layout import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iec104mm2ss.console.plant import Change
    from iec104mm2ss.console.requests import Answer, Request
    from iec104mm2ss.settings import draft
    from iec104mm2ss.settings.draft import Draft
    from iec104mm2ss.settings.layout import S


_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")


def fields(held: Draft[S], line: int, cells: Mapping[str, str]) -> dict[str, str]:
    """Return cells as the fields of a draft: a name that is no column's is an option's, an empty text removes it.

    Raises NoEntryError, and UnusableError for options that cannot be read.
    """
    columns: dict[str, str] = {}
    options: dict[str, str] = {}
    for name, text in cells.items():
        (columns if _is_column(held, name) else options)[name] = text
    if options:
        present = separated(columns.get(OPTIONS, held.fields(line)[OPTIONS]))
        columns[OPTIONS] = joined(_with(present, options))
    return columns


def _is_column(held: Draft[S], name: str) -> bool:
    try:
        held.layout.field(name)
    except UnusableError:
        return False
    return True


def _with(present: list[str], wanted: Mapping[str, str]) -> list[str]:
    """Return options with others of the same names, in their places, and new ones behind them."""
    texts = {_name(name): text.strip() for name, text in wanted.items()}
    cells = [f"{_name(cell)}={texts.pop(_name(cell))}" if _name(cell) in texts else cell for cell in present]
    cells += [f"{name}={text}" for name, text in texts.items()]
    removed = {f"{_name(name)}=" for name in wanted}
    return [cell for cell in cells if cell not in removed]


def _name(cell: str) -> str:
    return cell.partition("=")[0].strip().lower()


def field_problems(edited: draft.Edited[S]) -> tuple[FieldProblem, ...]:
    """Return what there is to say of an edit, the grave first."""
    return (
        *(FieldProblem(complaint.field, complaint.text, refused=True) for complaint in edited.problems),
        *(FieldProblem(complaint.field, complaint.text, refused=False) for complaint in edited.warnings),
    )


def lost(drops: Sequence[str]) -> str:
    """Return whose connections ended, as the end of a sentence; empty where nobody's did."""
    return f"; disconnected: {', '.join(drops)}" if drops else ""


def described(request: Request) -> str:
    """Return a request on one line, for the log: `edit 111/2407: k=20`."""
    if isinstance(request, Edit):
        return f"edit {request.key}: {', '.join(f'{name}={text}' for name, text in request.cells.items())}"
    name = _CAPITAL.sub(" ", type(request).__name__).lower()
    values = [getattr(request, field.name) for field in fields_of(request)]
    return " ".join([name, *(str(value) for value in values if value not in {None, "", False})])


def outcome(answer: Answer) -> str:
    """Return what became of a change on one line, for the log."""
    if isinstance(answer, Edited):
        refused = [f"{problem.field or 'row'}: {problem.text}" for problem in answer.problems if problem.refused]
        if refused:
            return f"not done: {' | '.join(refused)}"
        return " | ".join(answer.changes or ("nothing differs",)) + lost(answer.drops)
    return " | ".join(answer.text.splitlines()) if isinstance(answer, Done) else type(answer).__name__


def reload_report(
    changes: Sequence[Change], problems: Sequence[str], given_up: Sequence[str], *, check: bool
) -> Iterator[str]:
    """Give the lines that say what a reload did, or would do: differences, lost edits, problems of the file."""
    yield f"{len(changes)} {'would change' if check else 'changed'}" if changes else "nothing differs"
    for change in changes:
        yield f"  {change.text}{lost(change.drops)}"
    if given_up:
        yield f"unsaved edits {'would be' if check else 'are'} given up: {', '.join(given_up)}"
    yield from problems
