"""The command line of the RTU simulator, and the lines that are typed while it runs."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from iec104mm2ss import program
from iec104mm2ss.process import survive_background
from iec104mm2ss.settings.rtus import LoadedRtus, load_rtus
from iec104mm2ss.settings.signals import load_signals
from iec104mm2ss.simulator.commands import (
    HELP,
    Help,
    Mistake,
    Quit,
    Send,
    SetValue,
    Status,
    Stop,
    parse,
    parse_send,
)
from iec104mm2ss.simulator.simulation import Simulator
from iec104mm2ss.simulator.status import table
from iec104mm2ss.simulator.typed import answer_lines

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Sequence

    from iec104mm2ss.logs import ConnectionLogs

DEFAULT_FILE = Path("iec104rs.csv")

_DESCRIPTION = """\
Simulates any number of RTUs (IEC 60870-5-104 controlled stations) for tests of SCADA systems.
The RTUs come from a CSV file, iec104rs.csv in the start folder unless -i names another; their signals from files in the
folder data beside it. Lines typed while it runs are answered: help shows them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status: 0, 2 for wrong usage, 78 where nothing can run."""
    options = _parser().parse_args(arguments)
    loaded = load_rtus(
        options.ini, nogui=options.nogui, ntp_servers=options.ntp_server, ntp_interval=options.ntp_update_every_sec
    )
    if options.check:
        return _check(loaded)
    return _run(loaded, options.log_dir, options.send)


def _parser() -> argparse.ArgumentParser:
    parser = program.parser("iec104rs", _DESCRIPTION, DEFAULT_FILE, "file of the RTUs")
    parser.add_argument(
        "--send",
        metavar="INDEX[:SECONDS]",
        action="append",
        type=_send,
        default=[],
        help="what every RTU sends as soon as a master has started; may be repeated, 0 sends all",
    )
    return parser


def _send(text: str) -> Send:
    send = parse_send(text)
    if isinstance(send, Mistake):
        raise argparse.ArgumentTypeError(send.text)
    return send


def _check(loaded: LoadedRtus) -> int:
    """Check the data files too, each once."""
    simulation = loaded.simulation
    files = {path: load_signals(path) for path in dict.fromkeys(rtu.data for rtu in simulation.rtus)}
    problems = [*loaded.problems, *(problem for file in files.values() for problem in file.problems)]
    signals = sum(len(file.rows) for file in files.values())
    summary = f"{simulation.path}: {len(simulation.rtus)} RTUs, {signals} signals and commands in {len(files)} files"
    return program.check(loaded, problems, summary)


def _run(loaded: LoadedRtus, log_folder: Path, sends: Sequence[Send]) -> int:
    async def serve(logs: ConnectionLogs, log: logging.Logger) -> None:
        simulator = Simulator(loaded.simulation, logs, log, sends)
        running = asyncio.current_task()
        assert running is not None  # noqa: S101 - a coroutine runs in a task
        survive_background()
        answer_lines(asyncio.get_running_loop(), lambda line: answer(line, simulator, running.cancel))
        await simulator.run()

    return program.run(loaded, loaded.simulation, log_folder, serve, who="the simulator")


def answer(line: str, simulator: Simulator, end: Callable[[], object]) -> list[str]:
    """Do what a typed line asks for and return what to print; `end` ends the program."""
    match parse(line):
        case None:
            lines = []
        case Send() as send:
            lines = [simulator.send(send)]
        case Stop():
            lines = [simulator.stop()]
        case SetValue(ca, ioa, value):
            lines = [simulator.set(ca, ioa, value)]
        case Status():
            lines = table(simulator.status())
        case Mistake(text):
            lines = [text]
        case Help():
            lines = list(HELP)
        case Quit():
            end()
            lines = ["stopping"]
    return lines
