"""Runs cases one after the other and says how each ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from iec104mm2ss.conformance.bench import Bench
from iec104mm2ss.conformance.verdict import FailedError, InconclusiveError, JudgedError, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iec104mm2ss.conformance.catalogue import Case
    from iec104mm2ss.conformance.subject import Subject

_TURNED_AWAY_WITHIN: Final = 0.5
"""Seconds within which a station closes a connection that it does not want."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a case ended and why; `seconds` is how long it took, `evidence` a line for each frame."""

    case: Case
    verdict: Verdict
    reason: str
    seconds: float
    evidence: tuple[str, ...] = ()


def judge(case: Case, subject: Subject) -> Result:
    """Run one case, with connections of its own."""
    missing = case.lacks(subject)
    if missing:
        return Result(case, Verdict.NOT_APPLICABLE, missing, 0.0)
    bench, began = Bench(subject), time.monotonic()
    try:
        verdict, reason = _outcome(case, bench)
    finally:
        bench.close()
    return Result(case, verdict, reason, time.monotonic() - began, tuple(bench.evidence.lines()))


def _outcome(case: Case, bench: Bench) -> tuple[Verdict, str]:
    try:
        return Verdict.PASSED, case.run(bench)
    except JudgedError as judged:
        return judged.verdict, str(judged)
    except OSError as error:
        return Verdict.INCONCLUSIVE, f"the network failed: {error}"


def obstacle(subject: Subject) -> str:
    """Return why no case can run at all: nobody listens, or wants to hear us; empty where somebody does."""
    bench = Bench(subject)
    try:
        if bench.connect().is_closed(_TURNED_AWAY_WITHIN):
            return f"{subject.where} closes at once: has it another master, or does its filter refuse this machine?"
    except InconclusiveError as error:
        return str(error)
    except FailedError:
        return ""  # for a case to tell
    finally:
        bench.close()
    return ""


def count(results: Iterable[Result], verdict: Verdict) -> int:
    """Return how many cases ended so."""
    return sum(result.verdict is verdict for result in results)
