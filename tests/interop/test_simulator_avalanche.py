"""Index 0 from every RTU of a large site at the same time, held against what must come octet by octet."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(sys.platform != "linux", reason="the load's masters wait with epoll")
def test_153_rtus_send_1000_signals_each_once_and_in_order(tmp_path: Path) -> None:
    from benchmarks import proc, simulator  # noqa: PLC0415  not importable everywhere

    proc.allow_many_sockets()
    figures = simulator.measure(tmp_path, rtus=153, rows=1000, idle=0.0)
    assert figures.rows_logged == 153_000
    assert figures.rss_after < 120
