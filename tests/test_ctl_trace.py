"""What `trace` and `log -f` print and write of what comes through a control socket."""

import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from iec104mm2ss.ctl.cli import gateway
from tests.console.served import PATIENCE, Served
from tests.program import eventually

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the server of these tests is a Unix socket")


class Command:
    """A command that goes on while the test goes on."""

    def __init__(self, served: Served, *words: str) -> None:
        self.status: int | None = None
        self._served = served
        self._words = ["--ctl", str(served.path), *words]
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def _run(self) -> None:
        self.status = gateway(self._words)

    def __exit__(self, *_: object) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def wait_for_tap(self, key: str = "111/S") -> None:
        eventually(lambda: bool(self._served.plant.sinks.get(key)), f"the tap of {key}")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


def test_frames_of_both_sides_of_a_group(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    with Command(served, "trace", "111", "--count", "2") as command:
        command.wait_for_tap("111/2407")
        served.run(lambda: served.plant.say("111/S"))
        served.run(lambda: served.plant.say("111/2407"))
    assert command.status == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("  ")[2] for line in lines] == [
        "111/S  -> 10.1.1.16:53122  TESTFR act",
        "111/2407  -> 10.1.1.16:53122  TESTFR act",
    ]


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (["--hex"], "TESTFR act  [68 04 43 00 00 00]"),
        (["--level", "raw"], "68 04 43 00 00 00"),
        (["--level", "link", "-f"], "TESTFR act"),
    ],
)
def test_a_frame_is_shown_as_wanted(
    served: Served, capsys: pytest.CaptureFixture[str], words: list[str], end: str
) -> None:
    with Command(served, "trace", "111/S", "--count", "1", *words) as command:
        command.wait_for_tap()
        served.run(lambda: served.plant.say("111/S"))
    assert capsys.readouterr().out.endswith(f"-> 10.1.1.16:53122  {end}\n")


def test_frames_of_another_level_are_left_out(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    with Command(served, "trace", "111/S", "--level", "data", "--seconds", "0.5") as command:
        command.wait_for_tap()
        served.run(lambda: served.plant.say("111/S"))
    assert (command.status, capsys.readouterr().out) == (0, "")


def test_a_trace_of_an_unknown_entry_is_refused(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    with Command(served, "trace", "999") as command:
        pass
    assert command.status == 1
    assert "there is no entry '999'" in capsys.readouterr().err


def test_the_end_of_the_program_ends_the_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Served(tmp_path) as served, Command(served, "trace", "111") as command:
        command.wait_for_tap()
        served.run(served.server.close)
    assert command.status == 2
    assert "has ended" in capsys.readouterr().err


def test_a_capture_file_is_written_and_never_overwritten(
    served: Served, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "111.pcap"
    with Command(served, "trace", "111/S", "--count", "2", "--pcap", str(file)) as command:
        command.wait_for_tap()
        served.run(lambda: served.plant.say("111/S", times=2))
    assert command.status == 0
    assert file.read_bytes().count(bytes.fromhex("680443000000")) == 2
    assert capsys.readouterr().err == (f"2 frames; to decode them: tshark -r {file} -d tcp.port==2406,iec60870_104\n")
    with Command(served, "trace", "111/S", "--pcap", str(file)) as command:
        pass
    assert command.status == 1
    assert "exists already and is not overwritten" in capsys.readouterr().err


def test_a_capture_can_be_piped(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", output)
    with Command(served, "trace", "111/S", "--count", "1", "--pcap", "-") as command:
        command.wait_for_tap()
        served.run(lambda: served.plant.say("111/S"))
    output.buffer.seek(0)
    content = output.buffer.read()
    assert content.startswith(bytes.fromhex("d4c3b2a1"))
    assert content.endswith(bytes.fromhex("680443000000"))


def test_a_log_is_followed_until_the_program_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "111-S.log"
    log.write_text("one\ntwo\n", encoding="utf-8")
    printed: list[str] = []

    def has_come(text: str) -> bool:
        printed.append(capsys.readouterr().out)
        return text in "".join(printed)

    with Served(tmp_path) as served, Command(served, "log", "111", "-n", "1", "-f") as command:
        eventually(lambda: has_come("two\n"), "the last line")
        with log.open("a", encoding="utf-8") as file:
            file.write("three\n")
        eventually(lambda: has_come("three\n"), "the new line")
        served.run(served.server.close)
    assert command.status == 2
    assert "".join(printed) == "two\nthree\n"
