"""The command line of the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from iec104mm2ss import program
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.settings.load import Loaded, load

if TYPE_CHECKING:
    import argparse
    import logging
    from collections.abc import Sequence

    from iec104mm2ss.logs import ConnectionLogs

DEFAULT_FILE = Path("iec104mm2ss.csv")

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
        return program.check(loaded, loaded.problems, _summary(loaded))
    return _run(loaded, options.log_dir)


def _parser() -> argparse.ArgumentParser:
    parser = program.parser("iec104mm2ss", _DESCRIPTION, DEFAULT_FILE, "site file")
    parser.add_argument("--demo", action="store_true", help="show an RTU, the gateway and two masters on this machine")
    parser.add_argument(
        "--demo-seconds",
        metavar="N",
        type=program.seconds,
        help="end the demonstration after N seconds; else Ctrl-C does",
    )
    return parser


def _summary(loaded: Loaded) -> str:
    site = loaded.site
    return f"{site.path}: {len(site.groups)} groups, {sum(len(group.masters) for group in site.groups)} masters"


def _run(loaded: Loaded, log_folder: Path) -> int:
    async def serve(logs: ConnectionLogs, log: logging.Logger) -> None:
        await Gateway(loaded.site, logs, log).run()

    return program.run(loaded, loaded.site, log_folder, serve, who="the gateway")
