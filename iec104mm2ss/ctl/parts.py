"""`split`: a site file becomes several, for gateways on several machines. Needs no running program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.console.table import many
from iec104mm2ss.ctl.commands import RefusedError
from iec104mm2ss.ctl.output import say
from iec104mm2ss.settings.cells import UnusableError
from iec104mm2ss.settings.load import parse
from iec104mm2ss.settings.source import read_octets
from iec104mm2ss.settings.split import split

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def split_file(options: argparse.Namespace) -> int:
    """Write `site-1.csv`, `site-2.csv`... and say what is in each; never overwrites one."""
    path: Path = options.site
    folder = options.out or path.parent
    try:
        parts = split(read_octets(path), path, options.parts)
    except UnusableError as error:
        raise RefusedError(f"{path}: {error}") from None
    targets = [folder / f"{path.stem}-{number}{path.suffix}" for number in range(1, len(parts) + 1)]
    present = [str(target) for target in targets if target.exists()]
    if present:
        raise RefusedError(f"{', '.join(present)}: exists already; nothing is written, name another folder with --out")
    for target, data in zip(targets, parts, strict=True):
        _write(target, data)
        groups = parse(data, target).site.groups
        masters = sum(len(group.masters) for group in groups)
        numbers = ", ".join(str(group.number) for group in groups)
        say([f"{target}: {many(len(groups), 'group')} ({numbers}) with {many(masters, 'master')}"])
    return 0


def _write(target: Path, data: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise RefusedError(f"{target} cannot be written: {error.strerror or error}") from None
