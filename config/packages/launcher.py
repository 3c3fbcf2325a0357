"""The start of the standalone binary: it is the program whose name it bears, so that one binary serves for all."""

import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

DEFAULT = "iec104mm2ss"


def program(called: str) -> EntryPoint:
    """Return the program that a binary called by this path is; the gateway under any other name."""
    programs = entry_points(group="console_scripts")
    name = Path(called).stem.lower()
    return programs[name if name in programs.names else DEFAULT]


if __name__ == "__main__":
    sys.exit(program(sys.argv[0]).load()())
