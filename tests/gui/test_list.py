"""The list of entries, its filter and the totals above it, in the real window."""

from __future__ import annotations

from dataclasses import replace
from tkinter import ttk
from typing import TYPE_CHECKING, Any

from iec104mm2ss.console.snapshot import Role, State
from tests.gui.fake_line import FakeLine, master, rtu, site

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gui.driven import Driven

DOWN: dict[str, Any] = {"state": State.RETRYING, "attempt": 3, "peer": "", "reason": "timed out", "age": 7.0}


def test_every_entry_has_a_row_below_its_rtu(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(2, 2)))
    assert driven.rows() == ["1/S", "1/10011", "1/10012", "2/S", "2/10021", "2/10022"]
    assert driven.cell("1/S", "name") == "1  S/RTU-1"
    shown = {name: driven.cell("1/10011", name) for name in ("state", "peer", "ca", "address", "since", "window")}
    assert shown == {
        "state": "● ONLINE",
        "peer": "10.1.1.1:50001",
        "ca": "1",
        "address": "10011",
        "since": "2h 35m",
        "window": "2/12",
    }


def test_an_rtu_that_goes_down_is_shown_with_colour_and_word(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(2, 1)))
    driven.line.change("2/S", **DOWN)
    driven.until(lambda: driven.cell("2/S", "state") == "▲ RETRYING #3")
    assert driven.cell("2/S", "event").startswith("timed out")
    assert driven.window.tree.tree.item("2/S", "tags") == ("alarm",)
    assert driven.window.tree.tree.item("1/S", "tags") == ("normal",)


def test_rates_come_from_the_counters(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([rtu(1)]))
    driven.line.uptime += 2
    driven.line.change("1/S", received=1008, sent=41)
    driven.until(lambda: driven.cell("1/S", "rx") == "4.0")
    assert driven.cell("1/S", "tx") == "0.5"


def test_selection_focus_and_scroll_survive_updates(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(60, 5)))
    tree = driven.window.tree
    tree.ask(abnormal_first=False)
    tree.choose("40/10402")
    driven.root.update()
    before = tree.tree.yview()
    driven.line.change("3/S", **DOWN)
    driven.line.change("40/10402", state=State.WAITING, peer="")
    driven.until(lambda: driven.cell("40/10402", "state") == "○ WAITING")
    assert (tree.chosen, tree.tree.focus(), tree.tree.yview()) == ("40/10402", "40/10402", before)


def test_a_row_that_did_not_change_is_not_drawn_again(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(2, 1)))
    tree = driven.window.tree.tree
    tree.set("1/S", "peer", "scribbled over")
    driven.settle()
    assert driven.cell("1/S", "peer") == "scribbled over"
    driven.line.change("1/S", peer="10.9.9.9:2404")
    driven.until(lambda: driven.cell("1/S", "peer") == "10.9.9.9:2404")


def test_rows_below_the_edge_are_drawn_when_they_are_scrolled_to(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(60, 5)))
    assert driven.cell("60/10605", "state") == ""
    driven.window.tree.tree.yview_moveto(1.0)
    driven.until(lambda: driven.cell("60/10605", "state") == "● ONLINE")


def test_words_in_the_filter_narrow_the_list(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([rtu(1, "Liwa"), master(1, 1), rtu(2, "Dreez"), master(2, 1)]))
    driven.window.filter.words.set("dreez")
    assert driven.rows() == ["2/S", "2/10021"]
    assert driven.window.filter.count.get() == "2 of 4 shown"
    driven.press("<Escape>", driven.window.filter.entry)
    assert len(driven.rows()) == 4
    assert driven.window.filter.count.get() == ""


def test_a_click_on_a_total_shows_only_those(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(3, 2)))
    driven.line.change("2/10022", state=State.WAITING, peer="")
    tiles = driven.window.head.tiles
    driven.until(lambda: (Role.MASTER, State.WAITING) in tiles)
    tile = tiles[Role.MASTER, State.WAITING]
    assert tile.cget("text") == "○ 1 WAITING"
    tile.invoke()
    assert driven.rows() == ["2/S", "2/10022"]
    assert tile.instate(["selected"])
    tile.invoke()
    assert len(driven.rows()) == 9


def test_chosen_totals_stay_though_there_be_none_any_more(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(2, 1)))
    driven.line.change("2/10021", state=State.WAITING, peer="")
    tiles = driven.window.head.tiles
    driven.until(lambda: (Role.MASTER, State.WAITING) in tiles)
    tile = tiles[Role.MASTER, State.WAITING]
    tile.invoke()
    driven.line.change("2/10021", state=State.ONLINE)
    driven.until(lambda: tile.cget("text") == "○ 0 WAITING")
    driven.root.update()
    assert tile.winfo_ismapped()
    tile.invoke()
    driven.settle()
    assert not tile.winfo_ismapped()
    assert driven.rows() == ["1/S", "1/10011", "2/S", "2/10021"]


