"""The lines that are typed into the running simulator, read in a thread of their own, and the answers to them."""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from iec104mm2ss.program import print_line

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Iterator

_READ_SIZE: Final = 4096
_LOOK_AGAIN: Final = 1.0


def answer_lines(loop: asyncio.AbstractEventLoop, answer: Callable[[str], list[str]]) -> None:
    """Let `answer`, called in `loop`, answer every line of standard input until it ends, which ends nothing else.

    Neither a terminal that nobody types into nor an output that nobody reads holds up the loop.
    """
    descriptor = _input()
    if descriptor is not None:
        threading.Thread(target=_serve, args=(descriptor, loop, answer), name="typed lines", daemon=True).start()


def _input() -> int | None:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # none at all, none with a file, closed
        return None


def _serve(descriptor: int, loop: asyncio.AbstractEventLoop, answer: Callable[[str], list[str]]) -> None:
    try:
        for line in _lines(descriptor):
            _print(_asked(loop, answer, line))
    except RuntimeError:  # the loop has ended
        return


def _print(lines: Iterable[str]) -> None:
    # What is typed is done also where nobody reads the answers: no output at all, closed, a pipe without a reader.
    with suppress(AttributeError, OSError, ValueError):
        for line in lines:
            print_line(line)


def _asked(loop: asyncio.AbstractEventLoop, answer: Callable[[str], list[str]], line: str) -> list[str]:
    answered: Future[list[str]] = Future()

    def ask() -> None:
        try:
            answered.set_result(answer(line))
        except Exception as bug:  # noqa: BLE001 - the boundary: the next line may do better
            answered.set_result([f"internal error: {bug!r}"])

    loop.call_soon_threadsafe(ask)
    return answered.result()


def _lines(descriptor: int) -> Iterator[str]:
    # Not by sys.stdin: a thread that waits in it keeps the interpreter from ending.
    rest = b""
    while octets := _read(descriptor):
        *lines, rest = (rest + octets).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        yield rest.decode(errors="replace")


def _read(descriptor: int) -> bytes:
    """Read what there is; from the background of a terminal as soon as the program is in the foreground again."""
    while True:
        try:
            return os.read(descriptor, _READ_SIZE)
        except OSError:
            if not os.isatty(descriptor):
                return b""
            time.sleep(_LOOK_AGAIN)
