"""What a command prints: to terminals, files and pipes alike, whatever a name or a log holds."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from iec104mm2ss.logs import printable

if TYPE_CHECKING:
    from collections.abc import Iterable


def say(lines: Iterable[str]) -> None:
    """Print lines; what could drive a terminal, or has no place in its character set, is escaped."""
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        print(printable(line).encode(encoding, "backslashreplace").decode(encoding), flush=True)  # noqa: T201 - a command


def say_in_place(text: str) -> None:
    """Write a line of a terminal over the one before, and leave the cursor at its beginning."""
    print(f"\r\x1b[K{text}", end="\r", flush=True)  # noqa: T201 - a command


def complain(text: str) -> None:
    """Print to standard error, a line for each line."""
    encoding = sys.stderr.encoding or "utf-8"
    for line in text.splitlines():
        shown = printable(line).encode(encoding, "backslashreplace").decode(encoding)
        print(shown, file=sys.stderr, flush=True)  # noqa: T201 - a command


def width() -> int | None:
    """Return how many columns the terminal has, None where nobody reads the output on one."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
