"""Readable, rotated files, one per connection, as text or as a table, and what the process prints.

A line is formatted where it is logged and written by one background thread, so a slow, full or vanished disk never
holds the event loop. Whatever could not be written is counted, and the file says so as soon as it can be written again.
"""

import errno
import io
import logging
import logging.handlers
import math
import os
import queue
import re
import stat
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, TextIO

ConnectionLog = logging.LoggerAdapter[logging.Logger]

_QUEUE_LIMIT = 8192
_BATCH_LIMIT = 500
_TEXT_LIMIT = 4000
_NAME_LIMIT = 64
_COMPLAINT_INTERVAL = 60.0
# A stopping process has two seconds in all; a disk that needs longer than this loses its lines, counted.
_STOP_WRITING_AFTER = 0.5
_STOP_WAITING_AFTER = 1.0

_OPEN_FLAGS = (
    os.O_WRONLY
    | os.O_APPEND
    | os.O_CREAT
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK = "\ufeff"
_JOURNAL_PRIORITY = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}


def printable(text: str) -> str:
    r"""Escape everything that could forge a line, move a cursor or turn the reading direction.

    Control characters, line separators, NUL, bidirectional and other format characters, lone surrogates and blanks
    other than the space become `\x0d`, `\u202e` or `\U000e0001`. Applying it twice changes nothing more.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def cell(text: str) -> str:
    """Return a cell of a table that stands for this text: one line, quoted where need be, never a formula.

    What a spreadsheet would calculate gets an apostrophe in front (numbers are not for this function).
    """
    shown = printable(f"'{text}" if text.startswith(_FORMULA) else text)
    return '"' + shown.replace('"', '""') + '"' if any(mark in shown for mark in ',;"') else shown


def console(level: int = logging.INFO, stream: TextIO | None = None) -> logging.Logger:
    """Send what the process logs at `level` and above to `stream` (stderr) and return the program's logger.

    A process without stderr, as a service of Windows can be, logs to nowhere.

    One event is one line: plain on a terminal, with the priority prefix that journald reads under systemd, and with the
    time everywhere else, where nobody else adds it. A second call replaces the first.
    """
    stream = stream or sys.stderr or _Nowhere()
    handler = _Console(stream)
    handler.setFormatter(_console_formatter(stream))
    root = logging.getLogger()
    for former in [handler for handler in root.handlers if isinstance(handler, _Console)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level)
    return logging.getLogger("iec104mm2ss")


class ConnectionLogs:
    """The files of all connections in one folder.

    `size` is the length in octets at which a file is rotated, `files` how many older ones are kept beside it (0: none),
    `limit` how many lines may wait for the disk. Warnings and worse also go to `console`, with the connection's name in
    front. Nothing here raises because of the disk.
    """

    def __init__(
        self, folder: Path, *, size: int, files: int, console: logging.Logger, limit: int = _QUEUE_LIMIT
    ) -> None:
        self._console = console
        self._folder = folder.absolute()
        self._intake = _Intake(limit)
        self._writer = _Writer(self._intake, _Folder(self._folder, size, files), console)
        self._logger = logging.Logger("iec104mm2ss.connections", logging.INFO)  # noqa: LOG001 - process-wide names outlive a reload
        self._logger.addHandler(self._intake)
        self._running = False

    @property
    def lost(self) -> int:
        """Lines that no file has received, since the start."""
        return self._writer.lost + self._intake.waiting_refusals

    def keep(self, *, size: int, files: int) -> None:
        """Rotate at another size, and keep another number of older files, from now on."""
        self._writer.keep(size, files)

    def start(self) -> None:
        """Start the writing thread; lines logged before wait for it."""
        self._running = True
        self._writer.deadline = math.inf
        self._writer.start()

    def stop(self) -> None:
        """Write what waits and end the thread; a disk that takes longer than a second is left behind."""
        if not self._running:
            return
        self._running = False
        self._writer.deadline = time.monotonic() + _STOP_WRITING_AFTER
        stopper = threading.Thread(target=self._writer.stop, name="logs-stop", daemon=True)
        stopper.start()
        stopper.join(_STOP_WAITING_AFTER)
        if stopper.is_alive():
            self._console.warning("log files: the disk does not answer, the last lines are lost")

    def connection(self, group: int, role: Literal["S", "M"], name: str, port: int | None = None) -> ConnectionLog:
        """Give the log of one connection row; the same row always gets the same file.

        `group` and `port` (S: None, a group has one) make the file's name unique; `name` may be any text.
        """
        row = _Row(printable(f"{group} {role}/{name}"), f"{_file_name(group, role, name, port)}.log")
        return logging.LoggerAdapter(self._logger, {"row": row})

    def path(self, group: int, role: Literal["S", "M"], name: str, port: int | None = None) -> Path:
        """Return the file that `connection` writes for a row, whether or not it exists yet."""
        return self._folder / f"{_file_name(group, role, name, port)}.log"

    def table(self, station: int, name: str, port: int, columns: Sequence[str], *, part: str = "") -> "TableLog":
        """Give a log that is a comma-separated file with a header, the time and `columns`, for a spreadsheet.

        `station` and `port` make the file's name unique, `part` where one port has several.
        """
        file = f"{_file_name(station, '', name, port)}{part and f'-{part}'}.csv"
        row = _Row(printable(f"{station} {name}:{port}"), file, tuple(columns))
        return TableLog(self._intake, self._logger, row, self._folder / file)


class TableLog(ConnectionLog):
    """A table. What is logged as text is a row with that text in the first column after the time.

    `path` is its file, whether or not it exists yet.
    """

    def __init__(self, intake: "_Intake", logger: logging.Logger, row: "_Row", path: Path) -> None:
        super().__init__(logger, {"row": row})
        self.path = path
        self._intake = intake

    @property
    def is_behind(self) -> bool:
        """Whether so much waits for the disk that who can wait should, lest rows be lost."""
        return self._intake.is_half_full

    def rows(self, rows: Sequence[str]) -> None:
        """Add rows of one moment: the cells after the time, as many as there are columns, joined by commas."""
        self.logger.info("", extra={**(self.extra or {}), "rows": rows})


@dataclass(frozen=True, slots=True)
class _Row:
    """A file; `columns` are those of a table after the time, none of a text."""

    label: str
    file: str
    columns: tuple[str, ...] = ()

    @property
    def header(self) -> bytes:
        # The mark is what tells a spreadsheet on Windows that names are in UTF-8.
        return f"{_BYTE_ORDER_MARK}time,{','.join(self.columns)}\n".encode() if self.columns else b""

    def line(self, moment: float, text: str) -> bytes:
        """The line of a text, which has the whole width of a table."""
        if not self.columns:
            return _line(moment, text)
        return f"{_wall_time(moment)},{cell(text)}{',' * (len(self.columns) - 1)}\n".encode()


class _Intake(logging.handlers.QueueHandler):
    """The loop's side of the queue: a line is taken or counted, never waited for."""

    def __init__(self, limit: int) -> None:
        # The bound is kept here and not by the queue: the writer's end mark must always find a place.
        self.lines: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
        super().__init__(self.lines)
        self.setFormatter(_OneLine())
        self._limit = limit
        self._refused: Counter[_Row] = Counter()

    @property
    def is_half_full(self) -> bool:
        return 2 * self.lines.qsize() > self._limit

    @property
    def waiting_refusals(self) -> int:
        return self._refused.total()

    def enqueue(self, record: logging.LogRecord) -> None:
        if self.lines.qsize() < self._limit:
            self.lines.put(record)
        else:
            self._refused[_row(record)] += len(_rows(record) or " ")

    def take_refused(self) -> Counter[_Row]:
        """Hand over, and forget, how many lines of each row found the queue full."""
        self.acquire()
        try:
            refused, self._refused = self._refused, Counter()
        finally:
            self.release()
        return refused


