"""What the command lines of both programs have in common: options, exit statuses, and running until a signal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic

from iec104mm2ss import __version__, window
from iec104mm2ss.console.address import TakenError, likely_path, own_path
from iec104mm2ss.console.names import lines
from iec104mm2ss.logs import ConnectionLogs, console
from iec104mm2ss.process import FileClaim, collecting_late, on_signals, raise_file_limit
from iec104mm2ss.service import S, Service
from iec104mm2ss.settings.cells import UnusableError
from iec104mm2ss.settings.draft import Draft
from iec104mm2ss.settings.source import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iec104mm2ss.service import Runner
    from iec104mm2ss.settings.layout import Layout
    from iec104mm2ss.settings.problems import Problem

EXIT_OK = 0
EXIT_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: systemd's RestartPreventExitStatus can tell it from a crash."""
EXIT_TAKEN = 75
"""EX_TEMPFAIL: the same program runs already; it may be on its way out."""

LARGEST_PORT = 65535
DEFAULT_LOG_FOLDER = Path("log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program(Generic[S]):
    """What tells one program from the other.

    `who` is, say, "the gateway". `examine` gives what is wrong beside the file itself, and a line on what would run.
    """

    name: str
    who: str
    layout: Layout[S]
    build: Callable[[S, Service[S]], Runner[S]]
    examine: Callable[[S], tuple[Iterable[Problem], str]]


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
    made.add_argument("--ctl", metavar="PATH", type=Path, help="control socket (see docs/operations.md)")
    made.add_argument("--no-ctl", action="store_true", help="make no control socket")
    made.add_argument(
        "--attach",
        metavar="PATH",
        nargs="?",
        const="",
        help="show the window of a program that runs without one, by its control socket",
    )
    made.add_argument("--control", action="store_true", help="let the attached window change things, too")
    made.add_argument(
        "--metrics",
        metavar="ADDR:PORT",
        type=address_and_port,
        help="where Prometheus may ask for metrics, say 127.0.0.1:9104; nowhere unless given",
    )
    made.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return made


def seconds(text: str) -> int:
    """Read an option that is a number of seconds."""
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")


def address_and_port(text: str) -> tuple[str, int]:
    """Read an option that is `address:port`, an IPv6 address in brackets."""
    address, _, port = text.rpartition(":")
    address = address.removeprefix("[").removesuffix("]")
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(address)
        if port.isascii() and port.isdigit() and 0 < int(port) <= LARGEST_PORT:
            return address, int(port)
    raise argparse.ArgumentTypeError(f"{text!r} should look like 127.0.0.1:9104")


def print_line(text: str, end: str = "\n") -> None:
    """Print an answer that was asked for, also where the terminal or file has characters for a few scripts only."""
    encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), end=end, flush=True)  # noqa: T201 - what this is for


def main(program: Program[S], options: argparse.Namespace) -> int:
    """Do what the options ask for and return the exit status."""
    if options.check:
        return _check(program, options.ini)
    with collecting_late():
        if options.attach is not None:
            path = Path(options.attach) if options.attach else likely_path(program.name)
            return window.attach(program.name, path, may_change=options.control)
        return _run(program, options)


def _check(program: Program[S], file: Path) -> int:
    """Print what is wrong with a program's file and what would run."""
    try:
        draft = Draft.read(file, program.layout)
    except UnusableError as error:
        print_line(str(whole_file(file, error)[0]))
        return EXIT_CONFIGURATION
    further, summary = program.examine(draft.settings)
    problems = [*draft.problems, *further]
    for problem in problems:
        print_line(str(problem))
    print_line(summary)
    faultless = lines(draft.settings) and all(problem.is_warning for problem in problems)
    return EXIT_OK if faultless else EXIT_CONFIGURATION


def _run(program: Program[S], options: argparse.Namespace) -> int:
    """Log what is wrong with the file and run the rest until a signal, or the window, ends it."""
    log = console()
    draft = _usable(program, options.ini, log)
    if draft is None:
        return EXIT_CONFIGURATION
    claim = FileClaim(draft.path)
    if not claim.renew():
        log.error("%s: another program runs with this file; two would fight for its ports and RTUs", draft.path)
        return EXIT_TAKEN
    raise_file_limit()
    overridden = _overriding(options)
    settings = overridden(draft.settings)
    logs = ConnectionLogs(options.log_dir, size=settings.log_size, files=settings.log_files, console=log)
    service = Service(
        program.name,
        draft,
        build=program.build,
        overridden=overridden,
        claim=claim,
        control=None if options.no_ctl else options.ctl or own_path(program.name, options.log_dir),
        metrics=options.metrics,
        logs=logs,
        log=log,
    )
    logs.start()
    try:
        return _serve(service, windowless=settings.nogui, who=program.who)
    finally:
        logs.stop()
        claim.release()


def _usable(program: Program[S], file: Path, log: logging.Logger) -> Draft[S] | None:
    try:
        draft = Draft.read(file, program.layout)
    except UnusableError as error:
        log.error("%s", whole_file(file, error)[0])  # noqa: TRY400 - the user's fault, which has no use for a traceback
        return None
    for problem in draft.problems:
        log.log(logging.WARNING if problem.is_warning else logging.ERROR, "%s", problem)
    if lines(draft.settings):
        return draft
    if any(problem.row for problem in draft.problems):
        log.error("%s: nothing in it can run", file)
    return None


def _overriding(options: argparse.Namespace) -> Callable[[S], S]:
    def overridden(settings: S) -> S:
        return settings.overridden(
            nogui=options.nogui, ntp_servers=options.ntp_server, ntp_interval=options.ntp_update_every_sec
        )

    return overridden


def _serve(service: Service[S], *, windowless: bool, who: str) -> int:
    reason = None if windowless else window.impossible()
    if reason:
        service.log.info("%s; %s goes on without", reason, who)
    try:
        if windowless or reason:
            asyncio.run(_until_signal(service))
        else:
            window.run(service, who)
    except TakenError as error:
        service.log.error("%s", error)  # noqa: TRY400 - nobody's bug
        return EXIT_TAKEN
    return EXIT_OK


async def _until_signal(service: Service[S]) -> None:
    on_signals(asyncio.get_running_loop(), service.stop, service.reload)
    await service.run()
