"""The end of a log file, and what comes after it, over rotation (`name.1` is the file before) and removal."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK: Final = 64 * 1024
_MOST_OCTETS: Final = 4_000_000
"""Of one answer, whatever number of lines was asked for."""
_MOST_OLDER: Final = 1000
_COMPARED: Final = 64
_BYTE_ORDER_MARK: Final = "\ufeff"


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines that are complete, from older files too; fewer where they are very long.

    Undecodable octets become escapes. Raises OSError, but not for a file that does not exist.
    """
    return Tail(path, count).read()


@dataclass(frozen=True, slots=True)
class _Place:
    """A file, which keeps its number when it is renamed, and how far it was read."""

    device: int
    inode: int
    position: int
    before: bytes
    """The octets before the position: a file's number may be given again, and a file be written anew."""

    @classmethod
    def in_file(cls, file: BinaryIO, position: int) -> _Place:
        status = os.fstat(file.fileno())
        return cls(status.st_dev, status.st_ino, position, _before(file, position))

    def is_in(self, file: BinaryIO) -> bool:
        status = os.fstat(file.fileno())
        is_same = (status.st_dev, status.st_ino) == (self.device, self.inode)
        return is_same and status.st_size >= self.position and _before(file, self.position) == self.before


def _before(file: BinaryIO, position: int) -> bytes:
    start = file.seek(max(position - _COMPARED, 0))
    return file.read(position - start)


class Tail:
    """Reads a log from its last `lines` on, whether or not it exists yet. No file is held open between two calls."""

    def __init__(self, path: Path, lines: int) -> None:
        self._path = path
        self._lines = lines
        self._place: _Place | None = None
        self._begun = False
        self.is_behind = False
        """Whether the last call left something for the next one."""

    def read(self) -> list[str]:
        """Return the complete lines that came since the last call, a limited number; raises OSError."""
        if self._begun:
            return self._read_on()
        found = self._begin()
        self._begun = True
        return found

    def _begin(self) -> list[str]:
        found: list[bytes] = []
        room = _MOST_OCTETS
        for generation, file in _newest_first(self._path):
            lines, end = _last(file, self._lines - len(found), room)
            found[:0] = lines
            room -= sum(map(len, lines))
            if not generation:
                self._place = _Place.in_file(file, end)
            if len(found) >= self._lines or room <= 0:
                break
        return [_text(line) for line in found]

    def _read_on(self) -> list[str]:
        """Go on in the file that was read last, wherever it is now, then through the newer ones."""
        room = _BLOCK
        found: list[bytes] = []
        for age in range(self._generation(), -1, -1):
            data = self._read_generation(age, room)
            found += _cut(data)
            room -= len(data)
            if self.is_behind:
                break
        return [_text(line) for line in found]

    def _generation(self) -> int:
        """Return which older file, by its number, holds the place; 0 where none does, for the present one."""
        if self._place is None:
            return 0
        return next((age for age, file in _newest_first(self._path) if self._place.is_in(file)), 0)

    def _read_generation(self, age: int, room: int) -> bytes:
        self.is_behind = False
        try:
            file = _older(self._path, age).open("rb")
        except FileNotFoundError:
            return b""
        with file:
            place = self._place if self._place and self._place.is_in(file) else _Place.in_file(file, 0)
            file.seek(place.position)
            data = file.read(room)
            self.is_behind = len(data) == room
            # What was rotated away gets no more, so its last line is complete; so is one that fills all the room.
            is_whole = (age and not self.is_behind) or (len(data) == _BLOCK and b"\n" not in data)
            end = len(data) if is_whole else data.rfind(b"\n") + 1
            self._place = _Place.in_file(file, place.position + end)
        return data[:end]


def _newest_first(path: Path) -> Iterator[tuple[int, BinaryIO]]:
    """Open a log and those before it, one after the other, up to the first that does not exist."""
    for age in range(_MOST_OLDER + 1):
        try:
            file = _older(path, age).open("rb")
        except FileNotFoundError:
            if age:
                return
            continue
        with file:
            yield age, file


def _older(path: Path, age: int) -> Path:
    return path.with_name(f"{path.name}.{age}") if age else path


def _last(file: BinaryIO, count: int, room: int) -> tuple[list[bytes], int]:
    """Return at most `count` complete lines from the end of a file, in `room` octets, and where the last one ends."""
    start = file.seek(0, os.SEEK_END)
    data = b""
    while start and data.count(b"\n") <= count and len(data) < room:
        size = min(_BLOCK, start)
        start = file.seek(start - size)
        data = file.read(size) + data
    end = data.rfind(b"\n") + 1
    lines = _cut(data[:end])
    whole = lines if not start else lines[1:]
    return whole[-count:] if count else [], start + end


def _cut(data: bytes) -> list[bytes]:
    """Return lines with their line feeds; nothing else ends a line."""
    *whole, rest = data.split(b"\n")
    return [*(line + b"\n" for line in whole), *([rest] if rest else [])]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace").rstrip("\r\n").removeprefix(_BYTE_ORDER_MARK)