class _Writer(logging.handlers.QueueListener):
    """The disk's side of the queue: writes whatever waits, row by row, as soon as nothing more waits."""

    def __init__(self, intake: _Intake, folder: "_Folder", console: logging.Logger) -> None:
        super().__init__(intake.lines)
        self.deadline = math.inf
        self.lost = 0
        self._intake = intake
        self._folder = folder
        self._console = console
        self._batch: defaultdict[_Row, list[bytes]] = defaultdict(list)
        self._batched = 0
        self._losses: defaultdict[_Row, Counter[str]] = defaultdict(Counter)
        self._silent_until = -math.inf

    def keep(self, size: int, files: int) -> None:
        self._folder = self._folder.with_limits(size, files)

    def handle(self, record: logging.LogRecord) -> None:
        try:
            self._take(record)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: a bug costs one line, not all that follow
            self.lost += 1
            self._complain(f"a line is lost: {error!r}")

    def _take(self, record: logging.LogRecord) -> None:
        row = _row(record)
        if record.levelno >= logging.WARNING:
            self._console.log(record.levelno, "%s: %s", row.label, record.getMessage())
        lines = _lines(record)
        self._batch[row] += lines
        self._batched += len(lines)
        if self._batched >= _BATCH_LIMIT or self._intake.lines.empty():
            self._write_batch()

    def stop(self) -> None:
        super().stop()
        # The end mark waits behind the last line, so that line did not find the queue empty.
        self._write_batch()

    def _write_batch(self) -> None:
        batch, self._batch, self._batched = self._batch, defaultdict(list), 0
        self._note_refused()
        for row in dict.fromkeys((*batch, *self._losses)):
            self._write(row, batch.get(row, []))

    def _note_refused(self) -> None:
        refused = self._intake.take_refused()
        for row, count in refused.items():
            self._lose(row, count, "the queue was full")
        if refused:
            self._complain(f"the queue was full (lines lost: {refused.total()})")

    def _write(self, row: _Row, lines: list[bytes]) -> None:
        written = 0
        try:
            if time.monotonic() > self.deadline:
                raise TimeoutError("the program ended first")
            self._report_losses(row)
            for chunk in _chunks(lines, self._folder.size):
                self._folder.append(row.file, chunk, row.header)
                written += chunk.count(b"\n")
        except OSError as error:
            reason = error.strerror or str(error)
            self._lose(row, len(lines) - written, reason)
            self._complain(f"{self._folder.path / row.file}: {reason} (lines lost so far: {self.lost})")

    def _lose(self, row: _Row, count: int, reason: str) -> None:
        if count:
            self.lost += count
            self._losses[row][reason] += count

    def _report_losses(self, row: _Row) -> None:
        if row in self._losses:
            now = time.time()
            reports = (f"lines lost here: {count} ({reason})" for reason, count in self._losses[row].items())
            self._folder.append(row.file, b"".join(row.line(now, report) for report in reports), row.header)
            del self._losses[row]

    def _complain(self, text: str) -> None:
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + _COMPLAINT_INTERVAL
            self._console.warning("log files: %s", text)


