"""What the command line of a conformance test does: progress, report, exit status."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from iec104mm2ss.conformance.catalogue import CASES
from iec104mm2ss.conformance.report import as_json, frames, markdown, summary
from iec104mm2ss.conformance.run import count, judge, obstacle
from iec104mm2ss.conformance.verdict import Verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from iec104mm2ss.conformance.catalogue import Case
    from iec104mm2ss.conformance.run import Result
    from iec104mm2ss.conformance.subject import Subject

EXIT_CONFORMS: Final = 0
EXIT_FAILED: Final = 1
_NAME_WIDTH: Final = max(len(case.name) for case in CASES)
_VERDICT_WIDTH: Final = max(len(verdict.value) for verdict in Verdict)


class Say(Protocol):
    """Print a text, by default a whole line."""

    def __call__(self, text: str, end: str = "\n") -> None:
        """Print it at once."""


def show_cases(say: Say) -> int:
    """Print every case with its requirement and clause."""
    for case in CASES:
        say(f"{case.name:<{_NAME_WIDTH}}  {case.title} ({case.clause})")
    return EXIT_CONFORMS


def test(subject: Subject, options: argparse.Namespace, say: Say) -> int:
    """Run the cases that the options choose, print each verdict as it falls, and write the report.

    Raises ValueError where the report cannot be written; that is tried before the first case.
    """
    began = datetime.now().astimezone()
    reason = obstacle(subject)
    if reason:
        say(reason)
        return EXIT_FAILED
    if options.output is not None:
        _try_to_write(options.output)
    results = _run(_chosen(options.only, options.skip), subject, say)
    say(summary(results))
    if options.output is None:
        _show_failures(results, say)
    else:
        _write(options.output, subject, results, began)
        say(f"report: {options.output}")
    sound = count(results, Verdict.PASSED) > 0 and not count(results, Verdict.FAILED)
    return EXIT_CONFORMS if sound else EXIT_FAILED


def _chosen(only: Sequence[str], skip: Sequence[str]) -> list[Case]:
    return [case for case in CASES if case.name not in skip and (not only or case.name in only)]


def _run(cases: Sequence[Case], subject: Subject, say: Say) -> list[Result]:
    """Run the cases; Ctrl-C ends that, and what is done by then is reported."""
    results: list[Result] = []
    try:
        for number, case in enumerate(cases, 1):
            say(f"{number:>2}/{len(cases)}  {case.name:<{_NAME_WIDTH}}  ", end="")
            results.append(judge(case, subject))
            say(f"{results[-1].verdict.value:<{_VERDICT_WIDTH}}  {results[-1].reason}".rstrip())
    except KeyboardInterrupt:
        say(f"interrupted: {len(cases) - len(results)} not run")
    return results


def _show_failures(results: Sequence[Result], say: Say) -> None:
    for result in results:
        if result.verdict is Verdict.FAILED:
            say(f"\n{result.case.name}: {result.case.title} ({result.case.clause}). Failed: {result.reason}")
            for line in frames(result):
                say(line)


def _try_to_write(path: Path) -> None:
    try:
        path.touch()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None


def _write(path: Path, subject: Subject, results: Sequence[Result], began: datetime) -> None:
    form = as_json if path.suffix.lower() == ".json" else markdown
    path.write_text(form(subject, results, began), encoding="utf-8")
