"""The program with its window, as its users start it, and in the window's thread somebody who uses it on request.

`python -m benchmarks.window_probe [arguments of iec104mm2ss]`. It says `{"ready": monotonic seconds}` when the first
rows are drawn. Each line on stdin names a function of `USES`; the answer is a line of JSON: milliseconds by what was
done.
"""

import json
import sys
import time
import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import Final

from iec104mm2ss import cli
from iec104mm2ss.console.snapshot import Role, State
from iec104mm2ss.gui import window as windows
from iec104mm2ss.gui.entry_pane import TABS
from iec104mm2ss.gui.window import Window

assert sys.platform != "win32", "requests come through a file handler of Tk"

Taken = dict[str, list[float]]

ROUNDS: Final = 12
APART: Final = 0.13
"""Seconds between two clicks: no divisor of the window's own periods, so that clicks meet every phase of them."""
HELD_FOR: Final = 10.0
_MOST_WORDS: Final = 5


def main() -> int:
    """Run the program; what `run_window` is given besides is the one difference to how its users run it."""
    windows.run_window = partial(windows.run_window, ready=_begin)
    return cli.main(sys.argv[1:])


def _begin(window: Window) -> None:
    _paint(window)
    _say({"ready": time.monotonic()})
    window.root.tk.createfilehandler(sys.stdin, tk.READABLE, lambda *_: _heed(window))


def _heed(window: Window) -> None:
    name = sys.stdin.readline().strip()
    if name:
        _say(USES[name](window))
    else:
        window.root.tk.deletefilehandler(sys.stdin)


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


def _paint(window: Window) -> None:
    """Let everything be drawn, and wait until the display has drawn it: the last call asks it something."""
    window.root.update()
    window.root.winfo_pointerxy()


def clicks(window: Window) -> Taken:
    """Milliseconds from an event of the mouse or the keyboard until what it changes is drawn, for each of `ROUNDS`."""
    taken: Taken = {}
    for turn in range(ROUNDS):
        for what, do in _deeds(window, turn):
            _wait(window, APART)
            began = time.monotonic()
            do()
            _paint(window)
            taken.setdefault(what, []).append(1e3 * (time.monotonic() - began))
    return taken


def _deeds(window: Window, turn: int) -> list[tuple[str, Callable[[], object]]]:
    tree, row = window.tree.tree, window.look.line_height()
    tab = TABS[turn % len(TABS)]
    return [
        ("select a row", lambda: _click(tree, 200, row * (3 + turn % 8))),
        ("scroll by a page", lambda: tree.event_generate("<Key-Next>" if turn % 3 else "<Key-Home>")),
        ("turn to another tab", lambda: window.panes.first.turn_to(tab)),
        ("sort by a column", lambda: _click(tree, 300, row // 2)),
        ("click a total", lambda: next(iter(window.head.tiles.values())).invoke()),
        ("abnormal first", partial(_turn_over, window)),
        ("type into the filter", lambda: _type(window, turn)),
        ("split the view", window.actions["split"].attempt),
    ]


def _click(widget: tk.Misc, x: int, y: int) -> None:
    for kind in ("<Enter>", "<Motion>", "<ButtonPress-1>", "<ButtonRelease-1>"):
        widget.event_generate(kind, x=x, y=y)


def _type(window: Window, turn: int) -> None:
    entry = window.filter.entry
    entry.insert("end", "1") if turn % _MOST_WORDS else entry.delete(0, "end")


def _turn_over(window: Window) -> None:
    window.tree.ask(abnormal_first=not window.tree.wish.abnormal_first)


def _wait(window: Window, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        window.root.update()
        time.sleep(0.002)


def held(window: Window) -> Taken:
    """The longest times in which a click would have had to wait while nobody uses the window."""
    gaps: list[float] = []
    end = time.monotonic() + HELD_FOR
    while (began := time.monotonic()) < end:
        window.root.update()
        gaps.append(1e3 * (time.monotonic() - began))
        time.sleep(0.002)
    return {"the window's own work": sorted(gaps)[-20:]}


def lost(window: Window) -> dict[str, float]:
    """The moment at which a lost RTU, the first row, is drawn."""
    key = next(key for key, entry in window.context.entries.items() if entry.role is Role.RTU)
    window.tree.choose(key)
    while window.context.entries[key].state is State.ONLINE:
        window.root.update()
        time.sleep(0.002)
    _paint(window)
    return {"at": time.monotonic()}


def log(window: Window) -> dict[str, int]:
    """Choose the first entry's log and say how many lines the pane has."""
    window.tree.choose(next(iter(window.context.entries)))
    window.panes.first.turn_to("log")
    _wait(window, 1.0)
    return {"lines": window.panes.first.log.line_count}


def close(window: Window) -> Taken:
    """Close the window as its user does who has answered the question."""
    window.root.tk.deletefilehandler(sys.stdin)
    window.root.after(1, window.close)
    return {}


USES: Final = {"clicks": clicks, "held": held, "lost": lost, "log": log, "close": close}


if __name__ == "__main__":
    sys.exit(main())
