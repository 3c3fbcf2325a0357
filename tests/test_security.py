"""What the package must not do: run a shell, make code of text, load objects from octets, or need many packages."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "iec104mm2ss"

FORBIDDEN_MODULES = {
    "pickle",
    "shelve",
    "marshal",
    "dill",
    "cloudpickle",
    "yaml",
    "code",
    "codeop",
    "pty",
    "telnetlib",
    "ftplib",
    "xml",
    "runpy",
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {
    "os": {"system", "popen", "execv", "execve", "execvp", "execl", "execlp", "spawnl", "spawnv", "fork", "forkpty"},
    "asyncio": {"create_subprocess_shell", "create_subprocess_exec"},
    "subprocess": {"getoutput", "getstatusoutput"},
    "tempfile": {"mktemp"},
    "ssl": {"_create_unverified_context"},
}
# The window opens a file in the desktop's own program; on Windows icacls keeps the control socket's file private.
# Both get paths of ours as arguments, no shell sees them.
MAY_START_PROGRAMS = {"gui/opening.py", "console/address.py"}
PACKAGES = {"netaddr", "ntplib", "prometheus-client", "rich"}


def objections(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        yield from ((line, what) for what in _objections_to(node))


def _objections_to(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names):
            yield from (alias.name for alias in names if alias.name.partition(".")[0] in FORBIDDEN_MODULES)
        case ast.ImportFrom(module, names) if module is not None:
            if module.partition(".")[0] in FORBIDDEN_MODULES:
                yield module
            yield from (f"{module}.{it.name}" for it in names if it.name in FORBIDDEN_METHODS.get(module, ()))
        case ast.Call(ast.Name(name)) if name in FORBIDDEN_CALLS:
            yield name
        case ast.Attribute(ast.Name(module), name) if name in FORBIDDEN_METHODS.get(module, ()):
            yield f"{module}.{name}"
        case ast.keyword("shell", ast.Constant(value)) if value:
            yield "shell=True"


def imports_subprocess(source: str) -> bool:
    return any(
        (isinstance(node, ast.Import) and any(alias.name == "subprocess" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "subprocess")
        for node in ast.walk(ast.parse(source))
    )


def test_the_package_runs_no_shell_and_evaluates_no_text() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {what}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, what in objections(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_programs_are_started_in_two_places() -> None:
    starting = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if imports_subprocess(path.read_text(encoding="utf-8"))
    }
    assert starting == MAY_START_PROGRAMS


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import pickle", "pickle"),
        ("from yaml import load", "yaml"),
        ("from os import system", "os.system"),
        ("import xml.etree.ElementTree as tree", "xml.etree.ElementTree"),
        ("eval(text)", "eval"),
        ("import os\nos.popen(text)", "os.popen"),
        ("run(command, shell=True)", "shell=True"),
        ("asyncio.create_subprocess_shell(text)", "asyncio.create_subprocess_shell"),
    ],
)
def test_what_is_forbidden_is_found(source: str, what: str) -> None:
    assert [found for _, found in objections(source)] == [what]


def test_what_is_allowed_is_let_through() -> None:
    source = "import re, subprocess\nre.compile('x')\nrun(command, shell=False)\nself.eval(x)\nos.write(1, b'')"
    assert list(objections(source)) == []


def test_the_package_needs_no_more_than_four_others() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {re.split(r"[<>=~!\[ ]", needed)[0] for needed in project["dependencies"]} == PACKAGES
