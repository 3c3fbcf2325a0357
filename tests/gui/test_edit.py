"""The Edit and Details tabs, and what changes something, in the real window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.console.requests import (
    Denied,
    Disable,
    Disconnect,
    Done,
    Edit,
    Enable,
    Reload,
    Restart,
    Save,
)
from iec104mm2ss.console.snapshot import RefusedPeer, Section, State
from tests.gui.fake_line import FakeLine, site

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.gui.edit_pane import EditPane
    from tests.gui.driven import Driven

MASTER = "1/10011"


@pytest.fixture
def driven(show: Callable[..., Driven]) -> Driven:
    return at_edit(show(FakeLine(site(2, 2))))


def at_edit(driven: Driven, key: str = MASTER) -> Driven:
    driven.window.tree.choose(key)
    driven.until(lambda: driven.window.panes.first.key == key and form(driven)._details is not None)
    driven.until(lambda: form(driven)._details.entry.key == key)  # type: ignore[union-attr]
    driven.press("<Control-Key-e>")
    return driven


def form(driven: Driven) -> EditPane:
    return driven.window.panes.first.edit


def type_into(driven: Driven, **texts: str) -> None:
    """Type, and wait for the check."""
    pane = form(driven)
    for name, text in texts.items():
        pane.fields[name.replace("_", " ")].text = text
    driven.until(lambda: pane._checked is not None)


def verdict(driven: Driven) -> str:
    return str(form(driven).verdict.cget("text"))


def said(driven: Driven) -> str:
    return str(driven.window.foot.message.cget("text"))


def changed(driven: Driven) -> list[object]:
    return [it for it in driven.line.asked if isinstance(it, Edit) and not it.check]


def test_the_fields_say_what_runs_in_light_yellow(driven: Driven) -> None:
    pane = form(driven)
    assert {name: field.text for name, field in pane.fields.items()} == {
        "id": "1",
        "name": "SCADA-1",
        "port no": "10011",
        "rtu no": "1",
        "master": "Y",
        "hosts": "10.1.1.0/24",
        "options": "",
    }
    assert {str(field.entry.cget("style")) for field in pane.fields.values()} == {"Field.TEntry"}
    assert driven.window.look.style.lookup("Field.TEntry", "fieldbackground") == driven.window.look.palette.field
    assert pane.apply_button.instate(["disabled"])
    assert driven.root.focus_get() is pane.fields["id"].entry


def test_a_wrong_port_says_so_at_the_field_and_cannot_be_applied(driven: Driven) -> None:
    pane = form(driven)
    type_into(driven, port_no="70000")
    field = pane.fields["port no"]
    assert str(field.message.cget("text")) == "Port: port '70000' should be a number from 1 to 65535"
    driven.root.update()
    assert field.message.winfo_ismapped()
    assert str(field.entry.cget("style")) == "Wrong.TEntry"
    assert pane.apply_button.instate(["disabled"])
    pane.apply()
    assert changed(driven) == []
    type_into(driven, port_no="2410")
    assert str(field.message.cget("text")) == ""
    assert pane.apply_button.instate(["!disabled"])


def test_keys_are_checked_once_they_have_stopped(driven: Driven) -> None:
    before = len(driven.line.asked)
    for text in ("2", "24", "241", "2410"):
        form(driven).fields["port no"].text = text
        driven.root.update()
    driven.until(lambda: form(driven)._checked is not None)
    checks = [it for it in driven.line.asked[before:] if isinstance(it, Edit)]
    assert checks == [Edit(MASTER, {"port no": "2410"}, check=True)]


def test_apply_asks_first_when_somebody_is_disconnected(driven: Driven) -> None:
    driven.line.drops = ("M/SCADA-1",)
    type_into(driven, port_no="2410")
    assert verdict(driven) == "port no: 2410\nA restart disconnects: M/SCADA-1."
    form(driven).apply_button.invoke()
    dialog = driven.dialog()
    assert "This disconnects: M/SCADA-1." in driven.texts(dialog)
    assert "port no: 2410" in driven.texts(dialog)
    driven.press_button("Cancel", dialog)
    assert changed(driven) == []
    form(driven).apply_button.invoke()
    driven.press_button("Restart", driven.dialog())
    driven.until(lambda: changed(driven) == [Edit(MASTER, {"port no": "2410"})])
    driven.until(lambda: "port no: 2410 (not saved to the file)" in said(driven))
    driven.until(lambda: form(driven).cells() == {})


def test_apply_does_not_ask_when_nobody_is(driven: Driven) -> None:
    type_into(driven, rtu_no="7")
    driven.press("<Return>", form(driven).fields["rtu no"].entry)
    driven.until(lambda: changed(driven) == [Edit(MASTER, {"rtu no": "7"})])
    assert driven.dialogs() == []


def test_what_is_typed_survives_updates_and_revert_takes_it_back(driven: Driven) -> None:
    type_into(driven, hosts="10.9.0.0/16")
    driven.line.fields["name"] = "RENAMED"
    driven.until(lambda: form(driven).fields["name"].text == "RENAMED")
    assert form(driven).fields["hosts"].text == "10.9.0.0/16"
    form(driven).revert_button.invoke()
    assert form(driven).fields["hosts"].text == "10.1.1.0/24"
    driven.until(lambda: "Nothing differs" in verdict(driven))


def test_another_entry_has_another_form(driven: Driven) -> None:
    type_into(driven, hosts="10.9.0.0/16")
    at_edit(driven, "2/S")
    assert form(driven).fields["hosts"].text == "10.1.1.0/24"
    assert form(driven).fields["hosts"].label == "RTU at address:port"
    assert form(driven).fields["master"].text == "N"


def test_save_shows_the_difference_first(driven: Driven) -> None:
    driven.line.diff = "--- site.csv\n+++ site.csv\n-111,ABB,2406\n+111,ABB,2410\n"
    driven.press("<Control-Key-s>")
    dialog = driven.dialog()
    assert "+111,ABB,2410" in driven.texts(dialog)
    assert driven.asked(Save) == []
    driven.press_button("Save", dialog)
    driven.until(lambda: driven.asked(Save) == [Save()])
    driven.until(lambda: "Save done" in said(driven))


def test_nothing_to_save_is_said(driven: Driven) -> None:
    form(driven).save_button.invoke()
    driven.until(lambda: "nothing differs from the file" in said(driven))
    assert driven.dialogs() == []


def test_save_as_another_file(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    driven.line.diff = "-a\n+b\n"
    monkeypatch.setattr("tkinter.filedialog.asksaveasfilename", lambda **_: "/tmp/other.csv")  # noqa: S108 - a name
    driven.window.actions["save"].attempt()
    driven.press_button("Save as…", driven.dialog())
    driven.until(lambda: driven.asked(Save) == [Save("/tmp/other.csv")])  # noqa: S108


def test_reload_says_what_it_would_do(driven: Driven) -> None:
    driven.window.actions["reload"].attempt()
    dialog = driven.dialog()
    assert driven.asked(Reload) == [Reload(check=True)]
    driven.press_button("Reload", dialog)
    driven.until(lambda: driven.asked(Reload) == [Reload(check=True), Reload()])


@pytest.mark.parametrize(
    ("name", "key", "request_", "label"),
    [
        ("restart", "<Control-Key-r>", Restart(MASTER), "Restart"),
        ("disconnect", "<Control-Key-d>", Disconnect(MASTER), "Disconnect"),
        ("disable", "", Disable(MASTER), "Disable"),
    ],
)
def test_what_disconnects_somebody_asks_once(
    driven: Driven, name: str, key: str, request_: Restart | Disconnect | Disable, label: str
) -> None:
    driven.line.drops = ("M/SCADA-1",)
    if key:
        driven.press(key)
    else:
        driven.window.actions[name].attempt()
    dialog = driven.dialog()
    assert "This disconnects: M/SCADA-1." in driven.texts(dialog)
    driven.until(lambda: driven.root.focus_get() is not None)
    assert str(dialog.focus_get().cget("text")) == "Cancel"  # type: ignore[union-attr]
    driven.press_button(label, dialog)
    driven.until(lambda: request_ in driven.line.asked)


def test_what_disconnects_nobody_does_not_ask(driven: Driven) -> None:
    driven.press("<Control-Key-r>")
    driven.until(lambda: Restart(MASTER) in driven.line.asked)
    assert driven.dialogs() == []


def test_only_a_disabled_entry_can_be_enabled(driven: Driven) -> None:
    usable = {name: driven.window.actions[name].usable() for name in ("enable", "disable", "disconnect")}
    assert usable == {"enable": False, "disable": True, "disconnect": True}
    driven.line.change(MASTER, state=State.DISABLED, peer="")
    driven.until(driven.window.actions["enable"].usable)
    assert not driven.window.actions["disable"].usable()
    driven.window.actions["enable"].attempt()
    driven.until(lambda: driven.asked(Enable) == [Enable(MASTER)])


def test_what_is_denied_is_said(driven: Driven) -> None:
    driven.line.on_change = lambda _: Denied("the port is in use")
    driven.press("<Control-Key-r>")
    driven.until(lambda: "not done: the port is in use" in said(driven))
    driven.line.on_change = lambda _: Done("restarted\nsecond line")
    driven.press("<Control-Key-r>")
    driven.until(lambda: said(driven).endswith("restarted"))


def test_details_are_cards_that_are_updated_in_place(driven: Driven) -> None:
    driven.line.sections = (Section("Connection", (("peer", "10.1.1.1:1"), ("V(S)", "5"))),)
    pane = driven.window.panes.first.details
    driven.press("<Key-F6>")
    driven.until(lambda: "V(S)\n5" in driven.texts(pane))
    cards = list(pane._cards)
    driven.line.sections = (Section("Connection", (("peer", "10.1.1.1:1"), ("V(S)", "6"))),)
    driven.until(lambda: "V(S)\n6" in driven.texts(pane))
    assert pane._cards == cards
    driven.line.sections = (*driven.line.sections, Section("Last disconnections", (("12:00", "t1"),)))
    driven.until(lambda: "Last disconnections\n12:00\nt1" in driven.texts(pane))


def test_a_refused_peer_can_be_added_to_the_filter(driven: Driven) -> None:
    driven.line.refused = (RefusedPeer(host="10.9.9.9", count=3, age=7.0, reason="not in the filter"),)
    driven.line.drops = ("M/SCADA-1",)
    pane = driven.window.panes.first.details
    driven.press("<Key-F6>")
    driven.until(lambda: pane.refused is not None)
    assert "10.9.9.9\n3 times, last 7s ago: not in the filter" in driven.texts(pane)
    assert pane.refused is not None
    pane.refused.buttons["10.9.9.9"].invoke()
    dialog = driven.dialog()
    assert "Let 10.9.9.9 connect to M/SCADA-1?" in driven.texts(dialog)
    driven.press_button("Add and restart", dialog)
    driven.until(lambda: changed(driven) == [Edit(MASTER, {"hosts": "10.1.1.0/24;10.9.9.9"})])


def test_an_empty_filter_takes_the_first_host_alone(driven: Driven) -> None:
    driven.line.refused = (RefusedPeer(host="10.9.9.9", count=1, age=7.0, reason="not in the filter"),)
    driven.line.fields["hosts"] = ""
    pane = driven.window.panes.first.details
    driven.press("<Key-F6>")
    driven.until(lambda: pane.refused is not None and form(driven).fields["hosts"].text == "")
    assert pane.refused is not None
    pane.refused.buttons["10.9.9.9"].invoke()
    driven.until(lambda: changed(driven) == [Edit(MASTER, {"hosts": "10.9.9.9"})])


def test_without_the_right_nothing_can_be_changed(show: Callable[..., Driven]) -> None:
    line = FakeLine(site(1, 1), where="opsrv1: /run/ctl.sock", may_change=False)
    line.refused = (RefusedPeer(host="10.9.9.9", count=3, age=7.0, reason="not in the filter"),)
    driven = at_edit(show(line))
    pane = form(driven)
    assert pane.fields["hosts"].entry.instate(["readonly"])
    assert pane.apply_button.instate(["disabled"])
    usable = [name for name, action in driven.window.actions.items() if action.usable()]
    assert not {"restart", "disconnect", "disable", "enable", "save", "reload"} & set(usable)
    driven.press("<Control-Key-r>")
    driven.settle()
    assert driven.asked(Restart) == []
    driven.press("<Key-F6>")
    details = driven.window.panes.first.details
    driven.until(lambda: details.refused is not None)
    assert details.refused is not None
    assert details.refused.buttons == {}
