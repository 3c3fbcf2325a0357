"""The project's lint, types and measures, so that one test command covers them."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINES_PER_MODULE = 500
LINES_PER_FUNCTION = 12
# Written so that this line is not one of them.
MARKS = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders or ("iec104mm2ss", "tests", "benchmarks"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "--output-format=concise", "."],
        ["mypy", "--platform=linux"],
        # A cache of its own: one for both platforms is thrown away whenever the platform changes.
        ["mypy", "--platform=win32", "--cache-dir=.mypy_cache/win32"],
    ],
    ids=["format", "lint", "types-linux", "types-win32"],
)
def test_the_tool_finds_nothing(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)


def test_no_module_is_too_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {path.name: length for path, length in lengths.items() if length > LINES_PER_MODULE} == {}


def test_functions_are_short() -> None:
    lengths = [
        length for path in sources("iec104mm2ss") for length in function_lengths(path.read_text(encoding="utf-8"))
    ]
    assert statistics.median(lengths) < LINES_PER_FUNCTION


def function_lengths(source: str) -> list[int]:
    """From `def` to the last line, docstring included."""
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for node in functions]


def test_no_work_is_left_as_a_mark() -> None:
    marks = [
        where(path, number)
        for path in sources()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if MARKS.search(line)
    ]
    assert marks == []


def test_no_handler_catches_everything_unnamed() -> None:
    bare = [where(path, line) for path in sources() for line in bare_handlers(path.read_text(encoding="utf-8"))]
    assert bare == []


def bare_handlers(source: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "BaseException"))
    ]


def test_the_checks_of_this_file_see_what_they_look_for() -> None:
    assert MARKS.search("# " + "TO" + "DO: later")
    assert bare_handlers("try:\n    f()\nexcept:\n    pass") == [3]
    assert bare_handlers("try:\n    f()\nexcept BaseException:\n    pass") == [3]
    assert bare_handlers("try:\n    f()\nexcept OSError:\n    pass") == []
    assert function_lengths("async def f():\n    '''Text.'''\n    def g(): pass\n    return g") == [4, 1]
