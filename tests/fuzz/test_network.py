"""Cases of network fuzzing against the running program; more of them by `python -m tests.fuzz network`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.network import Arena, Case, Step, failures, run
from tests.stage import RtuStage, Stage

if TYPE_CHECKING:
    from pathlib import Path

CASES = 60


@pytest.mark.skipif(sys.platform == "win32", reason="half closes and resets show differently there")
def test_no_case_harms_anybody(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    assert run(CASES, 104, first=0, say=said.append) == 0, "\n".join(said)
    assert f"{CASES} cases from 0 on with seed 104: no finding" in said[-1]


def test_a_case_is_its_number() -> None:
    cases = [Case.of(104, number) for number in range(200)]
    assert [Case.of(104, number) for number in range(200)] == cases
    assert {case.end for case in cases} == {"close", "reset", "half", "stay"}
    assert {case.from_rtu for case in cases} == {case.started for case in cases} == {True, False}
    assert cases[17].number == 17
    assert Case.of(105, 17) != cases[17]


def test_harm_is_found_and_its_case_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def harmed(_: Stage) -> None:
        raise AssertionError("the witness is not served")

    monkeypatch.setattr(Stage, "assert_healthy", harmed)
    monkeypatch.setattr(Arena, "_play_master", lambda self, case: None)
    arena = Arena(Stage.__new__(Stage), RtuStage.__new__(RtuStage))
    case = Case(7, from_rtu=False, started=True, steps=(Step(asdu=b"\x01\x02"), Step(octets=b"\x68")), end="stay")
    [(found, failure)] = failures(arena, iter([case]))
    assert found is case
    assert "the witness is not served" in failure
    assert str(case) == "case 7, master, started, ends with stay\n  ASDU 01 02\n  68"
