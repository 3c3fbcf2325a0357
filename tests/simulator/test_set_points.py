import pytest

from iec104mm2ss.simulator.point import Control, Point
from iec104mm2ss.simulator.station import Station
from tests.simulator.bay import CA, OTHER, TAG, ask, digits


def station() -> Station:
    """Give every kind of set point, a tap changer and a bit string, each with a status of its own."""
    points = [Point(1, 34, 0), Point(2, 35, 0), Point(3, 36, 0), Point(4, 33, 0), Point(5, 32, 63), Point(6, 36, 1.5)]
    controls = [
        *(Control(101, 48, 1), Control(102, 49, 2), Control(103, 50, 3), Control(104, 51, 4), Control(105, 47, 5)),
        *(Control(106, 45, 6), Control(106, 50, 6), Control(106, 45, 1)),
    ]
    return Station(CA, points, controls)


@pytest.mark.parametrize(
    ("command", "tagged", "element", "status"),
    [
        ("30", "3d", "650000 0020 00", "22 010b00 2000 010000 002000"),  # C_SE_NA/TA_1 0.25: M_ME_TD_1
        ("31", "3e", "660000 1efb 05", "23 010b00 2000 020000 1efb00"),  # C_SE_NB/TB_1 -1250, QL 5: M_ME_TE_1
        ("32", "3f", "670000 0000803f 00", "24 010b00 2000 030000 0000803f00"),  # C_SE_NC/TC_1 1.0: M_ME_TF_1
        ("33", "40", "680000 a5a5a5a5", "21 010b00 2000 040000 a5a5a5a500"),  # C_BO_NA/TA_1: M_BO_TB_1
        ("2f", "3c", "690000 01", "20 010b00 2000 050000 3e00"),  # C_RC_NA/TA_1 lower: M_ST_TB_1 63 to 62
    ],
)
def test_set_points_with_and_without_time_tag(command: str, tagged: str, element: str, status: str) -> None:
    tag = "0102030405061a"
    assert ask(station(), f"{command} 010603 2000 {element}") == digits(
        f"{command} 010703 2000 {element}",
        f"{status} {TAG.hex()}",
        f"{command} 010a03 2000 {element}",
    )
    assert ask(station(), f"{tagged} 010603 2000 {element} {tag}") == digits(
        f"{tagged} 010703 2000 {element} {tag}",
        f"{status} {TAG.hex()}",
        f"{tagged} 010a03 2000 {element} {tag}",
    )


def test_an_interrogation_shows_what_was_set() -> None:
    it = station()
    ask(it, "31010600 2000 660000 1efb 00")
    assert digits("0b011400 2000 020000 1efb00")[0] in ask(it, "64010600 2000 000000 14")


def test_a_set_point_is_selected_by_one_and_executed_with_the_value_that_was_selected() -> None:
    it = station()
    select, execute = "30010600 2000 650000 0020 80", "30010600 2000 650000 0020 00"
    assert ask(it, select) == digits("30010700 2000 650000 0020 80")
    assert ask(it, execute, session=OTHER) == digits("30014700 2000 650000 0020 00")
    assert len(ask(it, execute)) == 3
    ask(it, select)
    assert ask(it, "30010600 2000 650000 0120 00") == digits("30014700 2000 650000 0120 00")


@pytest.mark.parametrize(
    "request_",
    [
        "32010600 2000 670000 0000c07f 00",  # NaN
        "32010600 2000 670000 000080ff 00",  # -infinity
        "2f010600 2000 690000 00",  # a step command without an order
        "2f010600 2000 690000 83",
    ],
)
def test_what_is_no_order_is_refused(request_: str) -> None:
    assert ask(station(), request_) == [digits(request_)[0].replace("010600", "014700", 1)]


def test_a_value_that_the_status_cannot_show_is_refused_when_it_is_selected() -> None:
    it = Station(CA, [Point(1, 35, 0)], [Control(103, 50, 1)])
    # C_SE_NC_1 of 40000.0 for a scaled value, select
    assert ask(it, "32010600 2000 670000 00401c47 80") == digits("32014700 2000 670000 00401c47 80")
    assert it.reading(1).value == 0


def test_one_address_may_have_controls_of_several_types_the_first_of_each_counts() -> None:
    it = station()
    assert len(ask(it, "2d010600 2000 6a0000 01")) == 3
    assert it.reading(6).value == 1.5  # a measured value knows no ON
    assert it.reading(1).value == 0
    ask(it, "32010600 2000 6a0000 0000803f 00")
    assert it.reading(6).value == 1.0
    assert ask(it, "2e010600 2000 6a0000 01") == digits("2e016f00 2000 6a0000 01")
