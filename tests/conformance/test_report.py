"""The report in both forms, and how much evidence is kept."""

import json
from datetime import UTC, datetime

from iec104mm2ss.conformance.catalogue import CASES
from iec104mm2ss.conformance.evidence import Evidence, Happening
from iec104mm2ss.conformance.report import as_json, markdown, summary
from iec104mm2ss.conformance.run import Result
from iec104mm2ss.conformance.subject import Subject
from iec104mm2ss.conformance.verdict import Verdict
from iec104mm2ss.link.parameters import LinkParameters

SUBJECT = Subject(host="fe80::1", port=2404, ca=32, parameters=LinkParameters(t3=float("inf")))
BEGAN = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
RESULTS = (
    Result(CASES[0], Verdict.PASSED, "after 0.1 s", 0.12345, ("12:00:05.000  #1  -- connected",)),
    Result(CASES[1], Verdict.FAILED, "a | b", 1.0, ("12:00:06.000  #1  -- connected",)),
    Result(CASES[2], Verdict.NOT_APPLICABLE, "needs --long", 0.0),
)


def test_summary_counts_what_occurs() -> None:
    assert summary(RESULTS) == "1 passed, 1 failed, 1 not applicable"


def test_markdown() -> None:
    text = markdown(SUBJECT, RESULTS, BEGAN)
    assert text.startswith("# Conformance of [fe80::1]:2404\n")
    assert "common address 32, taken to have t1 15, t2 10, t3 none, k 12, w 8." in text
    assert " on 2026-03-01 at 12:00:05 +0000.\n" in text
    assert "| startdt | STARTDT act is confirmed | 5.3 | passed | after 0.1 s |\n" in text
    assert r"| **failed** | a \| b |" in text
    assert (
        "\n## startdt\n\nSTARTDT act is confirmed. passed: after 0.1 s\n\n    12:00:05.000  #1  -- connected\n" in text
    )
    assert f"\n## {CASES[2].name}\n" not in text  # which has no frames


def test_json() -> None:
    whole = json.loads(as_json(SUBJECT, RESULTS, BEGAN))
    assert whole["began"] == "2026-03-01T12:00:05+00:00"
    assert whole["station"] == {"address": "[fe80::1]:2404", "ca": 32, "t1": 15, "t2": 10, "t3": None, "k": 12, "w": 8}
    assert whole["cases"][0] == {
        "case": "startdt",
        "title": "STARTDT act is confirmed",
        "clause": "5.3",
        "verdict": "passed",
        "reason": "after 0.1 s",
        "seconds": 0.123,
        "evidence": ["12:00:05.000  #1  -- connected"],
    }


def test_the_middle_of_long_evidence_is_left_out() -> None:
    evidence = Evidence()
    evidence.add(Happening(0.0, "#1", str(number)) for number in range(1000))
    lines = evidence.lines()
    assert len(lines) == 301
    assert lines[199].endswith("-- 199")
    assert lines[200] == "... 700 frames and happenings are left out ..."
    assert lines[201].endswith("-- 900")
    assert lines[-1].endswith("-- 999")


def test_short_evidence_is_whole() -> None:
    evidence = Evidence()
    evidence.add(Happening(0.0, "#1", str(number)) for number in range(300))
    assert [line.rpartition(" ")[2] for line in evidence.lines()] == [str(number) for number in range(300)]
