"""The report: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

from iec104mm2ss import __version__
from iec104mm2ss.conformance.run import count
from iec104mm2ss.conformance.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from iec104mm2ss.conformance.run import Result
    from iec104mm2ss.conformance.subject import Subject

_SPECIAL: Final = str.maketrans({"|": r"\|", "\n": " "})


def summary(results: Sequence[Result]) -> str:
    """Return how many cases ended how: `40 passed, 1 failed`."""
    return ", ".join(f"{number} {verdict.value}" for verdict in Verdict if (number := count(results, verdict)))


def markdown(subject: Subject, results: Sequence[Result], began: datetime) -> str:
    """Return the whole report: the station, a table of verdicts, and the frames of every case that ran."""
    lines = [*_head(subject, results, began), *_table(results)]
    for result in results:
        lines += _chapter(result)
    return "\n".join([*lines, ""])


def as_json(subject: Subject, results: Sequence[Result], began: datetime) -> str:
    """Return the same for a program; times are ISO 8601, `t3` is null where the station sends no test frames."""
    cases = [
        {
            "case": result.case.name,
            "title": result.case.title,
            "clause": result.case.clause,
            "verdict": result.verdict.value,
            "reason": result.reason,
            "seconds": round(result.seconds, 3),
            "evidence": list(result.evidence),
        }
        for result in results
    ]
    station = {"address": subject.where, "ca": subject.ca, **_parameters(subject)}
    whole = {"program": f"iec104rs {__version__}", "began": began.isoformat(), "station": station, "cases": cases}
    return json.dumps(whole, indent=1) + "\n"


def frames(result: Result) -> Iterator[str]:
    """Give the evidence of one case as an indented block."""
    return (f"    {line}" for line in result.evidence)


def _parameters(subject: Subject) -> dict[str, float | None]:
    it = subject.parameters
    return {"t1": it.t1, "t2": it.t2, "t3": None if math.isinf(it.t3) else it.t3, "k": it.k, "w": it.w}


def _head(subject: Subject, results: Sequence[Result], began: datetime) -> list[str]:
    values = ", ".join(
        f"{name} {'none' if value is None else f'{value:g}'}" for name, value in _parameters(subject).items()
    )
    return [
        f"# Conformance of {subject.where}",
        "",
        f"Controlled station of IEC 60870-5-104, common address {subject.ca}, taken to have {values}.",
        f"Tested by iec104rs {__version__} on {began:%Y-%m-%d at %H:%M:%S %z}.",
        "",
        f"**{summary(results)}**",
        "",
    ]


def _table(results: Sequence[Result]) -> list[str]:
    rows = [
        f"| {result.case.name} | {result.case.title} | {result.case.clause} | {_marked(result.verdict)} "
        f"| {result.reason.translate(_SPECIAL)} |"
        for result in results
    ]
    return ["| case | requirement | clause | verdict | |", "|---|---|---|---|---|", *rows]


def _marked(verdict: Verdict) -> str:
    return verdict.value if verdict in {Verdict.PASSED, Verdict.NOT_APPLICABLE} else f"**{verdict.value}**"


def _chapter(result: Result) -> list[str]:
    if not result.evidence:
        return []
    reason = f": {result.reason}" if result.reason else ""
    return [
        "",
        f"## {result.case.name}",
        "",
        f"{result.case.title}. {result.verdict.value}{reason}",
        "",
        *frames(result),
    ]
