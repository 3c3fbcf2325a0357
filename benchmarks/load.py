"""The load generator, a process of its own: the RTUs and the masters of a site, and one of three measurements on them.

Its first line on stdin is the `Spec`; it answers "listening" when the RTUs may be connected to, takes `Started` as the
second line, and ends with one line that holds the `figures` of its measurement or an `error`.
"""

import gc
import json
import os
import signal
import sys
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import quantiles
from typing import Any

from benchmarks import endpoints, proc
from benchmarks.site import RTU_CA, GroupRow
from benchmarks.spec import DRAIN_LIMIT, READY_LIMIT, Case, Figures, Spec, Started, spec_from_json, time_limit
from benchmarks.streams import SEQUENCE_MODULO, stream

assert sys.platform == "linux", "this process waits with epoll and reads /proc"

UNLIMITED = 1 << 60
RETRY = 0.02
QUIET = 0.1
SETTLE = 1.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor seconds so far: the gateway's, this process's and everybody's."""

    gateway: float
    own: float
    all: float

    @classmethod
    def now(cls, pid: int) -> "Usage":
        """Read the kernel's counters."""
        return cls(proc.cpu_seconds(pid), time.process_time(), proc.busy_seconds())

    def until(self, later: "Usage", seconds: float) -> Figures:
        """Per cent of a core that the gateway used in between, and per cent of the machine that others did."""
        gateway, own = later.gateway - self.gateway, later.own - self.own
        others = max(0.0, later.all - self.all - gateway - own)
        return {"cpu": 100 * gateway / seconds, "others": 100 * others / seconds / (os.cpu_count() or 1)}


class Group:
    """One RTU and its masters."""

    def __init__(self, sockets: endpoints.Sockets, row: GroupRow, spec: Spec) -> None:
        self.rtu = endpoints.Rtu(sockets, row.rtu_port, spec.case.k)
        self.masters = [endpoints.Master(sockets, master, spec.case.w, greeted=spec.greeted) for master in row.masters]
        self._first_ns = int(spec.greeted)

    def up(self) -> bool:
        """Whether everybody is started and greeted."""
        return self.rtu.started and all(master.up for master in self.masters)

    def connect(self) -> None:
        """Connect the masters that are not, once the gateway has connected to the RTU."""
        if self.rtu.connected:
            for master in self.masters:
                if not master.connected:
                    master.connect()

    def load(self, stamps: "array[float] | None" = None, delays: "array[float] | None" = None) -> None:
        """Make everybody's stream."""
        self.rtu.load(stream(RTU_CA, 0))
        for master in self.masters:
            master.expect(stream(master.row.ca, self._first_ns), stamps, delays)

    def delivered(self) -> bool:
        """Whether every master has every frame sent."""
        return all(master.frames >= self.rtu.sent for master in self.masters)

    def drain(self, sockets: endpoints.Sockets) -> float:
        """Wait until everything has arrived, see that nothing follows, and return the time of the last arrival."""
        sockets.turn_to(self.delivered, DRAIN_LIMIT, "delivering what the RTU had sent")
        end = time.monotonic()
        for master in self.masters:
            master.acknowledge()
        sockets.turn_until(end + QUIET)
        if any(master.frames != self.rtu.sent for master in self.masters):
            raise endpoints.LoadError("a master got more I-frames than the RTU sent")
        return end


def bring_up(sockets: endpoints.Sockets, groups: Sequence[Group]) -> float:
    """Serve the site until all is up; return the monotonic time of that."""
    end = time.monotonic() + READY_LIMIT
    waiting = list(groups)
    while waiting and time.monotonic() < end:
        for group in waiting:
            group.connect()
        sockets.turn_until(time.monotonic() + RETRY, partial(_all_up, waiting))
        waiting = [group for group in waiting if not group.up()]
    if waiting:
        raise endpoints.LoadError(f"{len(waiting)} of {len(groups)} groups were not up after {READY_LIMIT:g} s")
    return time.monotonic()


def _all_up(groups: Sequence[Group]) -> bool:
    return all(group.up() for group in groups)


def measure_fan_out(sockets: endpoints.Sockets, groups: Sequence[Group], case: Case, started: Started) -> Figures:
    """APDU/s counted at the RTU, as fast as the windows allow, and the gateway's per cent of a core meanwhile."""
    bring_up(sockets, groups)
    group = groups[0]
    group.load()
    sockets.eager = case.core is not None
    begin, before = time.monotonic(), Usage.now(started.pid)
    group.rtu.allow(UNLIMITED)
    sockets.turn_until(begin + case.seconds)
    usage = before.until(Usage.now(started.pid), time.monotonic() - begin)
    group.rtu.stop()
    return {"rate": group.rtu.sent / (group.drain(sockets) - begin)} | usage


def measure_latency(sockets: endpoints.Sockets, groups: Sequence[Group], case: Case, started: Started) -> Figures:
    """Milliseconds from the moment an ASDU was due at the RTU until a master had it, over all masters."""
    bring_up(sockets, groups)
    group, stamps, delays = groups[0], array("d", bytes(8 * SEQUENCE_MODULO)), array("d")
    group.load(stamps, delays)
    sockets.eager = case.core is not None
    begin, before = time.monotonic(), Usage.now(started.pid)
    for number in range(int(case.seconds * case.rate)):
        sockets.turn_until(begin + number / case.rate)
        stamps[number % SEQUENCE_MODULO] = time.monotonic()
        group.rtu.allow(number + 1)
    usage = before.until(Usage.now(started.pid), time.monotonic() - begin)
    group.drain(sockets)
    percentiles = quantiles(delays, n=100)
    return {
        "p50": 1e3 * percentiles[49],
        "p99": 1e3 * percentiles[98],
        "max": 1e3 * max(delays),
    } | usage


def measure_bring_up(sockets: endpoints.Sockets, groups: Sequence[Group], case: Case, started: Started) -> Figures:
    """Seconds from the gateway's start until every master is up, then its memory and its idle per cent of a core."""
    ready = bring_up(sockets, groups) - started.at
    sockets.turn_until(time.monotonic() + SETTLE)
    cpu = proc.cpu_seconds(started.pid)
    sockets.turn_until(time.monotonic() + case.seconds)
    cpu = proc.cpu_seconds(started.pid) - cpu
    return {"ready": ready, "rss": proc.rss_mb(started.pid), "idle": 100 * cpu / case.seconds}


MEASUREMENTS: dict[str, Callable[[endpoints.Sockets, Sequence[Group], Case, Started], Figures]] = {
    "fan-out": measure_fan_out,
    "latency": measure_latency,
    "bring-up": measure_bring_up,
}


def main() -> None:
    """Serve one run."""
    spec = spec_from_json(sys.stdin.readline())
    case = spec.case
    signal.alarm(time_limit(case))
    if case.core is not None:
        os.sched_setaffinity(0, {case.core})
    sockets = endpoints.Sockets()
    groups = [Group(sockets, row, spec) for row in spec.groups]
    print("listening", flush=True)
    started = Started(**json.loads(sys.stdin.readline()))
    gc.disable()
    try:
        answer: dict[str, Any] = {"figures": MEASUREMENTS[case.measurement](sockets, groups, case, started)}
    except (endpoints.LoadError, OSError) as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
