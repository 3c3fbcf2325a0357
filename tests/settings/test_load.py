from pathlib import Path

import pytest

from iec104mm2ss.settings import Loaded, load, parse
from iec104mm2ss.settings.source import LARGEST_FILE
from tests.settings.texts import MASTER, RTU, SEED, read, said

SITE = f"{RTU}\n{MASTER}\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "site.csv"
    path.write_text(text)
    return path


def only_problem(loaded: Loaded) -> str:
    assert not loaded.usable
    assert loaded.refused
    (problem,) = loaded.problems
    assert (problem.row, problem.column) == (0, "")
    return problem.text


def test_a_file_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, SITE)
    loaded = load(path)
    assert loaded.usable
    assert not loaded.refused
    assert loaded.site.path == path


def test_problems_name_the_file_as_it_was_given(tmp_path: Path) -> None:
    path = written(tmp_path, f"{SITE}111,,2407,32,Y,::1\n")
    assert str(load(path).problems[0]).startswith(f"{path}:3:B: the name is empty")


def test_the_command_line_beats_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, f"ntp_server,file\nntp_update_every_sec,600\n{SITE}")
    site = load(path, nogui=True, ntp_servers=["line"], ntp_interval=60).site
    assert (site.nogui, site.ntp_servers, site.ntp_interval) == (True, ("line",), 60)


def test_the_file_holds_where_the_command_line_is_silent(tmp_path: Path) -> None:
    site = load(written(tmp_path, f"nogui\nntp_server,file\nntp_update_every_sec,600\n{SITE}")).site
    assert (site.nogui, site.ntp_servers, site.ntp_interval) == (True, ("file",), 600)


def test_a_missing_file(tmp_path: Path) -> None:
    assert only_problem(load(tmp_path / "none.csv")) == "the file cannot be read: No such file or directory"


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    assert only_problem(load(tmp_path)).startswith("the file cannot be read: ")


def test_a_path_that_cannot_be_one() -> None:
    assert only_problem(load(Path("a\0b"))).startswith("the file cannot be read: ")


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file(data: bytes) -> None:
    assert only_problem(parse(data, Path("site.csv"))) == "the file is empty"


@pytest.mark.parametrize("text", ["# nothing but a comment", ",,,", "t3,20", "!\n" + SITE[:0]])
def test_a_file_without_entries_says_so(text: str) -> None:
    assert only_problem(read(text)).startswith("the file has no entry that can be read")


def test_a_file_without_entries_keeps_its_settings() -> None:
    loaded = read("nogui", "log_files,9")
    assert (loaded.site.nogui, loaded.site.log_files) == (True, 9)


def test_a_huge_file_is_not_read() -> None:
    assert "is larger than" in only_problem(parse(b"#" * (LARGEST_FILE + 1), Path("site.csv")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_seed_as_any_spreadsheet_may_save_it(encoding: str, ending: str, separator: str) -> None:
    rows = [",".join(f'"{cell}"' for cell in row.split(",")) for row in SEED.splitlines()]
    text = ending.join(rows).replace('","', f'"{separator}"')
    loaded = parse(text.encode(encoding), Path("site.csv"))
    assert loaded.site == read(SEED).site
    assert [problem.row for problem in loaded.problems] == [22]


@pytest.mark.parametrize("end", ["!", "!4,OSI-3,2410,32,Y,::1", " ! the end"])
def test_an_exclamation_mark_ends_the_file(end: str) -> None:
    loaded = read(RTU, MASTER, end, "nogui", "111,B,0,32,Y,::1", "k,0", "222,C")
    assert loaded.site == read(RTU, MASTER).site
    unread = 3 if "4" in end else 2
    assert said(loaded) == [
        f"3:A: warning: '!' ends the file here; rows with entries from here on that are not read: {unread}"
    ]


def test_an_end_with_nothing_but_remarks_after_it_is_silent() -> None:
    assert read(RTU, MASTER, "!", "old stations", "# 5,x").problems == ()


@pytest.mark.parametrize(
    "row",
    ["# 222,B,,1,N,h:1", "#nogui", "id,sys name,port no,rtu no,master,hosts", "North,,,", "", '# "open', "to,do"],
)
def test_comments_are_silent(row: str) -> None:
    loaded = read(row, RTU, MASTER)
    assert loaded.problems == ()
    assert loaded.site == read(RTU, MASTER).site


@pytest.mark.parametrize(
    ("row", "meant"),
    [
        ("ntp_servr,10.1.1.1", "ntp_server"),
        ("idle time,60", "idletime"),
        ("Idletime:,60", "idletime"),
        ("k=12", "k"),
        ("t3: 20", "t3"),
        ("log-files,3", "log_files"),
        ("no gui", "nogui"),
        ("startdtt,always", "startdt"),
        ("requirefilter,Y", "require_filter"),
        ("require filters,Y", "require_filter"),
        ("private_type,N", "private_types"),
    ],
)
def test_a_mistyped_setting_is_reported(row: str, meant: str) -> None:
    loaded = read(row, RTU, MASTER)
    first_cell, *_ = row.split(",")
    assert said(loaded) == [f"1:A: warning: '{first_cell}' is taken as a comment; the setting is called {meant}"]


@pytest.mark.parametrize(
    ("row", "option", "whose"),
    [
        ("Command_points,1-5", "command_points", "a master"),
        ("commands=N", "commands", "a master"),
        ("clock,ignore", "clock", "a master"),
        ("stamp,N", "stamp", "an RTU"),
    ],
)
def test_an_option_in_a_row_of_its_own_is_reported(row: str, option: str, whose: str) -> None:
    loaded = read(row, RTU, MASTER)
    first_cell, *_ = row.split(",")
    assert said(loaded) == [
        f"1:A: warning: '{first_cell}' is taken as a comment; {option} belongs in the row of {whose}"
    ]


@pytest.mark.parametrize("first", ["111a", "-5", "1.5", "", "G111"])
def test_an_entry_without_a_proper_number_is_reported(first: str) -> None:
    loaded = read(RTU, MASTER, f"{first},B,2407,32,Y,::1")
    assert said(loaded) == [f"3:A: warning: '{first}' is no number, so the row is taken as a comment"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('222,"B,,1,N,h:1', "1: this row has a quote that is opened and not closed"),
        ('k,"12', "1: this row has a quote that is opened and not closed"),
        ('North "a",b\0', "1: warning: this row holds NUL characters; save the file as CSV UTF-8"),
        ("222,B\0", "1: this row holds NUL characters; save the file as CSV UTF-8"),
        ("222," + "x" * 20_000, "1: this row is longer than 20000 characters"),
    ],
)
def test_a_row_that_cannot_be_read_is_reported_and_the_rest_runs(row: str, problem: str) -> None:
    loaded = read(row, RTU, MASTER)
    assert said(loaded) == [problem]
    assert loaded.site == read(RTU, MASTER).site


def test_problems_stand_in_the_order_of_the_file() -> None:
    loaded = read("5,A,0,1,Y,::1", RTU, "k,0", MASTER, "111,,2407,32,Y,::1")
    assert [problem.row for problem in loaded.problems] == [1, 1, 3, 5]


def test_hosts_may_stand_on_several_lines_of_a_cell() -> None:
    loaded = read('111,R,,32,N,"127.0.0.1:2404;\n10.0.0.1:2404"', MASTER, "111,,2407,32,Y,::1")
    assert len(loaded.site.groups[0].rtu.hosts) == 2
    assert [problem.row for problem in loaded.problems] == [4]
