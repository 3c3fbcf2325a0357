"""Plays many seeds in several processes, or one of them with all that happens.

`python -m tests.simulation --seeds 10000` plays ten thousand schedules, `--seeds 365 --days 1` a year, and
`--seed 7 --trace` prints all that happens in one, which is the same in every run.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from tests.simulation.play import Outcome, play

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SECONDS_PER_DAY = 86_400
_CHUNK = 5
_REPORT = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 if an invariant was broken."""
    asked = _parser().parse_args(arguments)
    if asked.seed is not None:
        return _one(asked.seed, asked.days, trace=asked.trace)
    return _many(range(asked.first, asked.first + asked.seeds), asked.days, asked.processes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="Random schedules for the gateway.")
    parser.add_argument("--seeds", type=int, default=1000, metavar="N", help="how many schedules (1000)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the seed of the first one (0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="at one time")
    parser.add_argument("--days", type=float, default=0.0, metavar="N", help="play long ones, with 400 moments a day")
    parser.add_argument("--seed", type=int, metavar="N", help="only this one")
    parser.add_argument("--trace", action="store_true", help="with --seed: print all that happens")
    return parser


def _one(seed: int, days: float, *, trace: bool) -> int:
    outcome = play(seed, _print if trace else None, days=days)
    _print(f"seed {seed}: {outcome.seconds:.1f} s, {outcome.asdus} ASDUs of RTUs, digest {outcome.digest}")
    return _tell_broken([outcome])


def _many(seeds: range, days: float, processes: int) -> int:
    began, outcomes = time.perf_counter(), []
    with ProcessPoolExecutor(processes) as pool:
        for outcome in pool.map(partial(play, days=days), seeds, chunksize=_CHUNK):
            outcomes.append(outcome)
            if outcome.broken is not None or len(outcomes) % _REPORT == 0:
                _progress(outcomes, time.perf_counter() - began)
            _tell_broken([outcome])
    _progress(outcomes, time.perf_counter() - began)
    broken = [outcome.seed for outcome in outcomes if outcome.broken is not None]
    _print(f"{len(broken)} of {len(outcomes)} schedules broke an invariant{f': seeds {broken}' if broken else ''}")
    return int(bool(broken))


def _progress(outcomes: Sequence[Outcome], took: float) -> None:
    simulated = sum(outcome.seconds for outcome in outcomes)
    cpu = sum(outcome.cpu for outcome in outcomes)
    _print(
        f"{len(outcomes)} schedules, {sum(outcome.asdus for outcome in outcomes)} ASDUs of RTUs, "
        f"{simulated / _SECONDS_PER_DAY:.2f} days simulated in {took:.0f} s "
        f"({cpu:.0f} s of CPU, {simulated / cpu:.0f} simulated seconds for each)"
    )


def _tell_broken(outcomes: Iterable[Outcome]) -> int:
    broken = [outcome for outcome in outcomes if outcome.broken is not None]
    for outcome in broken:
        _print(f"seed {outcome.seed}: {outcome.broken}")
    return int(bool(broken))


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
