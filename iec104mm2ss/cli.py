"""The command line of the gateway."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from iec104mm2ss import __version__
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.logs import ConnectionLogs, console
from iec104mm2ss.process import on_stop_signal, raise_file_limit
from iec104mm2ss.settings.load import Loaded, load

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_FILE = Path("iec104mm2ss.csv")
DEFAULT_LOG_FOLDER = Path("log")

EXIT_OK = 0
EXIT_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: systemd's RestartPreventExitStatus can tell it from a crash."""

_DESCRIPTION = """\
Lets many IEC 60870-5-104 masters (SCADA systems) share one slave (RTU) that accepts only one.
The groups of masters and RTUs come from a CSV file; iec104mm2ss.csv in the start folder unless -i names another."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status: 0, 2 for wrong usage, 78 where nothing can run."""
    options = _parser().parse_args(arguments)
    if options.demo:
        from iec104mm2ss.demo import run_demo  # noqa: PLC0415 - with rich and the simulator, for this option alone

        return run_demo(options.demo_seconds, options.log_dir)
    loaded = load(
        options.ini, nogui=options.nogui, ntp_servers=options.ntp_server, ntp_interval=options.ntp_update_every_sec
    )
    if options.check:
        return _check(loaded)
    return _run(loaded, options.log_dir)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="iec104mm2ss", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-i", "--ini", metavar="FILE", type=Path, default=DEFAULT_FILE, help="site file (%(default)s)")
    parser.add_argument("-n", "--nogui", action="store_true", help="work without a window")
    parser.add_argument("-t", "--ntp_update_every_sec", metavar="SEC", type=_seconds, help="NTP update interval (900)")
    parser.add_argument(
        "-s", "--ntp_server", metavar="HOST", action="append", default=[], help="NTP server; may be repeated"
    )
    parser.add_argument("--check", action="store_true", help="say what is wrong with the site file, and exit")
    parser.add_argument(
        "--log-dir", metavar="DIR", type=Path, default=DEFAULT_LOG_FOLDER, help="folder of the log files (%(default)s)"
    )
    parser.add_argument("--demo", action="store_true", help="show an RTU, the gateway and two masters on this machine")
    parser.add_argument(
        "--demo-seconds", metavar="N", type=_seconds, help="end the demonstration after N seconds; else Ctrl-C does"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def _seconds(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")


def _check(loaded: Loaded) -> int:
    for problem in loaded.problems:
        print(problem)  # noqa: T201 - the answer that was asked for
    site = loaded.site
    print(f"{site.path}: {len(site.groups)} groups, {sum(len(group.masters) for group in site.groups)} masters")  # noqa: T201
    return EXIT_OK if loaded.usable and not loaded.refused else EXIT_CONFIGURATION


def _run(loaded: Loaded, log_folder: Path) -> int:
    log = console()
    for problem in loaded.problems:
        log.log(logging.ERROR if problem.refused else logging.WARNING, "%s", problem)
    if not loaded.usable:
        if any(problem.row for problem in loaded.problems):
            log.error("%s: nothing in it can run", loaded.site.path)
        return EXIT_CONFIGURATION
    if not loaded.site.nogui:
        log.info("this version has no window: the gateway goes on headless")
    raise_file_limit()
    logs = ConnectionLogs(log_folder, size=loaded.site.log_size, files=loaded.site.log_files, console=log)
    logs.start()
    try:
        asyncio.run(_serve(Gateway(loaded.site, logs, log), log))
    finally:
        logs.stop()
    return EXIT_OK


async def _serve(gateway: Gateway, log: logging.Logger) -> None:
    """Run until a signal asks to stop."""
    running = asyncio.create_task(gateway.run(), name="gateway")

    def stop(name: str) -> None:
        log.info("%s: stopping", name)
        running.cancel()

    on_stop_signal(stop)
    with contextlib.suppress(asyncio.CancelledError):
        await running
