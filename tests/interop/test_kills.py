"""The journal in earnest: the gateway is killed under load and started again."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.kills.trial import trial


@pytest.mark.skipif(sys.platform == "win32", reason="the scenario ends the gateway by SIGKILL")
def test_what_the_gateway_had_acknowledged_outlives_it(tmp_path: Path) -> None:
    verdict = asyncio.run(trial(4, 1, tmp_path))
    assert verdict.is_kept, verdict
    assert verdict.events > 500
    assert verdict.commands > 20


@pytest.mark.skipif(sys.platform == "win32", reason="the scenario ends the gateway by SIGKILL")
def test_without_a_journal_the_trial_sees_the_loss(tmp_path: Path) -> None:
    verdict = asyncio.run(trial(4, 1, tmp_path, journal="off"))
    assert not verdict.is_kept
    assert verdict.commanded_twice == ()
