"""Walks the imports of the package: arrows only point down, and some packages have one home (docs/architecture.md)."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "iec104mm2ss"
ROOT = Path(__file__).parent.parent / PACKAGE

LEAVES = {"journal", "trace", "logs", "ntp", "heartbeat", "metrics", "systemd", "process"}
CORE = {"wire", "link", "tls", "transport", "settings", "console"}
# Layer -> what it may import besides itself: layers whole, or one module of a layer with its dot. A layer is a package
# or module directly under the root; "" is the root itself, which holds nothing but the version.
ALLOWED: dict[str, set[str]] = {
    "": set(),
    "wire": set(),
    "link": {"wire"},
    "routing": {"wire"},
    "tls": set(),
    "transport": {"link", "tls"},
    "settings": {"link.parameters", "tls"},
    "console": {"settings", "trace", ""},
    "trace": {"wire"},
    "journal": set(),
    "logs": set(),
    "record": {"wire", "link", "transport", "console", "trace", "logs"},
    "ntp": set(),
    "heartbeat": set(),
    "metrics": set(),
    "systemd": set(),
    "process": set(),
    "timekeeping": {"console", "ntp", "settings"},
    "service": {"console", "heartbeat", "logs", "metrics", "process", "settings", "systemd", "timekeeping", ""},
    "window": {"console", "gui", "logs", "process", "service"},
    "program": {"console", "logs", "process", "service", "settings", "window", ""},
    "gateway": {*CORE, *LEAVES, "record", "routing", ""},
    "conformance": {"wire", "link.parameters", "trace", ""},
    "simulator": {*CORE, *LEAVES, "conformance", "record", "program", "service", ""},
    "gui": {"console", "settings", ""},
    "demo": {*CORE, *LEAVES, "gateway", "simulator", ""},
    "ctl": {"console", "settings", "trace", "logs", ""},
    "cli": {*CORE, *LEAVES, "program", "service", "routing", "gateway", "simulator", "demo", ""},
    "__main__": {"cli"},
}
# Packages that are not in the standard library, and tkinter: the layers that may import them.
HOMES = {
    "netaddr": {"settings"},
    "ntplib": {"ntp"},
    "prometheus_client": {"metrics"},
    "rich": {"cli", "ctl", "demo"},
    "tkinter": {"gui"},
}
CLOCKS_AND_SOCKETS = {"asyncio", "logging", "selectors", "signal", "socket", "ssl", "threading", "time"}
FORBIDDEN = {
    "wire": CLOCKS_AND_SOCKETS,
    "link": CLOCKS_AND_SOCKETS,
    "routing": CLOCKS_AND_SOCKETS,
    "tls": CLOCKS_AND_SOCKETS - {"ssl"},
    "settings": {"asyncio", "selectors", "socket"},
    "transport": {"logging"},
    "gateway": {"selectors", "socket"},
    "simulator": {"selectors", "socket"},
}


def violations(root: Path) -> list[str]:
    """Every import under `root` (the package's folder) that the tables do not allow, as `file:line: what`."""
    return [
        f"{path.relative_to(root)}:{line}: {reason}"
        for path in sorted(root.rglob("*.py"))
        for line, target in imports(path, root)
        if (reason := objection(layer_of(module_name(path, root)), target))
    ]


def imports(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute name of every module that a file imports, at any depth and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, path, root)
            yield from ((node.lineno, submodule(base, alias.name, root)) for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in {"__import__", "import_module"}:
            yield node.lineno, f"{called(node)}()"


def absolute(node: ast.ImportFrom, path: Path, root: Path) -> str:
    if not node.level:
        return node.module or ""
    package = [PACKAGE, *path.relative_to(root).parent.parts]
    above = package[: len(package) - node.level + 1]
    return ".".join([*above, node.module] if node.module else above)


def submodule(base: str, name: str, root: Path) -> str:
    """`from base import name`: the module `base.name` where there is one, else `base`."""
    if base.partition(".")[0] != PACKAGE:
        return base
    folder = root.joinpath(*base.split(".")[1:])
    exists = (folder / name).is_dir() or (folder / f"{name}.py").is_file()
    return f"{base}.{name}" if exists else base


def called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join([PACKAGE, *(part for part in parts if part != "__init__")])


def layer_of(module: str) -> str:
    return module.removeprefix(PACKAGE).lstrip(".").partition(".")[0]


def objection(layer: str, target: str) -> str | None:
    """Say why a layer may not import the module `target`; None where it may."""
    if layer not in ALLOWED:
        return f"{layer!r} is not in the table of layers"
    if target.endswith("()"):
        return f"{target} hides what it imports"
    head, _, rest = target.partition(".")
    if head == PACKAGE:
        return inner_objection(layer, rest)
    if head in HOMES:
        return None if layer in HOMES[head] else f"{head} belongs to {', '.join(sorted(HOMES[head]))} alone"
    if head not in sys.stdlib_module_names:
        return f"{target} is no package that {PACKAGE} may need"
    return f"{layer} must not use {head}" if head in FORBIDDEN.get(layer, set()) else None


def inner_objection(layer: str, rest: str) -> str | None:
    other = rest.partition(".")[0]
    allowed = {layer, *ALLOWED[layer]}
    whole = other in allowed
    one_module = any(rest == name or rest.startswith(f"{name}.") for name in allowed if "." in name)
    return None if whole or one_module else f"{layer or 'the root'} must not import {rest or 'the root'}"


def test_arrows_only_point_down() -> None:
    assert "\n".join(violations(ROOT)) == ""


def test_every_table_speaks_of_layers() -> None:
    named = {name.split(".")[0] for targets in ALLOWED.values() for name in targets}
    homes = {layer for layers in HOMES.values() for layer in layers}
    assert (named | homes | set(FORBIDDEN)) <= set(ALLOWED)


def test_no_layer_can_reach_itself_through_others() -> None:
    below = {layer: {name.split(".")[0] for name in names} for layer, names in ALLOWED.items()}
    for _ in ALLOWED:
        below = {layer: set().union(names, *(below[name] for name in names)) for layer, names in below.items()}
    assert [layer for layer, names in below.items() if layer in names] == []


def plant(root: Path, file: str, line: str) -> list[str]:
    """The violations of a package that has nothing but `line` in `file` and the modules that the lines may name."""
    for name in ("__init__", "wire/__init__", "wire/time", "link/__init__", "link/link", "link/parameters", file[:-3]):
        path = root / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (root / file).write_text(line + "\n", encoding="utf-8")
    return violations(root)


@pytest.mark.parametrize(
    ("file", "line", "reason"),
    [
        ("wire/asdu.py", "import iec104mm2ss.link", "wire must not import link"),
        ("wire/asdu.py", "from iec104mm2ss.link.link import Link", "wire must not import link.link"),
        ("wire/asdu.py", "from ..link.link import Link", "wire must not import link.link"),
        ("wire/asdu.py", "from .. import link", "wire must not import link"),
        ("wire/deep/asdu.py", "from ...link import link", "wire must not import link.link"),
        ("wire/asdu.py", "from iec104mm2ss import link", "wire must not import link"),
        ("wire/asdu.py", "from iec104mm2ss import __version__", "wire must not import the root"),
        ("wire/__init__.py", "from ..link import Link", "wire must not import link"),
        ("settings/site.py", "from iec104mm2ss.link import LinkParameters", "settings must not import link"),
        ("settings/site.py", "from iec104mm2ss.link.link import Link", "settings must not import link.link"),
        ("routing/router.py", "from iec104mm2ss.settings import Site", "routing must not import settings"),
        ("transport/server.py", "from iec104mm2ss.routing import x", "transport must not import routing"),
        ("transport/server.py", "from iec104mm2ss.wire import apci", "transport must not import wire"),
        ("gateway/group.py", "from iec104mm2ss.simulator import x", "gateway must not import simulator"),
        ("simulator/rtu.py", "from iec104mm2ss.gateway import x", "simulator must not import gateway"),
        ("gateway/group.py", "import iec104mm2ss.gui", "gateway must not import gui"),
        ("demo.py", "import iec104mm2ss.gui", "demo must not import gui"),
        ("logs.py", "import iec104mm2ss.wire", "logs must not import wire"),
        ("__init__.py", "from .wire import time", "the root must not import wire.time"),
        ("utils.py", "import math", "'utils' is not in the table of layers"),
        ("link/link.py", "import asyncio", "link must not use asyncio"),
        ("link/link.py", "from time import monotonic", "link must not use time"),
        ("wire/asdu.py", "import logging.handlers", "wire must not use logging"),
        ("routing/router.py", "import socket", "routing must not use socket"),
        ("transport/server.py", "import logging", "transport must not use logging"),
        ("gateway/group.py", "import socket", "gateway must not use socket"),
        ("cli.py", "import tkinter.ttk", "tkinter belongs to gui alone"),
        ("gateway/group.py", "from netaddr import IPNetwork", "netaddr belongs to settings alone"),
        ("cli.py", "import ntplib", "ntplib belongs to ntp alone"),
        ("gateway/group.py", "from rich.table import Table", "rich belongs to cli, ctl, demo alone"),
        ("cli.py", "import requests.api", "requests.api is no package that iec104mm2ss may need"),
        ("cli.py", "importlib.import_module(name)", "import_module() hides what it imports"),
        ("cli.py", "__import__(name)", "__import__() hides what it imports"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, file: str, line: str, reason: str) -> None:
    assert plant(tmp_path, file, line) == [f"{Path(file)}:1: {reason}"]


@pytest.mark.parametrize(
    "line",
    [
        "if TYPE_CHECKING:\n    from iec104mm2ss.link import Link",
        "def f():\n    from iec104mm2ss.link import Link",
        "try:\n    import iec104mm2ss.link\nexcept ImportError:\n    pass",
    ],
)
def test_an_import_is_found_wherever_it_stands(tmp_path: Path, line: str) -> None:
    assert plant(tmp_path, "wire/asdu.py", line) == [f"{Path('wire/asdu.py')}:2: wire must not import link"]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("wire/asdu.py", "from . import time"),  # the module of CP56Time2a, no clock
        ("link/link.py", "from iec104mm2ss.wire import time"),
        ("link/link.py", "from iec104mm2ss.wire.time import CP56Time2a"),
        ("wire/__init__.py", "from .time import CP56Time2a"),
        ("settings/site.py", "from iec104mm2ss.link.parameters import LinkParameters"),
        ("settings/site.py", "from ..link import parameters"),
        ("settings/filters.py", "import netaddr"),
        ("cli.py", "def main():\n    from iec104mm2ss import __version__, gui"),
        ("__main__.py", "from iec104mm2ss.cli import main"),
        ("gui/window.py", "import tkinter.ttk"),
        ("cli.py", "f()()"),
    ],
)
def test_what_is_allowed_is_let_through(tmp_path: Path, file: str, line: str) -> None:
    assert plant(tmp_path, file, line) == []
