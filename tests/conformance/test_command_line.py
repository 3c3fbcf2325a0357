"""`iec104rs --conformance` as its users run it: progress, report, exit status."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.conformance.catalogue import CASES
from iec104mm2ss.simulator import cli
from tests.conformance.fake import FakeStation
from tests.program import environment, eventually, free_port

if TYPE_CHECKING:
    from pathlib import Path

STARTS = ["--ca", "32", "--patience", "5", "--only", "startdt", "--only", "test-while-stopped", "--only", "clock"]


def outcome(wrong: str, *arguments: str) -> int:
    with FakeStation(wrong) as station:
        return cli.main(["--conformance", f"127.0.0.1:{station.port}", *STARTS, *arguments])


def test_each_verdict_is_shown_and_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("") == 0
    first, second, third, last = capsys.readouterr().out.splitlines()
    assert first.split()[:3] == ["1/3", "startdt", "passed"]
    assert second.split()[:3] == ["2/3", "test-while-stopped", "passed"]
    assert third.endswith("not applicable  needs --allow-clock: it sets the station's clock")
    assert last == "2 passed, 1 not applicable"


def test_the_frames_of_a_failure_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("test-while-stopped", "--patience", "0.3") == 1
    shown = capsys.readouterr().out
    assert "1 passed, 1 failed, 1 not applicable\n\ntest-while-stopped: TESTFR act is confirmed before STARTDT" in shown
    assert "(5.2). Failed: no TESTFR con within 0.3 s\n" in shown
    assert "  U TESTFR act  [68 04 43 00 00 00]\n" in shown


def test_the_report_goes_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("", "--output", str(tmp_path / "report.md")) == 0
    assert capsys.readouterr().out.endswith(f"report: {tmp_path / 'report.md'}\n")
    assert "**2 passed, 1 not applicable**" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert outcome("", "--skip", "startdt", "--output", str(tmp_path / "report.json")) == 0
    cases = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["cases"]
    assert [case["case"] for case in cases] == ["test-while-stopped", "clock"]


def test_a_report_that_cannot_be_written_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        outcome("", "--output", str(tmp_path / "nowhere" / "report.md"))
    assert "No such file" in capsys.readouterr().err


def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    assert cli.main(["--conformance", f"127.0.0.1:{port}", "--patience", "0.1"]) == 1
    assert capsys.readouterr().out.startswith(f"no connection to 127.0.0.1:{port}: ")


def test_a_station_that_wants_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("turns-away") == 1
    assert "closes at once: has it another master, or does its filter refuse this machine?" in capsys.readouterr().out


def test_a_case_that_cannot_run_decides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("startdt", "--skip", "startdt", "--only", "t2", "--patience", "0.2") == 0
    assert "inconclusive    data transfer cannot be started: no STARTDT con within 0.2 s" in capsys.readouterr().out


def test_nothing_that_passed_is_no_success() -> None:
    assert outcome("", "--skip", "startdt", "--skip", "test-while-stopped") == 1


def test_the_cases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--list-cases"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [case.name for case in CASES]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process alone")
def test_an_interrupt_reports_what_is_done(tmp_path: Path) -> None:
    report, output = tmp_path / "report.md", tmp_path / "output.txt"
    with FakeStation() as station, output.open("wb") as stream:
        command = ["-m", "iec104mm2ss.simulator", "--conformance", f"127.0.0.1:{station.port}", "--ca", "32"]
        chosen = ["--only", "startdt", "--only", "t3-while-stopped", "--t3", "600", "--output", str(report)]
        program = subprocess.Popen([sys.executable, *command, *chosen], env=environment(), stdout=stream)
        eventually(lambda: "2/2" in output.read_text(encoding="utf-8"), "the second case", 20)
        program.send_signal(signal.SIGINT)
        assert program.wait(10) == 0
    assert "interrupted: 1 not run\n" in output.read_text(encoding="utf-8")
    assert "**1 passed**" in report.read_text(encoding="utf-8")
