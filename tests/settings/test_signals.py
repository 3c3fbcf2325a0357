from pathlib import Path

import pytest

from iec104mm2ss.settings.signals import Condition, LoadedSignals, SignalRow, load_signals, parse_signals
from iec104mm2ss.settings.source import LARGEST_FILE
from tests.settings.simulated import SEED_SIGNALS, SIGNAL, read_signals, told

STATUS_MISSING = [343, 15001, 355, 361, 367, 377]


def only_problem(loaded: LoadedSignals) -> str:
    assert not loaded.usable
    assert loaded.refused
    (problem,) = loaded.problems
    assert (problem.row, problem.column) == (0, "")
    return problem.text


def test_the_sample_of_the_seed_loads_as_it_stands() -> None:
    loaded = read_signals(SEED_SIGNALS)
    assert not loaded.refused
    assert len(loaded.rows) == 29
    assert [row.index for row in loaded.rows[:9]] == list(range(100000, 100009))
    assert [row.ioa for row in loaded.rows if row.interrogated] == [
        *(301, 303, 305, 307, 309, 311, 313, 315, 317, 319, 321, 323),
        *(445, 446, 447, 11002),
    ]
    assert sum(row.is_command for row in loaded.rows) == 8


def test_of_the_seed_nothing_is_noted_but_commands_without_their_status() -> None:
    assert [problem.text for problem in read_signals(SEED_SIGNALS).problems] == [
        f"no signal of this file has the IOA {ioa}, so no status follows the command" for ioa in STATUS_MISSING
    ]


def test_rows_of_the_seed_in_full() -> None:
    rows = {row.line: row for row in read_signals(SEED_SIGNALS).rows}
    by_ioa = {row.ioa: row for row in rows.values()}
    assert by_ioa[21041] == SignalRow(
        index=100005,
        gi=False,
        in_gi=True,
        type_id=46,
        ioa=21041,
        status_ioa=361,
        comment="KLN05-Q0 (DCO) KLN05-Q0 (DCO)",
    )
    assert by_ioa[317] == SignalRow(
        index=317,
        gi=True,
        in_gi=True,
        type_id=31,
        ioa=317,
        value=2,
        condition=Condition(type_id=46, ioa=21001, value=2, timeout=5.0),
        comment="H-LN01Q1 H-LN01Q1",
    )
    assert by_ioa[445].comment == "110V DC FAULT 110V DC FAULT"
    assert (by_ioa[11002].value, by_ioa[11002].comment) == (5.435, "W W")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_signals_as_any_spreadsheet_may_save_them(encoding: str, ending: str, separator: str) -> None:
    rows = [SIGNAL, "317,Y,31,317,2,0.5,32,46,21001,2,5000,H-LN01Q1,quality=IV"]
    text = ending.join(row.replace(",", separator) for row in rows)
    loaded = parse_signals(text.encode(encoding), Path("io.csv"))
    assert loaded == read_signals(*rows)
    assert loaded.problems == ()


def test_a_semicolon_file_has_decimal_commas() -> None:
    loaded = read_signals("1;Y;36;5;-11,23;0,5;;13;;1,5;2,5;kV")
    (row,) = loaded.rows
    assert (row.value, row.wait) == (-11.23, 0.5)
    assert row.condition == Condition(13, None, 1.5, 0.0025)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "io.csv"
    path.write_text(f"{SIGNAL}\n1,Y,99,1,1")
    loaded = load_signals(path)
    assert [row.ioa for row in loaded.rows] == [307]
    assert str(loaded.problems[0]).startswith(f"{path}:2:C: type id '99' should be a type that can be simulated")


def test_a_missing_file(tmp_path: Path) -> None:
    assert only_problem(load_signals(tmp_path / "none")) == "the file cannot be read: No such file or directory"


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xff\xfe"])
def test_an_empty_file(data: bytes) -> None:
    assert only_problem(parse_signals(data, Path("io.csv"))) == "the file is empty"


def test_a_huge_file_is_not_read() -> None:
    assert "is larger than" in only_problem(parse_signals(b"#" * (LARGEST_FILE + 1), Path("io.csv")))


@pytest.mark.parametrize("text", ["# remarks", "!", "index,GI,typeid"])
def test_a_file_without_signals_says_so(text: str) -> None:
    assert only_problem(read_signals(text)).startswith("the file has no signal that can be read")


def test_a_file_whose_rows_are_all_refused_is_not_usable() -> None:
    loaded = read_signals("1,Y,30,1,7")
    assert (loaded.usable, loaded.refused) == (False, True)
    assert told(loaded.problems) == ["1:E: value '7' should be a whole number from 0 to 1"]


def test_a_bad_row_costs_itself_only() -> None:
    loaded = read_signals("1,Y", SIGNAL, "2,Y,31,x,1", SIGNAL)
    assert [row.line for row in loaded.rows] == [2, 4]
    assert [problem.row for problem in loaded.problems] == [1, 1, 3]


