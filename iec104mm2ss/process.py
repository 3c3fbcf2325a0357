"""What the operating system has to know about this process: its signals, its limits, and the file that is its own."""

import asyncio
import errno
import gc
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes
else:
    import fcntl
    import resource

_STOPPING = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)]
# One Ctrl-C, or one stop of a service, can come as several signals: to the process, its group and from its parent.
_SAME_STOP = 1.0

# Events of a Windows console (HandlerRoutine). A process has 5 s for one.
_CLOSED, _LOGGED_OFF, _SHUT_DOWN = 2, 5, 6
_GRACE = 5.0

_NO_FILE_LEFT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_SHORTAGE_SAID_EVERY = 60.0
_YOUNG = 5000
"""Objects made and not gone since the collector last looked at the young, which takes about 2 ms."""
_BEATS_PER_COLLECTION = 120


def on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[str], None], reload: Callable[[str], None]) -> None:
    """Call `stop` in `loop` on SIGTERM, SIGINT and their like of Windows, `reload` on SIGHUP, with the signal's name.

    A second signal to stop, a second or more after the first, ends the process at once. To be called in the main
    thread; the loop may run in another one.
    """

    def call(action: Callable[[str], None], name: str) -> None:
        with suppress(RuntimeError):  # the loop has ended: the process is about to
            loop.call_soon_threadsafe(action, name)

    on_stop_signals(lambda name: call(stop, name))
    if sys.platform == "win32":
        _on_console_events(lambda why: call(stop, why))
    else:
        signal.signal(signal.SIGHUP, lambda *_: call(reload, "SIGHUP"))


def on_stop_signals(stop: Callable[[str], None]) -> None:
    """Call `stop` with the name of a signal to stop, as `on_signals` says, in the main thread."""
    since: float | None = None

    def on_stop(number: int, _: object) -> None:
        nonlocal since
        now = time.monotonic()
        if since is None:
            since = now
            stop(signal.Signals(number).name)
        elif now - since >= _SAME_STOP:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    # They stay while they run: the interpreter holds no handler but these, and a compiled one would lose its variables.
    for number in _STOPPING:
        signal.signal(number, on_stop)


def on_console_event(event: int, stop: Callable[[str], None], wait: Callable[[float], None] = time.sleep) -> bool:
    """Act on an event of a Windows console; return whether nobody else need do so.

    To be called in the thread that Windows makes for it: it ends the process when that returns. Ctrl-C and Ctrl-Break
    are signals.
    """
    if event == _LOGGED_OFF:
        return True  # services alone are told, and of every user
    if event not in (_CLOSED, _SHUT_DOWN):
        return False
    stop("the console is closed" if event == _CLOSED else "Windows shuts down")
    wait(_GRACE)
    return True


if sys.platform == "win32":
    _HANDLER = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)
    _handlers: list[object] = []  # Windows calls them for as long as the process lives

    def _on_console_events(stop: Callable[[str], None]) -> None:
        handler = _HANDLER(lambda event: on_console_event(event, stop))
        _handlers.append(handler)
        ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, True)  # noqa: FBT003 - the API's


def raise_file_limit() -> None:
    """Let 200 groups with 5 masters each open their 2200 sockets where the soft limit is the usual 1024."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class FileShortage:
    """Says in one line, at most once a minute, that no file is left for connections, and leaves the rest to asyncio.

    asyncio stops accepting for a second then, and would tell so 17 times with a traceback for every second of it.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._say_again = -math.inf

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle what asyncio reports of a loop, see `loop.set_exception_handler`."""
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in _NO_FILE_LEFT:
            loop.default_exception_handler(context)
        elif loop.time() >= self._say_again:
            self._say_again = loop.time() + _SHORTAGE_SAID_EVERY
            self._log.error("%s: nobody can connect; tried again every second (see LimitNOFILE)", error.strerror)


@contextmanager
def collecting_late() -> Iterator[None]:
    """Collect no garbage while a program is made, which hardly leaves any: until `collect_from_now`."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def collect_from_now() -> None:
    """Collect garbage, and let the collector leave alone what is there by now: that is made to stay.

    A look at the settings, rows and modules of 1200 entries would hold everything, each time, for 0.1 s. ASDUs that are
    on their way look like growth, and Python's usual threshold made it look at everything every three seconds for them.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    gc.enable()


class OldGarbage:
    """Collects all garbage every two minutes, if called once a second, which takes 50 ms for 1200 connections.

    What asyncio leaves of a connection is old when it comes, and too little for the collector to look for it.
    """

    def __init__(self) -> None:
        self._beats = 0

    def __call__(self) -> None:
        """Count a second."""
        self._beats += 1
        if self._beats % _BEATS_PER_COLLECTION == 0:
            gc.collect()


def survive_background() -> None:
    """Let a program that reads a terminal go on where it is put into the background: reading fails then, no more."""
    if sys.platform != "win32":
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)


class FileClaim:
    """A mark on a program's file that two programs must not run with: they would fight for its ports and RTUs.

    The mark goes with the process. It hinders nobody who reads, edits or replaces the file. Windows needs none, where
    a port belongs to one program alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def renew(self) -> bool:
        """Mark what is there now under the file's name; False where another process has marked it."""
        if sys.platform == "win32":  # an open file could not be replaced there
            return True
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except OSError:  # reported by who reads the file
            return True
        if self._descriptor is not None and os.path.sameopenfile(descriptor, self._descriptor):
            os.close(descriptor)
            return True
        if not _marked(descriptor):
            os.close(descriptor)
            return False
        self.release()
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Take the mark away."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _marked(descriptor: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system that knows no such marks
            return True
    return True
