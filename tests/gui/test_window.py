"""The window as a whole: its head, its end, its keys, its look, and what becomes of its own errors."""

from __future__ import annotations

import threading
import tkinter as tk
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.console.snapshot import ClockState, State
from iec104mm2ss.gui import look, poll, window
from iec104mm2ss.gui.remembered import recall
from tests.gui.fake_line import FakeLine, rtu, site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gui.driven import Driven


def head(driven: Driven) -> str:
    return driven.texts(driven.window.head)


def test_the_head_says_what_runs_and_since_when(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(2, 2), uptime=273_600.0))
    assert "site.csv  @  opsrv1" in head(driven)
    assert "up 3d 04h" in head(driven)
    assert "Clock: no time servers" in head(driven)
    assert "RTUs 2" in head(driven)
    assert "● 4 ONLINE" in head(driven)
    assert driven.root.title() == "IEC 104 gateway - site.csv @ opsrv1"


def test_the_clock_has_a_colour_only_when_it_is_not_good(show: Callable[..., Driven]) -> None:
    good = ClockState(text="Time updated at: 2026-11-21 12:00:02 from pool.ntp.org", short="+3 ms", good=True)
    driven = show(FakeLine([rtu(1)], clock=good))
    clock = driven.window.head.clock
    assert (str(clock.cget("text")), str(clock.cget("style"))) == (good.text, "Dim.TLabel")
    driven.line.clock = ClockState(text="No root privilege, cannot update time.", short="not set", good=False)
    driven.until(lambda: str(clock.cget("style")) == "Notice.TLabel")
    assert str(clock.cget("text")) == "No root privilege, cannot update time."


def test_unsaved_changes_and_refused_rows_are_shown_while_there_are_any(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([rtu(1)], unsaved=2, refused_rows=1))
    assert "◆ 2 unsaved changes…" in head(driven)
    assert "◆ 1 row of the file refused" in head(driven)
    driven.line.unsaved = 0
    driven.until(lambda: not driven.window.head.unsaved.winfo_ismapped())
    driven.line.diff = "-a\n+b\n"
    driven.line.unsaved = 1
    driven.until(driven.window.head.unsaved.winfo_ismapped)
    driven.window.head.unsaved.invoke()
    assert "+b" in driven.texts(driven.dialog())


def test_a_late_event_loop_is_shown(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([rtu(1)], lag=1.2))
    assert "event loop up to 1.2 s late" in driven.texts(driven.window.foot)


def test_close_asks_once_and_says_what_stops(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([*site(3, 2), rtu(9, state=State.RETRYING, peer="")]))
    driven.press("<Control-Key-q>")
    dialog = driven.dialog()
    assert "3 RTUs and 6 masters will be disconnected." in driven.texts(dialog)
    driven.window.ask_to_close()
    assert len(driven.dialogs()) == 1
    driven.press("<Escape>", dialog)
    assert driven.dialogs() == []
    driven.window.ask_to_close()
    driven.ended = True
    driven.press_button_and_end("Stop")
    with pytest.raises(tk.TclError):
        driven.root.winfo_exists()


def test_an_attached_window_closes_without_a_question(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([rtu(1)], where="opsrv1: /run/ctl.sock", may_change=False))
    assert "attached to opsrv1: /run/ctl.sock, read-only" in head(driven)
    assert driven.root.title().endswith("(attached)")
    driven.ended = True
    driven.window.ask_to_close()
    with pytest.raises(tk.TclError):
        driven.root.winfo_exists()


def test_a_lost_connection_is_shown_and_tried_again(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([rtu(1)], where="opsrv1: /run/ctl.sock"))
    driven.line.failure = ConnectionError("Connection refused")
    mark = driven.window.head.mark
    driven.until(lambda: "✖ no connection to opsrv1" in str(mark.cget("text")))
    assert "Connection refused" in str(mark.cget("text"))
    driven.line.failure = None
    driven.until(lambda: str(mark.cget("text")) == "attached to opsrv1: /run/ctl.sock, changes allowed")


def test_a_program_that_does_not_answer_is_shown(show: Callable[..., Driven], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "PATIENCE", 0.1)
    driven = show(FakeLine([rtu(1)]))
    driven.line.silent = True
    driven.until(lambda: "no answer for" in str(driven.window.head.mark.cget("text")))
    asked = len(driven.asked(type(driven.line.asked[0])))
    driven.window.refresh()
    assert len(driven.asked(type(driven.line.asked[0]))) == asked


def test_an_error_in_a_callback_is_reported_and_the_window_goes_on(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([rtu(1)]))
    bug = ZeroDivisionError("a bug")

    def fail() -> None:
        raise bug

    driven.root.after(1, fail)
    driven.until(lambda: driven.errors == [bug])
    assert "internal error of the window" in str(driven.window.foot.message.cget("text"))
    driven.errors.clear()
    driven.settle()


