"""What the columns of the two kinds of file are called, and how a whole file of each kind is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from iec104mm2ss.settings.cells import UnusableError, shown
from iec104mm2ss.settings.load import parse
from iec104mm2ss.settings.problems import Problem, column_letter
from iec104mm2ss.settings.program import ProgramSettings
from iec104mm2ss.settings.rtus import parse_rtus
from iec104mm2ss.settings.simulation import Simulation
from iec104mm2ss.settings.site import Site

S = TypeVar("S", bound=ProgramSettings)

OPTIONS = "options"
"""The field for the cells `name=value` behind the columns, all in one text."""


@dataclass(frozen=True, slots=True)
class Layout(Generic[S]):
    """One kind of file: the columns of an entry in their order, and what makes settings of a file's octets."""

    columns: tuple[str, ...]
    read: Callable[[bytes, Path], tuple[S, tuple[Problem, ...]]]

    def field(self, name: str) -> str:
        """The column, or `options`, that a person means: `port no`, `port_no`, `port`, or `name` for `sys name`.

        Raises UnusableError.
        """
        known = (*self.columns, OPTIONS)
        wanted = " ".join(name.lower().replace("_", " ").split())
        meant = [column for column in known if column.startswith(wanted) or column.endswith(f" {wanted}")]
        if wanted not in known and len(meant) != 1:
            raise UnusableError(f"{shown(name)} is no column of this file; its columns are {', '.join(known)}")
        return wanted if wanted in known else meant[0]

    def field_at(self, letter: str) -> str:
        """The field that stands in a problem's column; empty for the whole row."""
        named = {column_letter(at): name for at, name in enumerate(self.columns)}
        return named.get(letter, OPTIONS) if letter else ""


def _read_site(data: bytes, path: Path) -> tuple[Site, tuple[Problem, ...]]:
    loaded = parse(data, path)
    return loaded.site, loaded.problems


def _read_simulation(data: bytes, path: Path) -> tuple[Simulation, tuple[Problem, ...]]:
    loaded = parse_rtus(data, path)
    return loaded.simulation, loaded.problems


SITE = Layout(("id", "name", "port no", "rtu no", "master", "hosts"), _read_site)
RTUS = Layout(("id", "sys name", "rtu no", "port no", "hosts", "k", "idletime", "iodata"), _read_simulation)
