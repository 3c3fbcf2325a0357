"""The simulator's command line: `--check`, exit statuses, typed lines, and standard input that is not there."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import pytest

from iec104mm2ss.simulator import cli
from iec104mm2ss.simulator.commands import HELP
from tests.peers import started_master
from tests.program import ROOT, environment
from tests.simulator.program import RtuFile, SimulatorProgram, logged
from tests.simulator.running import running_simulator
from tests.station import address, asdu

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CA = 32


def run(folder: Path, typed: str) -> subprocess.CompletedProcess[str]:
    """Run the simulator until what is typed ends it."""
    return subprocess.run(
        [sys.executable, "-m", "iec104mm2ss.simulator", "-n"],
        cwd=folder,
        env=environment(),
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=20,
        check=False,
    )


def written(folder: Path, *rows: str) -> Path:
    file = RtuFile(*rows)
    file.add(CA)
    return file.write(folder / "iec104rs.csv")


def test_check_of_the_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Copies: who may write the files of a checkout is nobody's fault, but would be told.
    shutil.copyfile(ROOT / "config" / "iec104rs.csv", tmp_path / "iec104rs.csv")
    shutil.copytree(ROOT / "config" / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["--check"]) == 0
    assert capsys.readouterr() == ("iec104rs.csv: 9 RTUs, 71 rows in 2 data files\n", "")


def test_check_names_rows_of_both_kinds_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "301,Y,31,301,1,0", "301,Y,31,302,7,0")
    path.write_text(path.read_text() + "2,,33,2404,,,,iodata.csv\n3,OSI,34,24040,127.0.0.1,,,iodata.csv\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["--check"]) == 78
    output = capsys.readouterr().out
    assert "iec104rs.csv:2:B: " in output
    assert output.count("iodata.csv:3:E: ") == 1  # two RTUs share the file
    assert output.endswith("iec104rs.csv: 2 RTUs, 1 row in 1 data file\n")


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_file_without_an_rtu_is_exit_78(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    (tmp_path / "iec104rs.csv").write_text("# nothing\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 78
    assert "iec104rs.csv: the file has no RTU that can be read" in "".join(capsys.readouterr())
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("arguments", [["--send"], ["--send", "all"], ["--send", "301:soon"], ["-t", "0"], ["file"]])
def test_wrong_usage_is_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "usage: iec104rs" in capsys.readouterr().err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--version", "--help"):
        with pytest.raises(SystemExit) as stopped:
            cli.main([option])
        assert stopped.value.code == 0
    assert re.match(r"iec104rs \d+\.\d+\.\d+\n(.|\n)*INDEX\[:SECONDS\]", capsys.readouterr().out)


def test_every_request_is_answered(tmp_path: Path) -> None:
    file = RtuFile("301,Y,1,1,1,0")
    port = file.add(CA)
    ends: list[bool] = []
    with running_simulator(tmp_path, file) as running, started_master(port):

        def answered(line: str) -> list[str]:
            return running.call(lambda: cli.answer(line, running.simulator, lambda: ends.append(True)))

        assert answered("send 301 60") == ["index 301: 1 signal from 1 of 1 RTU"]
        assert answered("stop") == ["stopped on 1 RTU"]
        assert answered("set 32 1 0") == ["IOA 1 of RTU 32 is 0"]
        assert [line.split()[0] for line in answered("status")] == ["id", "1"]
        assert answered("help") == list(HELP)
        assert answered("stpo") == ["'stpo' is not known; help shows what is"]
        assert answered("  ") == []
        assert ends == []
        assert answered("quit") == ["stopping"]
        assert ends == [True]


def test_typed_lines_are_answered_and_quit_ends_with_0(tmp_path: Path) -> None:
    written(tmp_path, "301,Y,31,301,1,0")
    typed = "status\nsend 301\n\nset 32 301 2\nset 32 999 2\nstop\nsned\nhelp\nquit\n"
    done = run(tmp_path, typed)
    assert done.returncode == 0
    header, row, *answers = done.stdout.splitlines()
    assert header.split()[:3] == ["id", "name", "rtu"]
    assert row.split()[:3] == ["1", "ABB", "32"]
    assert answers[:5] == [
        "no RTU has a master that has started",
        "IOA 301 of RTU 32 is 2",
        "RTU 32 has no signal with the IOA 999",
        "nothing is being sent",
        "'sned' is not known; help shows what is",
    ]
    assert answers[5].startswith("send INDEX [SECONDS]")
    assert "Traceback" not in done.stderr


@contextmanager
def piped(folder: Path) -> Iterator[tuple[IO[str], IO[str]]]:
    """Run the simulator with pipes; give its input and output. It must still be there in the end and stop well."""
    written(folder, "301,Y,31,301,1,0")
    with subprocess.Popen(
        [sys.executable, "-m", "iec104mm2ss.simulator", "-n"],
        cwd=folder,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as simulator:
        assert simulator.stdin
        assert simulator.stdout
        assert simulator.stderr
        yield simulator.stdin, simulator.stdout
        with pytest.raises(subprocess.TimeoutExpired):
            simulator.wait(0.3)
        simulator.send_signal(signal.SIGTERM)
        assert simulator.wait(2) == 0
        assert "Traceback" not in simulator.stderr.read()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_the_end_of_the_typed_lines_does_not_end_it(tmp_path: Path) -> None:
    with piped(tmp_path) as (typed, answers):
        typed.write("stop\nstop")  # the last line needs no end
        typed.close()
        assert [answers.readline() for _ in range(2)] == ["nothing is being sent\n"] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_nobody_who_reads_the_answers_is_no_reason_to_end(tmp_path: Path) -> None:
    with piped(tmp_path) as (typed, answers):
        typed.write("stop\n")
        typed.flush()
        assert answers.readline()
        answers.close()
        typed.write("stop\n")
        typed.flush()


def test_without_a_standard_input_it_sends_what_the_command_line_says(tmp_path: Path) -> None:
    file = RtuFile("301,Y,1,1,1,0", "302,Y,1,2,0,0")
    port = file.add(CA)
    with SimulatorProgram(tmp_path, file, "--send", "302", "--send", "301:0.1") as simulator:
        with started_master(port) as master:
            assert master.take(2) == [asdu(1, 3, CA, address(2) + b"\0"), asdu(1, 3, CA, address(1) + b"\1")]
        assert simulator.stop() < 2
    assert ["listening on port " + str(port)] == [row[0] for row in logged(simulator.logs, port)][:1]
