"""The command: what is asked for, the order of the runs, and the table of their figures."""

import argparse
import compileall
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Column, Table

from benchmarks import picture, proc
from benchmarks.load import Figures, RunError
from benchmarks.parts import EVERYBODY, OURS, Part, all_parts
from benchmarks.subjects import ROOT, SUBJECTS, run

PLAIN_WIDTH = 120
NOISE = 20.0
"""Per cent of a core used by others during a run, from which on the table says so."""
RESULTS = ROOT / "benchmarks" / "results.md"
PICTURE = ROOT / "docs" / "speed.svg"

Line = tuple[str, list[str]]
"""What a line of the table begins with, and its cells; a part's title has none."""


def measure(part: Part, console: Console, core: int | None) -> None:
    """Run the subjects in turn, round by round, so that a noisy minute falls on all of them."""
    for number in range(1, part.repeat + 1):
        figures: dict[str, Figures] = {}
        for name in part.subjects:
            with console.status(f"{part.title}: {SUBJECTS[name].name}, round {number} of {part.repeat}"):
                try:
                    figures[name] = run(SUBJECTS[name], part.case, core)
                except RunError as error:
                    part.failures.append(f"{part.title}: {error}")
        part.rounds.append(figures)


def lines(parts: Sequence[Part]) -> Iterator[Line]:
    """Medians by subject, and the median ratio of the rounds with its range."""
    for part in parts:
        yield part.title, []
        for row in part.rows:
            cells = [_middle(part.values(name, row.key), row.form) for name in EVERYBODY]
            others = EVERYBODY[1:] if row.compared else ()
            cells += [_ratio(part.ratios(name, row.key)) for name in others]
            yield row.label, cells + [""] * (2 * len(EVERYBODY) - 1 - len(cells))


def _middle(values: Sequence[float], form: "picture.Form") -> str:
    return form(median(values)) if values else ""


def _ratio(ratios: Sequence[float]) -> str:
    if not ratios:
        return ""
    spread = f" ({min(ratios):.2g}..{max(ratios):.2g})" if len(ratios) > 1 else ""
    return f"{median(ratios):.2g}{spread}"


HEADS = [*(SUBJECTS[name].name for name in EVERYBODY), *(f"ours / {SUBJECTS[name].name}" for name in EVERYBODY[1:])]


def table(parts: Sequence[Part]) -> Table:
    """Return the table for a terminal."""
    grid = Table("", *(Column(head, justify="right") for head in HEADS))
    for label, cells in lines(parts):
        if not cells:
            grid.add_section()
        grid.add_row(f"  {label}" if cells else f"[bold]{label}", *cells)
    return grid


def markdown(parts: Sequence[Part], remarks: Sequence[str]) -> str:
    """Return the table for a file."""
    text = [f"| | {' | '.join(HEADS)} |", f"|---|{'---:|' * len(HEADS)}"]
    for label, cells in lines(parts):
        text.append(f"| {label} | {' | '.join(cells)} |" if cells else f"| **{label}** |{' |' * len(HEADS)}")
    return "\n".join(["# Figures of one run of `python benchmarks/run.py --keep`", "", *text, "", *remarks, ""])


def noise(parts: Sequence[Part]) -> str:
    """Tell of the work of others during the runs, where it was enough to spoil the figures; otherwise empty."""
    others = [figures["others"] for part in parts for by in part.rounds for figures in by.values()]
    if not others or max(others) < NOISE:
        return ""
    usual, worst = median(others), max(others)
    return (
        f"Other programs used {usual:.0f} % of a processor (at worst {worst:.0f} %): measure again on an idle machine."
    )


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    names = list(dict.fromkeys(part.name for part in all_parts(1, 1.0, 1.0)))
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description="Measure the gateway beside its peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which of {', '.join(names)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that it works")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds (default 3)")
    parser.add_argument("--seconds", type=float, default=1.2, metavar="S", help="of load, times 1 to 5 (default 1.2)")
    parser.add_argument(
        "--idle", type=float, default=24.0, metavar="S", help="of watching idle groups (default 24 > t3)"
    )
    parser.add_argument("--only", metavar="TEXT", help="cases whose title holds this, for example 'to 5, k=12'")
    parser.add_argument("--keep", action="store_true", help=f"write {RESULTS.name} and {PICTURE.name}")
    options = parser.parse_args(words)
    if unknown := set(options.parts) - set(names):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    options.parts = options.parts or names
    if options.quick:
        options.rounds, options.seconds, options.idle = 1, 0.5, 2.0
    return options


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return 1 if a run of ours failed."""
    options = arguments(words)
    proc.allow_many_sockets()
    # As the installation of a package does: no start is to be measured together with the compiler.
    for folder in ("iec104mm2ss", "benchmarks"):
        compileall.compile_dir(ROOT / folder, quiet=1)
    # Children are stopped on the way out of their runs, also when this process is told to go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    console, core = Console(), proc.keep_core_free()
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    everything = all_parts(options.rounds, options.seconds, options.idle)
    parts = [part for part in everything if part.name in options.parts and (options.only or "") in part.title]
    for part in parts:
        measure(part, console, core)
    console.print(table(parts))
    remarks = [line for line in [*(failure for part in parts for failure in part.failures), noise(parts)] if line]
    for line in remarks:
        console.print(line, style="red", markup=False)
    if options.keep:
        _keep(parts, remarks)
    return int(any(OURS not in figures for part in parts for figures in part.rounds))


def _keep(parts: Sequence[Part], remarks: Sequence[str]) -> None:
    RESULTS.write_text(markdown(parts, remarks), encoding="utf-8")
    PICTURE.write_text(picture.draw(parts), encoding="utf-8")
    print(f"written: {_shown(RESULTS)}, {_shown(PICTURE)}")


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))
