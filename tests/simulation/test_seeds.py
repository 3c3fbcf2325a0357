import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.play import play
from tests.simulation.schedule import Moment

ROOT = Path(__file__).parents[2]
SEEDS = 40


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_invariant_holds(seed: int) -> None:
    assert play(seed).broken is None


def test_a_seed_replays_exactly() -> None:
    assert play(3).digest == play(3).digest != play(4).digest


def test_a_seed_replays_exactly_whatever_the_hashes_of_a_process() -> None:
    assert _digest(5, "1") == _digest(5, "2")


def _digest(seed: int, hash_seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seed", str(seed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split("digest ")[1]


def test_printing_what_happens_changes_nothing_of_it() -> None:
    lines = list[str]()
    outcome = play(3, lines.append)
    assert outcome.broken is None
    assert any("writes 68 04 0b 00 00 00" in line for line in lines)


def test_a_thousand_steps_of_the_wall_clock_close_no_connection() -> None:
    outcome = play(1, moments=[Moment(0.02 * number, "clock steps", 1, number) for number in range(1000)])
    assert (outcome.broken, outcome.closings) == (None, 0)
