"""Runs all cases side by side, each with a station of its own: nearly all of their time they wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING

from iec104mm2ss.conformance.catalogue import CASES, Case
from iec104mm2ss.conformance.run import Result, judge

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from iec104mm2ss.conformance.subject import Subject
    from iec104mm2ss.conformance.verdict import Verdict

STATIONS = 12
TOO_LONG = frozenset({"wrap", "select-times-out"})


def verdicts(subjects: Sequence[Subject], skip: Collection[str] = ()) -> dict[str, Result]:
    """Run all cases but those that take too long, each with the next station that is free."""
    free: SimpleQueue[Subject] = SimpleQueue()
    for station in subjects:
        free.put(station)

    def run(case: Case) -> Result:
        station = free.get()
        try:
            return judge(case, station)
        finally:
            free.put(station)

    cases = sorted((case for case in CASES if case.name not in {*skip, *TOO_LONG}), key=_slow_first)
    with ThreadPoolExecutor(len(subjects)) as pool:
        return {result.case.name: result for result in pool.map(run, cases)}


def ended(results: dict[str, Result], verdict: Verdict) -> dict[str, str]:
    """Return the names of the cases that ended so, and why."""
    return {name: result.reason for name, result in results.items() if result.verdict is verdict}


def _slow_first(case: Case) -> bool:
    return not case.run.__module__.endswith("timers")
