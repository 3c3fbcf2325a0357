"""The window of the simulator, with a foreign master (lib60870) at its RTUs."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.simulator.cli import main
from tests.gui.shown import Shown
from tests.matrix.c104_peers import connected_master
from tests.simulator.program import SWITCHES, RtuFile, write_data
from tests.station import SPONTANEOUS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gui.driven import User
    from tests.matrix.c104_peers import C104Master

M_DP_TB, M_SP_TB = 31, 30


def connected(user: User) -> str:
    """The key of the RTU that has a master."""
    return next((entry.key for entry in user.window.context.entries.values() if entry.peer), "")


@pytest.fixture
def use(
    display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[User, C104Master], None]], int]:
    """Runs the simulator with its window, and what the test does while a master is connected to one of two RTUs."""
    monkeypatch.setenv("DISPLAY", display)
    file = RtuFile()
    port = file.add(32, "ABB")
    file.add(33, "OSI")
    path = file.write(tmp_path / "iec104rs.csv")

    def run(does: Callable[[User, C104Master], None]) -> int:
        with ExitStack() as exits:

            def at_window(user: User) -> None:
                user.until(lambda: user.cell(str(port), "state") == "○ WAITING")
                does(user, exits.enter_context(connected_master(port, 32)))

            return Shown(tmp_path).run(main, at_window, "-i", path, "--no-ctl")

    return run


def test_an_index_reaches_the_master(use: Callable[[Callable[[User, C104Master], None]], int]) -> None:
    def does(user: User, master: C104Master) -> None:
        bar = user.window.send_bar
        assert bar is not None
        bar.index.set("301")
        user.press("<Return>", bar.index_entry)
        user.until(lambda: master.seen == [(M_DP_TB, SPONTANEOUS)] * 2)
        user.until(lambda: user.cell(connected(user), "index") == "301")
        assert [user.cell(key, "state") for key in user.rows()] == ["○ WAITING", "● ONLINE"]

    assert use(does) == 0


def test_send_becomes_stop_until_it_is_pressed(use: Callable[[Callable[[User, C104Master], None]], int]) -> None:
    def does(user: User, master: C104Master) -> None:
        bar = user.window.send_bar
        assert bar is not None
        bar.index.set("447")
        bar.seconds.set("3600")
        bar.button.invoke()
        user.until(lambda: str(bar.button.cget("text")) == "■ Stop")
        user.until(bar.bar.winfo_ismapped)
        user.until(lambda: master.seen.count((M_SP_TB, SPONTANEOUS)) > 1)
        user.until(lambda: user.cell(connected(user), "index").startswith("Sending 447"))
        bar.button.invoke()
        user.until(lambda: str(bar.button.cget("text")) == "Send")
        user.until(lambda: user.cell(connected(user), "index") == "447")

    assert use(does) == 0


def test_a_data_file_that_is_saved_counts_at_once_and_its_bad_rows_are_listed(
    use: Callable[[Callable[[User, C104Master], None]], int], tmp_path: Path
) -> None:
    def does(user: User, master: C104Master) -> None:
        user.press("<Key-F6>")
        data, details = tmp_path / "data" / "iodata.csv", user.window.panes.first.details
        write_data(data, *SWITCHES, "12,Y,30,x,1,0,,,,,,bad")
        user.until(lambda: "iodata.csv:10:D" in user.texts(details))
        write_data(data, *SWITCHES, "12,Y,30,77,1,0,,,,,,good")
        user.until(lambda: "iodata.csv:10:D" not in user.texts(details))
        bar = user.window.send_bar
        assert bar is not None
        bar.index.set("12")
        bar.button.invoke()
        user.until(lambda: (M_SP_TB, SPONTANEOUS) in master.seen)

    assert use(does) == 0
