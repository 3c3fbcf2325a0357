"""Segments on disk: what is recovered, what is cut off, how much there is of them, and a disk that fails."""

import errno
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from iec104mm2ss.journal import records
from iec104mm2ss.journal.journal import Batch, Journal, Recovered
from iec104mm2ss.journal.records import Event

GROUP, CA = 111, 32


def event(position: int, octets: int = 18) -> Event:
    return Event(position, 1_780_000_000.0 + position, position.to_bytes(6, "little") + bytes(octets - 6))


def batch(*positions: int, needed: int = 0, octets: int = 18, **places: int) -> Batch:
    return Batch([event(it, octets) for it in positions], {int(port[1:]): at for port, at in places.items()}, needed)


def journal(folder: Path, *, ca: int = CA, lasting: bool = False) -> Journal:
    return Journal(folder, GROUP, ca, lasting=lasting)


def left(folder: Path) -> Recovered:
    """What the next process finds."""
    found = journal(folder)
    recovered = found.recover()
    found.close()
    return recovered


def segments(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nothing_was_left_where_nothing_was_written(tmp_path: Path) -> None:
    recovered = left(tmp_path / "journal")
    assert (recovered, recovered.tail) == (Recovered((), {}, ()), 0)
    assert not (tmp_path / "journal").exists()


@pytest.mark.parametrize("lasting", [False, True])
def test_what_was_written_is_recovered_without_a_farewell(tmp_path: Path, *, lasting: bool) -> None:
    written = journal(tmp_path / "journal", lasting=lasting)
    written.write(batch(4, 5, p2406=4, p2407=5))
    written.write(batch(6, p2406=5, p2407=5))
    recovered = left(tmp_path / "journal")
    written.close()
    assert recovered == Recovered((event(5), event(6)), {2406: 5, 2407: 5}, ())
    assert recovered.tail == 7


def test_positions_beyond_the_last_event_are_not_used_again(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.write(batch(4, p2406=90))
    written.close()
    assert left(tmp_path) == Recovered((), {2406: 90}, ())
    assert left(tmp_path).tail == 90


def test_a_torn_tail_is_cut_off_and_said(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.write(batch(4, p2406=4))
    written.close()
    path = tmp_path / "111-00000001.journal"
    whole = path.read_bytes()
    path.write_bytes(whole + records.event(event(5))[:-1])
    recovered = left(tmp_path)
    assert recovered.events == (event(4),)
    assert recovered.remarks == (f"{path}: the last {len(records.event(event(5))) - 1} octets were not whole: cut off",)
    assert path.read_bytes() == whole
    assert left(tmp_path).remarks == ()


def test_what_follows_a_recovery_stands_in_a_segment_of_its_own(tmp_path: Path) -> None:
    first = journal(tmp_path)
    first.write(batch(4, p2406=4))
    first.close()
    second = journal(tmp_path)
    second.recover()
    second.write(batch(5, p2406=4))
    second.close()
    assert segments(tmp_path) == ["111-00000001.journal", "111-00000002.journal"]
    assert left(tmp_path).events == (event(4), event(5))


def test_an_event_that_was_written_twice_is_there_once(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.write(batch(4, p2406=4))
    written.close()
    written.write(batch(4, 5, p2406=4))
    written.close()
    assert left(tmp_path).events == (event(4), event(5))


def test_there_is_no_more_than_is_needed_and_two_segments(tmp_path: Path) -> None:
    written, largest = journal(tmp_path), 0
    for position in range(0, 40_000, 10):
        needed = max(0, position - 1000)
        written.write(batch(*range(position, position + 10), needed=needed, octets=100, p2406=needed))
        largest = max(largest, sum(path.stat().st_size for path in tmp_path.iterdir()))
    written.close()
    kept = 1010 * len(records.event(event(0, 100)))
    assert kept < largest < kept + 2 * 262_144 + 20_000
    recovered = left(tmp_path)
    assert [it.position for it in recovered.events] == list(range(needed, 40_000))


def test_what_an_absent_master_needs_is_kept_while_the_others_go_on(tmp_path: Path) -> None:
    written = journal(tmp_path)
    for position in range(0, 20_000, 10):
        written.write(batch(*range(position, position + 10), needed=3, octets=100, p2406=3, p2407=position))
    written.close()
    assert [it.position for it in left(tmp_path).events] == list(range(3, 20_000))


def test_another_number_of_the_rtu_begins_anew(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.write(batch(4, p2406=4))
    written.close()
    other = journal(tmp_path, ca=33)
    recovered = other.recover()
    path = tmp_path / "111-00000001.journal"
    assert recovered == Recovered((), {}, (f"{path} is empty, or of another RTU: deleted",))
    assert segments(tmp_path) == []


def test_other_groups_are_left_alone(tmp_path: Path) -> None:
    mine, other = journal(tmp_path), Journal(tmp_path, 11, CA, lasting=False)
    mine.write(batch(4, p2406=4))
    other.write(batch(5, p2406=5))
    mine.remove()
    other.close()
    assert segments(tmp_path) == ["11-00000001.journal"]


class FullDisk:
    """Takes so many octets more, then none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        monkeypatch.setattr("iec104mm2ss.journal.journal._write", self.write)

    def write(self, file: io.FileIO, octets: bytes) -> None:
        taken, self.room = octets[: self.room], max(0, self.room - len(octets))
        file.write(taken)
        if len(taken) < len(octets):
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_and_loses_nothing_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = journal(tmp_path)
    written.write(batch(4, p2406=4))
    disk = FullDisk(monkeypatch, 50)
    with pytest.raises(OSError, match="No space"):
        written.write(batch(5, 6, 7, p2406=4))
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            written.write(batch(5, 6, 7, p2406=4))
    assert segments(tmp_path) == ["111-00000001.journal"]
    disk.room = 10_000
    written.write(batch(5, 6, 7, p2406=4))
    written.close()
    assert left(tmp_path).events == (event(4), event(5), event(6), event(7))


def test_on_a_full_disk_what_is_not_needed_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = journal(tmp_path)
    for position in range(0, 3000, 10):
        written.write(batch(*range(position, position + 10), octets=100, p2406=0))
    assert len(segments(tmp_path)) > 1
    FullDisk(monkeypatch, 0)
    with pytest.raises(OSError, match="No space"):
        written.write(batch(3000, needed=2999, p2406=2999))
    assert len(segments(tmp_path)) == 1


@pytest.mark.parametrize("failing", ["open", "mkdir"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, failing: str) -> None:
    folder = tmp_path / "journal"
    if failing == "mkdir":
        folder.write_text("a file")
    else:
        folder.mkdir()
        (folder / "111-00000001.journal").write_text("taken")
    with pytest.raises(OSError, match="journal"):
        journal(folder).write(batch(4, p2406=4))
    assert folder.is_file() or segments(folder) == ["111-00000001.journal"]


def test_a_write_that_the_system_takes_in_parts_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(io.FileIO):
        def write(self, octets: Any) -> int:  # noqa: ANN401 - a buffer
            return super().write(memoryview(octets)[:7])

    monkeypatch.setattr(Path, "open", lambda path, mode, buffering: Slow(path, mode[0]))
    written = journal(tmp_path)
    written.write(batch(4, 5, p2406=4))
    written.close()
    monkeypatch.undo()
    assert left(tmp_path).events == (event(4), event(5))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such call")
def test_what_has_to_last_is_forced_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[int] = []
    monkeypatch.setattr("os.fsync", forced.append)
    lasting = journal(tmp_path / "a", lasting=True)
    lasting.write(batch(4, p2406=4))
    assert len(forced) == 3  # the new segment, its name in the folder, the event
    lasting.write(batch(p2406=5))
    assert len(forced) == 3
    lasting.write(batch(5, p2406=5))
    assert len(forced) == 4
    lasting.close()
    other = journal(tmp_path / "b")
    other.write(batch(4, p2406=4))
    other.close()
    assert len(forced) == 4
