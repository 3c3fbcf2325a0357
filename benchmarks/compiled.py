"""The programs in C, compiled when they are first needed."""

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

_HERE = Path(__file__).resolve().parent
_COMPILER = ("cc", "-O2", "-Wall", "-Wextra")


@cache
def _folder() -> "TemporaryDirectory[str]":
    return TemporaryDirectory(prefix="iec104-benchmark-")


@cache
def program(name: str) -> str:
    """Return the path of the compiled `name.c`, which is gone when this process ends."""
    target = Path(_folder().name) / name
    subprocess.run([*_COMPILER, "-o", str(target), str(_HERE / f"{name}.c")], check=True)
    return str(target)
