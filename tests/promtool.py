"""Prometheus's own checks, where they are installed (Debian: prometheus)."""

import shutil
import subprocess
from pathlib import Path

import pytest

_PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(_PROMTOOL is None, reason="promtool is not on this machine: apt install prometheus")


def promtool(*arguments: str | Path, said: str = "") -> None:
    """Run it with `said` as its standard input; it must have nothing to complain about."""
    assert _PROMTOOL is not None
    done = subprocess.run([_PROMTOOL, *arguments], input=said, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
