"""The load generator, `load.c`: what it is told, and what it says."""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import proc, scripts
from benchmarks.compiled import program
from benchmarks.site import RTU_CA, GroupRow

Figures = dict[str, float]
Script = Callable[[int], list[bytes]]
"""What masters get that know the RTU by this CA."""

_STOP_LIMIT = 5.0


class RunError(Exception):
    """A run gave no figures: something was lost, altered, out of order or late; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is measured, apart from on whom.

    `mode` as in `load.c`; `script` is what the masters get, `first` what the first of them gets in place of it. Between
    bringing up and the load, which lasts `seconds`, with `rate` a second where it is paced, `idle` seconds pass.
    k and w are those of both sides of the gateway.
    """

    mode: str
    masters: int
    seconds: float = 0.0
    groups: int = 1
    rate: float = 0.0
    k: int = 12
    w: int = 8
    script: Script = scripts.uniform
    first: Script | None = None
    idle: float = 0.0


class Load:
    """A load generator that runs; its RTUs listen."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def bring_up(self, pid: int) -> float:
        """Start all connections with the program under test, its process id `pid`; return the monotonic time then."""
        return float(self.ask(str(pid)).removeprefix("up "))

    def measure(self) -> Figures:
        """Put the load on, and return what came of it."""
        figures: Figures = json.loads(self.ask("begin"))["figures"]
        return figures

    def ask(self, text: str) -> str:
        """Write, and return the line that follows; RunError if it tells of one."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline().strip()
        if not line:
            raise RunError("the load generator ended without a word")
        if line.startswith('{"error"'):
            raise RunError(json.loads(line)["error"])
        return line


@contextmanager
def running(
    case: Case, groups: Sequence[GroupRow], *, greeted: bool, copies: int = 1, core: int | None = None
) -> Iterator[Load]:
    """Run a load generator for a site.

    `greeted`: masters get an M_EI_NA_1 when they have started. `copies`: how often each gets the answer that it asked
    for. `core`: the processor that it has for itself, if any.
    """
    with TemporaryDirectory(prefix="iec104-load-") as folder:
        process = subprocess.Popen([program("load")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if core is not None:
                proc.move(process.pid, core)
            load = Load(process)
            load.ask(_specification(case, groups, Path(folder), greeted=greeted, copies=copies))
            yield load
        finally:
            stop(process)


def _specification(case: Case, groups: Sequence[GroupRow], folder: Path, *, greeted: bool, copies: int) -> str:
    files: dict[tuple[Script, int], int] = {}

    def number(script: Script, ca: int) -> int:
        place = files.setdefault((script, ca), len(files))
        if place == len(files) - 1:
            (folder / str(place)).write_bytes(scripts.octets(script(ca)))
        return place

    lines = []
    for group in groups:
        ends = [f"{group.rtu_port} {number(case.script, RTU_CA)} {len(group.masters)}"]
        for place, master in enumerate(group.masters):
            script = case.first if case.first and not place else case.script
            ends.append(f"{master.port} {number(script, master.ca)}")
        lines.append(" ".join(ends))
    head = f"{case.mode} {case.seconds} {case.rate} {case.k} {case.w} {int(greeted)} {copies}"
    paths = [str(folder / str(place)) for place in range(len(files))]
    return "\n".join([head, str(len(paths)), *paths, str(len(lines)), *lines])


def stop(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    """End a process and wait for that."""
    process.terminate()
    try:
        process.wait(_STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_STOP_LIMIT)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
