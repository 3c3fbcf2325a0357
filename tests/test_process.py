"""The mark that keeps two programs from running with one file and a shortage of files."""

import asyncio
import errno
import gc
import logging
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from iec104mm2ss.process import FileClaim, FileShortage, OldGarbage, collect_from_now, collecting_late

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the mark is made of flock, which Windows lacks")

HOLDER = """
import sys
import weakref
from pathlib import Path
from iec104mm2ss.process import FileClaim
claim = FileClaim(Path(sys.argv[1]))
print(claim.renew(), flush=True)
sys.stdin.read()
"""


def hold(file: Path) -> subprocess.Popen[str]:
    """Let another process mark a file; return it once it has."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    return holder


def end(holder: subprocess.Popen[str]) -> None:
    holder.communicate()
    assert holder.returncode == 0


def test_a_file_belongs_to_one_process_as_long_as_that_lives(tmp_path: Path) -> None:
    file = tmp_path / "site.csv"
    file.write_text("# a site\n", encoding="utf-8")
    claim = FileClaim(file)
    holder = hold(file)
    assert not claim.renew()
    file.write_text("# edited in place\n", encoding="utf-8")
    assert not claim.renew()
    end(holder)
    assert claim.renew()
    claim.release()


def test_the_mark_follows_a_file_that_is_replaced(tmp_path: Path) -> None:
    file, draft = tmp_path / "site.csv", tmp_path / "draft"
    file.write_text("# a site\n", encoding="utf-8")
    claim = FileClaim(file)
    assert claim.renew()
    draft.write_text("# another\n", encoding="utf-8")
    draft.replace(file)
    assert claim.renew()
    assert claim.renew(), "the mark of one's own is no obstacle"
    holder = FileClaim(file)
    assert not holder.renew()
    claim.release()
    assert holder.renew()
    holder.release()


def test_a_file_that_is_not_there_is_somebody_else_s_complaint(tmp_path: Path) -> None:
    claim = FileClaim(tmp_path / "none.csv")
    assert claim.renew()
    claim.release()


def test_a_file_system_without_marks_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(_descriptor: int, _operation: int) -> None:
        raise OSError(37, "No locks available")

    file = tmp_path / "site.csv"
    file.write_text("# a site\n", encoding="utf-8")
    monkeypatch.setattr("iec104mm2ss.process.fcntl.flock", no_locks)
    claim = FileClaim(file)
    assert claim.renew()


SHORT_OF_FILES = {"message": "socket.accept() out of system resource", "exception": OSError(errno.EMFILE, "none left")}


def test_a_shortage_of_files_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    loop = Loop()
    shortage = FileShortage(logging.getLogger("tests.process"))
    for loop.now in (1000.0, 1000.0, 1059.9, 1060.0):
        shortage(loop, SHORT_OF_FILES)
    said = [record.getMessage() for record in caplog.records]
    assert said == 2 * ["none left: nobody can connect; tried again every second (see LimitNOFILE)"]
    assert loop.left_to_asyncio == []


@pytest.mark.parametrize("exception", [OSError(errno.EPERM, "no"), ValueError("a bug"), None])
def test_everything_else_is_told_as_asyncio_tells_it(exception: Exception | None) -> None:
    loop = Loop()
    context = {"message": "something", "exception": exception}
    FileShortage(logging.getLogger("tests.process"))(loop, context)
    assert loop.left_to_asyncio == [context]


class Loop(asyncio.SelectorEventLoop):
    """A loop whose time the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.close()
        self.now = 0.0
        self.left_to_asyncio: list[dict[str, object]] = []

    def time(self) -> float:
        return self.now

    def default_exception_handler(self, context: dict[str, object]) -> None:
        self.left_to_asyncio.append(context)


def test_garbage_is_collected_late_and_what_is_made_to_stay_is_left_alone() -> None:
    before = gc.get_threshold()
    gc.set_threshold(700)
    try:
        with collecting_late():
            assert not gc.isenabled()
            collect_from_now()
            assert gc.isenabled()
            assert gc.get_freeze_count() > 0
            assert gc.get_threshold()[0] > 700
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
    with collecting_late():
        pass
    assert gc.isenabled()


def test_old_garbage_is_collected_every_two_minutes() -> None:
    class Ring:
        def __init__(self) -> None:
            self.itself = self

    beat = OldGarbage()
    gc.disable()
    try:
        for _ in range(2):
            ring = weakref.ref(Ring())
            for _ in range(119):
                beat()
            assert ring() is not None
            beat()
            assert ring() is None
    finally:
        gc.enable()
