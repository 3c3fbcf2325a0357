from collections.abc import Callable
from pathlib import Path

import pytest

from iec104mm2ss.console.tail import Tail, last_lines


def write(path: Path, *lines: str, end: str = "\n") -> None:
    path.write_bytes("".join(f"{line}\n" for line in lines[:-1]).encode() + f"{lines[-1]}{end}".encode())


def add(path: Path, text: str) -> None:
    with path.open("ab") as file:
        file.write(text.encode())


def rotate(path: Path, kept: int = 3) -> None:
    for age in range(kept - 1, 0, -1):
        older = path.with_name(f"{path.name}.{age}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{age + 1}"))
    path.rename(path.with_name(f"{path.name}.1"))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "111-S.log"


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1, ["c"]), (2, ["b", "c"]), (3, ["a", "b", "c"]), (9, ["a", "b", "c"])]
)
def test_the_last_lines(log: Path, count: int, expected: list[str]) -> None:
    write(log, "a", "b", "c")
    assert last_lines(log, count) == expected


def test_a_missing_or_empty_log_has_no_lines(log: Path) -> None:
    assert last_lines(log, 5) == []
    log.touch()
    assert last_lines(log, 5) == []


def test_the_last_lines_go_on_in_older_files(log: Path) -> None:
    write(log, "c")
    write(log.with_name("111-S.log.1"), "b")
    write(log.with_name("111-S.log.2"), "z", "a")
    assert last_lines(log, 3) == ["a", "b", "c"]


def test_half_a_line_waits(log: Path) -> None:
    write(log, "a", "b", end="")
    tail = Tail(log, 5)
    assert tail.read() == ["a"]
    assert tail.read() == []
    add(log, "eta\n")
    assert tail.read() == ["beta"]


@pytest.mark.parametrize("length", [1, 100, 65_535, 65_536, 65_537, 200_000])
def test_lines_of_any_length_at_the_end_of_a_large_file(log: Path, length: int) -> None:
    lines = [f"{number}:{'x' * length}" for number in range(5)]
    write(log, *lines)
    assert last_lines(log, 2) == lines[-2:]


def test_a_huge_file_is_read_from_its_end(log: Path) -> None:
    with log.open("wb") as file:
        file.truncate(20_000_000_000)  # a hole: reading it whole would take minutes
    add(log, "\na\nb\n")
    assert last_lines(log, 2) == ["a", "b"]


def test_as_many_lines_as_fit_are_given(log: Path) -> None:
    write(log, *["x" * 999] * 10_000)
    assert 3_900 < len(last_lines(log, 10_000)) <= 4_100


def test_a_log_that_comes_late_is_followed_from_its_beginning(log: Path) -> None:
    tail = Tail(log, 1)
    assert tail.read() == []
    write(log, "a", "b")
    assert tail.read() == ["a", "b"]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_nothing_is_missed_over_rotations(log: Path, times: int) -> None:
    write(log, "a")
    tail = Tail(log, 5)
    tail.read()
    expected = []
    for number in range(times):
        add(log, f"old {number}\n")
        rotate(log)
        write(log, f"new {number}")
        expected += [f"old {number}", f"new {number}"]
    assert tail.read() == expected
    add(log, "on\n")
    assert tail.read() == ["on"]


def test_a_log_rotated_away_and_not_begun_anew_is_read_to_its_end(log: Path) -> None:
    write(log, "a")
    tail = Tail(log, 5)
    tail.read()
    add(log, "b\nc")
    rotate(log)
    assert tail.read() == ["b", "c"]
    write(log, "d")
    assert tail.read() == ["d"]


def remove(log: Path) -> None:
    log.unlink()
    write(log, "anew")


def truncate(log: Path) -> None:
    log.write_bytes(b"")
    add(log, "anew\n")


@pytest.mark.parametrize("change", [remove, truncate])
def test_a_log_that_begins_anew_is_read_from_its_beginning(log: Path, change: Callable[[Path], None]) -> None:
    write(log, "a", "b", "c")
    tail = Tail(log, 1)
    assert tail.read() == ["c"]
    change(log)
    assert tail.read() == ["anew"]


def test_another_file_with_the_same_number_is_read_from_its_beginning(log: Path) -> None:
    write(log, "ab")
    tail = Tail(log, 1)
    tail.read()
    log.write_bytes(b"a longer line\n")  # keeps the inode, as a file made after a removal may
    assert tail.read() == ["a longer line"]


def test_much_at_once_comes_in_pieces(log: Path) -> None:
    write(log, "a")
    tail = Tail(log, 1)
    tail.read()
    lines = [f"{number:099}" for number in range(2000)]
    add(log, "".join(f"{line}\n" for line in lines))
    found = tail.read()
    assert tail.is_behind
    assert 0 < len(found) < len(lines)
    while tail.is_behind:
        found += tail.read()
    assert found + tail.read() == lines


def test_a_line_without_an_end_is_cut(log: Path) -> None:
    log.touch()
    tail = Tail(log, 1)
    tail.read()
    add(log, "x" * 100_000)
    assert tail.read() == ["x" * 65_536]
    add(log, "\n")
    assert tail.read() == ["x" * (100_000 - 65_536)]


def test_octets_that_are_no_text_become_escapes(log: Path) -> None:
    log.write_bytes(b"\xef\xbb\xbftime,text\r\n\xff\xe4\rb\x00\n")
    assert last_lines(log, 2) == ["time,text", "\\xff\\xe4\rb\x00"]
