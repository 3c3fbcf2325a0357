"""What is asked for while nothing happens, and what the window shows meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.console.requests import Show, Status
from iec104mm2ss.console.snapshot import State
from iec104mm2ss.gui import poll
from tests.gui.fake_line import FakeLine, rtu

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gui.driven import Driven


@pytest.fixture
def quiet(show: Callable[..., Driven], monkeypatch: pytest.MonkeyPatch) -> Driven:
    """A window on a program in which nothing happens, which asks for all after an hour."""
    monkeypatch.setattr(poll, "WHOLE_AFTER", 3600.0)
    return show(FakeLine([rtu(1, age=10.0)], mark="7"))


def test_while_nothing_happens_no_snapshot_comes_and_ages_go_on(quiet: Driven) -> None:
    seen = quiet.window.snapshot
    quiet.until(lambda: quiet.cell("1/S", "since") == "12s")
    assert quiet.line.asked.count(Status("7")) > 1
    assert quiet.window.snapshot is seen
    assert "for 12s" in quiet.texts(quiet.window.panes.first)


def test_what_happens_is_shown(quiet: Driven) -> None:
    quiet.line.mark = "8"
    quiet.line.change("1/S", state=State.RETRYING)
    quiet.until(lambda: quiet.cell("1/S", "state").startswith("▲ RETRYING"))
    quiet.until(lambda: Status("8") in quiet.line.asked)


def test_who_asks_for_all_gets_it(quiet: Driven) -> None:
    quiet.line.lag = 1.0
    quiet.press("<Key-F5>")
    quiet.until(lambda: "event loop up to 1.0 s late" in quiet.texts(quiet.window.foot))


def test_all_is_asked_for_now_and_then(show: Callable[..., Driven], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "WHOLE_AFTER", 0.6)
    driven = show(FakeLine([rtu(1)], mark="7"))
    seen = driven.window.snapshot
    driven.until(lambda: Status("7") in driven.line.asked)
    driven.until(lambda: driven.window.snapshot is not seen)


def test_an_answer_that_comes_again_takes_the_complaint_away(quiet: Driven) -> None:
    mark = quiet.window.head.mark
    quiet.line.failure = ConnectionError("gone")
    quiet.until(mark.winfo_ismapped)
    quiet.line.failure = None
    quiet.until(lambda: not mark.winfo_ismapped())


def test_details_are_asked_for_once_unless_they_are_seen(quiet: Driven) -> None:
    quiet.until(quiet.asked_details)
    quiet.settle()
    quiet.settle()
    assert quiet.line.asked.count(Show("1/S")) == 1
    quiet.press("<Key-F6>")
    quiet.until(lambda: quiet.line.asked.count(Show("1/S")) > 3)
