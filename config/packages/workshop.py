"""What the builders of packages have in common: where things lie, what the project says of itself, and their tools."""

from __future__ import annotations

import os
import subprocess
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

from iec104mm2ss import __version__

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
DIST = ROOT / "dist"


@dataclass(frozen=True, slots=True)
class Project:
    """The project's name and version, and its programs: name and `module:function`."""

    name: str
    version: str
    description: str
    programs: dict[str, str]


def project() -> Project:
    """Read what pyproject.toml says."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Project(stated["name"], __version__, stated["description"], stated["scripts"])


def tools(name: str, *packages: str) -> str:
    """Return the interpreter of a virtual environment in build/ that has these packages, newly installed.

    Raises CalledProcessError where pip cannot; its output says why.
    """
    folder = BUILD / f"{name}-tools"
    venv.create(folder, with_pip=True, clear=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
    return str(python)
