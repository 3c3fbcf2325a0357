"""Every foreign stack as RTU with every foreign stack as master, through the running program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.matrix.cases import CASES, PAST_WRAP
from tests.matrix.gaps import GAPS, Gap, gap
from tests.matrix.stage import PAIRINGS, Stage, running
from tests.matrix.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parents[2] / "docs" / "interop.md"


@pytest.fixture(scope="module", params=PAIRINGS, ids=str)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(request.param, tmp_path_factory.mktemp("matrix")) as stage:
        yield stage


@pytest.mark.parametrize(
    "title", [pytest.param(title, marks=[pytest.mark.slow] if title == PAST_WRAP else []) for title in CASES]
)
def test_case(stage: Stage, title: str) -> None:
    not_offered = gap(title, stage.pairing)
    if not_offered:
        pytest.skip(f"not offered by the stack: {not_offered.reason}")
    stage.begin()
    CASES[title](stage)


@pytest.mark.parametrize("found", GAPS, ids=lambda found: found.reason)
def test_what_a_stack_does_not_offer_it_does_not_offer(found: Gap) -> None:
    assert found.case in CASES
    assert any(found.concerns(pairing) for pairing in PAIRINGS)
    assert found.is_there()


def test_the_document_has_the_table_of_these_cases() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8")
