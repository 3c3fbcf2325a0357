import dataclasses
from pathlib import Path

import pytest

from iec104mm2ss.settings.program import SetClock
from iec104mm2ss.settings.rtus import LoadedRtus, load_rtus, parse_rtus
from iec104mm2ss.settings.simulation import Simulation
from iec104mm2ss.settings.source import LARGEST_FILE
from tests.settings.simulated import RTU, SEED_RTUS, folder, read_rtus, told

SECOND = "2,OSI,105,2405,127.0.0.1,12,60,iodata2.csv"
NOT_HERE = "is no setting of the RTU simulator and is not used"


def only_problem(loaded: LoadedRtus) -> str:
    assert not loaded.usable
    assert loaded.refused
    (problem,) = loaded.problems
    assert (problem.row, problem.column) == (0, "")
    return problem.text


def test_the_sample_of_the_seed_loads_as_it_stands(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, SEED_RTUS)
    assert loaded.problems == ()
    rows = [(rtu.id, rtu.name, rtu.ca, rtu.port, rtu.data.name) for rtu in loaded.simulation.rtus]
    assert rows == [
        (1, "ABB", 32, 2404, "iodata1.csv"),
        (2, "ABB", 32, 2405, "iodata1.csv"),
        (3, "OSI", 105, 2406, "iodata2.csv"),
        (4, "OSI", 105, 2407, "iodata2.csv"),
        (5, "Siemens", 178, 2408, "iodata1.csv"),
    ]
    assert loaded.simulation.ntp_servers == ("10.1.1.15", "time.windows.com", "pool.ntp.org")
    assert {(rtu.link.k, rtu.link.idle) for rtu in loaded.simulation.rtus} == {(12, 60.0)}
    assert all(rtu.accept.accepts("10.1.1.7") for rtu in loaded.simulation.rtus)
    assert not any(rtu.accept.accepts("10.1.2.7") for rtu in loaded.simulation.rtus)


def test_data_files_lie_in_the_folder_data_beside_the_file(tmp_path: Path) -> None:
    path = folder(tmp_path) / "rs.csv"
    path.write_text(RTU)
    (rtu,) = load_rtus(path).simulation.rtus
    assert rtu.data == tmp_path / "data" / "iodata1.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_seed_as_any_spreadsheet_may_save_it(tmp_path: Path, encoding: str, ending: str, separator: str) -> None:
    rows = [",".join(f'"{cell.strip()}"' for cell in row.split(",")) for row in SEED_RTUS.splitlines()]
    text = ending.join(rows).replace('","', f'"{separator}"')
    loaded = parse_rtus(text.encode(encoding), folder(tmp_path) / "rs.csv")
    assert loaded.simulation == read_rtus(tmp_path, SEED_RTUS).simulation
    assert loaded.problems == ()


def test_settings_of_the_program(tmp_path: Path) -> None:
    settings = ("nogui", "ntpserver,a", "ntp_update_every_sec,600", "set_clock,never", "log_size,5M", "log_files,3")
    simulation = read_rtus(tmp_path, *settings, RTU).simulation
    assert dataclasses.replace(simulation, rtus=()) == Simulation(
        path=tmp_path / "rs.csv",
        nogui=True,
        ntp_servers=("a",),
        ntp_interval=600,
        set_clock=SetClock.NEVER,
        log_size=5_000_000,
        log_files=3,
    )


def test_the_command_line_beats_the_file(tmp_path: Path) -> None:
    path = folder(tmp_path) / "rs.csv"
    path.write_text(f"ntp_server,file\nntp_update_every_sec,600\n{RTU}")
    simulation = load_rtus(path, nogui=True, ntp_servers=["line"], ntp_interval=60).simulation
    assert (simulation.nogui, simulation.ntp_servers, simulation.ntp_interval) == (True, ("line",), 60)


def test_the_file_holds_where_the_command_line_is_silent(tmp_path: Path) -> None:
    path = folder(tmp_path) / "rs.csv"
    path.write_text(f"nogui\nntp_server,file\nntp_update_every_sec,600\n{RTU}")
    simulation = load_rtus(path).simulation
    assert (simulation.nogui, simulation.ntp_servers, simulation.ntp_interval) == (True, ("file",), 600)


def test_a_missing_file(tmp_path: Path) -> None:
    assert only_problem(load_rtus(tmp_path / "none.csv")) == "the file cannot be read: No such file or directory"


