import pytest

from tests.simulation.invariant import Invariant
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.play import play

SEEDS = 40


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.text for mutant in MUTANTS])
def test_a_planted_fault_is_found(mutant: Mutant) -> None:
    with mutant.planted():
        assert any(_breaks(seed, mutant.invariant) for seed in range(SEEDS))


def _breaks(seed: int, invariant: Invariant) -> bool:
    broken = play(seed).broken
    return broken is not None and broken.invariant is invariant


def test_every_invariant_finds_a_fault() -> None:
    assert {mutant.invariant for mutant in MUTANTS} == set(Invariant)
