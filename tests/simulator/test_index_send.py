"""An index send on a port with literal times: its log is a table that only remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from iec104mm2ss.simulator.index_send import IndexSend
from tests.simulator.sent import COMMAND, sending

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from iec104mm2ss.logs import TableLog
    from iec104mm2ss.simulator.database import Signal
    from iec104mm2ss.simulator.shared import SharedStation

THREE = ("301,Y,1,1,1,0", "301,Y,1,2,1,0", "301,Y,1,3,1,0")
WAITING = ("301,Y,1,1,1,0,,46,21001,2,5000", "301,Y,1,2,1,0")


class Table:
    """Stands for the log of an RTU."""

    def __init__(self) -> None:
        self.is_behind = False
        self.lines: list[str] = []

    def rows(self, rows: Sequence[str]) -> None:
        self.lines += rows


class Station:
    """Stands for the station: an ASDU is the IOA."""

    def reports(self, signals: Iterable[Signal], wall: datetime) -> list[bytes]:
        return [bytes((signal.row.ioa,)) for signal in signals]


class Rtu:
    def __init__(self, table: Table) -> None:
        self.station = cast("SharedStation", Station())
        self.log = cast("TableLog", table)


class Scene:
    def __init__(self, *lines: str, duration: float | None = None) -> None:
        self.table = Table()
        self.ends: list[str] = []
        self.rtu = Rtu(self.table)
        self.send = IndexSend(301, sending(*lines, duration=duration), self.rtu, self.ends.append)


def test_signals_become_asdus_and_rows_and_the_end_is_told_with_the_last() -> None:
    scene = Scene(*THREE)
    assert scene.send.take(2, 100.0) == [b"\1", b"\2"]
    assert (len(scene.table.lines), scene.ends) == (2, [])
    assert scene.send.take(2, 100.5) == [b"\3"]
    assert scene.ends == ["index 301 ended: 3 sent, 0 left out"]
    assert [line.split(",")[2] for line in scene.table.lines] == ["1", "2", "3"]
    assert scene.send.take(2, 101.0) == []
    assert (len(scene.ends), len(scene.table.lines)) == (1, 3)


def test_what_is_heard_lets_the_next_signal_go() -> None:
    scene = Scene(*WAITING)
    assert scene.send.take(2, 100.0) == []
    assert scene.send.next_deadline() == 105.0
    scene.send.heard(COMMAND, 101.0)
    assert scene.send.take(2, 101.0) == [b"\1", b"\2"]


def test_a_signal_left_out_is_a_row() -> None:
    scene = Scene(*WAITING)
    scene.send.take(2, 100.0)
    assert scene.send.take(2, 105.0) == [b"\2"]
    assert scene.table.lines[0].startswith("index 301,M_SP_NA_1(1),1,1,,,,")
    assert "not sent; not received: C_DC_NA_1, IOA 21001" in scene.table.lines[0]
    assert scene.ends == ["index 301 ended: 1 sent, 1 left out"]


def test_stopped_and_interrupted() -> None:
    stopped, interrupted = Scene(*THREE), Scene(*THREE)
    for scene in (stopped, interrupted):
        scene.send.take(1, 100.0)
    stopped.send.stop(101.0)
    interrupted.send.interrupt("the master is gone")
    interrupted.send.stop(102.0)
    assert stopped.ends == ["index 301 stopped: 1 sent, 0 left out"]
    assert interrupted.ends == ["index 301 interrupted, the master is gone: 1 sent, 0 left out"]
    assert stopped.send.take(2, 102.0) == []


def test_it_waits_for_a_log_that_is_behind() -> None:
    scene = Scene(*THREE)
    scene.table.is_behind = True
    assert scene.send.take(2, 100.0) == []
    assert scene.send.next_deadline() == 100.1
    scene.table.is_behind = False
    assert scene.send.take(2, 100.1) == [b"\1", b"\2"]
    assert scene.send.next_deadline() > 1000


def test_it_waits_five_seconds_for_a_disk_that_does_not_answer() -> None:
    scene = Scene(*THREE)
    scene.table.is_behind = True
    assert [scene.send.take(1, now) for now in (100.0, 104.9)] == [[], []]
    assert scene.send.take(1, 105.0) == [b"\1"]
    assert scene.send.take(1, 105.1) == [b"\2"]
    scene.table.is_behind = False
    assert scene.send.take(0, 106.0) == []
    scene.table.is_behind = True
    assert scene.send.take(1, 107.0) == []


def test_its_duration_runs_out_while_it_waits_for_the_log() -> None:
    scene = Scene(*THREE, duration=3.0)
    scene.table.is_behind = True
    assert scene.send.take(1, 100.0) == []
    assert scene.send.take(1, 103.0) == []
    assert (len(scene.ends), scene.send.next_deadline()) == (1, float("inf"))


def test_rows_go_to_the_log_that_the_rtu_has_now() -> None:
    scene, renamed = Scene(*THREE), Table()
    scene.send.take(1, 100.0)
    scene.rtu.log = cast("TableLog", renamed)
    scene.send.take(1, 100.0)
    assert (len(scene.table.lines), len(renamed.lines)) == (1, 1)
