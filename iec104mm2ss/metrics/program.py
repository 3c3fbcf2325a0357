"""What every program tells of itself and of its process."""

from __future__ import annotations

import os
import platform
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iec104mm2ss.metrics.figures import Distribution, Kind, Measure, single

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iec104mm2ss.metrics.figures import Figure, Labels, Lag


@dataclass(frozen=True, slots=True)
class Comparison:
    """This machine's clock was `offset` seconds behind `server` at `when`, seconds since 1970."""

    server: str
    offset: float
    when: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a program is.

    `started` is seconds since 1970. `lost_lines` is log lines that no file has received, `tasks` those of the event
    loop, `refused_rows` rows of the file that cannot be used. `clock_good` says whether nobody has to do anything about
    the clock, None without time servers; `compared` is the last answer of one that could be believed.
    """

    program: str
    version: str
    file: str
    started: float
    lost_lines: int
    tasks: int
    refused_rows: int = 0
    clock_good: bool | None = None
    compared: Comparison | None = None


def of_program(condition: Condition, lag: Lag) -> Iterator[Figure]:
    """Give what a program knows of itself."""
    labels = "program", "version", "python", "file"
    # A name of a file on Linux may have octets that are no characters.
    file = condition.file.encode("utf-8", "backslashreplace").decode()
    build: dict[Labels, float] = {(condition.program, condition.version, platform.python_version(), file): 1.0}
    yield Measure("build_info", "1, for what runs with which file", Kind.GAUGE, labels, build)
    yield single("process_start_time_seconds", "when the program began, seconds since 1970", condition.started)
    text = "seconds that the event loop was late by, looked at once a second"
    yield Distribution("loop_lag_seconds", text, (), {(): lag.observed})
    text = "log lines that no file has received"
    yield Measure("log_lines_lost", text, Kind.COUNTER, (), {(): float(condition.lost_lines)})
    text = "tasks of the event loop; as many as before whenever everybody is there again"
    yield single("tasks", text, condition.tasks)
    yield single("file_refused_rows", "rows of the file that cannot be used", condition.refused_rows)
    yield from _of_clock(condition)


def _of_clock(condition: Condition) -> Iterator[Measure]:
    if condition.clock_good is not None:
        yield single("clock_good", "1 while nobody has to do anything about the clock", condition.clock_good)
    if condition.compared is not None:
        label, server = ("server",), (condition.compared.server,)
        text = "seconds that the clock was behind a time server when they were last compared"
        yield Measure("clock_offset_seconds", text, Kind.GAUGE, label, {server: condition.compared.offset})
        text = "when the clock was last compared with a time server, seconds since 1970"
        yield Measure("clock_compared_timestamp_seconds", text, Kind.GAUGE, label, {server: condition.compared.when})


def of_process() -> Iterator[Measure]:
    """Give what Prometheus shows of any process, as far as this system tells it.

    The collector of prometheus_client needs /proc/stat, which `ProcSubset=pid` of systemd hides.
    """
    text = "seconds of processor time that were taken"
    yield Measure("process_cpu_seconds", text, Kind.COUNTER, (), {(): time.process_time()})
    if sys.platform == "linux":
        with suppress(OSError):
            sizes = Path("/proc/self/statm").read_text(encoding="ascii").split()
            virtual, resident = (int(pages) * os.sysconf("SC_PAGE_SIZE") for pages in sizes[:2])
            yield single("process_virtual_memory_bytes", "octets of address space", virtual)
            yield single("process_resident_memory_bytes", "octets of memory", resident)
            yield single("process_open_fds", "open file descriptors", sum(1 for _ in Path("/proc/self/fd").iterdir()))
            yield single("process_max_fds", "the limit of open file descriptors", os.sysconf("SC_OPEN_MAX"))
