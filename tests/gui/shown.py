"""The real program with its real window, in the test's own process: its main function, with somebody at the window."""

from __future__ import annotations

import gc
import signal
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from iec104mm2ss.gui import window as windows
from tests.gui.driven import User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from threading import Event

    from iec104mm2ss.console.line import Line
    from iec104mm2ss.gui.window import Window

_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


class Shown:
    """Runs a program's `main`, and `use` in the window's thread as soon as the window shows what runs.

    The window is closed at the end of `use`, unless that is done there. What `use` raises, and every error of a
    callback, is raised by `run`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._errors: list[BaseException] = []

    def run(self, main: Callable[[list[str]], int], use: Callable[[User], None], *arguments: object) -> int:
        """Return the exit status."""
        run_window = windows.run_window

        def shown(
            line: Line,
            program: str,
            *,
            report: Callable[[BaseException], None],
            stop: Event | None = None,
            **other: object,
        ) -> str:
            def note(error: BaseException) -> None:
                self._errors.append(error)
                report(error)

            memory = self._folder / "memory.json"
            ready = partial(self._begin, use)
            return run_window(line, program, report=note, stop=stop, memory=memory, ready=ready)

        windows.run_window = shown
        try:
            with _as_before():
                status = main(["--log-dir", str(self._folder / "log"), *map(str, arguments)])
        finally:
            windows.run_window = run_window
        if self._errors:
            raise self._errors[0]
        return status

    def _begin(self, use: Callable[[User], None], window: Window) -> None:
        # Not in the idle callback that says it is ready: layouts are made when idle, and would wait for its end.
        window.root.after(1, self._use, use, window)

    def _use(self, use: Callable[[User], None], window: Window) -> None:
        user = User(window, self._errors)
        try:
            user.wait_shown()
            use(user)
        finally:
            user.close()


@contextmanager
def _as_before() -> Iterator[None]:
    """Give back what a program takes for itself of its process."""
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        gc.unfreeze()
        for number, handler in handlers.items():
            signal.signal(number, handler)
