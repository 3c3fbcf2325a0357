"""Every target with its corpus, the captures, and as many mutated inputs as a test run has time for."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz import campaign, seeds
from tests.fuzz.mutation import inputs
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
RUNS = 20_000  # ten and more times as many: `python -m tests.fuzz all`
LONGEST = 64  # octets; long inputs are for long runs
every_target = pytest.mark.parametrize("target", TARGETS)


@every_target
def test_seeds_and_corpus_are_borne(target: str) -> None:
    assert seeds.corpus(target), "the corpus is there"
    for octets in campaign.all_seeds(target, captures=False):
        TARGETS[target](octets)


@pytest.mark.parametrize("target", ["framing", "link", "routing"])
def test_recorded_segments_are_borne(target: str, captures: Path) -> None:
    recorded = list(seeds.captured(target))
    assert len(recorded) > 400
    for octets in recorded:
        TARGETS[target](octets)


@every_target
def test_mutated_inputs_are_borne(target: str) -> None:
    """The same inputs in every run; more of them, and others, by `python -m tests.fuzz`."""
    whole = campaign.Chunk(target, 104, 0, 0, captures=False, longest=LONGEST)
    done, finding = campaign.run(RUNS, whole, processes=2)
    if finding:
        pytest.fail(f"{finding.octets.hex()}\n{finding.trace}", pytrace=False)
    assert done == RUNS


def test_an_input_that_is_not_borne_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def target(octets: bytes) -> None:
        assert not octets.startswith(b"GET"), "no browsers"

    monkeypatch.setitem(TARGETS, "framing", target)
    chunk = campaign.Chunk("framing", 1, 0, 5000, captures=False)
    done, finding = campaign.run_chunk(chunk)
    assert finding is not None
    assert finding.octets.startswith(b"GET")
    assert "no browsers" in finding.trace
    again, same = campaign.run_chunk(chunk)
    assert same is not None
    assert (again, same.octets) == (done, finding.octets)


def test_a_seed_gives_the_same_inputs_and_another_one_others() -> None:
    beginning = campaign.all_seeds("link", captures=False)
    first = list(inputs(104, 3, 50, beginning))
    assert list(inputs(104, 3, 50, beginning)) == first
    assert list(inputs(105, 3, 50, beginning)) != first
    assert list(inputs(104, 4, 50, beginning)) != first


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed (pip install '.[fuzz]')")
def test_coverage_can_guide_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "framing", "--guided", "--runs", "2000", "--processes", "1"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "stat::number_of_executed_units" in done.stderr
