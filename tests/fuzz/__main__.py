"""Fuzzing by command: `python -m tests.fuzz link --runs 10000000`; `--help` tells the rest."""

from __future__ import annotations

import argparse
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz import campaign, guided, network, seeds
from tests.fuzz.targets import TARGETS

FINDINGS = Path("build/fuzz")
SAID_EVERY = 5.0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    made.add_argument(
        "target", choices=[*TARGETS, "all", "network"], help="what gets octets; network: the running program"
    )
    made.add_argument("--runs", type=int, default=100_000, help="inputs (%(default)s)")
    made.add_argument("--cases", type=int, default=200, help="cases of `network` (%(default)s)")
    made.add_argument("--first", type=int, default=0, help="number of the first case of `network` (%(default)s)")
    made.add_argument("--seed", type=int, default=104, help="the same seed gives the same inputs (%(default)s)")
    made.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="(%(default)s)")
    made.add_argument("--guided", action="store_true", help="let coverage guide it, by atheris (pip install '.[fuzz]')")
    made.add_argument("--keep", action="store_true", help="guided: add what reached something new to tests/fuzz/corpus")
    made.add_argument("--input", type=Path, help="run this file alone")
    return made


class Progress:
    """A line now and then on how far a run is."""

    def __init__(self, target: str, runs: int) -> None:
        self._target, self._runs = target, runs
        self._said = 0.0

    def __call__(self, done: int, elapsed: float) -> None:
        if done < self._runs and elapsed - self._said < SAID_EVERY:
            return
        self._said = elapsed
        say(f"{self._target}: {done:,} of {self._runs:,} in {elapsed:.0f} s, {done / max(elapsed, 1e-3):,.0f}/s")


def report(target: str, finding: campaign.Finding) -> int:
    FINDINGS.mkdir(parents=True, exist_ok=True)
    path = FINDINGS / f"{target}-{time.strftime('%Y%m%d-%H%M%S')}"
    path.write_bytes(finding.octets)
    say(f"{finding.trace}\n{finding.octets.hex(' ')}\nagain: python -m tests.fuzz {target} --input {path}")
    return 1


def run_input(target: str, path: Path) -> int:
    found = campaign.tried(target, path.read_bytes())
    say(found.trace if found else "no finding")
    return 1 if found else 0


def run_target(target: str, options: argparse.Namespace) -> int:
    """Run the seeds of a target, then what comes of them."""
    for octets in campaign.all_seeds(target):
        if finding := campaign.tried(target, octets):
            return report(target, finding)
    whole = campaign.Chunk(target, options.seed, 0, 0)
    progress = Progress(target, options.runs)
    _, finding = campaign.run(options.runs, whole, processes=options.processes, progress=progress)
    if finding:
        return report(target, finding)
    say(f"{target}: no finding; {len(seeds.corpus(target))} inputs in its corpus")
    return 0


def main() -> int:
    options = parser().parse_args()
    if options.target == "network":
        return network.run(options.cases, options.seed, first=options.first, say=say)
    if options.target == "all":
        return max(run_target(target, options) for target in TARGETS)
    if options.input:
        return run_input(options.target, options.input)
    if options.guided and find_spec("atheris") is None:
        say("atheris, which guides it, is not installed: pip install -e '.[fuzz]' (Linux)")
        return 2
    if options.guided:
        return guided.run(options.target, options.runs, processes=options.processes, keep=options.keep)
    return run_target(options.target, options)


if __name__ == "__main__":
    sys.exit(main())
