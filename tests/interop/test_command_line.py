"""The program's answers to its user: `--check`, exit codes, one clear line for a file that cannot be used, SIGTERM."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.peers import RawMaster, RawRtu, started_master
from tests.program import ROOT, Gateway, Site, eventually, run
from tests.stage import assert_served
from tests.station import Station, address, asdu

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "111,RTU-1,,32,N,127.0.0.1:2404\n111,M-1,20406,33,Y,127.0.0.1\n"
# (a row that cannot be taken, the column that says why not)
BAD_ROWS = {
    "222,RTU-2,,0,N,127.0.0.1:2404": "D",
    "222,RTU-2,,65536,N,127.0.0.1:2404": "D",
    "222,RTU-2,,32,N,127.0.0.1": "F",
    "222,RTU-2,,32,N,": "F",
    "222,,,32,N,127.0.0.1:2404": "B",
    "111,M-2,20406,33,Y,": "C",
    "111,M-2,0,33,Y,": "C",
    "111,M-2,65536,33,Y,": "C",
    "111,M-2,20407,x,Y,": "D",
    "111,M-2,20407,33,Y,rubbish/99": "F",
}


def check(folder: Path, text: str | bytes, name: str = "site.csv") -> tuple[int, list[str]]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = run("-i", name, "--check", folder=folder)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_check_of_a_good_file(tmp_path: Path) -> None:
    code, lines = check(tmp_path, GOOD)
    assert code == 0
    assert not [line for line in lines if re.match(r".*site\.csv:\d", line)]


def test_check_names_file_row_and_column_of_every_row_that_is_not_taken(tmp_path: Path) -> None:
    code, lines = check(tmp_path, GOOD + "".join(f"{row}\n" for row in BAD_ROWS))
    assert code == 78
    for number, (row, column) in enumerate(BAD_ROWS.items(), 3):
        complaints = [line for line in lines if re.match(rf"(.*/)?site\.csv:{number}:{column}: \S.{{10,}}", line)]
        assert complaints, (row, lines)


def test_check_of_constants_that_do_not_fit(tmp_path: Path) -> None:
    """Fault C17: t2 >= t1, w above k, and k or w out of range are named by their rows."""
    for settings in ("t1,10\nt2,10\n", "k,0\n", "w,0\n", "k,32768\n", "k,8\nw,9\n"):
        _, lines = check(tmp_path, settings + GOOD)
        assert any(re.match(r"(.*/)?site\.csv:[12](:[A-Z])?: ", line) for line in lines), (settings, lines)


def test_check_of_a_warning_only(tmp_path: Path) -> None:
    """A name cut to 14 characters is told and is no reason to fail."""
    code, lines = check(tmp_path, GOOD.replace("M-1", "M-1-with-a-long-name"))
    assert code == 0
    assert any(re.match(r"(.*/)?site\.csv:2:B: ", line) for line in lines)


def test_check_of_a_file_with_bom_semicolons_and_crlf(tmp_path: Path) -> None:
    """Fault H02: what a spreadsheet in a European locale writes."""
    text = "\ufeff" + GOOD.replace(",", ";").replace("\n", "\r\n")
    assert check(tmp_path, text)[0] == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"\n,,,\n", b"# nothing here\n", b"\xff\xfe\x00\x81", None],
    ids=["empty", "blank", "comment", "binary", "missing"],
)
@pytest.mark.parametrize("arguments", [["-n"], ["--check"]], ids=["run", "check"])
def test_file_without_content_is_exit_78_and_one_clear_line(
    tmp_path: Path, content: bytes | None, arguments: list[str]
) -> None:
    if content is not None:
        (tmp_path / "site.csv").write_bytes(content)
    done = run("-i", "site.csv", *arguments, folder=tmp_path)
    assert done.returncode == 78
    about_it = [line for line in (done.stdout + done.stderr).splitlines() if "site.csv" in line]
    assert about_it
    assert len(done.stderr.splitlines()) <= 1
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom file modes stop")
def test_unreadable_file_is_exit_78(tmp_path: Path) -> None:
    (tmp_path / "site.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "site.csv").chmod(0)
    done = run("-i", "site.csv", "-n", folder=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (78, 1)


def test_folder_instead_of_a_file_is_exit_78(tmp_path: Path) -> None:
    done = run("-i", ".", "-n", folder=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (78, 1)


@pytest.mark.parametrize("arguments", [["--nonsense"], ["-t", "soon"], ["-i"]])
def test_wrong_usage_is_exit_2(tmp_path: Path, arguments: list[str]) -> None:
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_help_and_version(tmp_path: Path) -> None:
    assert run("--help", folder=tmp_path).returncode == 0
    done = run("--version", folder=tmp_path)
    assert (done.returncode, re.fullmatch(r"iec104mm2ss \d+\.\d+\.\d+\n", done.stdout) is not None) == (0, True)


def test_shipped_sample_passes_the_check(tmp_path: Path) -> None:
    assert run("-i", ROOT / "iec104mm2ss.csv", "--check", folder=tmp_path).returncode == 0


def test_default_file_and_log_folder_are_in_the_start_folder(tmp_path: Path) -> None:
    done = run("--check", folder=tmp_path)
    assert (done.returncode, "iec104mm2ss.csv" in done.stdout + done.stderr) == (78, True)


def test_bad_rows_do_not_stop_the_good_ones(tmp_path: Path) -> None:
    with RawRtu(Station(32)) as rtu:
        site = Site()
        site.lines += [row for row in BAD_ROWS if row.startswith("222")]
        site.lines += ["333,RTU-3,,32,N,127.0.0.1:2404"]
        site.rtu(111, 32, rtu.port)
        port = site.master(111, "M-1", 33)
        with Gateway(tmp_path, site) as gateway, started_master(port) as master:
            assert_served(master, rtu.link)
            eventually(lambda: "site.csv:1:D" in gateway.output(), f"the complaint in {gateway.output()}")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_sigterm_ends_within_2_s_with_a_stuck_master(tmp_path: Path) -> None:
    """Fault F07. It neither reads nor closes, and megabytes wait for it; the RTU sees an orderly end."""
    longest = asdu(9, 3, 32, address(1) + bytes(240), vsq=0x80 | 80)  # M_ME_NA_1, a sequence of 80
    with RawRtu(Station(32)) as rtu:
        site = Site(event_buffer=20_000)
        site.rtu(111, 32, rtu.port)
        port = site.master(111, "M-1", 33, k=32000)
        with Gateway(tmp_path, site, debug=False) as gateway, RawMaster(port, buffer=4096) as stuck:
            stuck.start()
            stuck.pause_reading()
            rtu.link.post([longest] * 12_000)
            rtu.link.wait_posted(30)
            assert gateway.stop() < 2
            rtu.link.wait_closed()


def test_a_file_that_everybody_can_write_is_told_at_the_start_on_reload_and_by_check(tmp_path: Path) -> None:
    """Fault G12. It is used all the same."""
    import signal  # noqa: PLC0415  not everything in it is there on every platform

    if sys.platform == "win32":
        pytest.skip("files have no such permissions there")
    tmp_path.chmod(0o777)
    site = Site()
    site.rtu(111, 32, 9)
    site.master(111, "M-1", 33)
    with Gateway(tmp_path, site) as gateway:
        gateway.wait_log("RTU-1", "127.0.0.1:9")
        eventually(lambda: f"; chmod o-w {tmp_path}\n" in gateway.output(), "the folder's warning at the start")
        tmp_path.chmod(0o755)
        (tmp_path / "site.csv").chmod(0o666)
        gateway.signal(signal.SIGHUP)
        eventually(lambda: f"; chmod o-w {tmp_path}/site.csv\n" in gateway.output(), "the file's warning on reload")
    done = run("-i", "site.csv", "--check", folder=tmp_path)
    assert done.returncode == 0
    assert f"; chmod o-w {tmp_path}/site.csv\n" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
def test_sigint_ends_like_sigterm(tmp_path: Path) -> None:
    import signal  # noqa: PLC0415  not everything in it is there on every platform

    site = Site()
    site.rtu(111, 32, 9)
    site.master(111, "M-1", 33)
    with Gateway(tmp_path, site) as gateway:
        gateway.wait_log("RTU-1", "127.0.0.1:9")
        gateway.signal(signal.SIGINT)
        assert gateway.process.wait(2) == 0
