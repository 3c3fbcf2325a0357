import io
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iec104mm2ss import logs
from iec104mm2ss.logs import console, printable
from tests.logfiles import LINE, Console, make, running, texts


@pytest.fixture
def screen() -> Console:
    return Console()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ASCII, Größe, Αθήνα", "plain ASCII, Größe, Αθήνα"),
        ("a\r\nb", r"a\x0d\x0ab"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x00\t\x7f", r"\x00\x09\x7f"),
        ("\u202egol.exe", r"\u202egol.exe"),  # right-to-left override
        ("\u2066\u2069\u200b", r"\u2066\u2069\u200b"),  # isolates, zero width space
        ("\u2028\u2029\x85\x9b", r"\u2028\u2029\x85\x9b"),  # separators, NEL, 8-bit CSI
        ("\udc80", r"\udc80"),  # what surrogateescape makes of an octet that is not UTF-8
        ("\U000e0001", r"\U000e0001"),  # language tag
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_printable_gives_one_line_that_encodes_and_stays_as_it_is(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    assert shown.encode().decode() == shown
    assert printable(shown) == shown


def test_injected_lines_stay_in_their_line(tmp_path: Path, screen: Console) -> None:
    with running(make(tmp_path, screen)) as made:
        made.connection(1, "S", "A").warning("peer said %s", "x\r\n2026-01-01 00:00:00.000+00:00  \x1b[2Jforged\udcff")
    expected = r"peer said x\x0d\x0a2026-01-01 00:00:00.000+00:00  \x1b[2Jforged\udcff"
    assert texts(tmp_path / "1-S-A.log") == [expected]
    assert screen.lines == [f"1 S/A: {expected}"]


def test_an_exception_is_one_line(tmp_path: Path, screen: Console) -> None:
    with running(make(tmp_path, screen)) as made:
        try:
            int("bad\nvalue")
        except ValueError:
            made.connection(1, "S", "A").exception("failed")
    (line,) = texts(tmp_path / "1-S-A.log")
    assert line.startswith(r"failed\x0aTraceback (most recent call last): | File ")
    assert line.endswith(r"ValueError: invalid literal for int() with base 10: 'bad\nvalue'")


def test_an_endless_text_is_cut(tmp_path: Path, screen: Console) -> None:
    with running(make(tmp_path, screen)) as made:
        made.connection(1, "S", "A").info("x" * 4001)
    assert texts(tmp_path / "1-S-A.log") == ["x" * 4000 + "... (4001 characters)"]


def file_of(folder: Path, group: int, name: str, port: int | None = None) -> str:
    """The only file that a row of this name makes."""
    with running(make(folder, Console())) as made:
        made.connection(group, "S" if port is None else "M", name, port).info("text")
    (path,) = folder.iterdir()
    return path.name


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/cron.d/x", "7-S-.._.._etc_cron.d_x.log"),
        ("C:\\x", "7-S-C__x.log"),
        ("con", "7-S-con.log"),
        ("a/b", "7-S-a_b.log"),
        ("a:b", "7-S-a_b.log"),
        ("..", "7-S-...log"),
        ("-rf *", "7-S--rf__.log"),
        ("", "7-S.log"),
        ("x\n\0\u202e", "7-S-x___.log"),
        ("Größe", "7-S-Gr__e.log"),
        ("n" * 300, "7-S-" + "n" * 64 + ".log"),
    ],
)
def test_file_names(tmp_path: Path, name: str, file: str) -> None:
    assert file_of(tmp_path, 7, name) == file


def test_names_that_look_alike_have_their_own_files(tmp_path: Path, screen: Console) -> None:
    rows = [(1, "a/b", 2404), (1, "a:b", 2405), (1, "A:B", 2406), (2, "a/b", 2407), (1, "n" * 300, 2408)]
    rows += [(1, "n" * 301, 2409)]
    with running(make(tmp_path, screen)) as made:
        for group, name, port in rows:
            made.connection(group, "M", name, port).info("%d", port)
    paths = sorted(tmp_path.iterdir())
    assert len({path.name.casefold() for path in paths}) == len(rows)
    assert {text for path in paths for text in texts(path)} == {str(port) for _, _, port in rows}


@given(st.text(), st.integers(1, 65535), st.none() | st.integers(1, 65535))
def test_any_name_gives_a_plain_name(name: str, group: int, port: int | None) -> None:
    file = logs._file_name(group, "S", name, port)
    assert re.fullmatch(r"[0-9]+-S[A-Za-z0-9._-]*", file)
    assert len(file) <= 86


# The console


class Stream(io.StringIO):
    """A stream that may be a terminal, or the descriptor that journald reads."""

    def __init__(self, descriptor: int | None = None, *, terminal: bool = False) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def fileno(self) -> int:
        return super().fileno() if self._descriptor is None else self._descriptor


def printed(stream: Stream, level: int, text: str) -> str:
    console(stream=stream).log(level, text)
    return stream.getvalue()


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """A descriptor that JOURNAL_STREAM names."""
    with (tmp_path / "journal").open("w") as file:
        status = os.fstat(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        yield file.fileno()


def test_a_terminal_gets_plain_lines() -> None:
    assert printed(Stream(terminal=True), logging.WARNING, "port\x1b in use") == "port\\x1b in use\n"


@pytest.mark.parametrize(
    ("level", "prefix"),
    [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (25, 6)],
)
def test_journald_gets_the_priority_in_front(journal: int, level: int, prefix: int) -> None:
    assert printed(Stream(journal), level, "text\nsecond") == f"<{prefix}>text\\x0asecond\n"


def test_a_file_gets_the_time_also_where_journald_reads_something_else(journal: int, tmp_path: Path) -> None:
    with (tmp_path / "other").open("w") as other:
        line = printed(Stream(other.fileno()), logging.INFO, "text")
    assert LINE.fullmatch(line.removesuffix("\n"))
    assert line.endswith("  text\n")


def test_a_stream_without_a_descriptor_gets_the_time() -> None:
    assert LINE.fullmatch(printed(Stream(), logging.INFO, "text").removesuffix("\n"))


def test_the_level_bounds_what_is_printed_and_stderr_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    program = console(logging.WARNING)
    program.info("not printed")
    program.warning("printed")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("  printed")


def test_a_second_console_replaces_the_first() -> None:
    first, second = Stream(terminal=True), Stream(terminal=True)
    console(stream=first)
    console(stream=second).info("text")
    assert (first.getvalue(), second.getvalue()) == ("", "text\n")


def test_what_libraries_log_is_printed_too() -> None:
    stream = Stream(terminal=True)
    console(stream=stream)
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    assert stream.getvalue() == "Task exception was never retrieved\n"


def test_a_process_without_stderr_logs_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    console().warning("nobody reads this")
