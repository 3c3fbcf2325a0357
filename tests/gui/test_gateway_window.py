"""The window of the gateway, with real RTUs and masters."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.cli import main
from iec104mm2ss.gui.window import MOST_FAULTS
from tests.gui.shown import Shown
from tests.peers import RawMaster, RawRtu, is_listening, started_master
from tests.program import Site, eventually, free_port
from tests.station import Station

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.gui.driven import User

CA = 32
COMMENT = "# the two that are to be replaced"


class Plant:
    """Two groups: an RTU with two masters, and one with one master, all connected as soon as `connect` is called."""

    def __init__(self, folder: Path, exits: ExitStack) -> None:
        self.folder = folder
        self._exits = exits
        self.rtus = [exits.enter_context(RawRtu(Station(CA))) for _ in range(2)]
        site = Site(t1=3, t2=1, t3=5)
        site.lines.append(COMMENT)
        site.rtu(111, CA, self.rtus[0].port)
        self.ports = [site.master(111, "OLD", CA), site.master(111, "NEW", CA)]
        site.rtu(222, CA, self.rtus[1].port, name="RTU-2")
        self.ports.append(site.master(222, "FAR", CA))
        self.file = site.write(folder / "site.csv")
        self.masters: list[RawMaster] = []

    def connect(self) -> None:
        self.masters += [self._exits.enter_context(started_master(port)) for port in self.ports]

    def key(self, place: int) -> str:
        return f"{222 if place == 2 else 111}/{self.ports[place]}"

    def use(self, use: Callable[[User], None]) -> int:
        """Run the gateway with its window while everybody is connected."""

        def connected(user: User) -> None:
            self.connect()
            user.until(lambda: [user.cell(key, "state") for key in user.rows()] == ["● ONLINE"] * 5)
            use(user)

        return Shown(self.folder).run(main, connected, "-i", self.file, "--no-ctl")


@pytest.fixture
def plant(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    monkeypatch.setenv("DISPLAY", display)
    with ExitStack() as exits:
        yield Plant(tmp_path, exits)


def edit(user: User, key: str, **cells: str) -> None:
    """Type into the fields of an entry, by the names of their columns with _ for a blank."""
    user.window.tree.choose(key)
    user.press("<Control-Key-e>")
    pane = user.window.panes.first.edit
    user.until(lambda: pane.fields and pane.fields["port no"].text == key.partition("/")[2])
    for name, text in cells.items():
        pane.fields[name.replace("_", " ")].text = text


def is_traced(master: RawMaster, text: tk.Text) -> bool:
    """Send a TESTFR; return whether one of them is in the trace."""
    master.test()
    return "TESTFR" in text.get("1.0", "end")


def test_an_rtu_that_goes_down_and_comes_back_is_shown(plant: Plant) -> None:
    def use(user: User) -> None:
        plant.rtus[1].stop_listening()
        plant.rtus[1].link.close()
        user.until(lambda: user.cell("222/S", "state").startswith("▲ RETRYING"))
        user.until(lambda: user.cell(plant.key(2), "state") == "◇ BLOCKED")
        assert [user.cell(key, "state") for key in ("111/S", plant.key(0), plant.key(1))] == ["● ONLINE"] * 3
        user.until(lambda: "▲ 1 RETRYING" in user.texts(user.window.head))
        plant.rtus[1].listen()
        user.until(lambda: user.cell("222/S", "state") == "● ONLINE")

    assert plant.use(use) == 0


def test_an_edited_port_is_moved_and_nobody_else_is_disconnected(plant: Plant) -> None:
    port = free_port()

    def use(user: User) -> None:
        pane = user.window.panes.first.edit
        edit(user, plant.key(0), port_no=str(port))
        user.until(lambda: pane.apply_button.instate(["!disabled"]))
        assert "disconnects: M/OLD." in str(pane.verdict.cget("text"))
        pane.apply()
        assert "This disconnects: M/OLD." in user.texts(user.dialog())
        user.press_button("Restart", user.dialog())
        user.until(lambda: f"111/{port}" in user.rows() and user.cell(f"111/{port}", "state") == "○ WAITING")
        assert (is_listening(port), is_listening(plant.ports[0])) == (True, False)
        plant.masters[1].test()
        plant.masters[2].test()
        assert [len(rtu.connections) for rtu in plant.rtus] == [1, 1]
        with started_master(port):
            user.until(lambda: user.cell(f"111/{port}", "state") == "● ONLINE")

    before = plant.file.read_text(encoding="utf-8")
    assert plant.use(use) == 0
    assert plant.file.read_text(encoding="utf-8") == before


def test_an_edit_is_saved_to_the_file_with_its_comments_after_a_look_at_the_difference(plant: Plant) -> None:
    def use(user: User) -> None:
        pane = user.window.panes.first.edit
        edit(user, plant.key(1), name="NEWER")
        user.until(lambda: pane.apply_button.instate(["!disabled"]))
        pane.apply()
        user.until(lambda: user.cell(plant.key(1), "name") == "M/NEWER")
        user.press("<Control-Key-s>")
        assert "+111,NEWER," in user.texts(user.dialog())
        user.press_button("Save", user.dialog())
        user.until(lambda: not user.window.head.unsaved.winfo_ismapped())
        plant.masters[1].test()

    before = plant.file.read_text(encoding="utf-8")
    assert plant.use(use) == 0
    assert plant.file.read_text(encoding="utf-8") == before.replace("111,NEW,", "111,NEWER,")


def test_a_wrong_filter_is_told_at_its_field(plant: Plant) -> None:
    def use(user: User) -> None:
        pane = user.window.panes.first.edit
        edit(user, plant.key(0), hosts="10.0.0.0/99")
        hosts = pane.fields["hosts"]
        user.until(lambda: "10.0.0.0/99" in str(hosts.message.cget("text")))
        user.until(hosts.message.winfo_ismapped)
        assert [name for name, field in pane.fields.items() if field.message.cget("text")] == ["hosts"]
        hosts.text = "127.0.0.0/8"
        user.until(lambda: not hosts.message.winfo_ismapped())

    assert plant.use(use) == 0


def test_a_refused_peer_is_added_to_the_filter(plant: Plant) -> None:
    def use(user: User) -> None:
        user.window.tree.choose(plant.key(2))
        user.press("<Key-F6>")
        with RawMaster(plant.ports[2], source="127.0.0.2") as refused:
            refused.wait_closed()
        details = user.window.panes.first.details
        user.until(lambda: details.refused is not None)
        assert details.refused is not None
        details.refused.buttons["127.0.0.2"].invoke()
        hosts = user.window.panes.first.edit.fields["hosts"]
        user.until(lambda: hosts.text == "127.0.0.1;127.0.0.2")
        plant.masters[2].test()
        plant.masters[2].close()
        with started_master(plant.ports[2], source="127.0.0.2"):
            user.until(lambda: user.cell(plant.key(2), "peer").startswith("127.0.0.2:"))

    assert plant.use(use) == 0


def test_a_trace_shows_a_frame_on_its_whole_way(plant: Plant) -> None:
    def use(user: User) -> None:
        pane = user.window.panes.first.trace
        user.window.tree.choose("222/S")
        user.press("<Key-F4>")
        user.until(lambda: pane._follow is not None)
        user.until(lambda: is_traced(plant.masters[2], pane.text))  # what is followed begins in the other thread
        user.press("<space>")
        assert pane.paused

    assert plant.use(use) == 0


def test_closing_the_window_ends_the_gateway(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    def use(user: User) -> None:
        user.press("<Control-Key-q>")
        assert "2 RTUs and 3 masters will be disconnected." in user.texts(user.dialog())
        user.ended = True
        user.press_button_and_end("Stop")

    assert plant.use(use) == 0
    assert "the window is closed: stopping" in capsys.readouterr().err
    for master in plant.masters:
        master.wait_closed()


def test_a_gateway_outlives_its_crashed_window(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []

    def says_so() -> bool:
        said.append(capsys.readouterr().err)
        return "goes on without" in "".join(said)

    def see_to_it() -> None:
        try:
            eventually(says_so, "it says that it goes on")
            for master in plant.masters:
                master.test()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def use(user: User) -> None:
        threading.Thread(target=see_to_it).start()
        user.ended = True

        def fail() -> None:
            raise ZeroDivisionError

        for _ in range(MOST_FAULTS):
            user.root.after(1, fail)

    with pytest.raises(ZeroDivisionError):
        plant.use(use)
    assert "the window is gone: the gateway goes on without it" in "".join(said)
    assert "SIGTERM: stopping" in capsys.readouterr().err
