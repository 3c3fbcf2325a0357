"""docs/faults.md and docs/promises.md speak of tests that exist, and the table of faults is complete."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
GROUPS = {"A": 16, "B": 17, "C": 18, "D": 11, "E": 10, "F": 16, "G": 20, "H": 8, "I": 6}
IDS = [f"{group}{number:02}" for group, count in GROUPS.items() for number in range(1, count + 1)]
TEST = re.compile(r"`([\w/.]+\.py)::(\w+)`")
ROW = re.compile(r"^\| ([A-I]\d\d) \|")


@cache
def names_in(path: Path) -> frozenset[str]:
    """The tests of a file: functions, methods, classes, and state machines that hypothesis makes tests of."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return frozenset(name for name in names if name.lower().startswith("test"))


def unknown(text: str) -> list[str]:
    """The tests that a text names and that do not exist."""
    named = TEST.findall(text)
    return [
        f"{file}::{name}" for file, name in named if not (TESTS / file).is_file() or name not in names_in(TESTS / file)
    ]


@pytest.mark.parametrize("name", ["conformance.md", "faults.md", "promises.md", "security.md"])
def test_every_test_that_is_named_exists(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert unknown(text) == []
    assert TEST.search(text)


def test_every_fault_is_in_the_table_once_and_has_a_test_or_a_reason() -> None:
    rows = [line for line in (DOCS / "faults.md").read_text(encoding="utf-8").splitlines() if ROW.match(line)]
    assert [row[2:5] for row in rows] == IDS
    assert len(IDS) == 122
    for row in rows:
        assert TEST.search(row) or re.search("not played|not a test|every test", row), row


def test_a_test_that_does_not_exist_is_found() -> None:
    text = "`test_fault_table.py::test_that_is_not_there` and `no_such_file.py::test_x`"
    assert unknown(text) == ["test_fault_table.py::test_that_is_not_there", "no_such_file.py::test_x"]
    assert unknown("`test_fault_table.py::test_a_test_that_does_not_exist_is_found`") == []
