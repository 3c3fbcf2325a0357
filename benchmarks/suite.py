"""The parts of the benchmark, the order of their runs, and the table of their figures."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from rich.console import Console
from rich.table import Column, Table

from benchmarks import proc
from benchmarks.spec import Case, Figures
from benchmarks.subjects import SUBJECTS, RunError, run

assert sys.platform == "linux", "the benchmark waits with epoll and reads /proc"

RATE = 200.0
PLAIN_WIDTH = 110
PARTS = ("fan-out", "latency", "groups")
NOISE = 10.0
"""Per cent of the machine used by others during a run, from which on the table says so."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: its label, the figure it shows, and how; with `compared` also as a ratio."""

    label: str
    key: str
    form: Callable[[float], str]
    compared: bool = True


@dataclass(slots=True)
class Part:
    """A case, who does it how often, and the lines that it gives; `rounds` fills up with the figures by subject."""

    title: str
    case: Case
    subjects: Sequence[str]
    repeat: int
    rows: Sequence[Row]
    rounds: list[dict[str, Figures]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def measure(self, console: Console) -> None:
        """Run the subjects in turn, round by round, so that a noisy minute falls on all of them."""
        for number in range(1, self.repeat + 1):
            figures: dict[str, Figures] = {}
            for name in self.subjects:
                with console.status(f"{self.title}: {SUBJECTS[name].name}, round {number} of {self.repeat}"):
                    self._measure_one(name, figures)
            self.rounds.append(figures)

    def _measure_one(self, name: str, figures: dict[str, Figures]) -> None:
        try:
            figures[name] = run(SUBJECTS[name], self.case)
        except RunError as error:
            self.failures.append(f"{self.title}: {error}")

    def values(self, name: str, key: str) -> list[float]:
        """One figure of one subject in every round that has it."""
        return [figures[name][key] for figures in self.rounds if name in figures]

    def ratios(self, other: str, key: str) -> list[float]:
        """Ours over the other's, round by round."""
        pairs = [
            (figures["ours"][key], figures[other][key]) for figures in self.rounds if {"ours", other} <= set(figures)
        ]
        return [ours / theirs for ours, theirs in pairs if theirs]


def parts(options: argparse.Namespace, core: int | None) -> list[Part]:
    """Return what the command line asks for."""
    chosen = {
        "fan-out": [_fan_out(options, masters, core) for masters in options.masters],
        "latency": [_latency(options, core)],
        "groups": [_groups(options, core)],
    }
    return [part for name in options.parts for part in chosen[name]]


def _fan_out(options: argparse.Namespace, masters: int, core: int | None) -> Part:
    case = Case(measurement="fan-out", masters=masters, seconds=options.seconds, core=core)
    rows = (
        Row("APDU/s from the RTU", "rate", lambda value: f"{value:,.0f}".replace(",", " ")),
        Row("CPU of the gateway, %", "cpu", lambda value: f"{value:.0f}", compared=False),
    )
    return Part(f"fan-out to {masters}, k=12 w=8", case, options.subjects, options.rounds, rows)


def _latency(options: argparse.Namespace, core: int | None) -> Part:
    case = Case(measurement="latency", masters=5, seconds=2 * options.seconds, rate=RATE, core=core)
    rows = [Row(f"latency {key}, ms", key, "{:.2f}".format) for key in ("p50", "p99", "max")]
    return Part(f"{RATE:.0f} APDU/s to 5", case, options.subjects, options.rounds, rows)


def _groups(options: argparse.Namespace, core: int | None) -> Part:
    case = Case(measurement="bring-up", masters=5, seconds=options.idle, groups=options.groups, core=core)
    rows = (
        Row("all masters started, s", "ready", "{:.2f}".format),
        Row("RSS, MB", "rss", "{:.0f}".format),
        Row("idle CPU, %", "idle", "{:.1f}".format, compared=False),
    )
    # The relay serves one group, and starting is no matter of speed but of being started: one round tells.
    subjects = [name for name in options.subjects if name != "relay"]
    return Part(f"{options.groups} groups of 5 masters", case, subjects, 1, rows)


def table(measured: Sequence[Part], subjects: Sequence[str]) -> Table:
    """Medians by subject, and the median ratio of the rounds with its range."""
    others = [name for name in subjects if name != "ours"] if "ours" in subjects else []
    grid = Table(
        Column(no_wrap=True),
        *(SUBJECTS[name].name for name in subjects),
        *(f"ours / {SUBJECTS[name].name}" for name in others),
    )
    for column in grid.columns[1:]:
        column.justify = "right"
    for part in measured:
        grid.add_row(f"[bold]{part.title}")
        for row in part.rows:
            cells = [_middle(part.values(name, row.key), row.form) for name in subjects]
            cells += [_ratio(part.ratios(name, row.key)) if row.compared else "" for name in others]
            grid.add_row(f"  {row.label}", *cells)
        grid.add_section()
    return grid


def _middle(values: Sequence[float], form: Callable[[float], str]) -> str:
    return form(median(values)) if values else "-"


def _ratio(ratios: Sequence[float]) -> str:
    if not ratios:
        return ""
    spread = f" ({min(ratios):.2g}..{max(ratios):.2g})" if len(ratios) > 1 else ""
    return f"{median(ratios):.2f}{spread}"


def noise(measured: Sequence[Part]) -> str:
    """Tell of the work of others during the runs, where it was enough to spoil the figures; otherwise empty."""
    others = [
        figures["others"] for part in measured for by in part.rounds for figures in by.values() if "others" in figures
    ]
    if not others or max(others) < NOISE:
        return ""
    usual, worst = median(others), max(others)
    return f"Other programs used {usual:.0f} % of this machine (at worst {worst:.0f} %): measure again when it is idle."


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description="Measure the gateway beside its peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="one short round of everything, to see that it works")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds per part (default 3)")
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S", help="of load per run (default 3)")
    parser.add_argument(
        "--idle", type=float, default=24.0, metavar="S", help="of watching idle groups (default 24 > t3)"
    )
    parser.add_argument("--masters", type=int, nargs="+", default=[1, 5, 10], metavar="N", help="fan-out to so many")
    parser.add_argument("--groups", type=int, default=200, metavar="N", help="groups to bring up (default 200)")
    parser.add_argument("--subjects", nargs="+", default=list(SUBJECTS), choices=SUBJECTS, help="whom to measure")
    options = parser.parse_args(words)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    options.parts = options.parts or PARTS
    if options.quick:
        options.rounds, options.seconds, options.idle = 1, 1.0, 2.0
    return options


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return 1 if a run failed."""
    options = arguments(words)
    proc.allow_many_sockets()
    # Children are stopped on the way out of their runs, also when this process is told to go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    console, core = Console(), proc.keep_core_free()
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    measured = parts(options, core)
    for part in measured:
        part.measure(console)
    console.print(table(measured, options.subjects))
    for line in [*(failure for part in measured for failure in part.failures), noise(measured)]:
        if line:
            console.print(line, style="red", markup=False)
    return int(any(part.failures for part in measured))
