"""The gateways that can be put under load, and one run of one of them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from benchmarks import site
from benchmarks.spec import Case, Figures, Spec, Started, time_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
STOP_LIMIT = 5.0
SAID = 1500
"""How many characters of a gateway's own output a failure quotes."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A gateway to be measured: its name and its command line for a site file and a log directory.

    `greets`: it sends M_EI_NA_1 to a master that has started. `rewrites`: a master may have another CA than the RTU.
    """

    name: str
    command: Callable[[Path, Path], list[str]]
    greets: bool = True
    rewrites: bool = True


OURS = Subject(
    "iec104mm2ss",
    lambda file, logs: [sys.executable, "-m", "iec104mm2ss", "-i", str(file), "-n", "--log-dir", str(logs)],
)
HAT = Subject("hat-drivers", lambda file, _: [sys.executable, "-m", "benchmarks.hat_gateway", str(file)])
RELAY = Subject(
    "relay",
    lambda file, _: [sys.executable, "-m", "benchmarks.relay", str(file)],
    greets=False,
    rewrites=False,
)
SUBJECTS = {"ours": OURS, "hat": HAT, "relay": RELAY}


class RunError(Exception):
    """A run gave no figures; the message says what the load generator or the gateway said."""


def run(subject: Subject, case: Case) -> Figures:
    """Start the load and the gateway, each in its process, on a new site; return the figures, or raise `RunError`."""
    groups = site.build(case.groups, case.masters, rewrite=subject.rewrites)
    with TemporaryDirectory(prefix="iec104-benchmark-") as name, _load(Spec(case, groups, subject.greets)) as load:
        directory = Path(name)
        site.write(directory / "site.csv", groups)
        return _measure(subject, directory, load, time_limit(case))


def _measure(subject: Subject, directory: Path, load: "subprocess.Popen[str]", limit: float) -> Figures:
    said = directory / "said.txt"
    with said.open("w") as file, _gateway(subject, directory, file) as started:
        out, _ = load.communicate(json.dumps(asdict(started)) + "\n", timeout=limit + STOP_LIMIT)
    answer: dict[str, Any] = json.loads(out) if out else {"error": "the load generator ended without an answer"}
    if "error" in answer:
        raise RunError(f"{subject.name}: {answer['error']}\n{said.read_text()[-SAID:]}".strip())
    figures: Figures = answer["figures"]
    return figures


@contextmanager
def _load(spec: Spec) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "benchmarks.load"]
    load = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert load.stdin
        assert load.stdout
        load.stdin.write(spec.to_json() + "\n")
        load.stdin.flush()
        if load.stdout.readline() != "listening\n":
            raise RunError("the load generator did not start")
        yield load
    finally:
        _stop(load)


@contextmanager
def _gateway(subject: Subject, directory: Path, said: IO[str]) -> "Iterator[Started]":
    command = subject.command(directory / "site.csv", directory / "log")
    at = time.monotonic()
    gateway = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
    try:
        yield Started(gateway.pid, at)
    finally:
        _stop(gateway)


def _stop(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_LIMIT)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
