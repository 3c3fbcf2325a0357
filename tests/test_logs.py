import os
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.logfiles import Console, Disk, eventually, line_length, make, running, texts


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "write", disk.write)
    return disk


def test_one_file_per_row_in_a_folder_that_is_created(tmp_path: Path, console: Console) -> None:
    with running(make(tmp_path / "a" / "log", console)) as made:
        made.connection(111, "S", "RTU-ABB").info("connected to %s", "10.0.0.1:2404")
        made.connection(111, "M", "OSI-1", 2407).info("started")
    assert texts(tmp_path / "a/log/111-S-RTU-ABB.log") == ["connected to 10.0.0.1:2404"]
    assert texts(tmp_path / "a/log/111-M-2407-OSI-1.log") == ["started"]
    assert console.lines == []
    assert made.lost == 0


def test_a_line_has_the_wall_time_of_the_event_with_its_offset(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1772363021.220)  # 2026-03-01 11:03:41.220 UTC
    monkeypatch.setattr(time, "time_ns", lambda: 1772363021_220_000_000)
    monkeypatch.setenv("TZ", "CET-1CEST")
    if sys.platform != "win32":
        time.tzset()
    try:
        with running(make(tmp_path, console)) as made:
            made.connection(1, "S", "A").info("text")
        monkeypatch.undo()
        expected = b"2026-03-01 12:03:41.220+01:00  text\n"
        assert (tmp_path / "1-S-A.log").read_bytes() == expected
    finally:
        monkeypatch.undo()
        if sys.platform != "win32":
            time.tzset()


def test_a_line_is_on_the_disk_while_the_program_runs(tmp_path: Path, console: Console) -> None:
    with running(make(tmp_path, console)) as made:
        made.connection(1, "S", "A").info("text")
        path = tmp_path / "1-S-A.log"
        assert eventually(lambda: path.exists() and path.stat().st_size > 0)


def test_lines_before_the_start_wait_for_it_and_those_of_a_second_start_follow(
    tmp_path: Path, console: Console
) -> None:
    made = make(tmp_path, console)
    log = made.connection(1, "S", "A")
    log.info("before")
    with running(made):
        log.info("first")
    with running(made):
        log.info("second")
    assert texts(tmp_path / "1-S-A.log") == ["before", "first", "second"]


def test_stop_without_start_and_twice_does_nothing(tmp_path: Path, console: Console) -> None:
    made = make(tmp_path, console)
    made.stop()
    with running(made):
        made.connection(1, "S", "A").info("text")
    made.stop()
    assert texts(tmp_path / "1-S-A.log") == ["text"]


def test_many_lines_keep_their_order_and_rows_do_not_mix(tmp_path: Path, console: Console) -> None:
    made = make(tmp_path, console, limit=3000)
    rows = [made.connection(group, "S", "A") for group in (1, 2)]
    for number in range(1500):
        for row in rows:
            row.info("%d", number)
    with running(made):
        pass
    expected = [str(number) for number in range(1500)]
    assert texts(tmp_path / "1-S-A.log") == expected
    assert texts(tmp_path / "2-S-A.log") == expected


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files through /proc")
def test_1200_connections_hold_no_files(tmp_path: Path, console: Console) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - descriptors, not files
    made = make(tmp_path, console, limit=1200)
    for port in range(1200):
        made.connection(1, "M", "A", port).info("listening")
    with running(made):
        assert eventually(lambda: len(list(tmp_path.iterdir())) == 1200)
        assert len(os.listdir("/proc/self/fd")) <= before + 1  # noqa: PTH208


def test_warnings_also_go_to_the_console_with_the_name_in_front(tmp_path: Path, console: Console) -> None:
    with running(make(tmp_path, console)) as made:
        log = made.connection(111, "M", "OSI\n1", 2407)
        log.info("started")
        log.warning("refused %s", "10.0.0.9")
    assert console.lines == ["111 M/OSI\\x0a1: refused 10.0.0.9"]
    assert texts(tmp_path / "111-M-2407-OSI_1.log") == ["started", "refused 10.0.0.9"]


def test_debug_is_not_written(tmp_path: Path, console: Console) -> None:
    with running(make(tmp_path, console)) as made:
        made.connection(1, "S", "A").debug("detail")
        made.connection(1, "S", "A").info("text")
    assert texts(tmp_path / "1-S-A.log") == ["text"]


