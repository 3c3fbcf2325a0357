"""The Log and Trace tabs, in the real window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.console.requests import Denied, Frame, Lines, Log, Missed, Trace
from iec104mm2ss.gui import transcript
from tests.gui.fake_line import FakeLine, site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from iec104mm2ss.gui.log_pane import LogPane
    from tests.gui.driven import Driven


@pytest.fixture
def driven(show: Callable[..., Driven]) -> Driven:
    shown = show(FakeLine(site(2, 2)))
    shown.window.tree.choose("1/10011")
    shown.until(lambda: shown.line.followed == [Log("1/10011", 2000)])
    shown.until(lambda: lines(shown.window.panes.first.log) == list(shown.line.log_lines))
    return shown


def log(driven: Driven) -> LogPane:
    return driven.window.panes.first.log


def lines(pane: transcript.Transcript) -> list[str]:
    return pane.text.get("1.0", "end-1c").splitlines()


def numbered(first: int, last: int) -> Lines:
    return Lines(tuple(f"line {number}" for number in range(first, last)))


def test_the_log_of_the_selected_entry_is_followed(driven: Driven) -> None:
    driven.until(lambda: lines(log(driven)) == list(driven.line.log_lines))
    driven.line.give(Log, Lines(("one", "two")))
    driven.until(lambda: lines(log(driven))[-2:] == ["one", "two"])
    driven.window.tree.choose("2/S")
    driven.until(lambda: driven.line.ended[-1].key == "1/10011")
    assert [request.key for request in driven.line.followed] == ["2/S"]


def test_what_was_left_out_and_what_cannot_be_followed_is_said(driven: Driven) -> None:
    driven.line.give(Log, Missed(7), Denied("the log cannot be read"))
    driven.until(lambda: "the log cannot be read" in lines(log(driven)))
    assert any("7 lines left out" in line for line in lines(log(driven)))


def test_the_end_is_followed_until_somebody_scrolls_up(driven: Driven) -> None:
    pane = log(driven)
    driven.line.give(Log, numbered(0, 500))
    driven.until(lambda: lines(pane)[-1] == "line 499")
    assert pane.text.bbox("end-2c") is not None
    driven.press("<Key-Prior>", pane.text)
    driven.until(lambda: not pane.following)
    place = pane.text.index("@0,0")
    driven.line.give(Log, numbered(500, 510))
    driven.until(lambda: lines(pane)[-1] == "line 509")
    assert pane.text.index("@0,0") == place
    assert "10 new lines ▼" in driven.texts_of_variables(pane)
    driven.press("<Key-End>", pane.text)
    assert pane.following
    driven.line.give(Log, numbered(510, 511))
    driven.until(lambda: lines(pane)[-1] == "line 510")
    assert pane.text.bbox("end-2c") is not None


def test_a_day_of_log_does_not_grow(driven: Driven) -> None:
    pane = log(driven)
    for first in range(0, 4 * transcript.KEPT, 1000):
        driven.line.give(Log, numbered(first, first + 1000))
        driven.until(lambda last=first + 999: lines(pane)[-1:] == [f"line {last}"])  # type: ignore[misc]
    assert pane.line_count == len(lines(pane)) == transcript.KEPT


def test_more_than_fits_at_once_keeps_the_end_and_says_so(driven: Driven) -> None:
    pane = log(driven)
    driven.line.give(Log, *(Lines((f"line {number}",)) for number in range(5200)))
    driven.until(lambda: lines(pane)[-1:] == ["line 5199"])
    assert pane.line_count == transcript.KEPT


def test_find_marks_all_places_and_goes_from_one_to_the_next(driven: Driven) -> None:
    pane = log(driven)
    pane.clear()
    driven.line.give(Log, Lines(("first Refused", "nothing", "refused refused")))
    driven.until(lambda: len(lines(pane)) == 3)
    driven.press("<Control-Key-f>")
    driven.until(lambda: driven.root.focus_get() is pane.find_entry)
    pane.wanted.set("refused")
    assert len(pane.text.tag_ranges("found")) == 6
    visited = []
    for _ in range(4):
        driven.press("<Key-F3>")
        visited.append(str(pane.text.tag_ranges("place")[0]))
    assert visited == ["1.6", "3.0", "3.8", "1.6"]
    driven.press("<Shift-Key-F3>")
    assert str(pane.text.tag_ranges("place")[0]) == "3.8"
    driven.line.give(Log, Lines(("REFUSED again",)))
    driven.until(lambda: len(pane.text.tag_ranges("found")) == 8)
    driven.press("<Escape>", pane.find_entry)
    assert pane.text.tag_ranges("found") == ()


def test_copy_takes_the_selection_or_all(driven: Driven) -> None:
    pane = log(driven)
    pane.clear()
    driven.line.give(Log, Lines(("one", "two")))
    driven.until(lambda: len(lines(pane)) == 2)
    pane.copy()
    assert driven.root.clipboard_get() == "one\ntwo\n"
    pane.text.tag_add("sel", "2.0", "2.3")
    pane.copy()
    assert driven.root.clipboard_get() == "two"


def test_the_lines_are_saved(driven: Driven, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pane = log(driven)
    driven.until(lambda: lines(pane))
    path = tmp_path / "saved.txt"
    monkeypatch.setattr("tkinter.filedialog.asksaveasfilename", lambda **_: str(path))
    pane.save_as()
    driven.until(lambda: "written to" in str(driven.window.foot.message.cget("text")))
    assert path.read_text(encoding="utf-8").splitlines() == list(driven.line.log_lines)
    monkeypatch.setattr("tkinter.filedialog.asksaveasfilename", lambda **_: str(tmp_path / "none" / "saved.txt"))
    pane.save_as()
    driven.until(lambda: "cannot be written" in str(driven.window.foot.message.cget("text")))


def test_the_log_file_is_opened_with_the_desktops_program(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr("subprocess.Popen", lambda command, **_: opened.append(command))
    driven.until(driven.asked_details)
    driven.window.actions["open_log"].attempt()
    assert opened == [["xdg-open", "/var/log/iec104mm2ss/1-SCADA-1.log"]]


def test_no_program_for_the_log_file_is_said(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    driven.until(driven.asked_details)
    driven.window.actions["open_log"].attempt()
    assert "cannot be opened" in str(driven.window.foot.message.cget("text"))


def frame(number: int, level: str = "data", key: str = "1/10011", *, outgoing: bool = True) -> Frame:
    return Frame(1.5 + number, key, outgoing, "a:1", "b:2", "680401000203", f"frame {number}", level)


def shown(driven: Driven) -> list[str]:
    pane = driven.window.panes.first.trace
    return pane.text.get(
        "1.0",
        "end-1c",
    ).splitlines()


def seen(driven: Driven) -> list[str]:
    """The lines that are not hidden by a level."""
    text = driven.window.panes.first.trace.text
    return str(driven.root.tk.call(str(text), "get", "-displaychars", "1.0", "end-1c")).splitlines()


def test_a_trace_shows_both_sides_of_the_group(driven: Driven) -> None:
    driven.press("<Key-F4>")
    driven.until(lambda: Trace("1") in driven.line.followed)
    driven.line.give(Trace, frame(1, key="1/S", outgoing=False), frame(2))
    driven.until(lambda: len(seen(driven)) == 2)
    assert "← S/RTU-1" in seen(driven)[0]
    assert seen(driven)[1].endswith("→ M/SCADA-1        frame 2")
    driven.window.panes.first.trace.both.set(False)
    driven.window.panes.first.trace._anew()
    assert set(driven.line.followed) == {Log("1/10011", 2000), Trace("1/10011")}


def test_levels_hide_and_show_lines_that_are_there(driven: Driven) -> None:
    pane = driven.window.panes.first.trace
    driven.window.panes.first.turn_to("trace")
    driven.until(lambda: any(isinstance(request, Trace) for request in driven.line.followed))
    driven.line.give(Trace, frame(1), frame(2, "link"))
    driven.until(lambda: len(seen(driven)) == 2)

    def with_levels(**levels: bool) -> list[str]:
        for name, wanted in levels.items():
            pane.levels[name].set(wanted)
        pane._show_levels()
        return [line.split()[-1] for line in seen(driven)]

    assert with_levels(link=False) == ["1"]
    assert with_levels(link=True, data=False) == ["2"]
    assert with_levels(raw=True) == ["2", "03"]
    assert with_levels(data=True) == ["1", "03", "2", "03"]


def test_space_pauses_and_goes_on_without_a_gap(driven: Driven) -> None:
    pane = driven.window.panes.first.trace
    driven.window.panes.first.turn_to("trace")
    driven.until(lambda: any(isinstance(request, Trace) for request in driven.line.followed))
    driven.press("<space>")
    assert pane.paused
    driven.line.give(Trace, frame(1), frame(2))
    driven.until(lambda: pane._held)
    assert seen(driven) == []
    driven.press("<space>", pane.text)
    assert not pane.paused
    assert len(seen(driven)) == 2


def test_a_trace_that_cannot_keep_up_says_how_much_is_missing(driven: Driven) -> None:
    driven.window.panes.first.turn_to("trace")
    driven.until(lambda: any(isinstance(request, Trace) for request in driven.line.followed))
    driven.line.give(Trace, Missed(12), *(frame(number) for number in range(6000)))
    driven.until(lambda: seen(driven)[-1:] != [] and seen(driven)[-1].endswith("5999"))
    assert len(shown(driven)) <= transcript.KEPT


def test_two_panes_stand_side_by_side_and_one_is_pinned(driven: Driven) -> None:
    panes = driven.window.panes
    driven.press("<Key-F7>")
    assert panes.second is not None
    driven.window.tree.choose("2/S")
    driven.root.update()
    assert (panes.first.key, panes.second.key) == ("2/S", "1/10011")
    driven.window.tree.choose("2/10021")
    driven.press("<Control-Key-2>")
    assert panes.second.key == "2/10021"
    driven.press("<Key-F7>")
    assert panes.second is None
    assert [request.key for request in driven.line.followed] == ["2/10021"]


def test_a_pinned_pane_keeps_its_entry(driven: Driven) -> None:
    driven.window.panes.first.pinned.set(True)
    driven.window.tree.choose("2/S")
    driven.settle()
    assert driven.window.panes.first.key == "1/10011"
