"""The window of the simulator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.console.requests import Send, StopSending, Trace
from tests.gui.fake_line import FakeLine, simulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.console.snapshot import Entry
    from iec104mm2ss.gui.send_bar import SendBar
    from tests.gui.driven import Driven


def sending(entry: Entry, **changes: object) -> Entry:
    assert entry.sending is not None
    return replace(entry, sending=replace(entry.sending, **changes))  # type: ignore[arg-type]


@pytest.fixture
def driven(show: Callable[..., Driven]) -> Driven:
    return show(FakeLine([simulated(1), simulated(2)], program="iec104rs"))


def bar(driven: Driven) -> SendBar:
    assert driven.window.send_bar is not None
    return driven.window.send_bar


def test_each_rtu_is_a_row_with_its_own_columns(driven: Driven) -> None:
    driven.line.entries[0] = sending(driven.line.entries[0], interrogation="RUN", index=7)
    assert driven.rows() == ["2404", "2405"]
    driven.until(lambda: driven.cell("2404", "gi") == "RUN")
    assert driven.cell("2404", "index") == "7"
    assert driven.root.title() == "IEC 104 RTU simulator - site.csv @ opsrv1"


@pytest.mark.parametrize(
    ("index", "seconds", "request_"),
    [("0", "", Send(0)), (" 12 ", "2.5", Send(12, 2.5)), ("100000", "30", Send(100000, 30.0))],
)
def test_an_index_is_sent(driven: Driven, index: str, seconds: str, request_: Send) -> None:
    bar(driven).index.set(index)
    bar(driven).seconds.set(seconds)
    driven.press("<Return>", bar(driven).index_entry)
    driven.until(lambda: driven.asked(Send) == [request_])


@pytest.mark.parametrize(
    ("index", "seconds", "text"),
    [
        ("", "", "Index is empty"),
        ("x", "", "Index 'x' should be a number"),
        ("1234567890123", "", "at most 12 digits"),
        ("7", "-1", "Duration '-1' should be a number of seconds above 0"),
        ("7", "nan", "Duration 'nan'"),
        ("7", "soon", "Duration 'soon'"),
    ],
)
def test_what_cannot_be_sent_is_said(driven: Driven, index: str, seconds: str, text: str) -> None:
    bar(driven).index.set(index)
    bar(driven).seconds.set(seconds)
    bar(driven).button.invoke()
    assert text in str(driven.window.foot.message.cget("text"))
    assert driven.asked(Send) == []


def test_send_becomes_stop_while_something_is_sent(driven: Driven) -> None:
    driven.line.entries[0] = sending(driven.line.entries[0], index=7, place=41, total=86, text="Sending 7")
    driven.until(lambda: bar(driven).button.cget("text") == "■ Stop")
    assert "41 of 86 signals, 1 RTU" in driven.texts(bar(driven))
    assert driven.cell("2404", "progress") == "████░░░░ 48%"
    assert driven.cell("2404", "index") == "Sending 7"
    bar(driven).button.invoke()
    driven.until(lambda: driven.asked(StopSending) == [StopSending()])
    driven.line.entries[0] = sending(driven.line.entries[0], place=0, total=0, text="")
    driven.until(lambda: bar(driven).button.cget("text") == "Send")
    assert not bar(driven).bar.winfo_ismapped()


def test_the_data_file_is_opened(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr("subprocess.Popen", lambda command, **_: opened.append(command))
    driven.until(driven.window.actions["data"].usable)
    driven.window.actions["data"].attempt()
    assert opened == [["xdg-open", "/srv/data/iodata1.csv"]]


def test_a_trace_has_one_side(driven: Driven) -> None:
    driven.press("<Key-F4>")
    driven.until(lambda: Trace("2404") in driven.line.followed)
    assert "Both sides" not in driven.texts(driven.window.panes.first.trace)


def test_who_may_only_look_cannot_send(show: Callable[..., Driven]) -> None:
    line = FakeLine([simulated(1)], program="iec104rs", where="opsrv1: /run/ctl.sock", may_change=False)
    driven = show(line)
    assert bar(driven).button.instate(["disabled"])
    assert bar(driven).index_entry.instate(["disabled"])
