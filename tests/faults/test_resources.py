"""F05 and F06: no free file descriptor, no room on the disk, no log folder. Routing goes on, and all of it recovers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.peers import RawMaster, RawRtu, started_master
from tests.program import Gateway, Site, eventually
from tests.stage import MASTER_CA, RTU_CA, assert_event_arrives, assert_served
from tests.station import Station

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform != "win32":
    import resource
if sys.platform != "linux":
    pytest.skip("prlimit, /proc and tmpfs are Linux's", allow_module_level=True)

RECOVERED_WITHIN = 5.0
durations = pytest.mark.parametrize("seconds", [1, pytest.param(60, marks=pytest.mark.slow)])


class Running:
    """A gateway with two groups; the second one's RTU can be lost while the first one's goes on."""

    def __init__(self, folder: Path, logs: Path, exits: ExitStack) -> None:
        self.rtu = exits.enter_context(RawRtu(Station(RTU_CA)))
        self.other_rtu = exits.enter_context(RawRtu(Station(RTU_CA)))
        site = Site()
        site.rtu(111, RTU_CA, self.rtu.port)
        port = site.master(111, "M-1", MASTER_CA)
        self.second_port = site.master(111, "M-2", MASTER_CA)
        site.rtu(222, RTU_CA, self.other_rtu.port, name="RTU-2")
        site.master(222, "M-3", MASTER_CA)
        self.gateway = exits.enter_context(Gateway(folder, site, logs=logs))
        self.rtu.wait_link()
        self.other_rtu.wait_link()
        self.master = exits.enter_context(started_master(port))

    def goes_on_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert_event_arrives(self.master, self.rtu.link)
            time.sleep(0.05)
        assert_served(self.master, self.rtu.link)


@contextmanager
def running(folder: Path, logs: Path | None = None) -> Iterator[Running]:
    with ExitStack() as exits:
        yield Running(folder, logs or folder / "log", exits)


@contextmanager
def no_free_descriptor(pid: int) -> Iterator[None]:
    """Let the process open nothing more; what it has open it keeps."""
    if sys.platform != "win32":
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


@durations
def test_f05_a_process_at_its_file_limit_routes_on_and_recovers(tmp_path: Path, seconds: int) -> None:
    """Meanwhile nobody can be accepted, no RTU be connected and no log be written."""
    with running(tmp_path) as it:
        with no_free_descriptor(it.gateway.process.pid), RawMaster(it.second_port) as waiting:
            it.other_rtu.link.close()
            it.goes_on_for(seconds)
            assert len(it.other_rtu.connections) == 1
            assert it.gateway.output().count("nobody can connect") <= 1 + seconds // 60
        restored = time.monotonic()
        waiting.close()
        it.other_rtu.wait_link(2, within=RECOVERED_WITHIN)
        with started_master(it.second_port, within=RECOVERED_WITHIN) as late:
            assert time.monotonic() - restored < 2 * RECOVERED_WITHIN
            assert_served(late, it.rtu.link)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 256 KiB; needs root, else the test is skipped."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S607 - wherever the system has it


def fill(disk: Path) -> Path:
    """Take all that is left, also what is left of a page that is begun."""
    rest = disk / "rest"
    with rest.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return rest


def make_log_lines(running: Running) -> None:
    with started_master(running.second_port) as passer_by:
        assert_served(passer_by, running.rtu.link)


@durations
def test_f06_a_full_disk_stops_no_connection_and_the_logs_go_on_when_there_is_room(
    tmp_path: Path, seconds: int
) -> None:
    with small_disk(tmp_path / "disk") as disk, running(tmp_path, disk / "log") as it:
        make_log_lines(it)
        rest = fill(disk)
        # A page of the disk that a file has begun still takes some lines.
        for _ in range(40):
            make_log_lines(it)
        it.goes_on_for(seconds)
        assert "No space left on device" in it.gateway.output()
        rest.unlink()
        make_log_lines(it)
        eventually(lambda: "lines lost here" in it.gateway.log("M-2"), "what was lost is said", RECOVERED_WITHIN)
        it.gateway.wait_log("M-2", "disconnected", since=it.gateway.log("M-2").index("lines lost here"))
        assert it.gateway.output().count("No space left on device") <= 1 + seconds // 60


@durations
def test_f06_a_removed_log_folder_is_made_again(tmp_path: Path, seconds: int) -> None:
    with running(tmp_path) as it:
        make_log_lines(it)
        shutil.rmtree(it.gateway.logs)
        it.goes_on_for(seconds)
        make_log_lines(it)
        it.gateway.wait_log("M-2", "connected", within=RECOVERED_WITHIN)
