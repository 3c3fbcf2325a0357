"""A program with somebody who works with its window and takes pictures of it, in place of its user.

`python -m docs.screenshots.camera PROGRAM ARGUMENTS...` runs a program as it is, but for the name of its machine; with
`--take SCENES --of DUMP --to FOLDER` before the program's name it is the window's user who is not real.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docs.screenshots.display import Screen
from docs.screenshots.plant import HOST, MEMORY
from docs.screenshots.scenes import SCENES
from iec104mm2ss import cli
from iec104mm2ss.gui import window as gui
from iec104mm2ss.simulator import cli as simulator

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable, Sequence

    from iec104mm2ss.console.line import Line
    from iec104mm2ss.gui.entry_pane import EntryPane

PATIENCE = 30.0
_PAINTED, _ANSWERED = 0.3, 0.6
_PROGRAMS = {"iec104mm2ss": cli.main, "iec104rs": simulator.main}


class SceneError(Exception):
    """A window is not as a scene wants it."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Works with a window, which lives only while something is waited for."""

    window: gui.Window
    screen: Screen
    folder: Path

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Let the window work until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                raise SceneError(f"not within {PATIENCE:g} s: {what}")
            self.rest(0.01)

    def rest(self, seconds: float) -> None:
        """Let the window work for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.window.root.update()
            time.sleep(0.005)

    def press(self, keys: str, widget: tk.Misc | None = None) -> None:
        """Press a key, `<Control-Key-s>`, in a widget or in the list."""
        target = widget or self.window.tree.tree
        target.focus_force()
        self.rest(0.05)
        target.event_generate(keys)
        self.rest(0.05)

    def choose(self, key: str, tab: str) -> EntryPane:
        """Select an entry and show a tab of it."""
        window = self.window
        window.tree.tree.yview_moveto(0)
        self.rest(_PAINTED)
        window.tree.choose(key)
        self.rest(_PAINTED)
        window.tree.tree.see(key)
        pane = window.panes.first
        pane.turn_to(tab)
        self.until(lambda: pane.key == key and pane.tab == tab, f"{tab} of {key}")
        self.rest(_ANSWERED)
        return pane

    def divide(self, share: float) -> None:
        """Let the list have a share of the height that it has together with what is below it."""
        halves = self.window.halves
        halves.sashpos(0, round(halves.winfo_height() * share))  # type: ignore[no-untyped-call]
        self.rest(_PAINTED)

    def shoot(self, name: str) -> None:
        """Take a picture of the window once everything is painted."""
        root = self.window.root
        self.rest(_PAINTED)
        width, height = root.winfo_rootx() + root.winfo_width(), root.winfo_rooty() + root.winfo_height()
        (self.folder / f"{name}.png").write_bytes(self.screen.picture(width, height))


def main(arguments: Sequence[str]) -> int:
    """Run a program; return its exit status, 1 where a picture could not be taken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--take", default="")
    parser.add_argument("--of", type=Path, default=Path())
    parser.add_argument("--to", type=Path, default=Path())
    parser.add_argument("program", choices=_PROGRAMS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    socket.gethostname = lambda: HOST
    session = _Session(options.take.split(","), Screen(options.of), options.to)
    if options.take:
        gui.run_window = session.work
    status = _PROGRAMS[options.program](options.arguments)
    return 1 if session.faults else status


class _Session:
    """Takes the place of the one who looks at a window; `faults` are errors of the window and of the scenes."""

    def __init__(self, scenes: Sequence[str], screen: Screen, folder: Path) -> None:
        self._scenes = scenes
        self._screen = screen
        self._folder = folder
        self.faults: list[BaseException] = []

    def work(self, line: Line, program: str, **_: object) -> str:
        """Do what `run_window` does, for as long as there are scenes."""
        window = gui.Window(line, program, report=self._report, memory=Path(MEMORY))
        window.root.geometry("+0+0")
        camera = Camera(window, self._screen, self._folder)
        try:
            camera.until(lambda: window.snapshot is not None, "a snapshot")
            for scene in self._scenes:
                SCENES[scene](camera)
                camera.shoot(scene)
        except Exception as error:  # noqa: BLE001 - reported; raised here, it would leave the program without a window
            self._report(error)
        finally:
            window.close()
        return gui.CLOSED

    def _report(self, error: BaseException) -> None:
        self.faults.append(error)
        traceback.print_exception(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
