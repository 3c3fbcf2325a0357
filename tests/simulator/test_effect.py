import pytest

from iec104mm2ss.simulator.effect import effect
from iec104mm2ss.simulator.point import Control, Point, Reading
from iec104mm2ss.wire.elements import Quality

SINGLE, DOUBLE, STEP = 45, 46, 47
NORMALIZED, SCALED, SHORT, BITS = 48, 49, 50, 51


def shown(command: int, order: float, status: int, present: float = 0) -> float | None:
    """Return the value of a status of that type after the order."""
    reading = effect(Control(7, command, 1), order, Point(1, status, present), Reading(present))
    return None if reading is None else reading.value


@pytest.mark.parametrize(
    ("command", "order", "single", "double"),
    [(SINGLE, 0, 0, 1), (SINGLE, 1, 1, 2), (DOUBLE, 1, 0, 1), (DOUBLE, 2, 1, 2), (STEP, 1, 0, 1), (STEP, 2, 1, 2)],
)
def test_off_and_on_in_single_and_double_points(command: int, order: int, single: int, double: int) -> None:
    assert (shown(command, order, 30), shown(command, order, 1)) == (single, single)
    assert (shown(command, order, 31), shown(command, order, 3)) == (double, double)


@pytest.mark.parametrize(
    ("order", "present", "after"),
    [(1, 9, 8), (2, 9, 10), (2, 63, 63), (1, -64, -64)],
)
def test_lower_and_higher_move_a_step_position(order: int, present: int, after: int) -> None:
    assert shown(STEP, order, 32, present) == after


@pytest.mark.parametrize(("command", "status", "present"), [(DOUBLE, 5, 9), (SINGLE, 36, 5.5), (STEP, 15, 700)])
def test_a_status_that_knows_no_on_and_off_stays(command: int, status: int, present: float) -> None:
    assert shown(command, 1, status, present) == present


@pytest.mark.parametrize(
    ("command", "order", "status", "after"),
    [
        (NORMALIZED, 0.25, 34, 0.25),
        (NORMALIZED, -0.25, 13, -0.25),
        (SCALED, -1250, 35, -1250),
        (SHORT, 11.25, 36, 11.25),
        (SHORT, 11.5, 11, 12),
        (SHORT, -11.5, 11, -11),
        (SHORT, 0.75, 21, 0.75),
        (SCALED, 7, 32, 7),  # the wanted tap
        (SCALED, 2, 31, 2),
        (BITS, 0xA5A5A5A5, 7, 0xA5A5A5A5),
        (SCALED, 500, 37, 500),
    ],
)
def test_a_set_point_is_taken_over(command: int, order: float, status: int, after: float) -> None:
    assert shown(command, order, status) == after


@pytest.mark.parametrize(
    ("command", "order", "status"),
    [(SHORT, 1.5, 34), (SHORT, 40_000.0, 35), (SCALED, 64, 5), (SCALED, -1, 33), (BITS, 2, 30), (BITS, 1 << 31, 15)],
)
def test_a_set_point_that_the_status_cannot_show(command: int, order: float, status: int) -> None:
    assert shown(command, order, status) is None


def test_the_quality_stays() -> None:
    reading = effect(Control(7, SINGLE, 1), 1, Point(1, 30, 0), Reading(0, Quality.SB))
    assert reading == Reading(1, Quality.SB)
