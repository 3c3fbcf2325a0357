"""What the tests of the log files share: a console and a disk to look into, and a reader of finished files."""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from iec104mm2ss.logs import ConnectionLogs

PATIENCE = 10.0
# 2026-03-01 12:03:41.220+01:00  text
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d  .*")


class Console(logging.Logger):
    """Keeps what would be printed."""

    def __init__(self) -> None:
        super().__init__("console")
        self.lines: list[str] = []

    def handle(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    @property
    def trouble(self) -> list[str]:
        """The lines about the log files themselves."""
        return [line for line in self.lines if line.startswith("log files: ")]


class Disk:
    """Stands before `os.write` and can fail it or hold it."""

    def __init__(self) -> None:
        self.error: int | None = None
        self.room: int | None = None
        self.held = threading.Event()
        self.let_go = threading.Event()
        self.let_go.set()
        self._write = os.write

    def write(self, descriptor: int, data: bytes) -> int:
        self.held.set()
        self.let_go.wait(PATIENCE)
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        return self._write(descriptor, data[: self.room])


def make(folder: Path, console: Console, *, size: int = 1_000_000, files: int = 2, limit: int = 100) -> ConnectionLogs:
    return ConnectionLogs(folder, size=size, files=files, console=console, limit=limit)


@contextmanager
def running(made: ConnectionLogs) -> Iterator[ConnectionLogs]:
    made.start()
    try:
        yield made
    finally:
        made.stop()


def line_length() -> int:
    return len("2026-03-01 12:03:41.220+01:00  0000\n")


def texts(path: Path) -> list[str]:
    """The lines of a file without their times; each must be a whole line."""
    content = path.read_bytes().decode()
    assert content.endswith("\n")
    lines = content[:-1].split("\n")
    assert all(LINE.fullmatch(line) for line in lines)
    return [line.split("  ", 1)[1] for line in lines]


def eventually(condition: Callable[[], bool], within: float = PATIENCE) -> bool:
    end = time.monotonic() + within
    while not condition() and time.monotonic() < end:
        threading.Event().wait(0.01)
    return condition()
