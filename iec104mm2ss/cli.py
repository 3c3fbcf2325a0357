"""The command line of the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from iec104mm2ss import program
from iec104mm2ss.console.table import many
from iec104mm2ss.gateway.journaling import JOURNALS
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.settings.layout import SITE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from iec104mm2ss.service import Service
    from iec104mm2ss.settings.problems import Problem
    from iec104mm2ss.settings.site import Site

DEFAULT_FILE = Path("iec104mm2ss.csv")

_DESCRIPTION = """\
Lets many IEC 60870-5-104 masters (SCADA systems) share one slave (RTU) that accepts only one.
The groups of masters and RTUs come from a CSV file; iec104mm2ss.csv in the start folder unless -i names another."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the exit status is 0, 2 for wrong usage, 75 where it runs already, 78 where nothing can run."""
    options = _parser().parse_args(arguments)
    if options.demo:
        from iec104mm2ss.demo import run_demo  # noqa: PLC0415 - with rich and the simulator, for this option alone

        return run_demo(options.demo_seconds, options.log_dir)
    return program.main(_gateway(options.journal_dir), options)


def _parser() -> argparse.ArgumentParser:
    parser = program.parser("iec104mm2ss", _DESCRIPTION, DEFAULT_FILE, "site file")
    parser.add_argument("--demo", action="store_true", help="show an RTU, the gateway and two masters on this machine")
    parser.add_argument(
        "--demo-seconds",
        metavar="N",
        type=program.seconds,
        help="end the demonstration after N seconds; else Ctrl-C does",
    )
    parser.add_argument(
        "--journal-dir",
        metavar="DIR",
        type=Path,
        default=JOURNALS,
        help="folder for the events of groups with journal=on (%(default)s)",
    )
    return parser


def _examine(site: Site) -> tuple[tuple[Problem, ...], str]:
    masters = sum(len(group.masters) for group in site.groups)
    return (), f"{site.path}: {many(len(site.groups), 'group')}, {many(masters, 'master')}"


def _gateway(journals: Path) -> program.Program[Site]:
    def build(site: Site, service: Service[Site]) -> Gateway:
        return Gateway(site, service.logs, service.log, journals)

    return program.Program(name="iec104mm2ss", who="the gateway", layout=SITE, build=build, examine=_examine)
