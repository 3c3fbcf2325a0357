"""A display of the tests' own, and windows on it; an error in any callback of Tk fails the test."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.gui.driven import Driven

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.gui.fake_line import FakeLine


def start_display() -> tuple[subprocess.Popen[bytes], str]:
    """Start an X display with nothing on it; return its process and name. Without Xvfb these tests fail, never skip."""
    program = shutil.which("Xvfb")
    assert program is not None, "Xvfb is missing; on Debian: apt install xvfb"
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-dpi", "96", "-nolisten", "tcp"],
        pass_fds=[writing],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as numbers:
        number = numbers.readline().strip()
    assert number, "Xvfb did not start"
    return server, f":{number}"


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The name of a display that the tests share."""
    server, name = start_display()
    yield name
    server.terminate()
    server.wait(10)


@pytest.fixture
def show(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Driven]]:
    """Show the window of a line; all are closed at the test's end, and had no errors."""
    monkeypatch.setenv("DISPLAY", display)
    shown: list[Driven] = []

    def make(line: FakeLine, memory: Path | None = None) -> Driven:
        shown.append(Driven(line, memory or tmp_path / "memory.json"))
        return shown[-1]

    yield make
    for driven in shown:
        driven.close()
    assert [error for driven in shown for error in driven.errors] == []
