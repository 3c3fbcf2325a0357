import pytest

from iec104mm2ss.simulator.point import Control, Point
from iec104mm2ss.wire.elements import Quality
from tests.simulator.bay import TAG, WALL, octets


@pytest.mark.parametrize("type_id", [2, 16, 20, 38, 45, 70, 200])
def test_types_that_cannot_be_simulated(type_id: int) -> None:
    with pytest.raises(ValueError, match="cannot be simulated"):
        Point(1, type_id, 0)


@pytest.mark.parametrize("type_id", [58, 64, 52, 1, 100])
def test_controls_that_cannot_be_simulated(type_id: int) -> None:
    with pytest.raises(ValueError, match="cannot be simulated"):
        Control(1, type_id, 2)


@pytest.mark.parametrize(
    ("ioa", "type_id", "value"),
    [(1, 30, 2), (1, 31, 4), (1, 32, 64), (1, 34, 1.5), (1, 35, 40_000), (1, 36, 1e39), (1 << 24, 30, 1)],
)
def test_a_point_that_no_asdu_can_carry(ioa: int, type_id: int, value: float) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        Point(ioa, type_id, value)


@pytest.mark.parametrize(("type_id", "group"), [(30, 0), (30, 17), (37, 5)])
def test_groups_that_do_not_exist(type_id: int, group: int) -> None:
    with pytest.raises(ValueError, match=f"group {group} is not within"):
        Point(1, type_id, 0, group=group)


def test_a_control_that_no_asdu_can_address() -> None:
    with pytest.raises(ValueError, match="16777216"):
        Control(1 << 24, 45, 1)


@pytest.mark.parametrize(
    ("type_id", "untagged"),
    [(30, 1), (31, 3), (32, 5), (33, 7), (34, 9), (35, 11), (36, 13), (37, 15), (1, 1), (15, 15), (21, 21)],
)
def test_the_untagged_twin(type_id: int, untagged: int) -> None:
    assert Point(1, type_id, 1).untagged == untagged


@pytest.mark.parametrize(
    ("untagged", "tagged", "value", "element"),
    [
        (1, 30, 0, "00"),
        (1, 30, 1, "01"),  # the original said 0x03 for an untagged ON
        (3, 31, 0, "00"),
        (3, 31, 1, "01"),  # OFF: 0 in the original
        (3, 31, 2, "02"),  # ON: 3 in the original
        (3, 31, 3, "03"),
        (5, 32, -64, "4000"),
        (5, 32, 63, "3f00"),
        (7, 33, 0x80000001, "0100008000"),
        (9, 34, 0.6, "cd4c00"),  # 19660.8 of 32768
        (9, 34, -1, "008000"),
        (9, 34, 1, "ff7f00"),  # 1 has no code: the largest below it
        (11, 35, -32768, "008000"),
        (13, 36, -10.456, "c74b27c100"),
        (15, 37, -5, "fbffffff00"),
    ],
)
def test_values_on_the_wire(untagged: int, tagged: int, value: float, element: str) -> None:
    # VSQ 1, spont(3), OA 0, CA 32, IOA 301
    header = "010300 2000 2d0100"
    point, twin = Point(301, untagged, value), Point(301, tagged, value)
    assert point.report(point.octets, 3, 32, WALL) == octets(f"{untagged:02x} {header} {element}")
    assert twin.report(twin.octets, 3, 32, WALL) == octets(f"{tagged:02x} {header} {element}") + TAG


@pytest.mark.parametrize(
    ("type_id", "quality", "element"),
    [
        (30, Quality.IV, "81"),
        (31, Quality.BL | Quality.SB, "31"),
        (36, Quality.OV | Quality.NT, "0000803f 41"),
        (37, Quality.IV, "01000000 80"),
    ],
)
def test_quality_on_the_wire(type_id: int, quality: Quality, element: str) -> None:
    assert Point(301, type_id, 1, quality=quality).octets == octets(f"2d0100 {element}")
