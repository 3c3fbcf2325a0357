"""Masters come and go and RTUs are lost: nothing is left behind of them, and nobody misses anything."""

import asyncio
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.soak.course import Course, Plan, Sample
from tests.soak.picture import Curve, svg


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the process in /proc")
def test_after_a_time_of_coming_and_going_all_is_as_before(tmp_path: Path) -> None:
    seen: list[Sample] = []
    course = Course(Plan(seconds=6, groups=10, masters=3, rate=20, every=0.5, losses=1), tmp_path)
    asyncio.run(course.run(seen.append))
    assert course.end == course.base
    assert course.losses == []
    assert min(it.started for it in seen) < 30, "nobody went away: nothing was tried"
    assert max(it.slowest for it in seen) > 0


def test_a_picture_has_a_curve_for_each_figure() -> None:
    curves = Curve("x", "MiB", [1, 2, 4]), Curve("y", "ms", [0, 0, 0])
    picture = ET.fromstring(svg("a < b", [0.0, 0.5, 1.0], curves))  # noqa: S314 - our own
    lines = [it.attrib["points"] for it in picture.iter("{http://www.w3.org/2000/svg}polyline")]
    assert lines[0] == "70.0,149.5 475.0,117.0 880.0,52.0"
    assert len(lines) == 2
