import pytest

from iec104mm2ss.simulator.inventory import Inventory
from iec104mm2ss.simulator.point import Control, Point, Reading
from iec104mm2ss.simulator.station import Station
from iec104mm2ss.wire.elements import Quality
from tests.simulator.bay import CA, TAG, WALL, ask, digits, octets

SWITCH, ALARM = Point(301, 31, 1), Point(447, 30, 0)
# One measurement with two values to send, another type of the same address, and the same as a tagged type.
LOW, HIGH, FLOAT, TAGGED = Point(11002, 9, -0.5), Point(11002, 9, 0.5), Point(11002, 13, 5.5), Point(11002, 34, -0.5)
LOW_GI, HIGH_GI, FLOAT_GI = "fa2a00 00c000", "fa2a00 004000", "fa2a00 0000b04000"


def interrogated(station: Station) -> list[str]:
    return ask(station, "64010600 2000 000000 14")[1:-1]


def test_points_of_one_address_are_all_interrogated_in_file_order() -> None:
    station = Station(CA, [HIGH, FLOAT, LOW, LOW])
    assert interrogated(station) == digits(
        f"09011400 2000 {HIGH_GI}", f"0d011400 2000 {FLOAT_GI}", f"09021400 2000 {LOW_GI} {LOW_GI}"
    )


def test_a_read_and_a_change_go_to_the_first_of_them() -> None:
    station = Station(CA, [FLOAT, LOW])
    assert ask(station, "66010500 2000 fa2a00") == digits(f"0d010500 2000 {FLOAT_GI}")
    assert station.change(11002, 1.0, WALL) == octets("0d010300 2000 fa2a00 0000803f00")
    assert interrogated(station)[1:] == digits(f"09011400 2000 {LOW_GI}")


def test_what_one_of_them_reports_the_others_of_its_type_show_too() -> None:
    station = Station(CA, [LOW, HIGH, FLOAT, TAGGED])
    assert station.report(HIGH, WALL) == octets(f"09010300 2000 {HIGH_GI}")
    both = f"09021400 2000 {HIGH_GI} {HIGH_GI}"
    assert interrogated(station) == digits(both, f"0d011400 2000 {FLOAT_GI}", f"09011400 2000 {HIGH_GI}")
    assert station.report(TAGGED, WALL) == octets(f"22010300 2000 {LOW_GI}") + TAG
    assert interrogated(station)[0] == digits(f"09021400 2000 {LOW_GI} {LOW_GI}")[0]


def test_a_report_says_again_what_the_point_said_in_the_beginning() -> None:
    station = Station(CA, [SWITCH], [Control(21001, 46, 301)])
    ask(station, "2e010600 2000 095200 02")
    assert station.reading(301) == Reading(2)
    assert station.report(SWITCH, WALL) == octets("1f010300 2000 2d0100 01") + TAG
    assert station.reading(301) == Reading(1)
    assert station._readings == {}


def test_stations_that_share_points_do_not_share_readings() -> None:
    inventory = Inventory([SWITCH, ALARM])
    first, second = Station.of(32, inventory), Station.of(33, inventory)
    first.change(301, 2, WALL)
    assert second.reading(301).value == 1
    assert second.initialised() == octets("46010400 2100 000000 00")


def test_a_reload_keeps_the_readings_of_points_that_begin_as_before() -> None:
    station = Station.of(CA, Inventory([SWITCH, ALARM, FLOAT]))
    station.change(301, 2, WALL, quality=Quality.SB)
    station.change(447, 1, WALL)
    station.change(11002, 7.5, WALL)
    # The switch moves down and gets a name, the alarm's own value is edited, the measurement goes.
    station.replace(Inventory([Point(447, 30, 0, quality=Quality.IV), Point(5, 30, 0), Point(301, 31, 1, "Q0")]))
    assert station.reading(301) == Reading(2, Quality.SB)
    assert station.reading(447) == Reading(0, Quality.IV)
    with pytest.raises(KeyError):
        station.reading(11002)
    station.replace(Inventory([FLOAT]))
    assert station.reading(11002) == Reading(5.5)


def test_a_reload_replaces_controls() -> None:
    station = Station.of(CA, Inventory([SWITCH], [Control(21001, 46, 301)]))
    station.replace(Inventory([SWITCH], [Control(21002, 46, 301)]))
    assert ask(station, "2e010600 2000 095200 02") == digits("2e016f00 2000 095200 02")
    assert len(ask(station, "2e010600 2000 0a5200 02")) == 3


def test_the_same_inventory_again_changes_nothing() -> None:
    inventory = Inventory([SWITCH])
    station = Station.of(CA, inventory)
    station.change(301, 2, WALL)
    station.replace(inventory)
    assert station.reading(301).value == 2


def test_an_unknown_address_has_no_reading() -> None:
    with pytest.raises(KeyError, match="77"):
        Station(CA, [SWITCH]).reading(77)
    with pytest.raises(KeyError, match="77"):
        Station(CA, [SWITCH]).change(77, 1, WALL)