@pytest.mark.parametrize("path", [Path(), Path("a\0b")])
def test_a_path_that_is_no_file(path: Path) -> None:
    assert only_problem(load_rtus(path)).startswith("the file cannot be read: ")


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file(data: bytes) -> None:
    assert only_problem(parse_rtus(data, Path("rs.csv"))) == "the file is empty"


def test_a_huge_file_is_not_read() -> None:
    assert "is larger than" in only_problem(parse_rtus(b"#" * (LARGEST_FILE + 1), Path("rs.csv")))


@pytest.mark.parametrize("text", ["# nothing but a comment", ",,,", "nogui", "!\n" + RTU.replace("1,", "x,", 1)])
def test_a_file_without_rtus_says_so(tmp_path: Path, text: str) -> None:
    assert only_problem(read_rtus(tmp_path, text)).startswith("the file has no RTU that can be read")


@pytest.mark.parametrize("end", ["!", "!2,OSI,105,2405", " ! the end"])
def test_an_exclamation_mark_ends_the_file(tmp_path: Path, end: str) -> None:
    loaded = read_rtus(tmp_path, RTU, end, "nogui", SECOND, "3,B")
    assert loaded.simulation == read_rtus(tmp_path, RTU).simulation
    unread = 3 if "2" in end else 2
    assert told(loaded.problems) == [
        f"2:A: warning: '!' ends the file here; rows with entries from here on that are not read: {unread}"
    ]


def test_of_two_rtus_with_one_port_the_first_runs(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, RTU, SECOND.replace("2405", "02404"), SECOND)
    assert [rtu.line for rtu in loaded.simulation.rtus] == [1, 3]
    assert told(loaded.problems) == ["2:D: port 2404 is used by ABB in row 1; choose another one"]


def test_a_refused_row_does_not_occupy_its_port(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, SECOND.replace("OSI", ""), SECOND)
    assert [rtu.line for rtu in loaded.simulation.rtus] == [2]


def test_a_repeated_id_is_a_warning(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, RTU, SECOND.replace("2,", "01,", 1))
    assert [rtu.id for rtu in loaded.simulation.rtus] == [1, 1]
    assert told(loaded.problems) == [
        "2:A: warning: id 1 stands in row 1 too; both run, but a number of its own tells them apart better"
    ]


def test_redundant_ports_have_one_rtu_number(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, RTU, SECOND.replace("105", "32"))
    assert loaded.problems == ()
    assert [rtu.ca for rtu in loaded.simulation.rtus] == [32, 32]


@pytest.mark.parametrize("row", ["# 2,OSI,105,2405", "#nogui", "id,sys name,rtu no,port no,hosts", "North,,,", ""])
def test_comments_are_silent(tmp_path: Path, row: str) -> None:
    loaded = read_rtus(tmp_path, row, RTU)
    assert loaded.problems == ()
    assert len(loaded.simulation.rtus) == 1


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (",OSI,105,2407,127.0.0.1", "'' is no number, so the row is taken as a comment"),
        ("x2,OSI,105,2407", "'x2' is no number, so the row is taken as a comment"),
        ("ntp-servr,a", "'ntp-servr' is taken as a comment; the setting is called ntp_server"),
        ("idle time,5", "'idle time' is taken as a comment; the setting is called idletime"),
        ("startdt,always", f"startdt {NOT_HERE}"),
        (
            "T3,20",
            f"t3 {NOT_HERE}; write t3= in the row of an RTU that is to send test frames",
        ),
    ],
)
def test_a_row_that_is_nearly_something_is_reported(tmp_path: Path, row: str, text: str) -> None:
    loaded = read_rtus(tmp_path, row, RTU)
    assert told(loaded.problems) == [f"1:A: warning: {text}"]
    assert loaded.simulation == read_rtus(tmp_path, RTU).simulation


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('2,"OSI,105,2405', "1: this row has a quote that is opened and not closed"),
        ('k,"12', "1: this row has a quote that is opened and not closed"),
        ("North\0", "1: warning: this row holds NUL characters; save the file as CSV UTF-8"),
    ],
)
def test_a_row_that_cannot_be_read_is_reported_and_the_rest_runs(tmp_path: Path, row: str, problem: str) -> None:
    loaded = read_rtus(tmp_path, row, RTU)
    assert told(loaded.problems) == [problem]
    assert loaded.simulation == read_rtus(tmp_path, RTU).simulation


def test_problems_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, "2,,0,0,::1,,,iodata1.csv", RTU, "k,0", "1,A,1,1,::1,,,iodata1.csv")
    assert [problem.row for problem in loaded.problems] == [1, 1, 1, 3, 4]
