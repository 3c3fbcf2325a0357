"""Fuzzing guided by coverage: libFuzzer, by atheris, chooses what to mutate by what an input has reached."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz import campaign, seeds

ROOT = Path(__file__).parents[2]
FINDINGS = Path("build/fuzz")
LONGEST = 160  # octets: short inputs run fast and are read by people
CHILD = Path(__file__).with_name("guided_child.py")


def run(target: str, runs: int, *, processes: int, keep: bool) -> int:
    """Share `runs` inputs among processes, each with a seed of its own; return 0 where nothing was found.

    With `keep` the captures are left out, and what the run has reached becomes the committed corpus, as few inputs as
    reach the same.
    """
    FINDINGS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        shared = Path(folder) / "corpus"
        _write(shared, campaign.all_seeds(target, captures=not keep))
        jobs = [_start(target, f"-runs={runs // processes}", f"-seed={n + 1}", shared) for n in range(processes)]
        failed = [job.wait() for job in jobs]
        if keep and not any(failed):
            _keep(target, shared, Path(folder) / "merged")
    return int(any(failed))


def _write(folder: Path, inputs: list[bytes]) -> None:
    folder.mkdir()
    for octets in inputs:
        (folder / hashlib.sha256(octets).hexdigest()[:24]).write_bytes(octets[:LONGEST])


def _start(target: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
    options = [f"-max_len={LONGEST}", f"-artifact_prefix={FINDINGS}/{target}-", "-print_final_stats=1", "-reload=1"]
    return subprocess.Popen(
        [sys.executable, CHILD, *options, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "FUZZ_TARGET": target},
    )


def _keep(target: str, reached: Path, merged: Path) -> None:
    merged.mkdir()
    _start(target, "-merge=1", merged, reached).wait()
    seeds.save_corpus(target, [path.read_bytes() for path in merged.iterdir()])