def test_one_address_may_have_several_rows() -> None:
    loaded = read_signals(SIGNAL, SIGNAL, SIGNAL.replace("31,307", "3,307"))
    assert (len(loaded.rows), loaded.problems) == (3, ())


@pytest.mark.parametrize("end", ["!", "!301,Y,31,308,1,0", "!End GI", ' "!End'])
def test_an_exclamation_mark_ends_the_interrogation_only(end: str) -> None:
    loaded = read_signals(SIGNAL, end, SIGNAL, "#", SIGNAL)
    assert [(row.line, row.gi, row.in_gi, row.interrogated) for row in loaded.rows] == [
        (1, True, True, True),
        (3, True, False, False),
        (5, True, False, False),
    ]
    assert loaded.problems == ()


def test_a_comment_that_mentions_the_mark_ends_nothing() -> None:
    assert read_signals("#!End GI,N,31,314,1,0", SIGNAL).rows[0].in_gi


@pytest.mark.parametrize(
    ("title", "timeout"),
    [
        ("T-out(ms)", 2.0),
        ("T-out(s)", 2000.0),
        ("t-out (sec)", 2000.0),
        ("Tout(seconds)", 2000.0),
        ("T-OUT( MS )", 2.0),
        ("T-out", 2.0),
        ("timeout=T-out in s", 2.0),
    ],
)
def test_the_title_of_its_column_gives_the_unit_of_a_time_out(title: str, timeout: float) -> None:
    loaded = read_signals(f"#index,GI,typeid,IOA,Value,wait sec,rtu no,type id,ioa,value,{title}", SIGNAL_WAITING)
    condition = loaded.rows[0].condition
    assert condition
    assert condition.timeout == timeout


SIGNAL_WAITING = "1,Y,31,1,1,0,,46,,,2000,"


def test_a_title_holds_for_the_rows_below_it() -> None:
    row = SIGNAL_WAITING.replace("2000", "200")
    rows = read_signals(row, "#,T-out(s)", row, "#,T-out(ms)", row).rows
    assert [row.condition.timeout for row in rows if row.condition] == [0.2, 200, 0.2]


@pytest.mark.parametrize(
    ("title", "text", "complaint"),
    [
        (
            "T-out(ms)",
            "5",
            "is milliseconds, 0.005 s; the title of the column should say T-out(s) if it is seconds",
        ),
        ("T-out(s)", "5000", "is seconds; the title of the column should say T-out(ms) if it is milliseconds"),
    ],
)
def test_a_time_out_that_is_probably_in_the_other_unit(title: str, text: str, complaint: str) -> None:
    loaded = read_signals(f"#,{title}", SIGNAL_WAITING.replace("2000", text))
    assert loaded.usable
    assert told(loaded.problems) == [f"2:K: warning: T-out {text} {complaint}"]


@pytest.mark.parametrize(
    "row", ["#301,Y,31,307,1", "", "index,GI,typeid,IOA,Value", "-----,,SCO", "x,Y,31", "```", '"open', "abc\0"]
)
def test_comments_are_silent(row: str) -> None:
    loaded = read_signals(row, SIGNAL)
    assert loaded.problems == ()
    assert len(loaded.rows) == 1


@pytest.mark.parametrize("first", ["3O1", "", "-1", "1.5"])
def test_a_signal_without_a_proper_index_is_reported(first: str) -> None:
    loaded = read_signals(SIGNAL.replace("301", first), SIGNAL)
    assert told(loaded.problems) == [f"1:A: warning: {first!r} is no number, so the row is taken as a comment"]
    assert len(loaded.rows) == 1


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('301,"Y,31,307,1', "1: this row has a quote that is opened and not closed"),
        ("301,Y\0,31,307,1", "1: this row holds NUL characters; save the file as CSV UTF-8"),
        ("301," + "x" * 20_000, "1: this row is longer than 20000 characters"),
    ],
)
def test_a_row_that_cannot_be_read_is_reported_and_the_rest_is_used(row: str, problem: str) -> None:
    loaded = read_signals(row, SIGNAL)
    assert told(loaded.problems) == [problem]
    assert [row.line for row in loaded.rows] == [2]


@pytest.mark.parametrize("status", ["9,Y,31,307,1", "9,Y,13,307,0.5"])
@pytest.mark.parametrize("above", [True, False])
def test_a_status_may_have_any_type_and_stand_anywhere(status: str, above: bool) -> None:  # noqa: FBT001 - a table
    command = "1,N,46,21001,307"
    assert read_signals(*((status, command) if above else (command, status))).problems == ()


def test_a_command_is_no_status_of_another_one() -> None:
    loaded = read_signals("1,N,46,21001,5", "2,N,45,5,21001")
    assert [problem.column for problem in loaded.problems] == ["E", "E"]
    assert loaded.usable
