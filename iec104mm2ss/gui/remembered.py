"""What a window remembers of its look from one start to the next: a small JSON file in the user's own folder."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path


@dataclass(slots=True, kw_only=True)
class Remembered:
    """Everything has a usual value; `columns` are names in order, empty for the usual ones; `sashes` are shares."""

    geometry: str = ""
    theme: str = "light"
    zoom: float = 1.0
    columns: list[str] = field(default_factory=list)
    widths: dict[str, float] = field(default_factory=dict)
    abnormal_first: bool = True
    split: bool = False
    sashes: dict[str, float] = field(default_factory=dict)


def file_for(program: str) -> Path:
    """Return where a program's window remembers its look: below XDG_CONFIG_HOME, or APPDATA on Windows."""
    name = "APPDATA" if sys.platform == "win32" else "XDG_CONFIG_HOME"
    folder = os.environ.get(name, "")
    base = Path(folder) if Path(folder).is_absolute() else Path("~/.config").expanduser()
    return base / "iec104mm2ss" / f"{program}-window.json"


def recall(path: Path) -> tuple[Remembered, str]:
    """Return what was remembered and why it could not be read, if so. A value of a wrong type is forgotten."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Remembered(), ""
    except (OSError, ValueError) as error:
        return Remembered(), f"the window's last look cannot be read from {path}: {error}"
    usual = asdict(Remembered())
    given = found if isinstance(found, dict) else {}
    fitting = {name: given[name] for name in usual if name in given and _alike(given[name], usual[name])}
    return Remembered(**fitting), ""


def _alike(value: object, usual: object) -> bool:
    if isinstance(value, list):
        return isinstance(usual, list) and all(isinstance(item, str) for item in value)
    if isinstance(value, dict):
        return isinstance(usual, dict) and all(type(item) in {int, float} for item in value.values())
    if isinstance(usual, float):
        return type(value) in {int, float}
    return type(value) is type(usual)


def remember(path: Path, look: Remembered) -> str:
    """Write a window's look; return why that failed, if so."""
    text = json.dumps({it.name: getattr(look, it.name) for it in fields(look)}, indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        return f"the window's look cannot be written to {path}: {error}"
    return ""
