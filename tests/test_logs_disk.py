import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from iec104mm2ss import logs
from tests.logfiles import Console, Disk, eventually, line_length, make, running, texts

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and symbolic links")


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "write", disk.write)
    return disk


def test_a_full_disk_is_counted_reported_once_and_left_behind(tmp_path: Path, console: Console, disk: Disk) -> None:
    with running(make(tmp_path, console)) as made:
        log = made.connection(1, "S", "A")
        disk.error = errno.ENOSPC
        for number in (1, 2, 3):
            log.info("lost %d", number)
            assert eventually(lambda number=number: made.lost == number)  # type: ignore[misc]
        disk.error = None
        log.info("resumed")
    reason = os.strerror(errno.ENOSPC)
    assert texts(tmp_path / "1-S-A.log") == [f"lines lost here: 3 ({reason})", "resumed"]
    assert console.trouble == [f"log files: {tmp_path / '1-S-A.log'}: {reason} (lines lost so far: 1)"]


def test_the_console_hears_of_lasting_trouble_once_a_minute(
    tmp_path: Path, console: Console, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(tmp_path, console)
    disk.error = errno.ENOSPC
    for now in (1000.0, 1059.9, 1060.0, 1119.9, 1120.0):
        made.connection(1, "S", "A").info("lost")
        monkeypatch.setattr(logs, "time", FixedTime(now))
        with running(made):
            pass
    assert [line.split("far: ")[1] for line in console.trouble] == ["1)", "3)", "5)"]


class FixedTime:
    def __init__(self, now: float) -> None:
        self._now = now

    def monotonic(self) -> float:
        return self._now

    def time(self) -> float:
        return self._now


def test_a_disk_that_is_full_in_the_middle_of_a_line_leaves_no_torn_line(
    tmp_path: Path, console: Console, disk: Disk
) -> None:
    with running(make(tmp_path, console)) as made:
        made.connection(1, "S", "A").info("whole")
        assert eventually((tmp_path / "1-S-A.log").exists)
    disk.room = 20
    with running(made):
        made.connection(1, "S", "A").info("torn")
    assert texts(tmp_path / "1-S-A.log") == ["whole"]
    assert made.lost == 1


def test_a_removed_folder_is_made_again(tmp_path: Path, console: Console) -> None:
    folder = tmp_path / "log"
    path = folder / "1-S-A.log"
    with running(make(folder, console)) as made:
        made.connection(1, "S", "A").info("before")
        assert eventually(lambda: path.exists() and path.stat().st_size > 0)
        folder.rename(tmp_path / "gone")
        made.connection(1, "S", "A").info("after")
    assert texts(path) == ["after"]
    assert made.lost == 0


def test_a_folder_that_cannot_be_made_loses_lines_until_it_can(tmp_path: Path, console: Console) -> None:
    folder = tmp_path / "log"
    folder.write_text("a file where the folder should be")
    with running(make(folder, console)) as made:
        made.connection(1, "S", "A").info("lost")
        assert eventually(lambda: made.lost == 1)
        folder.unlink()
        made.connection(1, "S", "A").info("resumed")
    lost, resumed = texts(folder / "1-S-A.log")
    assert lost.startswith("lines lost here: 1 (")
    assert resumed == "resumed"


def test_trouble_with_one_file_leaves_the_others(tmp_path: Path, console: Console) -> None:
    (tmp_path / "1-S-A.log").mkdir()
    with running(make(tmp_path, console)) as made:
        made.connection(1, "S", "A").info("lost")
        made.connection(2, "S", "B").info("written")
    assert texts(tmp_path / "2-S-B.log") == ["written"]
    assert console.trouble == [f"log files: {tmp_path / '1-S-A.log'}: not a regular file (lines lost so far: 1)"]


@POSIX_ONLY
@pytest.mark.parametrize("exists", [True, False])
def test_a_planted_link_is_not_followed(tmp_path: Path, console: Console, exists: bool) -> None:  # noqa: FBT001
    target = tmp_path / "target"
    if exists:
        target.write_text("precious")
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / "1-S-A.log").symlink_to(target)
    with running(make(folder, console)) as made:
        made.connection(1, "S", "A").info("text")
    assert (target.read_text() if target.exists() else None) == ("precious" if exists else None)
    assert made.lost == 1


@POSIX_ONLY
def test_a_link_planted_after_the_look_is_not_followed(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_length", lambda path: 0)
    (tmp_path / "1-S-A.log").symlink_to(tmp_path / "target")
    with running(make(tmp_path, console)) as made:
        made.connection(1, "S", "A").info("text")
    assert not (tmp_path / "target").exists()
    assert console.trouble == [
        f"log files: {tmp_path / '1-S-A.log'}: {os.strerror(errno.ELOOP)} (lines lost so far: 1)"
    ]


@POSIX_ONLY
def test_a_link_planted_where_the_older_file_goes_is_replaced(tmp_path: Path, console: Console) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / "1-S-A.log.1").symlink_to(target)
    made = make(folder, console, size=line_length(), files=1)
    for number in range(2):
        made.connection(1, "S", "A").info("%04d", number)
    with running(made):
        pass
    assert target.read_text() == "precious"
    assert texts(folder / "1-S-A.log.1") == ["0000"]


@POSIX_ONLY
def test_a_planted_pipe_does_not_hold_the_writer(tmp_path: Path, console: Console) -> None:
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "1-S-A.log")
    with running(make(tmp_path, console)) as made:
        made.connection(1, "S", "A").info("lost")
        made.connection(2, "S", "B").info("written")
    assert texts(tmp_path / "2-S-B.log") == ["written"]
    assert made.lost == 1


@POSIX_ONLY
def test_only_owner_and_group_read_a_log(tmp_path: Path, console: Console) -> None:
    former = os.umask(0)
    try:
        with running(make(tmp_path / "log", console)) as made:
            made.connection(1, "S", "A").info("text")
    finally:
        os.umask(former)
    assert stat.S_IMODE((tmp_path / "log/1-S-A.log").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o750


def test_a_read_only_folder_loses_lines_until_it_is_writable(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`os.open` stands in for the folder's permissions, which do not bind root."""
    made = make(tmp_path, console)
    with monkeypatch.context() as readonly, running(made):
        readonly.setattr(os, "open", refuse_to_open)
        made.connection(1, "S", "A").info("lost")
        assert eventually(lambda: made.lost == 1)
    with running(made):
        made.connection(1, "S", "A").info("resumed")
    assert texts(tmp_path / "1-S-A.log") == [f"lines lost here: 1 ({os.strerror(errno.EACCES)})", "resumed"]


def refuse_to_open(path: Path, flags: int, mode: int) -> int:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def test_a_bug_costs_one_line(tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    line = logs._line

    def unlucky(moment: float, text: str) -> bytes:
        if text == "13":
            raise OverflowError("unlucky")
        return line(moment, text)

    monkeypatch.setattr(logs, "_line", unlucky)
    with running(make(tmp_path, console)) as made:
        for number in (12, 13, 14):
            made.connection(1, "S", "A").info("%d", number)
    assert texts(tmp_path / "1-S-A.log") == ["12", "14"]
    assert made.lost == 1
    assert console.trouble == ["log files: a line is lost: OverflowError('unlucky')"]
