from __future__ import annotations

import math

import pytest

from iec104mm2ss.link import LinkParameters


def test_defaults_are_the_standards() -> None:
    p = LinkParameters()
    assert (p.t0, p.t1, p.t2, p.t3, p.k, p.w, p.idle) == (30.0, 15.0, 10.0, 20.0, 12, 8, math.inf)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"t0": 0.0}, "t0 0.0 must be a finite number of seconds above 0"),
        ({"t0": math.inf}, "t0 inf must be a finite number"),
        ({"t1": -1.0}, "t1 -1.0 must be a finite number"),
        ({"t1": math.inf}, "t1 inf must be a finite number"),
        ({"t2": 0.0}, "t2 0.0 must be a finite number"),
        ({"t2": math.nan}, "t2 nan must be a finite number"),
        ({"t3": 0.0}, "t3 0.0 must be a number of seconds above 0"),
        ({"t3": math.nan}, "t3 nan must be a number of seconds above 0"),
        ({"idle": -5.0}, "idle -5.0 must be a number of seconds above 0"),
        ({"t2": 15.0}, "t2 15.0 must be less than t1 15.0"),
        ({"t1": 5.0}, "t2 10.0 must be less than t1 5.0"),
        ({"k": 0, "w": 0}, "k 0 outside 1..32767"),
        ({"k": 32768}, "k 32768 outside 1..32767"),
        ({"w": 0}, "w 0 outside 1..k, where k is 12"),
        ({"w": 13}, "w 13 outside 1..k, where k is 12"),
        ({"w": 32768}, "w 32768 outside 1..k, where k is 12"),
    ],
)
def test_impossible_values_are_refused_with_the_value(wrong: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        LinkParameters(**wrong)  # type: ignore[arg-type]  # mypy cannot tell the integers' names


@pytest.mark.parametrize(
    "right",
    [
        {"k": 32767, "w": 32767},
        {"k": 1, "w": 1},
        {"k": 12, "w": 12},  # more than 2k/3 is unwise, not impossible
        {"t3": math.inf, "idle": math.inf},
        {"t1": 0.2, "t2": 0.1, "t3": 0.5, "t0": 0.1, "idle": 0.5},
    ],
)
def test_limits_are_allowed(right: dict[str, float]) -> None:
    LinkParameters(**right)  # type: ignore[arg-type]  # mypy cannot tell the integers' names