class _Folder:
    """Appends to files that are opened for one write: 1200 connections hold no file, and no file goes stale."""

    def __init__(self, path: Path, size: int, files: int) -> None:
        self.size = size
        self.path = path
        self._files = files

    def with_limits(self, size: int, files: int) -> "_Folder":
        return _Folder(self.path, size, files)

    def append(self, file: str, data: bytes, header: bytes) -> None:
        """Write all of `data` or nothing, after `header` where the file is new; raises OSError."""
        path = self.path / file
        length = _length(path)
        if length + len(data) > self.size:
            self._make_room(path, length)
            length = _length(path)
        data = data if length else header + data
        descriptor = self._open(path)
        try:
            _write_whole(descriptor, data)
        finally:
            os.close(descriptor)

    def _make_room(self, path: Path, length: int) -> None:
        """Rotate; a file that Windows will not rename while somebody reads it may grow to twice its size meanwhile."""
        try:
            self._rotate(path)
        except OSError:
            if length > 2 * self.size:
                raise

    def _rotate(self, path: Path) -> None:
        names = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, self._files + 1))]
        names[-1].unlink(missing_ok=True)
        for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
            with suppress(FileNotFoundError):
                newer.replace(older)

    def _open(self, path: Path) -> int:
        try:
            return os.open(path, _OPEN_FLAGS, 0o640)
        except FileNotFoundError:
            self.path.mkdir(0o750, parents=True, exist_ok=True)
            return os.open(path, _OPEN_FLAGS, 0o640)