@pytest.mark.parametrize(
    ("files", "kept"), [(0, {"": "89"}), (1, {"": "89", ".1": "4567"}), (2, {"": "89", ".1": "4567", ".2": "0123"})]
)
def test_rotation_keeps_the_newest_lines(tmp_path: Path, console: Console, files: int, kept: dict[str, str]) -> None:
    """Four lines a file; each line is written alone, as on a quiet day."""
    made = make(tmp_path, console, size=4 * line_length(), files=files)
    for number in range(10):
        with running(made):
            made.connection(1, "S", "A").info("%04d", number)
    found = {path.name.removeprefix("1-S-A.log"): [text[-1] for text in texts(path)] for path in tmp_path.iterdir()}
    assert found == {suffix: list(numbers) for suffix, numbers in kept.items()}


def test_a_burst_is_cut_where_the_file_is_full(tmp_path: Path, console: Console) -> None:
    size = 4 * line_length()
    made = make(tmp_path, console, size=size, files=5)
    for number in range(10):
        made.connection(1, "S", "A").info("%04d", number)
    with running(made):
        pass
    paths = sorted(tmp_path.iterdir(), reverse=True)
    assert [text for path in paths[:-1] for text in texts(path)] + texts(paths[-1]) == [f"{n:04d}" for n in range(10)]
    assert all(path.stat().st_size <= size for path in paths)


def test_a_line_longer_than_a_file_has_one_of_its_own(tmp_path: Path, console: Console) -> None:
    made = make(tmp_path, console, size=100, files=1)
    for text in ("a" * 300, "b"):
        made.connection(1, "S", "A").info(text)
    with running(made):
        pass
    assert texts(tmp_path / "1-S-A.log.1") == ["a" * 300]
    assert texts(tmp_path / "1-S-A.log") == ["b"]


def test_a_file_that_cannot_be_renamed_grows_to_twice_its_size(tmp_path: Path, console: Console) -> None:
    (tmp_path / "1-S-A.log.1").mkdir()
    made = make(tmp_path, console, size=2 * line_length(), files=1)
    for number in range(9):
        with running(made):
            made.connection(1, "S", "A").info("%04d", number)
    assert texts(tmp_path / "1-S-A.log") == ["0000", "0001", "0002", "0003", "0004"]
    assert made.lost == 4
    (tmp_path / "1-S-A.log.1").rmdir()
    with running(made):
        made.connection(1, "S", "A").info("0009")
    assert texts(tmp_path / "1-S-A.log")[-1] == "0009"
    assert made.lost == 4


def test_a_file_that_someone_else_rotated_is_made_anew(tmp_path: Path, console: Console) -> None:
    path = tmp_path / "1-S-A.log"
    with running(make(tmp_path, console)) as made:
        made.connection(1, "S", "A").info("before")
        assert eventually(lambda: path.exists() and path.stat().st_size > 0)
        path.rename(tmp_path / "old")
        made.connection(1, "S", "A").info("after")
    assert texts(tmp_path / "old") == ["before"]
    assert texts(path) == ["after"]


def test_a_full_queue_never_waits_and_the_file_says_what_it_lost(tmp_path: Path, console: Console, disk: Disk) -> None:
    disk.let_go.clear()
    with running(make(tmp_path, console, limit=10)) as made:
        log = made.connection(1, "S", "A")
        log.info("first")
        assert disk.held.wait(10)
        for number in range(1000):
            log.info("%d", number)
        made.connection(2, "S", "SILENT").info("refused as well")
        assert made.lost == 991
        disk.let_go.set()
    assert texts(tmp_path / "1-S-A.log") == [
        "first",
        "lines lost here: 990 (the queue was full)",
        *(str(number) for number in range(10)),
    ]
    assert texts(tmp_path / "2-S-SILENT.log") == ["lines lost here: 1 (the queue was full)"]
    assert console.lines == ["log files: the queue was full (lines lost: 991)"]
    assert made.lost == 991


def test_a_disk_that_hangs_holds_neither_the_caller_nor_the_end(tmp_path: Path, console: Console, disk: Disk) -> None:
    disk.let_go.clear()
    made = make(tmp_path, console)
    made.start()
    made.connection(1, "S", "A").info("first")
    assert disk.held.wait(10)
    made.connection(1, "S", "A").info("second")
    made.stop()
    assert console.lines == ["log files: the disk does not answer, the last lines are lost"]
    disk.let_go.set()
    assert eventually(lambda: made.lost == 1)
    assert texts(tmp_path / "1-S-A.log") == ["first"]
    assert console.lines[1:] == [f"log files: {tmp_path / '1-S-A.log'}: the program ended first (lines lost so far: 1)"]
    assert eventually(lambda: all(thread.name != "logs-stop" for thread in threading.enumerate()))