def test_the_list_is_sorted_from_the_menu_too(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([rtu(1, "B"), rtu(2, "A")]))
    menu = driven.window.menus.menus["View"]
    driven.root.tk.call(*driven.root.tk.splitlist(menu.cget("postcommand")))
    below = menu.nametowidget(menu.entrycget("Sort by", "menu"))
    below.invoke(below.index("CA"))
    below.invoke(below.index("CA"))
    assert driven.rows() == ["2/S", "1/S"]


def test_only_abnormal_and_abnormal_first(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(3, 1)))
    driven.line.change("3/S", **DOWN)
    driven.until(lambda: driven.window.context.entries["3/S"].state is State.RETRYING)
    driven.root.update()
    checks = {str(it.cget("text")): it for it in driven.all(ttk.Checkbutton)}
    assert driven.rows() == ["3/S", "3/10031", "1/S", "1/10011", "2/S", "2/10021"]
    checks["Abnormal first"].invoke()
    assert driven.rows() == ["1/S", "1/10011", "2/S", "2/10021", "3/S", "3/10031"]
    checks["Only abnormal"].invoke()
    assert driven.rows() == ["3/S"]


def test_what_was_selected_and_left_out_does_not_come_back_selected(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(2, 1)))
    tree = driven.window.tree
    tree.choose("1/10011")
    tree.ask(words="RTU-2")
    tree.choose("2/S")
    tree.ask(words="")
    assert tree.tree.selection() == ("2/S",)


def test_what_was_left_out_comes_back_when_it_becomes_abnormal(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(2, 1)))
    driven.window.tree.ask(only_abnormal=True)
    assert driven.rows() == []
    driven.line.change("1/10011", state=State.WAITING, peer="")
    driven.until(lambda: driven.rows() == ["1/S", "1/10011"])
    driven.line.change("1/10011", state=State.ONLINE, peer="10.1.1.1:9")
    driven.until(lambda: driven.rows() == [])


def test_a_heading_sorts_up_down_and_as_in_the_file(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([rtu(1, ca=30), rtu(2, ca=10), rtu(3, ca=20)]))
    tree = driven.window.tree.tree

    def click() -> tuple[list[str], str]:
        driven.root.tk.call(*driven.root.tk.splitlist(tree.heading("ca", "command")))
        return driven.rows(), str(tree.heading("ca", "text")).strip()

    assert click() == (["2/S", "3/S", "1/S"], "CA ▴")
    assert click() == (["1/S", "3/S", "2/S"], "CA ▾")
    assert click() == (["1/S", "2/S", "3/S"], "CA")


def test_columns_can_be_chosen(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 1)))
    driven.window.filter.show_columns(["ca", "line"])
    assert driven.window.tree.shown_columns == ["ca", "line"]
    assert driven.window.filter.columns["line"].get()
    assert not driven.window.filter.columns["peer"].get()


def test_groups_close_and_open(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(2, 2)))
    tree = driven.window.tree
    tree.open_all(opened=False)
    assert [tree.tree.item(key, "open") for key in ("1/S", "2/S")] == [0, 0]
    driven.settle()
    assert tree.tree.item("1/S", "open") == 0
    tree.open_all(opened=True)
    assert tree.tree.item("2/S", "open") == 1


def test_entries_come_and_go_with_a_reload(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(2, 2)))
    driven.window.tree.choose("2/10021")
    driven.line.entries = [rtu(2), master(2, 1), rtu(7), master(7, 1)]
    driven.until(lambda: driven.rows() == ["2/S", "2/10021", "7/S", "7/10071"])
    assert driven.window.tree.chosen == "2/10021"


def test_a_master_whose_rtu_goes_stays(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 2)))
    driven.line.entries = [master(1, 1), master(1, 2)]
    driven.until(lambda: driven.rows() == ["1/10011", "1/10012"])


def test_an_entry_that_gets_another_port_stays_selected(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(1, 2)))
    driven.window.tree.choose("1/10011")
    driven.root.update()
    driven.line.entries[1] = replace(driven.line.entries[1], key="1/4444", address="4444")
    driven.until(lambda: driven.window.tree.chosen == "1/4444")
    assert driven.window.panes.first.key == "1/4444"


def test_a_tooltip_says_all_of_a_row_and_what_a_heading_means(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine([replace(rtu(1), **DOWN)]))
    tree = driven.window.tree
    x, y, _, height = map(int, tree.tree.bbox("1/S", "state"))
    assert "timed out" in tree.tip_at(x + 20, y + height // 2)
    assert "the RTU cannot be connected" in tree.tip_at(x + 20, y + height // 2)
    assert "Grey is normal" in tree.tip_at(x + 20, 5)
    assert tree.tip_at(x + 20, y + 5 * height) == ""
    tree.tree.event_generate("<Motion>", x=x + 20, y=y + height // 2)
    driven.until(lambda: "timed out" in driven.window.context.tips.text)
    tree.tree.event_generate("<Leave>")
    assert driven.window.context.tips.text == ""


def test_1200_rows_are_there_at_once(show: Callable[..., Driven]) -> None:
    driven = show(FakeLine(site(200, 5)))
    assert len(driven.rows()) == 1200
    assert len([key for key in driven.rows() if driven.cell(key, "state")]) < 100
