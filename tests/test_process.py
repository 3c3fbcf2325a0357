"""The mark that keeps two programs from running with one file."""

import subprocess
import sys
from pathlib import Path

import pytest

from iec104mm2ss.process import FileClaim

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the mark is made of flock, which Windows lacks")

HOLDER = """
import sys
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
