"""The list of points that a master may command: `command_points=1000-1999;3001`."""

import pytest

from iec104mm2ss.settings.points import read_points
from tests.settings.texts import MASTER, RTU, master, read, said


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("7", [7], [6, 8]),
        ("1000-1999;3001", [1000, 1999, 3001], [0, 999, 2000, 3000, 3002]),
        (" 5 - 6 ;;\n 0 ", [0, 5, 6], [1, 4, 7]),
        ("4-4;4", [4], [3, 5]),
        ("0-16777215", [0, 16_777_215], [16_777_216, -1]),
    ],
)
def test_addresses_and_ranges_with_both_ends(text: str, inside: list[int], outside: list[int]) -> None:
    points = read_points(text)
    assert [ioa for ioa in inside + outside if ioa in points] == inside


@pytest.mark.parametrize(("text", "written"), [(" 7 ; 8-9", "7;8-9"), ("4-4", "4"), ("007", "7")])
def test_a_list_is_written_as_it_is_read(text: str, written: str) -> None:
    assert str(read_points(text)) == written
    assert read_points(written) == read_points(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "should be information object addresses such as 1000-1999;3001"),
        ("; ;", "should be information object addresses such as 1000-1999;3001"),
        ("5;all", "has 'all', which should be addresses or ranges such as 1000-1999;3001, from 0 to 16777215"),
        ("1-", "has '1-', which should be addresses or ranges such as 1000-1999;3001, from 0 to 16777215"),
        ("-5", "has '-5', which should be addresses or ranges such as 1000-1999;3001, from 0 to 16777215"),
        ("1-2-3", "has '1-2-3', which should be addresses or ranges such as 1000-1999;3001, from 0 to 16777215"),
        ("16777216", "has '16777216', which should be addresses or ranges such as 1000-1999;3001, from 0 to 16777215"),
        ("1-9 12", "has '1-9 12', which should be addresses or ranges such as 1000-1999;3001, from 0 to 16777215"),
        ("5:6", "has '5:6', which should be addresses or ranges such as 1000-1999;3001, from 0 to 16777215"),
        ("9;20-10", "has '20-10', which should be written 10-20"),
    ],
)
def test_a_bad_list_refuses_its_row(text: str, problem: str) -> None:
    loaded = read(RTU, MASTER, f"111,ABB-2,2407,32,Y,127.0.0.1,command_points={text}")
    assert said(loaded) == [f"3:G: 'command_points={text}' {problem}"]
    assert loaded.site == read(RTU, MASTER).site


def test_without_a_list_a_master_may_command_all() -> None:
    assert master().command_points is None
    assert master("command_points=7").command_points == read_points("7")
