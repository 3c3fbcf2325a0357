import pytest

from iec104mm2ss.simulator.point import Point
from iec104mm2ss.simulator.station import Station
from tests.simulator.bay import CA, ask, digits


def station() -> Station:
    points = [
        Point(1, 30, 1, group=1),
        Point(2, 30, 0),
        Point(3, 31, 2, group=16, interrogated=False),
        Point(4, 1, 0, group=1),
        Point(5, 37, 5, group=4),
        Point(6, 37, 6, interrogated=False),
    ]
    return Station(CA, points)


@pytest.mark.parametrize(
    ("qualifier", "value"),
    [
        ("14", "01031400 2000 010000 01 020000 00 040000 00"),  # all with GI, inrogen(20)
        ("15", "01021500 2000 010000 01 040000 00"),  # group 1, inro1(21)
        ("24", "03012400 2000 030000 02"),  # group 16, inro16(36)
    ],
)
def test_a_group_comes_with_its_own_cause(qualifier: str, value: str) -> None:
    assert ask(station(), f"64010600 2000 000000 {qualifier}") == digits(
        f"64010700 2000 000000 {qualifier}", value, f"64010a00 2000 000000 {qualifier}"
    )


@pytest.mark.parametrize(
    ("qualifier", "value"),
    [
        ("05", "0f012500 2000 050000 05000000 00"),  # all with GI, reqcogen(37)
        ("04", "0f012900 2000 050000 05000000 00"),  # group 4, reqco4(41)
    ],
)
def test_a_group_of_counters_comes_with_its_own_cause(qualifier: str, value: str) -> None:
    assert ask(station(), f"65010600 2000 000000 {qualifier}") == digits(
        f"65010700 2000 000000 {qualifier}", value, f"65010a00 2000 000000 {qualifier}"
    )


@pytest.mark.parametrize("qualifier", ["00", "13", "16", "18", "25", "ff"])
def test_groups_without_points_and_qualifiers_without_meaning(qualifier: str) -> None:
    # 18 is group 4: the counters of group 4 are none of it.
    assert ask(station(), f"64010600 2000 000000 {qualifier}") == digits(f"64014700 2000 000000 {qualifier}")


@pytest.mark.parametrize("qualifier", ["00", "01", "06", "3f", "44", "c5"])
def test_counter_groups_without_points_and_requests_to_freeze(qualifier: str) -> None:
    assert ask(station(), f"65010600 2000 000000 {qualifier}") == digits(f"65014700 2000 000000 {qualifier}")


def test_a_station_without_points_is_interrogated_all_the_same() -> None:
    assert ask(Station(CA), "64010600 2000 000000 14") == digits("64010700 2000 000000 14", "64010a00 2000 000000 14")
    assert ask(Station(CA), "65010600 2000 000000 05") == digits("65010700 2000 000000 05", "65010a00 2000 000000 05")
