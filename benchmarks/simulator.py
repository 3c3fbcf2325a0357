"""The RTU simulator: time to load, memory, idle CPU, and the avalanche, an index send of everything from every RTU.

`python -m benchmarks.simulator` prints the figures. The masters are those of the gateway's benchmark, which
compare every octet with what must come, so that one wrong, missing, doubled or swapped signal ends the run.
"""

import argparse
import csv
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory

from benchmarks import load, proc, site

assert sys.platform == "linux", "the masters wait with epoll, and figures are read from /proc"

ROOT = Path(__file__).resolve().parent.parent
RTUS, ROWS = 153, 1000
STOP_LIMIT, LOG_LIMIT = 5.0, 30.0
_FIRST_CA = 1000
_COMMENT = "H-TH01Q0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Seconds until the last of the masters was started, MB and per cent of a core then, signals/s of the avalanche."""

    ready: float
    rss: float
    idle: float
    rate: float
    rss_after: float
    rows_logged: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A type without time tag: how a data file writes the value of row number n, and how an ASDU does."""

    type_id: int
    cell: Callable[[int], object]
    octets: Callable[[int], bytes]


KINDS = (
    Kind(1, lambda n: n // 5 % 2, lambda n: bytes((n // 5 % 2,))),
    Kind(3, lambda n: n // 5 % 4, lambda n: bytes((n // 5 % 4,))),
    Kind(9, lambda n: n % 128 / 128, lambda n: pack("<hB", n % 128 * 256, 0)),
    Kind(11, lambda n: n - 500, lambda n: pack("<hB", n - 500, 0)),
    Kind(13, lambda n: n + 0.25, lambda n: pack("<fB", n + 0.25, 0)),
)


def write(folder: Path, ports: Iterable[int], rows: int) -> None:
    """Write a file of RTUs on these ports, each with a number of its own, and their one data file."""
    (folder / "data").mkdir()
    with (folder / "data" / "iodata.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [301 + n % 7, "Y", KINDS[n % 5].type_id, n + 1, KINDS[n % 5].cell(n), 0, *[""] * 5, _COMMENT]
            for n in range(rows)
        )
    with (folder / "iec104rs.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["log_size", "10M"])
        lines.writerows(
            [place, f"RTU-{place}", _FIRST_CA + place, port, site.HOST, 12, 600, "iodata.csv", f"bind={site.HOST}"]
            for place, port in enumerate(ports)
        )


def script(ca: int, rows: int) -> list[bytes]:
    """All rows once, in their order."""
    kinds = (KINDS[n % 5] for n in range(rows))
    return [
        pack("<BBBBH", kind.type_id, 1, 3, 0, ca) + (n + 1).to_bytes(3, "little") + kind.octets(n)
        for n, kind in enumerate(kinds)
    ]


@contextmanager
def running(folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """Run the simulator on the files in a folder; typed lines go to its stdin."""
    command = [sys.executable, "-m", "iec104mm2ss.simulator", "-i", str(folder / "iec104rs.csv"), "-n"]
    with (folder / "said.txt").open("wb") as said:
        simulator = subprocess.Popen(
            [*command, "--log-dir", str(folder / "log")], cwd=ROOT, stdin=subprocess.PIPE, stdout=said, stderr=said
        )
    try:
        yield simulator
    finally:
        assert simulator.stdin
        simulator.stdin.close()
        simulator.terminate()
        simulator.wait(STOP_LIMIT)


def measure(folder: Path, *, rtus: int, rows: int, idle: float) -> Figures:
    """Load, idle for so many seconds, send everything once; raises RunError where a signal is not as it must be."""
    ports = [group.rtu_port for group in site.build(rtus, 0, rewrite=False)]
    write(folder, ports, rows)
    masters = (site.MasterRow(port, _FIRST_CA + place) for place, port in enumerate(ports))
    groups = [site.GroupRow(site.NO_PORT, (master,)) for master in masters]
    case = load.Case(mode="once", masters=1, groups=rtus, script=partial(script, rows=rows))
    with load.running(case, groups, greeted=True) as masters_load:
        began = time.monotonic()
        with running(folder) as simulator:
            ready = masters_load.bring_up(simulator.pid) - began
            rss, percent = proc.memory_mb(simulator.pid), _idle(simulator.pid, idle)
            rate = _avalanche(masters_load, simulator)
            rss_after = proc.memory_mb(simulator.pid)
            logged = _logged(folder / "log", rtus * rows)
    return Figures(ready=ready, rss=rss, idle=percent, rate=rate, rss_after=rss_after, rows_logged=logged)


def _idle(pid: int, seconds: float) -> float:
    before = proc.cpu_seconds(pid)
    time.sleep(seconds)
    return 100 * (proc.cpu_seconds(pid) - before) / seconds if seconds else 0.0


def _avalanche(masters: load.Load, simulator: "subprocess.Popen[bytes]") -> float:
    assert simulator.stdin
    simulator.stdin.write(b"send 0\n")
    simulator.stdin.flush()
    figures = masters.measure()
    return figures["received"] / figures["seconds"]


def _logged(folder: Path, expected: int) -> int:
    """Count the signals in the logs, which are complete a moment after the last of them was sent."""
    end = time.monotonic() + LOG_LIMIT
    while (found := _rows(folder)) < expected and time.monotonic() < end:
        time.sleep(0.1)
    return found


def _rows(folder: Path) -> int:
    return sum(path.read_bytes().count(b",index 0,M_") for path in folder.glob("*.csv*"))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the RTU simulator.")
    parser.add_argument("--rtus", type=int, default=RTUS, metavar="N", help="RTUs, a master each (%(default)s)")
    parser.add_argument("--rows", type=int, default=ROWS, metavar="N", help="signals of each (%(default)s)")
    parser.add_argument("--idle", type=float, default=20.0, metavar="S", help="seconds of idling (%(default)s)")
    options = parser.parse_args()
    proc.allow_many_sockets()
    with TemporaryDirectory(prefix="iec104rs-benchmark-") as name:
        try:
            figures = measure(Path(name), rtus=options.rtus, rows=options.rows, idle=options.idle)
        except load.RunError as error:
            print(f"failed: {error}\n{(Path(name) / 'said.txt').read_text()}".rstrip())
            return 1
    sent = options.rtus * options.rows
    print(f"{options.rtus} RTUs with {options.rows} signals each, a master at each")
    print(f"  from the start until all masters are started  {figures.ready:6.2f} s")
    print(f"  memory then, after the avalanche              {figures.rss:6.0f} MB, {figures.rss_after:.0f} MB")
    print(f"  idle CPU                                      {figures.idle:6.1f} % of a core")
    print(f"  avalanche: {sent} signals in order          {figures.rate:6.0f} signals/s")
    print(f"  of them in the logs                           {figures.rows_logged:6}")
    return 0 if figures.rows_logged == sent else 1


if __name__ == "__main__":
    sys.exit(main())
