"""The journal of one group: segments of records in a folder, the last of which is written."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from iec104mm2ss.journal import records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from io import FileIO
    from pathlib import Path

    from iec104mm2ss.journal.records import Event

_SEGMENT_SIZE: Final = 262_144


class Batch(NamedTuple):
    """What is to be written at once: new events, where every row is, and from which position on events are needed."""

    events: Sequence[Event]
    positions: Mapping[int, int]
    needed: int


class Recovered(NamedTuple):
    """What an earlier process left: events in order, each row's position by its port, and what could not be read."""

    events: tuple[Event, ...]
    positions: Mapping[int, int]
    remarks: tuple[str, ...]

    @property
    def tail(self) -> int:
        """The first position that has never been used."""
        last = self.events[-1].position + 1 if self.events else 0
        return max(last, *self.positions.values(), 0)


class Journal:
    """Segments `GROUP-NUMBER.journal` in `folder`. All methods block and may raise OSError; one thread calls them.

    `lasting` is whether what is written has to outlive the loss of power, too, and not only this process.

    A segment is never changed once another has begun, and goes as soon as none of its events is needed. Each begins
    with all rows' positions, so that nothing is lost with those before it. What is on disk is therefore bounded by the
    events that are needed and two segments, whatever is written.
    """

    def __init__(self, folder: Path, group: int, ca: int, *, lasting: bool) -> None:
        self._folder = folder
        self._group = group
        self._lasting = lasting
        self._header = records.header(group, ca)
        self._file: FileIO | None = None
        self._size = 0
        self._number = 0
        self._last: dict[Path, int] = {}

    def recover(self) -> Recovered:
        """Read what there is, once, before anything is written; cut off what was torn by the end of the process.

        Segments that belong to another common address of the RTU are deleted: nobody waits for their events.
        """
        contents, remarks = records.Contents(), list[str]()
        for path in self._segments():
            self._number = int(path.stem.partition("-")[2])
            remarks += self._read(path, contents)
        first = min(contents.positions.values(), default=0)
        events = sorted(event for position, event in contents.events.items() if position >= first)
        return Recovered(tuple(events), contents.positions, tuple(remarks))

    def _segments(self) -> list[Path]:
        """Return the group's segments, the oldest first."""
        return sorted(self._folder.glob(f"{self._group}-{'[0-9]' * 8}.journal"))

    def _read(self, path: Path, contents: records.Contents) -> list[str]:
        octets = path.read_bytes()
        if not octets.startswith(self._header):
            path.unlink()
            return [f"{path} is empty, or of another RTU: deleted"]
        end = contents.read(octets)
        self._last[path] = max(contents.events, default=-1)
        if end == len(octets):
            return []
        os.truncate(path, end)
        return [f"{path}: the last {len(octets) - end} octets were not whole: cut off"]

    def write(self, batch: Batch) -> None:
        """Write a batch; it is safe when this returns. After an OSError nothing of the batch may be relied on."""
        octets = b"".join(map(records.event, batch.events)) + records.places(batch.positions)
        try:
            # What is not needed makes room on a full disk, but not before a later segment has everybody's position.
            if self._file is not None:
                self._drop(batch.needed)
            self._append(octets, batch)
            self._drop(batch.needed)
        except OSError:
            self._abandon()
            raise

    def _abandon(self) -> None:
        """Let the next write begin a segment; on a full disk not even an empty one is left behind every time."""
        is_empty = self._file is not None and not self._size
        self.close()
        if is_empty:
            del self._last[self._path]
            self._path.unlink(missing_ok=True)

    def _append(self, octets: bytes, batch: Batch) -> None:
        file = self._file
        if file is None or self._size >= _SEGMENT_SIZE:
            file = self._begin(batch.positions)
        if batch.events:
            self._last[self._path] = batch.events[-1].position
        _write(file, octets)
        self._size += len(octets)
        if self._lasting and batch.events:
            os.fsync(file.fileno())

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._group}-{self._number:08}.journal"

    def _begin(self, positions: Mapping[int, int]) -> FileIO:
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._number += 1
        octets = self._header + records.places(positions)
        self._file = file = self._path.open("xb", buffering=0)
        self._last[self._path], self._size = -1, 0
        _write(file, octets)
        self._size = len(octets)
        if self._lasting:
            os.fsync(file.fileno())
            _sync_folder(self._folder)
        return file

    def _drop(self, needed: int) -> None:
        for path, last in tuple(self._last.items()):
            if last < needed and path != self._path:
                path.unlink(missing_ok=True)
                del self._last[path]

    def remove(self) -> None:
        """Delete everything."""
        self.close()
        for path in self._segments():
            path.unlink()
        self._last.clear()

    def close(self) -> None:
        """End the segment that is written; another write would begin the next one."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()


def _write(file: FileIO, octets: bytes) -> None:
    """Write everything, also where the system takes it in parts."""
    rest = memoryview(octets)
    while rest:
        rest = rest[file.write(rest) :]


def _sync_folder(folder: Path) -> None:
    """Let the names in a folder outlive the loss of power; Windows has no such call and needs none."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
