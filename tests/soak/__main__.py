"""`python -m tests.soak`: run the gateway under churn as long as wanted and draw how it was; exit 1 if it leaked."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.soak.course import Course, Plan, Sample
from tests.soak.picture import Curve, svg

_ENDINGS_KEPT = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--masters", type=int, default=5)
    parser.add_argument("--rate", type=float, default=2.0, help="events a second from each RTU (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("soak.svg"))
    options = parser.parse_args()
    plan = Plan(
        seconds=60 * options.minutes,
        groups=options.groups,
        masters=options.masters,
        rate=options.rate,
        seed=options.seed,
        losses=_ENDINGS_KEPT,
    )
    with tempfile.TemporaryDirectory() as folder:
        course = Course(plan, Path(folder))
        asyncio.run(course.run(_show))
    options.output.write_text(_drawn(plan, course), encoding="utf-8")
    sys.stdout.write(
        f"\nbefore {course.base}, after {course.end}\n"
        f"memory grew by {course.slope:.2f} MiB an hour in the second half\n"
        f"missed by a master: {len(course.losses)}\n{options.output}\n"
    )
    return 0 if course.base == course.end and not course.losses else 1


def _show(sample: Sample) -> None:
    sys.stdout.write(
        f"\r{sample.at:6.0f} s  {sample.memory / 1024:6.1f} MiB  {sample.files:5} files  {sample.started:5} masters  "
        f"median {1000 * sample.median:5.1f} ms  slowest {1000 * sample.slowest:6.1f} ms "
    )
    sys.stdout.flush()


def _drawn(plan: Plan, course: Course) -> str:
    samples = course.samples
    title = f"{plan.groups} groups of {plan.masters} masters, {plan.rate:g} events a second each, masters come and go"
    curves = (
        Curve("memory", "MiB", [it.memory / 1024 for it in samples]),
        Curve("open files", "number", [it.files for it in samples]),
        Curve("masters started", "number", [it.started for it in samples]),
        Curve("latency, median", "ms", [1000 * it.median for it in samples]),
        Curve("latency, slowest", "ms", [1000 * it.slowest for it in samples]),
    )
    return svg(title, [it.at / 3600 for it in samples], curves)


sys.exit(main())
