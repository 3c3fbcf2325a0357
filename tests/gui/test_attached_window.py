"""A window on a gateway that runs without one, in another process."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.cli import main
from iec104mm2ss.console.requests import Denied, Restart
from tests.gui.shown import Shown
from tests.peers import RawRtu, started_master
from tests.program import Gateway, Site
from tests.station import Station

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from iec104mm2ss.console.requests import Answer
    from tests.gui.driven import User
    from tests.peers import RawMaster

CA = 32


class Served:
    """A gateway without a window, an RTU and a master."""

    def __init__(self, folder: Path, exits: ExitStack) -> None:
        self.folder = folder
        self.control = folder / "ctl.sock"
        self.rtu = exits.enter_context(RawRtu(Station(CA)))
        site = Site()
        site.rtu(111, CA, self.rtu.port)
        self.port = site.master(111, "ONE", CA)
        launcher = ("-m", "iec104mm2ss", "--ctl", str(self.control))
        self.gateway = exits.enter_context(Gateway(folder, site, launcher=launcher))
        self.rtu.wait_link()
        self.master: RawMaster = exits.enter_context(started_master(self.port))

    def attach(self, use: Callable[[User], None], *arguments: str) -> None:
        assert Shown(self.folder).run(main, use, "--attach", self.control, *arguments) == 0
        self.master.test()


@pytest.fixture
def served(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("DISPLAY", display)
    with ExitStack() as exits:
        yield Served(tmp_path, exits)


def test_it_says_whose_window_it_is_and_only_looks(served: Served) -> None:
    def use(user: User) -> None:
        host = socket.gethostname()
        assert f"attached to {host}: {served.control}, read-only" in user.texts(user.window.head)
        assert user.root.title() == f"IEC 104 gateway - site.csv @ {host} (attached)"
        user.window.tree.choose(f"111/{served.port}")
        user.until(lambda: user.cell(f"111/{served.port}", "state") == "● ONLINE")
        user.until(lambda: "started" in user.window.panes.first.log.text.get("1.0", "end"))
        assert not user.window.actions["restart"].usable()
        user.until(lambda: user.window.panes.first.edit.fields)
        assert all(it.entry.instate(["readonly"]) for it in user.window.panes.first.edit.fields.values())
        answers: list[Answer] = []
        user.window.context.relay.ask(Restart(f"111/{served.port}"), answers.append)
        user.until(lambda: answers)
        assert answers == [Denied("this window may only look")]

    served.attach(use)


def test_it_changes_what_it_may(served: Served) -> None:
    def use(user: User) -> None:
        assert "changes allowed" in user.texts(user.window.head)
        user.window.tree.choose("111/S")
        user.press("<Control-Key-r>")
        assert "This disconnects: S/RTU-1, M/ONE." in user.texts(user.dialog())
        user.press_button("Restart", user.dialog())
        user.until(lambda: "is restarted" in str(user.window.foot.message.cget("text")))
        served.rtu.wait_link(2)
        user.until(lambda: user.cell("111/S", "state") == "● ONLINE")
        served.master.wait_closed()
        served.master = started_master(served.port)

    served.attach(use, "--control")
    served.master.close()


def test_a_service_that_ends_is_said(served: Served) -> None:
    def use(user: User) -> None:
        served.gateway.stop()
        mark = user.window.head.mark
        user.until(lambda: str(mark.cget("text")).startswith("✖ no connection"))
        assert user.rows() == ["111/S", f"111/{served.port}"]

    assert Shown(served.folder).run(main, use, "--attach", served.control) == 0
