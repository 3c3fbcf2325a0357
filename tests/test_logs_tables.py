"""Logs for a spreadsheet: a header, cells that stay text, and the disk treated as for any other log."""

from __future__ import annotations

import csv
import errno
import io
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iec104mm2ss.logs import TableLog, cell
from tests.logfiles import Console, Disk, eventually, make, running

if TYPE_CHECKING:
    from pathlib import Path

    from iec104mm2ss.logs import ConnectionLogs

COLUMNS = ("event", "IOA", "value")
FILE = "32-2404-ABB.csv"


def table(made: ConnectionLogs, **options: str) -> TableLog:
    return made.table(32, "ABB", 2404, COLUMNS, **options)


def without_time(path: Path) -> list[list[str]]:
    """The rows of a file, header first, as a spreadsheet reads them; all must be as wide as the header."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert {len(row) for row in rows} == {4}
    return [row[1:] for row in rows]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("H-TH01-Q0", "H-TH01-Q0"),
        ("", ""),
        ("A, B; C", '"A, B; C"'),
        ('the "big" one', '"the ""big"" one"'),
        ("=1+1", "'=1+1"),
        ("+49 89", "'+49 89"),
        ("-Q0", "'-Q0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", r"'\x09=1"),
        ("\r=1", r"'\x0d=1"),
        ('=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'),
        ("two\nlines", r"two\x0alines"),
    ],
)
def test_a_cell(text: str, written: str) -> None:
    assert cell(text) == written


@given(st.text())
def test_any_text_is_one_cell_and_no_formula(text: str) -> None:
    ((read,),) = csv.reader(io.StringIO(cell(text) + "\n")) if cell(text) else [[""]]
    assert not read.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_texts_and_rows_stand_below_a_header_in_a_file_of_their_own(tmp_path: Path) -> None:
    with running(make(tmp_path, Console())) as made:
        table(made).info("connected from %s", "10.0.0.1:2404")
        table(made).rows(["sent,301,ON", "sent,302,OFF"])
        table(made, part="gi").info("interrogation, group 1")
    assert without_time(tmp_path / FILE) == [
        ["event", "IOA", "value"],
        ["connected from 10.0.0.1:2404", "", ""],
        ["sent", "301", "ON"],
        ["sent", "302", "OFF"],
    ]
    assert without_time(tmp_path / "32-2404-ABB-gi.csv")[1] == ["interrogation, group 1", "", ""]


def test_names_are_utf_8_with_the_mark_that_spreadsheets_look_for(tmp_path: Path) -> None:
    with running(make(tmp_path, Console())) as made:
        table(made).info("Größe")
    content = (tmp_path / FILE).read_bytes()
    assert content.startswith(b"\xef\xbb\xbftime,event,IOA,value\n")
    assert "Größe" in content.decode()


def test_a_file_that_goes_on_has_one_header_and_a_rotated_one_its_own(tmp_path: Path) -> None:
    for number in range(3):
        with running(make(tmp_path, Console(), size=300, files=2)) as made:
            table(made).rows([f"sent,{number}{place},1" for place in range(3)])
    older, newer = without_time(tmp_path / f"{FILE}.1"), without_time(tmp_path / FILE)
    assert [row[0] for row in older + newer].count("event") == 2
    assert older[0] == newer[0] == ["event", "IOA", "value"]
    assert [row[1] for row in older + newer if row[0] == "sent"] == [
        f"{n}{place}" for n in range(3) for place in range(3)
    ]


def test_a_warning_goes_to_the_console_with_the_name_of_its_port(tmp_path: Path) -> None:
    console = Console()
    with running(make(tmp_path, console)) as made:
        table(made).warning("refused %s", "10.0.0.1")
        table(made).rows(["sent,301,1"])
    assert console.lines == ["32 ABB:2404: refused 10.0.0.1"]


def test_rows_that_the_disk_refused_are_counted_and_reported_in_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    monkeypatch.setattr(os, "write", disk.write)
    disk.error = errno.ENOSPC
    with running(make(tmp_path, Console())) as made:
        table(made).rows(["sent,301,1", "sent,302,1"])
        assert eventually(lambda: made.lost == 2)
        disk.error = None
        table(made).rows(["sent,303,1"])
    assert without_time(tmp_path / FILE)[1:] == [
        ["lines lost here: 2 (No space left on device)", "", ""],
        ["sent", "303", "1"],
    ]


def test_every_row_that_finds_the_queue_full_is_counted(tmp_path: Path) -> None:
    made = make(tmp_path, Console(), limit=1)
    table(made).rows(["sent,301,1"])
    table(made).rows(["sent,302,1", "sent,303,1"])
    table(made).info("connected")
    assert made.lost == 3
