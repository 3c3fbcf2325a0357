"""What a case finds. A case that returns has passed; anything else is raised, so that it ends there."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not applicable"


class JudgedError(Exception):
    """The case is over; the text says why."""

    verdict = Verdict.FAILED


class FailedError(JudgedError):
    """The station did what the standard forbids, or left undone what it demands."""


class InconclusiveError(JudgedError):
    """What the case is about could not be brought about."""

    verdict = Verdict.INCONCLUSIVE


class NotApplicableError(JudgedError):
    """The station does not have what the case is about, and need not."""

    verdict = Verdict.NOT_APPLICABLE
