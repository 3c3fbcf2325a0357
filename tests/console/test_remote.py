import socket
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from iec104mm2ss.console import remote
from iec104mm2ss.console.remote import RemoteLine
from iec104mm2ss.console.requests import Denied, Done, Frame, Item, Lines, Log, Restart, Show, Status, Trace
from iec104mm2ss.console.snapshot import Details, Snapshot
from tests.console.served import PATIENCE, Served
from tests.program import eventually


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_PAUSE", 0.02)


def test_a_window_asks_another_process(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        line = RemoteLine(served.path, may_change=True)
        asked = [line.ask(Status()), line.ask(Show("111")), line.ask(Restart("111"))]
        assert [type(answer.result(PATIENCE)) for answer in asked] == [Snapshot, Details, Done]
        assert line.where == f"{socket.gethostname()}: {served.path}"
        line.close()


def test_a_window_that_may_only_look_changes_nothing(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        line = RemoteLine(served.path, may_change=False)
        assert line.ask(Restart("111")).result(PATIENCE) == Denied("this window may only look")
        assert isinstance(line.ask(Status()).result(PATIENCE), Snapshot)
        assert served.plant.done == []
        line.close()


def test_what_is_asked_fails_with_the_reason_until_the_program_is_back(tmp_path: Path) -> None:
    line = RemoteLine(tmp_path / "ctl.sock", may_change=True)
    with pytest.raises(ConnectionError, match="no program runs there"):
        line.ask(Status()).result(PATIENCE)
    for _ in range(2):
        with Served(tmp_path):
            assert isinstance(line.ask(Status()).result(PATIENCE), Snapshot)
        with pytest.raises(ConnectionError):
            line.ask(Status()).result(PATIENCE)
    line.close()


def test_what_is_followed_goes_on_when_the_program_is_back(tmp_path: Path) -> None:
    items: list[Item] = []
    line = RemoteLine(tmp_path / "ctl.sock", may_change=False)
    end = line.follow(Trace("111/S"), items.append)
    for count in (1, 2):
        with Served(tmp_path) as served:
            _see_a_frame(served, items, count)
    eventually(lambda: "no program runs there" in str(items[-1]), "the reason")
    end()
    line.close()
    assert not any(item == following for item, following in pairwise(items) if isinstance(item, Denied))


def _see_a_frame(served: Served, items: list[Item], count: int) -> None:
    eventually(lambda: bool(served.plant.sinks.get("111/S")), "the tap")
    served.run(lambda: served.plant.say("111/S"))
    eventually(lambda: len(_frames(items)) == count, "the frame")


def _frames(items: list[Item]) -> list[Item]:
    return [item for item in items if isinstance(item, Frame)]


def test_a_log_goes_on_behind_its_last_line(tmp_path: Path) -> None:
    log = tmp_path / "111-S.log"
    log.write_text("one\ntwo\n", encoding="utf-8")
    found: list[str] = []

    def sink(item: Item) -> None:
        if isinstance(item, Lines):
            found.extend(item.lines)

    line = RemoteLine(tmp_path / "ctl.sock", may_change=False)
    line.follow(Log("111", 100), sink)
    with Served(tmp_path):
        eventually(lambda: found == ["one", "two"], "the lines")
    with log.open("a", encoding="utf-8") as file:
        file.write("three\n")
    with Served(tmp_path):
        eventually(lambda: found[2:] == ["three"], "the line that came meanwhile")
    line.close()


def test_what_is_asked_after_closing_fails(tmp_path: Path) -> None:
    line = RemoteLine(tmp_path / "ctl.sock", may_change=True)
    line.close()
    with pytest.raises(ConnectionError, match="the window is closed"):
        line.ask(Status()).result(PATIENCE)


def test_closing_ends_every_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with Served(tmp_path) as served:
        line = RemoteLine(served.path, may_change=True)
        line.follow(Trace("111"), lambda item: None)
        line.ask(Status()).result(PATIENCE)
        eventually(lambda: bool(served.plant.sinks.get("111/S")), "the tap")
        line.close()
        eventually(lambda: not any(served.plant.sinks.values()), "the end of the tap")
    eventually(lambda: set(threading.enumerate()) <= before, "the end of the threads")
