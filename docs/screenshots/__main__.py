"""Take the pictures of the windows: `python -m docs.screenshots`, from the project's root.

They come to lie in docs/pictures. It takes Linux, Xvfb and Tk; on Debian: `apt-get install xvfb python3-tk`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from docs.screenshots.display import Display, DisplayError
from docs.screenshots.plant import MEMORY, RTUS, SITE, Plant
from docs.screenshots.scenes import TOURS
from iec104mm2ss.gui.look import PALETTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
_SIZE, _DOTS_PER_INCH = (1366, 768), 96
_SOCKET = Path("log/iec104mm2ss.sock")
_LONGEST_TOUR, _START, _END = 150.0, 20.0, 10.0

_GATEWAY = ["iec104mm2ss", "-i", SITE]
_SIMULATOR = ["iec104rs", "-i", RTUS]
_RTUS_AT_WORK = [*_SIMULATOR, "-n", "--send", "1:600"]
_WINDOWS = {"gateway": _GATEWAY, "attached": ["iec104mm2ss", "--attach"], "simulator": _SIMULATOR}
_BESIDE = {
    "gateway": [_RTUS_AT_WORK],
    "attached": [_RTUS_AT_WORK, [*_GATEWAY, "-n"]],
    "simulator": [[*_GATEWAY, "-n"]],
}


class TourError(Exception):
    """A program has not done what was wanted of it, as its text says."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Take all pictures, or those of one tour; return 0, or 1 where that failed."""
    options = _options(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    try:
        for tour in options.tour or TOURS:
            _take(tour, options)
    except (DisplayError, TourError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m docs.screenshots", description="Takes pictures of the windows.")
    parser.add_argument("--to", metavar="FOLDER", type=Path, default=ROOT / "docs" / "pictures")
    parser.add_argument("--tour", choices=TOURS, action="append", help="only these pictures; may be repeated")
    parser.add_argument("--scale", metavar="N", type=float, default=1, help="of the display: 2 is 192 dots per inch")
    parser.add_argument("--theme", choices=PALETTES, default="light")
    parser.add_argument("--net", default="127.104", help="two bytes of the loopback whose addresses are used")
    return parser.parse_args(arguments)


def _take(tour: str, options: argparse.Namespace) -> None:
    plant, scale = Plant(options.net), options.scale
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        plant.write(folder)
        (folder / MEMORY).write_text(json.dumps({"theme": options.theme}), encoding="utf-8")
        size = round(_SIZE[0] * scale), round(_SIZE[1] * scale)
        display = stack.enter_context(Display(folder, size=size, dots_per_inch=round(_DOTS_PER_INCH * scale)))
        for command in _BESIDE[tour]:
            stack.enter_context(_running(folder, "docs.screenshots.camera", *command))
        stack.enter_context(_running(folder, "docs.screenshots.masters", plant.net))
        if "--attach" in _WINDOWS[tour]:
            _wait_for(folder / _SOCKET)
        scenes = [f"--take={','.join(TOURS[tour])}", f"--of={display.screen.file}", f"--to={options.to.resolve()}"]
        _work(folder, display, "docs.screenshots.camera", *scenes, *_WINDOWS[tour])


def _work(folder: Path, display: Display, *arguments: str) -> None:
    """Let somebody work with the window of a program."""
    try:
        subprocess.run(
            _command(*arguments),
            cwd=folder,
            env=_environment() | display.environment,
            timeout=_LONGEST_TOUR,
            capture_output=True,
            text=True,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise TourError(error.stderr) from None
    except subprocess.TimeoutExpired as error:
        raise TourError(str(error)) from None


@contextmanager
def _running(folder: Path, *arguments: str) -> Iterator[None]:
    """Run a program in the background for as long as the context."""
    quiet = subprocess.DEVNULL
    program = subprocess.Popen(_command(*arguments), cwd=folder, env=_environment(), stdin=quiet, stderr=quiet)
    try:
        yield
    finally:
        program.terminate()
        program.wait(_END)


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "DISPLAY"} | {"PYTHONPATH": str(ROOT)}


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + _START
    while not path.exists():
        if time.monotonic() > deadline:
            raise TourError(f"{path.name} is not there within {_START:g} s")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
