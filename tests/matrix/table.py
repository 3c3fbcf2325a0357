"""`python -m tests.matrix.table` prints the table of docs/interop.md."""

from __future__ import annotations

from tests.matrix.cases import CASES
from tests.matrix.gaps import GAPS, gap
from tests.matrix.stage import PAIRINGS

TESTED = "yes"


def table() -> str:
    """Return a row for each case, a column for each pairing, and the reasons of what is not offered."""
    rows = [["case", *map(str, PAIRINGS)], ["---"] * (len(PAIRINGS) + 1)]
    rows += [[title, *(_cell(title, number) for number in range(len(PAIRINGS)))] for title in CASES]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n\n" + _reasons()


def _cell(title: str, number: int) -> str:
    found = gap(title, PAIRINGS[number])
    return f"not offered by the stack [{GAPS.index(found) + 1}]" if found else TESTED


def _reasons() -> str:
    return "\n".join(f"{number}. {found.reason}" for number, found in enumerate(GAPS, 1)) + "\n"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201  what it is for
