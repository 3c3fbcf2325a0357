"""The simulator as its users start it, and its files in the making."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from tests.program import Gateway, Site, eventually, free_port

if TYPE_CHECKING:
    from pathlib import Path

TITLES = "#index,GI,typeid,IOA,Value,wait sec,rtu no,type id,ioa,value,T-out(ms),Comment"
SWITCHES = (
    "100000,N,46,21001,301,0,,,,,,CB command",
    "100000,N,45,21002,447,0,,,,,,lamp command",
    "100000,N,50,21003,11003,0,,,,,,set point",
    "301,Y,31,301,1,0,,,,,,CB",
    "301,Y,31,303,2,0,,,,,,isolator",
    "447,Y,30,447,0,0,,,,,,lamp",
    "447,Y,13,11003,-1.5,0,,,,,,power",
    "900,Y,37,9001,70000,0,,,,,,energy",
)
"""A bay: two switches, a lamp, a measurement and a counter, with commands for three of them."""


class RtuFile(Site):
    """A file of RTUs, and data files by name that are written into the folder `data` beside it."""

    def __init__(self, *rows: str, **settings: object) -> None:
        super().__init__(**settings)
        self.data = {"iodata.csv": rows or SWITCHES}

    def add(
        self, ca: int, name: str = "ABB", data: str = "iodata.csv", *, port: int = 0, k: object = "", **options: object
    ) -> int:
        """Add the row of an RTU; return its port."""
        port = port or free_port()
        cells = [f"{option}={value}" for option, value in options.items()]
        row = [len(self.lines) + 1, name, ca, port, "127.0.0.1", k, "", data, "bind=127.0.0.1", *cells]
        self.lines.append(",".join(map(str, row)))
        return port

    def write(self, path: Path) -> Path:
        (path.parent / "data").mkdir(exist_ok=True)
        for name, rows in self.data.items():
            write_data(path.parent / "data" / name, *rows)
        return super().write(path)


def write_data(path: Path, *rows: str) -> None:
    """Write a data file with these rows, in one step as far as its reader is concerned."""
    fresh = path.with_suffix(".new")
    fresh.write_text("\n".join((TITLES, *rows, "")), encoding="utf-8")
    fresh.replace(path)


class SimulatorProgram(Gateway):
    """The running simulator; leaving the context stops it and expects that all went well."""

    def __init__(self, folder: Path, file: RtuFile, *arguments: str, debug: bool = True) -> None:
        super().__init__(folder, file, launcher=("-m", "iec104mm2ss.simulator", *arguments), debug=debug)

    def wait_listening(self, *ports: int) -> None:
        """Wait until all these ports listen, without taking the place of their masters."""
        eventually(lambda: all(map(self._is_listening, ports)), f"listening on {ports}: {self.output()}")

    def _is_listening(self, port: int) -> bool:
        return f"listening on port {port}" in [row[0] for row in logged(self.logs, port)]


def logged(folder: Path, port: int, part: str = "") -> list[list[str]]:
    """Return the rows of an RTU's log without their times; none while there is no file."""
    name = f"-{port}-*-{part}.csv" if part else f"-{port}-*.csv"
    paths = [path for path in folder.glob(f"*{name}") if part or not path.stem.endswith("-gi")]
    # A row may be half written, and its other half comes later.
    text = "".join(path.read_text(encoding="utf-8-sig").rpartition("\n")[0] + "\n" for path in paths)
    return [row[1:] for row in list(csv.reader(io.StringIO(text)))[1:]]
