"""`iec104mm2ss --demo`: the whole thing in one process, to be watched, without a file or equipment."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

from iec104mm2ss.demo.play import Play
from iec104mm2ss.demo.verdict import verdict
from iec104mm2ss.demo.view import LiveView, PlainView
from iec104mm2ss.logs import ConnectionLogs
from iec104mm2ss.process import on_signals

if TYPE_CHECKING:
    from pathlib import Path

_LOG_SIZE = 1_000_000
_LOG_FILES = 2
_LOOK = 0.25


def run_demo(seconds: int | None, log_dir: Path) -> int:
    """Play for that many seconds or until Ctrl-C; return 0, or 1 where something was lost, leaked or failed."""
    log = logging.getLogger("iec104mm2ss")
    logs = ConnectionLogs(log_dir, size=_LOG_SIZE, files=_LOG_FILES, console=log)
    play = Play(logs, log)
    notes = _Notes(play)
    logging.getLogger().addHandler(notes)
    logs.start()
    try:
        asyncio.run(_watch(play, seconds))
        logs.stop()
        print(*verdict(play, log_dir), sep="\n", flush=True)  # noqa: T201 - what the demonstration was about
    except BrokenPipeError:
        return _leave_closed_pipe()
    finally:
        logs.stop()
        logging.getLogger().removeHandler(notes)
    return 0 if play.is_clean else 1


async def _watch(play: Play, seconds: int | None) -> None:
    on_signals(asyncio.get_running_loop(), stop=lambda _: play.stop(), reload=lambda _: None)
    view = (LiveView if sys.stdout.isatty() else PlainView)(sys.stdout, seconds)
    performing = asyncio.create_task(play.perform(seconds), name="play")
    with view:
        while not performing.done():
            view.show(play)
            await asyncio.wait([performing], timeout=_LOOK)
        view.show(play)
    await performing


def _leave_closed_pipe() -> int:
    """Give Python somewhere to flush to at its end: the reader, `head` or `less`, has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


class _Notes(logging.Handler):
    """What the gateway would print becomes lines of the view; it may come from the thread that writes the files."""

    def __init__(self, play: Play) -> None:
        super().__init__(logging.WARNING)
        self._play = play

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno >= logging.ERROR:
            self._play.complaints.append(text)
        elif record.name != "asyncio":
            self._play.say("gateway", text)
