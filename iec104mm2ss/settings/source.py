"""A file's octets, and what every kind of file has in common: its end, and names that are nearly right."""

import contextlib
import os
import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from iec104mm2ss.settings.cells import UnusableError, is_number, nearest
from iec104mm2ss.settings.problems import Problem, Report
from iec104mm2ss.settings.table import Row, decode

LARGEST_FILE = 32_000_000  # octets; a hundred times the largest file that is known


def read_octets(path: Path) -> bytes:
    """What a file holds, one octet more than `LARGEST_FILE` at most. Raises UnusableError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise UnusableError(f"the file cannot be read: {reason}") from None


def read_text(data: bytes) -> str:
    """The text of a file's octets. Raises UnusableError where they are too many or hold nothing."""
    if len(data) > LARGEST_FILE:
        raise UnusableError(f"the file is larger than {LARGEST_FILE} octets and is not read")
    text = decode(data)
    if not text.strip():
        raise UnusableError("the file is empty")
    return text


def whole_file(path: Path, error: UnusableError) -> tuple[Problem]:
    """The one problem of a file that cannot be used at all."""
    return (Problem(str(path), 0, "", str(error), refused=True),)


def open_to_everybody(path: Path) -> Iterator[Problem]:
    """Warn of a file that any user of this machine can change or replace, where files have POSIX permissions."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        file = path.resolve()
        if file.stat().st_mode & stat.S_IWOTH:
            yield _open(path, file, "change this file")
        for folder in dict.fromkeys((path.parent.resolve(), file.parent)):  # two where the path is a link
            # In one with the sticky bit, such as /tmp, nobody but its owner can put another in the place of a file.
            if folder.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
                yield _open(path, folder, "put another file in the place of this one")


def _open(path: Path, what: Path, harm: str) -> Problem:
    text = f"every user of this machine can {harm}, and with it what is connected; chmod o-w {shlex.quote(str(what))}"
    return Problem(str(path), 0, "", text, refused=False)


def until_end(rows: Iterable[Row], report: Report) -> Iterator[Row]:
    """The rows before the one that begins with `!`; entries after it are counted, not read."""
    end, unread = 0, 0
    for row in rows:
        end = end or (row.line if row.first.startswith("!") else 0)
        if not end:
            yield row
        unread += bool(end) and is_number(row.first.lstrip("! "))
    if unread:
        report.warn(end, "A", f"'!' ends the file here; rows with entries from here on that are not read: {unread}")


def mistyped(text: str, settings: Iterable[str]) -> str | None:
    """The setting that a first cell resembles: `ntp_servr`, `idle time`, `k=12`."""
    name, separator, _ = text.replace(":", "=").partition("=")
    if len(name.strip()) < 3 and not separator:  # noqa: PLR2004 - two letters resemble each other too easily
        return None
    return nearest(name.strip(), settings)
