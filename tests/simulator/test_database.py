import os
from pathlib import Path

import pytest

from iec104mm2ss.simulator.database import Database, control_of, point_of
from iec104mm2ss.simulator.point import Control, Point
from iec104mm2ss.simulator.station import Station
from iec104mm2ss.wire.asdu import fault, ioas
from iec104mm2ss.wire.elements import Quality
from tests.simulator.bay import WALL, octets
from tests.simulator.data import rows

SAMPLES = Path(__file__).parents[2] / "config" / "data"
GOOD = "301,Y,31,301,1,0\n302,Y,30,302,0,0\n"


class File:
    """A data file that is edited; every edit has a time of its own, however coarse the clock of the disk is."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "iodata.csv"
        self._edits = 0

    def write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")
        self._edits += 1
        os.utime(self.path, ns=(self._edits * 10**9, self._edits * 10**9))


@pytest.fixture
def file(tmp_path: Path) -> File:
    file = File(tmp_path)
    file.write(GOOD)
    return file


def loaded(file: File) -> Database:
    database = Database(file.path)
    edit = database.refresh()
    assert edit is not None
    assert edit.taken
    return database


def addresses(database: Database) -> list[int]:
    return [signal.row.ioa for signal in database.signals]


def test_a_row_becomes_a_point() -> None:
    (row,) = rows("301,Y,31,447,2,0,,,,,,Breaker,quality=SB+NT,group=3,Q0")
    assert point_of(row) == Point(447, 31, 2, "Breaker Q0", Quality.SB | Quality.NT, interrogated=True, group=3)


def test_neither_the_whole_station_nor_a_group_includes_what_stands_below_the_end() -> None:
    above, below = rows("1,N,30,1,0,0,,,,,,group=1", "!End", "2,Y,30,2,0,0,,,,,,group=1")
    assert (point_of(above).interrogated, point_of(above).group) == (False, 1)
    assert (point_of(below).interrogated, point_of(below).group) == (False, None)


@pytest.mark.parametrize(("type_id", "untagged"), [(46, 46), (58, 45), (60, 47), (63, 50), (64, 51)])
def test_a_command_becomes_a_control(type_id: int, untagged: int) -> None:
    (row,) = rows(f"9,N,{type_id},21001,301,0")
    assert control_of(row) == Control(21001, untagged, 301)


def test_nothing_is_there_before_the_first_reading(file: File) -> None:
    database = Database(file.path)
    assert database.signals == ()
    assert database.inventory.points == ()


def test_a_file_is_read_again_only_when_it_is_another(file: File) -> None:
    database = loaded(file)
    before = database.inventory
    assert database.refresh() is None
    assert database.inventory is before
    file.write(GOOD + "303,Y,30,303,0,0\n")
    edit = database.refresh()
    assert edit is not None
    assert (edit.taken, edit.problems) == (True, ())
    assert addresses(database) == [301, 302, 303]
    assert database.refresh() is None


def test_a_file_that_was_replaced_is_another_even_with_its_time_and_size(file: File) -> None:
    database = loaded(file)
    other = file.path.with_suffix(".new")
    other.write_text(GOOD.replace("301", "311"), encoding="utf-8")
    os.utime(other, ns=(10**9, 10**9))
    other.replace(file.path)
    database.refresh()
    assert addresses(database) == [311, 302]


def test_the_first_reading_takes_every_good_row(file: File) -> None:
    file.write(GOOD + "303,Y,30,303,ON,0\n")
    database = Database(file.path)
    edit = database.refresh()
    assert edit is not None
    assert (edit.taken, [problem.row for problem in edit.problems]) == (True, [3])
    assert addresses(database) == [301, 302]


@pytest.mark.parametrize("broken", ["", "# nothing\n", GOOD + "303,Y,30,303,ON,0\n", "301,Y,31,301,7,0\n302,Y,30,30"])
def test_a_broken_edit_keeps_the_last_good_rows_and_is_reported_once(file: File, broken: str) -> None:
    database = loaded(file)
    inventory = database.inventory
    file.write(broken)
    edit = database.refresh()
    assert edit is not None
    assert not edit.taken
    assert any(problem.refused for problem in edit.problems)
    assert addresses(database) == [301, 302]
    assert database.inventory is inventory
    assert database.refresh() is None


def test_a_file_that_is_gone_keeps_its_rows_and_is_read_when_it_is_back(file: File) -> None:
    database = loaded(file)
    file.path.unlink()
    edit = database.refresh()
    assert edit is not None
    assert not edit.taken
    assert "cannot be read" in edit.problems[0].text
    assert database.refresh() is None
    assert addresses(database) == [301, 302]
    file.write("303,Y,30,303,0,0\n")
    database.refresh()
    assert addresses(database) == [303]


def test_a_file_that_never_was_there_is_reported_once(tmp_path: Path) -> None:
    for name in ("iodata.csv", "io\0data.csv"):
        database = Database(tmp_path / name)
        edit = database.refresh()
        assert edit is not None
        assert (edit.taken, len(edit.problems)) == (False, 1)
        assert database.refresh() is None


def test_a_fault_that_was_there_before_does_not_refuse_an_edit(file: File) -> None:
    file.write(GOOD + "303,Y,30,303,ON,0\n")
    database = Database(file.path)
    database.refresh()
    file.write("300,Y,30,300,0,0\n" + GOOD + "303,Y,30,303,ON,0\n")  # a line further down
    edit = database.refresh()
    assert edit is not None
    assert edit.taken
    assert addresses(database) == [300, 301, 302]
    file.write(GOOD + "303,Y,30,303,ON,0\n" * 2)
    edit = database.refresh()
    assert edit is not None
    assert not edit.taken


def test_an_edit_that_mends_a_fault_is_taken(file: File) -> None:
    file.write(GOOD + "303,Y,30,303,ON,0\n")
    database = Database(file.path)
    database.refresh()
    file.write(GOOD + "303,Y,30,303,1,0\n")
    database.refresh()
    assert addresses(database) == [301, 302, 303]
    file.write(GOOD + "303,Y,30,303,ON,0\n")
    database.refresh()
    assert addresses(database) == [301, 302, 303]


def test_an_index_is_its_signals_in_file_order_and_0_all_of_them(file: File) -> None:
    file.write("7,N,30,1,0,0\n8,N,30,2,0,0\n7,N,46,3,1,0\n!\n7,N,31,4,1,0,33\n")
    database = loaded(file)
    assert [signal.row.ioa for signal in database.of_index(7)] == [1, 4]
    assert [signal.row.ioa for signal in database.of_index(0)] == [1, 2, 4]
    assert database.of_index(9) == ()


def test_a_command_of_the_file_shows_in_its_status(file: File) -> None:
    file.write("9,N,46,21001,301,0\n" + GOOD)
    station = Station.of(32, loaded(file).inventory)
    station.receive(octets("2e010600 2000 095200 02"), "", 0.0, WALL)
    assert station.reading(301).value == 2


@pytest.mark.parametrize(("name", "interrogated"), [("iodata1.csv", 23), ("iodata2.csv", 17)])
def test_the_samples(name: str, interrogated: int) -> None:
    database = Database(SAMPLES / name)
    edit = database.refresh()
    assert edit is not None
    assert not any(problem.refused for problem in edit.problems)
    station = Station.of(32, database.inventory)
    values = station.receive(octets("64010600 2000 000000 14"), "", 0.0, WALL)[1:-1]
    assert sum(len(ioas(asdu)) for asdu in values) == interrogated
    reports = [station.report(signal.point, WALL) for signal in database.of_index(0)]
    assert [fault(asdu) for asdu in (*values, *reports)] == [None] * (len(values) + len(reports))
