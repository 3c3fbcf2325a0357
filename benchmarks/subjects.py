"""The gateways that can be put under load, and one run of one of them."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import proc, site
from benchmarks.compiled import program
from benchmarks.load import Case, Figures, Load, RunError, running, stop

ROOT = Path(__file__).resolve().parent.parent
SETTLE = 1.0
SAID = 1500
"""How many characters of a gateway's own output a failure quotes."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A gateway to be measured: its name and its command line for a site, the site's file, a log folder and w.

    `is_gateway`: it greets masters that have started with M_EI_NA_1, gives answers to those alone who asked, and a
    master may have another CA than the RTU.
    """

    name: str
    command: Callable[[Sequence[site.GroupRow], Path, Path, int], list[str]]
    is_gateway: bool = True


def _relay(groups: Sequence[site.GroupRow], _file: Path, _logs: Path, w: int) -> list[str]:
    ports = (f"{group.rtu_port}:{','.join(str(master.port) for master in group.masters)}" for group in groups)
    return [program("relay"), str(w), *ports]


OURS = Subject(
    "iec104mm2ss",
    lambda _, file, logs, __: [sys.executable, "-m", "iec104mm2ss", "-i", str(file), "-n", "--log-dir", str(logs)],
)
HAT = Subject("hat-drivers", lambda _, file, __, ___: [sys.executable, "-m", "benchmarks.hat_gateway", str(file)])
RELAY = Subject("relay", _relay, is_gateway=False)
SUBJECTS = {"ours": OURS, "hat": HAT, "relay": RELAY}


def run(subject: Subject, case: Case, core: int | None) -> Figures:
    """Start the load and the gateway, each in its process, on a new site; return the figures, or raise `RunError`.

    To the figures of `load.c` come: `rate` in APDU/s counted at the RTU, over the time until the last master had the
    last one, and `cost`, the gateway's processor time for each of them in microseconds; `ready`, seconds from the
    gateway's start until the last master was started; `rss` then and `peak` at the end, in MB; `idle` and `others`, per
    cent of a core that the gateway used without load and other programs with it.
    """
    groups = site.build(case.groups, case.masters, rewrite=subject.is_gateway)
    copies = 1 if subject.is_gateway else case.masters
    with (
        TemporaryDirectory(prefix="iec104-benchmark-") as name,
        running(case, groups, greeted=subject.is_gateway, copies=copies, core=core) as load,
    ):
        folder = Path(name)
        site.write(folder / "site.csv", groups, k=case.k, w=case.w)
        said = folder / "said.txt"
        command = subject.command(groups, folder / "site.csv", folder / "log", case.w)
        try:
            with _gateway(command, said) as (pid, at):
                return _measure(load, case, pid, at)
        except RunError as error:
            text = f"{subject.name}: {error}\n{said.read_text()[:SAID]}".strip()
            raise RunError(text) from error


def _measure(load: Load, case: Case, pid: int, at: float) -> Figures:
    ready = load.bring_up(pid) - at
    idle = _idle(pid, case.idle) if case.idle else 0.0
    rss, busy, since = proc.memory_mb(pid), proc.busy_seconds(), time.monotonic()
    figures = load.measure()
    others = 100 * (proc.busy_seconds() - busy) / (time.monotonic() - since) - figures["cpu"] - figures["own"]
    figures |= {"ready": ready, "rss": rss, "peak": proc.memory_mb(pid, peak=True), "idle": idle}
    figures["others"] = max(0.0, others)
    figures["rate"] = figures["sent"] / figures["seconds"]
    figures["cost"] = 1e4 * figures["cpu"] * figures["seconds"] / figures["sent"]
    return figures


def _idle(pid: int, seconds: float) -> float:
    time.sleep(SETTLE)
    cpu = proc.cpu_seconds(pid)
    time.sleep(seconds)
    return 100 * (proc.cpu_seconds(pid) - cpu) / seconds


@contextmanager
def _gateway(command: list[str], said: Path) -> Iterator[tuple[int, float]]:
    """Run a gateway: its process id and the monotonic time of its start."""
    at = time.monotonic()
    with said.open("w") as file:
        gateway = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield gateway.pid, at
    finally:
        stop(gateway)
