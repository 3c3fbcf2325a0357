"""The window on a site of 1200 rows: from the start until it can be used, CPU, from a click to paint, a day of log.

`python -m benchmarks.windows` prints the figures, with `--attached` those of a window on a service that runs without
one. Needs Xvfb: the window is drawn on a display of its own. The load is that of the gateway's benchmark: all RTUs and
masters are connected and then say nothing but TESTFR, until all of them go at once.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks import load, proc, site

assert sys.platform == "linux", "figures are read from /proc"

ROOT: Final = Path(__file__).resolve().parent.parent
STOP_LIMIT: Final = 10.0
SETTLE: Final = 8.0
"""Seconds after which rates, which look back over five, stay as they are."""
LINES_OF_A_DAY: Final = 86_400
BATCH: Final = LINES_OF_A_DAY // 40
TARGETS: Final = {"usable": 1.0, "idle": 4.0, "click": 100.0, "lost": 1.0, "closed": 2.0}


@dataclass(frozen=True, slots=True)
class Probe:
    """The process of a window, `window_probe.py`."""

    process: "subprocess.Popen[str]"
    began: float

    @property
    def pid(self) -> int:
        """The process's number."""
        return self.process.pid

    def answer(self) -> dict[str, Any]:
        """Read its next line of JSON."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"the window's process ended with {self.process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, use: str) -> None:
        """Let it do something."""
        assert self.process.stdin
        self.process.stdin.write(f"{use}\n")
        self.process.stdin.flush()

    def result(self, use: str) -> dict[str, Any]:
        """Let it do something, and wait for what comes of it."""
        self.ask(use)
        return self.answer()


@contextmanager
def display() -> Iterator[str]:
    """Give the name of an X display of our own."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-dpi", "96", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            yield f":{numbers.readline().strip()}"
    finally:
        server.terminate()
        server.wait(STOP_LIMIT)


@contextmanager
def running(command: Sequence[str], folder: Path, screen: str) -> Iterator[Probe]:
    """Run a program on a display; what it says besides goes to a file."""
    environment = {**os.environ, "DISPLAY": screen, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder / "config")}
    began = time.monotonic()
    with (folder / "said.txt").open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    try:
        yield Probe(process, began)
    finally:
        load.stop(process)


@contextmanager
def windowed(folder: Path, ends: load.Load, screen: str, *, attached: bool) -> Iterator[tuple[Probe, list[int]]]:
    """Give the process of a window on the site, all connected, and the numbers of all processes that work for it."""
    window, file = "benchmarks.window_probe", str(folder / "site.csv")
    with ExitStack() as stack:
        if not attached:
            probe = stack.enter_context(running([window, "-i", file], folder, screen))
            ends.bring_up(probe.pid)
            yield probe, [probe.pid]
            return
        control = str(folder / "ctl.sock")
        serving = stack.enter_context(running(["iec104mm2ss", "-n", "-i", file, "--ctl", control], folder, screen))
        ends.bring_up(serving.pid)
        probe = stack.enter_context(running([window, "--attach", control], folder, screen))
        yield probe, [probe.pid, serving.pid]


def cpu(pids: Sequence[int], seconds: float) -> list[float]:
    """Per cent of a core that processes use while nothing happens."""
    before = [proc.cpu_seconds(pid) for pid in pids]
    time.sleep(seconds)
    return [100 * (proc.cpu_seconds(pid) - start) / seconds for pid, start in zip(pids, before, strict=True)]


def day_of_log(folder: Path, probe: Probe) -> tuple[int, list[float]]:
    """Let as many lines come into a log as a day has seconds; return those in the pane, and MB after each tenth."""
    [path] = (folder / "log").glob("1-S-*.log")
    memory: list[float] = []
    lines = 0
    for first in range(0, LINES_OF_A_DAY, BATCH):
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"2026-01-01 00:00:00.000+00:00 line {first + n}: nothing\n" for n in range(BATCH))
        lines = probe.result("log")["lines"]
        if first % (LINES_OF_A_DAY // 10) == 0:
            memory.append(proc.memory_mb(probe.pid))
    return lines, memory


def closed(probe: Probe) -> float:
    """Seconds from the window's end until that of its process."""
    began = time.monotonic()
    probe.ask("close")
    probe.process.wait(STOP_LIMIT)
    return time.monotonic() - began


def measure(folder: Path, screen: str, options: argparse.Namespace) -> bool:
    """Measure and print; return whether all targets are met."""
    rows = site.build(options.groups, options.masters, rewrite=False)
    case = load.Case(mode="paced", masters=options.masters, groups=options.groups)
    site.write(folder / "site.csv", rows, k=case.k, w=case.w)
    with_window(folder / "site.csv")
    with ExitStack() as ending, ExitStack() as serving:
        ends = serving.enter_context(load.running(case, rows, greeted=True))
        probe, pids = ending.enter_context(windowed(folder, ends, screen, attached=options.attached))
        figures = {"usable": probe.answer()["ready"] - probe.began}
        time.sleep(SETTLE)
        shares = cpu(pids, options.idle)
        taken: dict[str, list[float]] = probe.result("held") | probe.result("clicks")
        figures |= {"idle": shares[0], "click": max(max(times) for times in taken.values())}
        print(f"usable after                    {figures['usable']:6.2f} s")
        serves = f", {shares[1]:.1f} % the service" if options.attached else ""
        print(f"CPU with nothing happening      {shares[0]:6.1f} % of a core{serves}")
        print(f"memory                          {proc.memory_mb(probe.pid):6.0f} MB")
        for what, times in taken.items():
            print(f"{what:<31} {median(times):6.1f} ms in the middle, {max(times):.1f} at most")
        if not options.no_log:
            lines, memory = day_of_log(folder, probe)
            print(f"a day of log: {lines} of {LINES_OF_A_DAY} lines, MB {' '.join(f'{it:.0f}' for it in memory)}")
        probe.ask("lost")
        began = time.monotonic()
        serving.close()
        figures |= {"lost": probe.answer()["at"] - began, "closed": closed(probe)}
        print(f"lost RTUs are shown after       {figures['lost']:6.2f} s")
        print(f"from closing the window to exit {figures['closed']:6.2f} s")
    return all(figures[name] < target for name, target in TARGETS.items())


def with_window(path: Path) -> None:
    """Take the row away that lets a program run without a window."""
    path.write_text(path.read_text(encoding="utf-8").replace("nogui\n", "", 1), encoding="utf-8")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the window.")
    parser.add_argument("--groups", type=int, default=200, metavar="N", help="RTUs (%(default)s)")
    parser.add_argument("--masters", type=int, default=5, metavar="N", help="masters of each (%(default)s)")
    parser.add_argument("--idle", type=float, default=30.0, metavar="S", help="seconds of idling (%(default)s)")
    parser.add_argument("--attached", action="store_true", help="a window on a service that runs without one")
    parser.add_argument("--no-log", action="store_true", help="leave out the day of log")
    options = parser.parse_args()
    proc.allow_many_sockets()
    with TemporaryDirectory(prefix="iec104mm2ss-window-") as name, display() as screen:
        try:
            met = measure(Path(name), screen, options)
        except (load.RunError, AssertionError) as error:
            print(f"failed: {error!r}\n{(Path(name) / 'said.txt').read_text()}".rstrip())
            return 1
    print("all targets are met" if met else f"not all targets are met: {TARGETS}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
