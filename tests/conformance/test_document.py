"""docs/conformance.md has a test in every row, every case and every option."""

import re
from pathlib import Path

import pytest

from iec104mm2ss.conformance.catalogue import CASES
from iec104mm2ss.simulator import cli

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")


def test_every_row_names_a_test_or_says_why_not() -> None:
    rows = [row for row in DOCUMENT.splitlines() if row.startswith("|") and row.count("|") == 6]
    bare = [row for row in rows if "::" not in row and "does not apply" not in row]
    assert bare == ["| heading | what is checked | controlled | controlling | case |", "|---|---|---|---|---|"] * 2


def test_the_cases_are_counted() -> None:
    assert f"{len(CASES)} cases" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"/{len(CASES)}  startdt" in DOCUMENT


def test_every_case_is_named() -> None:
    assert [case.name for case in CASES if f"`{case.name}`" not in DOCUMENT] == []


def test_every_option_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    own = capsys.readouterr().out.partition("conformance test:")[2]
    options = set(re.findall(r"^  (--[\w-]+)", own, re.MULTILINE))
    assert len(options) > 15
    assert [option for option in sorted(options) if f"`{option}" not in DOCUMENT] == []
