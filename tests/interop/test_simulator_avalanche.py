"""Index 0 from every RTU of a large site at the same time, held against what must come octet by octet."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.program import ROOT, environment


@pytest.mark.skipif(sys.platform != "linux", reason="the masters of the benchmark wait with epoll")
@pytest.mark.skipif(shutil.which("cc") is None, reason="the masters of the benchmark are compiled")
def test_153_rtus_send_1000_signals_each_once_and_in_order() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.simulator", "--rtus", "153", "--rows", "1000", "--idle", "0"],
        cwd=ROOT,
        env=environment(debug=False),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "avalanche: 153000 signals in order" in done.stdout
