"""A program with its window: Tk has the main thread, the program's event loop another one.

The program goes on without the window where that crashes or its display goes away; only a window that its user closes
ends it. tkinter is imported when a window is to be shown, not before.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NoReturn

from iec104mm2ss.console.line import LocalLine
from iec104mm2ss.console.remote import RemoteLine
from iec104mm2ss.logs import console
from iec104mm2ss.process import collect_from_now, on_signals, on_stop_signals

if TYPE_CHECKING:
    from pathlib import Path

    from iec104mm2ss.service import Service

EXIT_NO_WINDOW = 69
"""EX_UNAVAILABLE: a window was asked for and cannot be shown."""
_LOOK_AT_SIGNALS = 0.5


def impossible() -> str:
    """Return why no window can be shown, empty where one can."""
    from iec104mm2ss.gui.display import missing  # noqa: PLC0415 - for who wants a window alone

    return missing()


def run(service: Service[Any], who: str) -> None:
    """Run a program with its window. Raises TakenError where the program runs already."""
    _Windowed(service, who).run()


class _Windowed:
    """The two threads of a program with a window."""

    def __init__(self, service: Service[Any], who: str) -> None:
        self._service = service
        self._who = who
        self._started: Future[None] = Future()
        self._failure: BaseException | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=service.name)

    def run(self) -> None:
        import iec104mm2ss.gui.window  # noqa: F401, PLC0415 - before the loop wants the processor, too

        self._thread.start()
        self._started.result()
        on_signals(self._service.loop, self._service.stop, self._service.reload)
        self._show()
        self._wait()
        if self._failure is not None:
            raise self._failure

    def _serve(self) -> None:
        try:
            asyncio.run(self._service.run(lambda: self._started.set_result(None)))
        except Exception as error:  # noqa: BLE001 - raised in the main thread, which waits for this one
            if self._started.done():
                self._failure = error
            else:
                self._started.set_exception(error)
        finally:
            self._over.set()

    def _show(self) -> None:
        from iec104mm2ss.gui.window import CLOSED, run_window  # noqa: PLC0415 - for who wants a window alone

        log = self._service.log
        line = LocalLine(self._service.loop, self._service.desk)
        try:
            ended = run_window(
                line,
                self._service.name,
                report=lambda bug: log.error("internal error in the window", exc_info=bug),
                stop=self._over,
                display_lost=self._lose_display,
            )
        except Exception:
            log.exception("the window is gone: %s goes on without it", self._who)
            return
        finally:
            line.close()
        if ended == CLOSED:
            self._service.loop.call_soon_threadsafe(self._service.stop, "the window is closed")

    def _lose_display(self) -> NoReturn:
        """Stay where Xlib, once this returned, would end the process; end it when the program has ended."""
        self._service.log.warning("the display is gone, and the window with it: %s goes on without", self._who)
        self._wait()
        self._service.logs.stop()
        sys.stderr.flush()
        os._exit(0)

    def _wait(self) -> None:
        # Not without a limit: signals are handled in between.
        while self._thread.is_alive():
            self._thread.join(_LOOK_AT_SIGNALS)


def attach(name: str, path: Path, *, may_change: bool) -> int:
    """Show the window of another process by its control socket; return the exit status."""
    log = console()
    reason = impossible()
    if reason:
        log.error("%s", reason)
        return EXIT_NO_WINDOW
    from iec104mm2ss.gui.window import run_window  # noqa: PLC0415 - for who wants a window alone

    over = threading.Event()
    on_stop_signals(lambda _: over.set())
    line = RemoteLine(path, may_change=may_change)
    collect_from_now()
    try:
        run_window(line, name, report=lambda bug: log.error("internal error in the window", exc_info=bug), stop=over)
    finally:
        line.close()
    return 0
