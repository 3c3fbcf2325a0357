"""What every test gets: asyncio's debug mode, bounded hypothesis profiles, an untouched root logger, the captures."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Read whenever an event loop is made, also by the programs that tests start: shows slow callbacks and, with warnings
# as errors, every coroutine that was never awaited.
os.environ["PYTHONASYNCIODEBUG"] = "1"

# Whoever runs the tests may have another: a site file that everybody can write is warned of.
os.umask(0o022)

# "ci" draws the same examples in every run, so that a green run can be repeated; "thorough" is for the night.
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def captures(pytestconfig: pytest.Config) -> Path:
    """The folder of recorded conversations, read in place beside the project."""
    folder = pytestconfig.rootpath.parent / "shared" / "captures"
    if not folder.is_dir():
        pytest.skip(f"the captures are not on this machine: {folder} is missing")
    return folder


@pytest.fixture(autouse=True)
def _root_logger_as_before() -> Iterator[None]:
    """Take away what a program run inside the test added: its handler writes to a stream that the test closes."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
    root.setLevel(level)
