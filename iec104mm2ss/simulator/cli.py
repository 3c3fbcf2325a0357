"""The command line of the RTU simulator, and the lines that are typed while it runs."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from iec104mm2ss import program
from iec104mm2ss.conformance import command_line as conformance
from iec104mm2ss.conformance import options as conformance_options
from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.table import many
from iec104mm2ss.process import survive_background
from iec104mm2ss.settings.layout import RTUS
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
    from collections.abc import Callable, Sequence

    from iec104mm2ss.service import Service
    from iec104mm2ss.settings.problems import Problem
    from iec104mm2ss.settings.simulation import Simulation

DEFAULT_FILE = Path("iec104rs.csv")

_DESCRIPTION = """\
Simulates any number of RTUs (IEC 60870-5-104 controlled stations) for tests of SCADA systems.
The RTUs come from a CSV file, iec104rs.csv in the start folder unless -i names another; their signals from files in the
folder data beside it. Lines typed while it runs are answered: help shows them.
With --conformance it simulates nothing, but tests whether another controlled station keeps to the standard."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the exit status is 0, 2 for wrong usage, 75 where it runs already, 78 where nothing can run.

    That of a conformance test is 0, 1 where a case failed or the station cannot be reached, 2.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list_cases:
        return conformance.show_cases(program.print_line)
    if options.conformance:
        return _test(parser, options)
    if conformance_options.given(options):
        parser.error("the options of a conformance test need --conformance HOST:PORT")
    survive_background()
    simulated = program.Program(
        name="iec104rs",
        who="the simulator",
        layout=RTUS,
        build=partial(_build, sends=options.send),
        examine=_examine,
    )
    return program.main(simulated, options)


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
    conformance_options.add(parser)
    return parser


def _test(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    try:
        subject = conformance_options.subject(options)
        return conformance.test(subject, options, program.print_line)
    except ValueError as error:
        parser.error(str(error))


def _send(text: str) -> Send:
    send = parse_send(text)
    if isinstance(send, Mistake):
        raise argparse.ArgumentTypeError(send.text)
    return send


def _examine(simulation: Simulation) -> tuple[list[Problem], str]:
    """Look at the data files too, each once."""
    files = {path: load_signals(path) for path in dict.fromkeys(rtu.data for rtu in simulation.rtus)}
    problems = [problem for file in files.values() for problem in file.problems]
    rows = many(sum(len(file.rows) for file in files.values()), "row")
    rtus = many(len(simulation.rtus), "RTU")
    return problems, f"{simulation.path}: {rtus}, {rows} in {many(len(files), 'data file')}"


def _build(simulation: Simulation, service: Service[Simulation], *, sends: Sequence[Send]) -> Simulator:
    simulator = Simulator(simulation, service.logs, service.log, sends)
    answer_lines(service.loop, lambda line: answer(line, simulator, lambda: service.stop("quit")))
    return simulator


def answer(line: str, simulator: Simulator, end: Callable[[], object]) -> list[str]:
    """Do what a typed line asks for and return what to print; `end` ends the program."""
    try:
        return _answer(line, simulator, end)
    except RequestError as error:
        return [str(error)]


def _answer(line: str, simulator: Simulator, end: Callable[[], object]) -> list[str]:
    match parse(line):
        case None:
            lines = []
        case Send(index, seconds):
            lines = [simulator.send(index, seconds)]
        case Stop():
            lines = [simulator.stop_sending()]
        case SetValue(ca, ioa, value):
            lines = [simulator.set(ca, ioa, value)]
        case Status():
            lines = table(simulator.entries())
        case Mistake(text):
            lines = [text]
        case Help():
            lines = list(HELP)
        case Quit():
            end()
            lines = ["stopping"]
    return lines