def test_a_window_whose_errors_do_not_end_gives_up(
    show: Callable[..., Driven], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MOST_FAULTS", 3)
    driven = show(FakeLine([rtu(1)]))
    driven.ended = True

    def fail() -> None:
        driven.root.after(1, fail)
        raise ZeroDivisionError

    driven.root.after(1, fail)
    with pytest.raises(ZeroDivisionError):
        driven.window.run()
    assert len(driven.errors) == 3
    driven.errors.clear()


def test_the_window_ends_when_the_program_does(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", display)
    stop, errors, ready = threading.Event(), list[BaseException](), list[object]()

    def at_first(shown: object) -> None:
        ready.append(shown)
        stop.set()

    ended = window.run_window(
        FakeLine(site(1, 1)),
        "iec104mm2ss",
        report=errors.append,
        stop=stop,
        memory=tmp_path / "memory.json",
        ready=at_first,
    )
    assert (ended, len(ready), errors) == ("stopped", 1, [])


def test_a_window_that_its_user_closes_says_so(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", display)
    errors: list[BaseException] = []
    ended = window.run_window(
        FakeLine(site(1, 1)),
        "iec104mm2ss",
        report=errors.append,
        memory=tmp_path / "memory.json",
        ready=lambda shown: shown.close(),
    )
    assert (ended, errors) == ("closed", [])


def test_the_look_is_remembered(show: Callable[..., Driven], tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    first = show(FakeLine(site(1, 1)), memory)
    first.window.change_look(theme="dark", zoom=1.5)
    first.window.filter.show_columns(["state", "line"])
    first.window.panes.split()
    first.root.geometry("1100x700+30+40")
    first.until(lambda: first.root.winfo_width() == 1100)
    first.close()
    second = show(FakeLine(site(1, 1)), memory)
    assert (second.window.look.theme, second.window.look.zoom) == ("dark", 1.5)
    assert second.window.tree.shown_columns == ["state", "line"]
    assert second.window.panes.second is not None
    assert second.root.geometry() == "1100x700+30+40"


def test_a_place_that_is_on_no_display_is_not_taken(show: Callable[..., Driven], tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    memory.write_text('{"geometry": "800x600+5000+20"}', encoding="utf-8")
    driven = show(FakeLine(site(1, 1)), memory)
    assert driven.root.winfo_x() < 1600


def test_an_unreadable_memory_is_one_line(show: Callable[..., Driven], tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    memory.write_text("{", encoding="utf-8")
    driven = show(FakeLine(site(1, 1)), memory)
    assert "cannot be read" in str(driven.window.foot.message.cget("text"))
    driven.close()
    assert recall(memory)[1] == ""


def test_dark_and_larger_by_keys(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 1)))
    height = driven.window.look.line_height()
    driven.press("<Key-F8>")
    assert driven.window.look.palette is look.DARK
    assert str(driven.window.panes.first.log.text.cget("background")) == look.DARK.surface
    assert str(driven.window.tree.tree.tag_configure("alarm", "foreground")) == look.DARK.alarm
    for _ in range(8):
        driven.press("<Control-Key-plus>")
    assert driven.window.look.zoom > 2.0
    assert driven.window.look.line_height() > 1.9 * height
    driven.press("<Control-Key-0>")
    assert driven.window.look.line_height() == height


def test_help_lists_every_key(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 1)))
    driven.press("<Key-F1>")
    shown = driven.texts(driven.dialog()).splitlines()
    for action in driven.window.actions.values():
        assert not action.key or action.key in shown
    assert "◇ BLOCKED" in shown


def test_menus_offer_what_can_be_done_now(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 1)))
    driven.until(lambda: driven.window.tree.chosen)
    menu = driven.window.menus.menus["Entry"]
    driven.root.tk.call(*driven.root.tk.splitlist(menu.cget("postcommand")))
    state = {
        str(menu.entrycget(place, "label")): str(menu.entrycget(place, "state"))
        for place in range(int(menu.index("end") or 0) + 1)
        if menu.type(place) == "command"
    }
    assert state["Restart"] == "normal"
    assert state["Enable"] == "disabled"
    assert "Open the data file" not in state


def test_every_menu_can_be_opened(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 1)))
    for menu in (*driven.window.menus.menus.values(), driven.window.menus.row):
        driven.root.tk.call(*driven.root.tk.splitlist(menu.cget("postcommand")))
        assert menu.index("end") is not None


def test_letters_of_a_menu_are_not_used_twice(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 1)))
    for name, menu in driven.window.menus.menus.items():
        driven.root.tk.call(*driven.root.tk.splitlist(menu.cget("postcommand")))
        letters = [
            str(menu.entrycget(place, "label"))[int(menu.entrycget(place, "underline"))].lower()
            for place in range(int(menu.index("end") or 0) + 1)
            if menu.type(place) != "separator" and int(menu.entrycget(place, "underline")) >= 0
        ]
        assert len(letters) == len(set(letters)), (name, letters)


def test_no_key_is_used_twice(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 1)))
    keys = [action.key for action in driven.window.actions.values() if action.key]
    assert len(keys) == len(set(keys))


def test_every_button_field_and_check_has_a_tooltip(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 1)))
    driven.until(lambda: driven.window.panes.first.edit.fields)
    kinds = {"TButton", "TEntry", "TCheckbutton", "TMenubutton", "Treeview", "TNotebook"}
    bare = [str(it) for it in driven.all(tk.Widget) if it.winfo_class() in kinds and not it.bind("<Enter>")]
    assert bare == []


def test_copy_puts_the_row_onto_the_clipboard(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 1)))
    driven.until(lambda: driven.window.tree.chosen)
    driven.press("<Control-Key-c>", driven.window.tree.tree)
    assert driven.root.clipboard_get().split("\t")[:3] == ["1/S", "S/RTU-1", "ONLINE"]
