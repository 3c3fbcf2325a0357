"""What the command lines of both programs have in common: options, exit statuses, and running until a signal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from iec104mm2ss import __version__
from iec104mm2ss.logs import ConnectionLogs, console
from iec104mm2ss.process import on_stop_signal, raise_file_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from iec104mm2ss.settings.problems import Problem
    from iec104mm2ss.settings.program import ProgramSettings

EXIT_OK = 0
EXIT_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: systemd's RestartPreventExitStatus can tell it from a crash."""

DEFAULT_LOG_FOLDER = Path("log")


class Loaded(Protocol):
    """What became of a program's file."""

    @property
    def problems(self) -> Iterable[Problem]:
        """Everything to complain about."""

    @property
    def usable(self) -> bool:
        """Whether anything can run."""

    @property
    def refused(self) -> bool:
        """Whether anything cannot."""


def parser(name: str, description: str, file: Path, what: str) -> argparse.ArgumentParser:
    """Return a parser with the options of both programs; `what` says what `file`, the default, is."""
    made = argparse.ArgumentParser(
        prog=name, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("-i", "--ini", metavar="FILE", type=Path, default=file, help=f"{what} (%(default)s)")
    made.add_argument("-n", "--nogui", action="store_true", help="work without a window")
    made.add_argument("-t", "--ntp_update_every_sec", metavar="SEC", type=seconds, help="NTP update interval (900)")
    made.add_argument(
        "-s", "--ntp_server", metavar="HOST", action="append", default=[], help="NTP server; may be repeated"
    )
    made.add_argument("--check", action="store_true", help=f"say what is wrong with the {what}, and exit")
    made.add_argument(
        "--log-dir", metavar="DIR", type=Path, default=DEFAULT_LOG_FOLDER, help="folder of the log files (%(default)s)"
    )
    made.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return made


def seconds(text: str) -> int:
    """Read an option that is a number of seconds."""
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")


def print_line(text: str) -> None:
    """Print an answer that was asked for, also where the terminal or file has characters for a few scripts only."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)  # noqa: T201 - what this is for


def check(loaded: Loaded, problems: Iterable[Problem], summary: str) -> int:
    """Print what is wrong with a program's file (`problems`) and what would run; return the exit status."""
    found = list(problems)
    for problem in found:
        print_line(str(problem))
    print_line(summary)
    faultless = loaded.usable and not any(problem.refused for problem in found)
    return EXIT_OK if faultless else EXIT_CONFIGURATION


def run(
    loaded: Loaded,
    settings: ProgramSettings,
    log_folder: Path,
    serve: Callable[[ConnectionLogs, logging.Logger], Coroutine[Any, Any, None]],
    *,
    who: str,
) -> int:
    """Log the problems and serve until a signal asks to stop; return the exit status. `who` is, say, "the gateway"."""
    log = console()
    for problem in loaded.problems:
        log.log(logging.ERROR if problem.refused else logging.WARNING, "%s", problem)
    if not loaded.usable:
        if any(problem.row for problem in loaded.problems):
            log.error("%s: nothing in it can run", settings.path)
        return EXIT_CONFIGURATION
    if not settings.nogui:
        log.info("this version has no window: %s goes on headless", who)
    if settings.ntp_servers:
        log.warning("this version does not use time servers: the clock is not set")
    raise_file_limit()
    logs = ConnectionLogs(log_folder, size=settings.log_size, files=settings.log_files, console=log)
    logs.start()
    try:
        asyncio.run(_until_stopped(serve(logs, log), log))
    finally:
        logs.stop()
    return EXIT_OK


async def _until_stopped(work: Coroutine[Any, Any, None], log: logging.Logger) -> None:
    running = asyncio.create_task(work, name="program")

    def stop(name: str) -> None:
        log.info("%s: stopping", name)
        running.cancel()

    on_stop_signal(stop)
    with contextlib.suppress(asyncio.CancelledError):
        await running