class _OneLine(logging.Formatter):
    def formatException(  # noqa: N802 - the name is the base class's
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        return " | ".join(line.strip() for line in super().formatException(ei).splitlines())

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if len(text) > _TEXT_LIMIT:
            text = f"{text[:_TEXT_LIMIT]}... ({len(text)} characters)"
        return printable(text)


class _Journal(_OneLine):
    def format(self, record: logging.LogRecord) -> str:
        return f"<{_JOURNAL_PRIORITY.get(record.levelno, 6)}>{super().format(record)}"


class _Timed(_OneLine):
    def format(self, record: logging.LogRecord) -> str:
        return f"{_wall_time(record.created)}  {super().format(record)}"


class _Console(logging.StreamHandler[TextIO]):
    """A type of its own, so that a second `console()` finds the handler of the first."""


class _Nowhere(io.StringIO):
    def write(self, text: str) -> int:
        return len(text)

    def fileno(self) -> int:
        raise OSError(errno.EBADF, "no stream")


def _console_formatter(stream: TextIO) -> logging.Formatter:
    if stream.isatty():
        return _OneLine()
    return _Journal() if _read_by_journald(stream) else _Timed()


def _read_by_journald(stream: TextIO) -> bool:
    """Compare as systemd.exec(5) asks: the variable is inherited, also by what was redirected to a file since."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _row(record: logging.LogRecord) -> _Row:
    row = record.__dict__["row"]
    assert isinstance(row, _Row)  # noqa: S101 - only the adapters of ConnectionLogs log here
    return row


def _rows(record: logging.LogRecord) -> Sequence[str] | None:
    return record.__dict__.get("rows")


def _lines(record: logging.LogRecord) -> list[bytes]:
    rows = _rows(record)
    if rows is None:
        return [_row(record).line(record.created, record.getMessage())]
    time = _wall_time(record.created)
    return [f"{time},{row}\n".encode() for row in rows]


def _file_name(group: int, role: str, name: str, port: int | None) -> str:
    """Build a name that starts with the number, so that no name can be a device, hidden, or outside the folder."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name[:_NAME_LIMIT])
    parts = (str(group), role, "" if port is None else str(port), safe)
    return "-".join(part for part in parts if part)


def _line(moment: float, text: str) -> bytes:
    return f"{_wall_time(moment)}  {text}\n".encode()


def _wall_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone().isoformat(" ", "milliseconds")


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004 - the widths of Python's own escapes
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _chunks(lines: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Join lines to writes of at most `size` octets; a longer line stands alone."""
    chunk = b""
    for line in lines:
        if chunk and len(chunk) + len(line) > size:
            yield chunk
            chunk = b""
        chunk += line
    if chunk:
        yield chunk


def _length(path: Path) -> int:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return 0
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    return status.st_size


def _write_whole(descriptor: int, data: bytes) -> None:
    """Leave no torn line where the disk became full in the middle of it."""
    before = os.fstat(descriptor).st_size
    if os.write(descriptor, data) < len(data):
        os.ftruncate(descriptor, before)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
