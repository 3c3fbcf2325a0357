import pytest

from iec104mm2ss.simulator.point import Control, Point


@pytest.mark.parametrize("type_id", [2, 16, 20, 38, 45, 70, 200])
def test_types_that_cannot_be_simulated(type_id: int) -> None:
    with pytest.raises(ValueError, match="cannot be simulated"):
        Point(1, type_id, 0)


@pytest.mark.parametrize("type_id", [46 + 12, 47, 48, 1])
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


def test_a_control_that_no_asdu_can_address() -> None:
    with pytest.raises(ValueError, match="16777216"):
        Control(1 << 24, 45, 1)


@pytest.mark.parametrize(
    ("type_id", "untagged"),
    [(30, 1), (31, 3), (32, 5), (33, 7), (34, 9), (35, 11), (36, 13), (37, 15), (1, 1), (15, 15), (21, 21)],
)
def test_the_untagged_twin(type_id: int, untagged: int) -> None:
    assert Point(1, type_id, 1).untagged == untagged
