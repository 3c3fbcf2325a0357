"""A warning of files that any user of the machine can change or replace."""

import os
from pathlib import Path
from typing import Any

import pytest

from iec104mm2ss.settings.draft import Draft
from iec104mm2ss.settings.layout import RTUS, SITE, Layout
from iec104mm2ss.settings.source import open_to_everybody
from tests.settings.texts import MASTER, RTU

pytestmark = pytest.mark.skipif(os.name != "posix", reason="files have no such permissions here")

CHANGED = "every user of this machine can change this file, and with it what is connected"
REPLACED = "every user of this machine can put another file in the place of this one, and with it what is connected"
FILES: dict[str, tuple[Layout[Any], str]] = {
    "gateway": (SITE, f"{RTU}\n{MASTER}\n"),
    "simulator": (RTUS, "1,RTU-1,32,2404,,,,\n"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "a site"
    folder.mkdir()
    folder.chmod(0o755)
    made = folder / "site.csv"
    made.touch()
    made.chmod(0o644)
    return made


def said(file: Path) -> list[str]:
    return [problem.text for problem in open_to_everybody(file)]


@pytest.mark.parametrize(("folder", "mode"), [(0o755, 0o644), (0o2770, 0o660), (0o775, 0o664), (0o700, 0o600)])
def test_what_a_group_may_write_is_not_told(file: Path, folder: int, mode: int) -> None:
    file.chmod(mode)
    file.parent.chmod(folder)
    assert said(file) == []


@pytest.mark.parametrize("mode", [0o666, 0o602])
def test_a_file_that_everybody_can_change_is_told_with_the_remedy(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert said(file) == [f"{CHANGED}; chmod o-w '{file}'"]


@pytest.mark.parametrize(("mode", "told"), [(0o777, True), (0o1777, False)])
def test_a_folder_where_everybody_can_replace_the_file_is_told(file: Path, mode: int, told: bool) -> None:  # noqa: FBT001 - a table's column
    file.parent.chmod(mode)
    assert said(file) == ([f"{REPLACED}; chmod o-w '{file.parent}'"] if told else [])


def test_a_folder_with_the_sticky_bit_does_not_save_a_file_that_everybody_can_change(file: Path) -> None:
    file.chmod(0o666)
    file.parent.chmod(0o1777)
    assert said(file) == [f"{CHANGED}; chmod o-w '{file}'"]


def test_both_ends_of_a_link_are_looked_at(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    link = folder / "site.csv"
    link.symlink_to(file)
    for each in (file, file.parent, folder):
        each.chmod(0o777)
    assert said(link) == [
        f"{CHANGED}; chmod o-w '{file}'",
        f"{REPLACED}; chmod o-w {folder}",
        f"{REPLACED}; chmod o-w '{file.parent}'",
    ]


def test_a_relative_name_is_told_as_a_whole_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    file.parent.chmod(0o777)
    (problem,) = open_to_everybody(Path("site.csv"))
    assert str(problem) == f"site.csv: warning: {REPLACED}; chmod o-w '{file.parent}'"


def test_a_file_that_is_gone_by_now_is_not_told(file: Path) -> None:
    file.unlink()
    assert said(file) == []


@pytest.mark.parametrize(("layout", "text"), FILES.values(), ids=FILES)
def test_a_draft_is_used_with_the_warning(file: Path, layout: Layout[Any], text: str) -> None:
    file.write_text(text, encoding="utf-8")
    before = Draft.read(file, layout)
    file.chmod(0o666)
    draft = Draft.read(file, layout)
    warning, *others = draft.problems
    assert (warning.is_warning, warning.text) == (True, f"{CHANGED}; chmod o-w '{file}'")
    assert (tuple(others), draft.settings) == (before.problems, before.settings)


def test_the_warning_stays_with_a_draft_that_is_edited_discarded_or_saved(file: Path) -> None:
    layout, text = FILES["gateway"]
    file.write_text(text, encoding="utf-8")
    file.chmod(0o666)
    draft = Draft.read(file, layout)
    edited = draft.edit(1, {"name": "OTHER"}).draft
    assert edited.unsaved == 1
    for after in (edited, edited.edit(1, {"rtu no": "33"}).draft, edited.discard(), edited.save()):
        assert [problem.text for problem in after.problems] == [f"{CHANGED}; chmod o-w '{file}'"]
    assert edited.discard() == draft


def test_the_warning_is_said_of_no_row(file: Path) -> None:
    layout, text = FILES["gateway"]
    file.write_text(text, encoding="utf-8")
    file.chmod(0o666)
    draft = Draft.read(file, layout)
    assert draft.complaints(1, refused=False) == ()
    assert draft.edit(1, {"name": "OTHER"}).warnings == ()


def test_a_draft_of_octets_asks_nothing_of_the_file_that_it_names(file: Path) -> None:
    layout, text = FILES["gateway"]
    file.chmod(0o666)
    draft = Draft.of(text.encode(), file, layout)
    assert (draft.problems, draft.edit(1, {"name": "OTHER"}).draft.problems) == ((), ())
