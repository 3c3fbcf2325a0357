"""A run of many inputs in several processes, and what it found."""

from __future__ import annotations

import multiprocessing
import time
import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.fuzz import seeds
from tests.fuzz.mutation import inputs
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that a target does not bear."""

    octets: bytes
    trace: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a process runs in one go: enough to run the same inputs, of `longest` octets at most, again."""

    target: str
    seed: int
    number: int
    count: int
    captures: bool = True
    longest: int = 512


def all_seeds(target: str, *, captures: bool = True) -> list[bytes]:
    recorded = list(seeds.captured(target)) if captures else []
    return [*seeds.SEEDS[target](), *seeds.corpus(target), *recorded]


def tried(target: str, octets: bytes) -> Finding | None:
    try:
        TARGETS[target](octets)
    except Exception:  # noqa: BLE001 - the boundary: whatever it is, it is what was looked for
        return Finding(octets, traceback.format_exc())
    return None


def run_chunk(chunk: Chunk) -> tuple[int, Finding | None]:
    """Run a chunk to its end or to the first finding; return how many inputs that took."""
    beginning = all_seeds(chunk.target, captures=chunk.captures)
    done = 0
    for octets in inputs(chunk.seed, chunk.number, chunk.count, beginning, chunk.longest):
        done += 1
        if finding := tried(chunk.target, octets):
            return done, finding
    return done, None


def chunks(runs: int, whole: Chunk) -> Iterator[Chunk]:
    """Cut a run into pieces that have the rest in common."""
    for number, first in enumerate(range(0, runs, CHUNK)):
        yield replace(whole, number=number, count=min(CHUNK, runs - first))


def run(
    runs: int, whole: Chunk, *, processes: int, progress: Callable[[int, float], None] = lambda done, elapsed: None
) -> tuple[int, Finding | None]:
    """Run that many mutated inputs, or up to the first finding; return how many were run."""
    began, total = time.monotonic(), 0
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for done, finding in pool.imap_unordered(run_chunk, chunks(runs, whole)):
            total += done
            progress(total, time.monotonic() - began)
            if finding:
                return total, finding
    return total, None
