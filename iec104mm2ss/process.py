"""What the operating system has to know about this process: its signals, its limits, and the file that is its own."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl
    import resource

# SIGBREAK is what Windows sends for Ctrl-Break and for a console that is closed.
_STOPPING = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)]


def on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[str], None], reload: Callable[[str], None]) -> None:
    """Call `stop` in `loop` on SIGTERM, SIGINT and their like of Windows, `reload` on SIGHUP, with the signal's name.

    A second signal to stop ends the process at once. To be called in the main thread; the loop may run in another one.
    """

    def on_stop(number: int, _: object) -> None:
        for other in _STOPPING:
            signal.signal(other, signal.SIG_DFL)
        call(stop, signal.Signals(number).name)

    def call(action: Callable[[str], None], name: str) -> None:
        with suppress(RuntimeError):  # the loop has ended: the process is about to
            loop.call_soon_threadsafe(action, name)

    for number in _STOPPING:
        signal.signal(number, on_stop)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, lambda *_: call(reload, "SIGHUP"))


def raise_file_limit() -> None:
    """Let 200 groups with 5 masters each open their 2200 sockets where the soft limit is the usual 1024."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


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
