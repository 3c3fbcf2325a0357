import pytest

from iec104mm2ss.settings.signals import Condition
from tests.settings.simulated import read_signals, signal, told

STATUS = "9,Y,3,9,1"
COMMAND_TYPES = [*range(45, 52), *range(58, 65)]


def refusals(row: str) -> list[str]:
    loaded = read_signals(row)
    assert loaded.rows == ()
    assert all(problem.refused for problem in loaded.problems)
    return told(loaded.problems)


@pytest.mark.parametrize(
    ("types", "text", "value"),
    [
        ((1, 30), "0", 0),
        ((1, 30), "1", 1),
        ((3, 31), "0", 0),
        ((3, 31), "3", 3),
        ((3, 31), "2.00", 2),
        ((5, 32), "-64", -64),
        ((5, 32), "+63", 63),
        ((7, 33), "0", 0),
        ((7, 33), "4294967295", 0xFFFFFFFF),
        ((7, 33), "0xa5A5a5a5", 0xA5A5A5A5),
        ((9, 34), "-1", -1.0),
        ((9, 34), "1", 1.0),
        ((9, 34), ".5", 0.5),
        ((11, 35), "-32768", -32768),
        ((11, 35), "32767", 32767),
        ((13, 36), "-10.456", -10.456),
        ((13, 36), "3.4028234e38", 3.4028234e38),
        ((13, 36), "1E-3", 0.001),
        ((15, 37), "-2147483648", -(2**31)),
        ((15, 37), "2147483647", 2**31 - 1),
    ],
)
def test_values(types: tuple[int, ...], text: str, value: float) -> None:
    for type_id in types:
        row = signal(f"1,Y,{type_id},5,{text}")
        assert (row.type_id, row.value, type(row.value)) == (type_id, value, type(value))
        assert (row.is_command, row.status_ioa) == (False, None)


@pytest.mark.parametrize(
    ("types", "texts", "remedy"),
    [
        ((1, 30), ["2", "-1", "ON", "0.5", "1e999"], "a whole number from 0 to 1"),
        ((3, 31), ["4", "-1", "01b"], "a whole number from 0 to 3"),
        ((5, 32), ["-65", "64"], "a whole number from -64 to 63"),
        (
            (7, 33),
            ["-1", "4294967296", "0x", "0x100000000", "ff"],
            "a whole number from 0 to 4294967295, or 0x0 to 0xFFFFFFFF",
        ),
        ((9, 34), ["1.01", "-1.01", "nan", "1.5.2"], "a number from -1 to 1"),
        ((11, 35), ["-32769", "32768", "11.5"], "a whole number from -32768 to 32767"),
        ((13, 36), ["inf", "-inf", "nan", "3.5e38", "1_0", "."], "a number from -3.402823466e+38 to 3.402823466e+38"),
        ((15, 37), ["-2147483649", "2147483648"], "a whole number from -2147483648 to 2147483647"),
    ],
)
def test_values_that_a_type_cannot_have(types: tuple[int, ...], texts: list[str], remedy: str) -> None:
    for type_id in types:
        for text in texts:
            assert refusals(f"1,Y,{type_id},5,{text}") == [f"1:E: value {text!r} should be {remedy}"]
        assert refusals(f"1,Y,{type_id},5") == [f"1:E: value is empty: it should be {remedy}"]


@pytest.mark.parametrize("type_id", COMMAND_TYPES)
def test_a_command_has_the_address_of_its_status_as_its_value(type_id: int) -> None:
    row, _ = read_signals(f"1,N,{type_id},21001,9", STATUS).rows
    assert (row.is_command, row.status_ioa, row.value) == (True, 9, 0)


@pytest.mark.parametrize("gi", ["Y", "N"])
def test_a_command_is_not_interrogated(gi: str) -> None:
    assert not read_signals(f"1,{gi},46,21001,9", STATUS).rows[0].interrogated


@pytest.mark.parametrize("text", ["", "-1", "16777216", "Q0"])
def test_a_command_whose_status_is_no_address(text: str) -> None:
    (problem,) = refusals(f"1,N,46,21001,{text}")
    assert problem.startswith("1:E: IOA of the status ")
    assert problem.endswith("should be a whole number from 0 to 16777215")


@pytest.mark.parametrize("text", ["0", "2", "4", "21", "38", "44", "52", "57", "65", "100", "256", "x", ""])
def test_a_type_that_cannot_be_simulated(text: str) -> None:
    (problem,) = refusals(f"1,Y,{text},5,1")
    assert problem.startswith("1:C: type id ")
    assert problem.endswith("simulated: 1 3 5 7 9 11 13 15, 30 to 37, 45 to 51, 58 to 64")


@pytest.mark.parametrize(("text", "index"), [("0", 0), ("0301", 301), ("999999999999", 999999999999)])
def test_an_index_is_a_number(text: str, index: int) -> None:
    assert signal(f"{text},Y,30,5,1").index == index


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1000000000000,Y,30,5,1", "1:A: index '1000000000000' should be a whole number from 0 to 999999999999"),
        ("1,Y,30,16777216,1", "1:D: IOA '16777216' should be a whole number from 0 to 16777215"),
        ("1,Y,30,,1", "1:D: IOA is empty: it should be a whole number from 0 to 16777215"),
        ("1,Y,30,5,1,-1", "1:F: wait sec '-1' should be seconds, from 0 to 172800"),
        ("1,Y,30,5,1,0,65536", "1:G: rtu no '65536' should be a whole number from 1 to 65535"),
        ("1,Y,30,5,1,0,0", "1:G: rtu no '0' should be a whole number from 1 to 65535"),
        (
            "1,Y,30,5,1,0,,256,,,9000",
            "1:H: type id of the filter '256' should be a whole number from 1 to 255",
        ),
        (
            "1,Y,30,5,1,0,,45,x,,9000",
            "1:I: IOA of the filter 'x' should be a whole number from 0 to 16777215",
        ),
        ("1,Y,30,5,1,0,,45,,ON,9000", "1:J: value of the filter 'ON' should be a number"),
        ("1,Y,30,5,1,0,,45,,1e999,9000", "1:J: value of the filter '1e999' should be a number"),
        ("1,Y,30,5,1,0,,45,,,-5", "1:K: T-out in milliseconds '-5' should be a number from 0 to 172800000"),
    ],
)
def test_a_cell_that_cannot_be_used_refuses_the_row(row: str, problem: str) -> None:
    assert refusals(row) == [problem]


def test_everything_wrong_in_a_row_is_reported_at_once() -> None:
    problems = refusals("1,Y,99,-5,1,x,0,0,x,x,-1,quality=no,group=17")
    assert sorted(problem.split(":")[1] for problem in problems) == list("CDFGHIJK")


def test_what_a_row_need_not_say() -> None:
    row = signal("1,,30,16777215,1")
    assert (row.gi, row.wait, row.rtu, row.condition, row.quality, row.group) == (False, 0.0, None, None, (), None)
    assert (row.comment, row.line, row.ioa) == ("", 1, 0xFFFFFF)


@pytest.mark.parametrize(("text", "gi"), [("Y", True), ("y", True), ("N", False), ("no", False), ("", False)])
def test_gi(text: str, gi: bool) -> None:  # noqa: FBT001 - a table
    assert signal(f"1,{text},30,5,1").interrogated is gi


@pytest.mark.parametrize("text", ["Yes", "1", "x"])
def test_a_gi_that_is_neither_y_nor_n_is_no(text: str) -> None:
    loaded = read_signals(f"1,{text},30,5,1")
    assert not loaded.rows[0].gi
    assert told(loaded.problems) == [
        f"1:B: warning: GI '{text}' is not Y, so interrogations leave the row out; it should be Y or N"
    ]


@pytest.mark.parametrize(("text", "wait"), [("", 0.0), ("0", 0.0), ("0.25", 0.25), ("3", 3.0)])
def test_the_pause_after_a_row(text: str, wait: float) -> None:
    assert signal(f"1,Y,30,5,1,{text}").wait == wait


def test_a_row_for_one_rtu_has_no_condition() -> None:
    row = signal("1,Y,30,5,1,0,105")
    assert (row.rtu, row.condition) == (105, None)


@pytest.mark.parametrize(
    ("cells", "condition"),
    [
        (",103,,,2500", Condition(103, None, None, 2.5)),
        (",,21001,,5000", Condition(None, 21001, None, 5.0)),
        (",,,0.5,100", Condition(None, None, 0.5, 0.1)),
        ("32,50,0,-1.5,600000", Condition(50, 0, -1.5, 600.0)),
    ],
)
def test_conditions(cells: str, condition: Condition) -> None:
    assert signal(f"1,Y,30,5,1,0,{cells}").condition == condition


@pytest.mark.parametrize("text", ["", "0", "5000", "comment"])
def test_without_a_condition_the_time_out_means_nothing(text: str) -> None:
    assert signal(f"1,Y,30,5,1,0,,,,,{text}").condition is None


@pytest.mark.parametrize(
    ("text", "comment", "complaint"),
    [
        ("", "Q0", "T-out is empty; the filter waits 5 s. It should be milliseconds"),
        (
            "5 s",
            "5 s Q0",
            "'5 s' is a comment and there is no T-out; the filter waits 5 s. It should be milliseconds",
        ),
        ("0", "Q0", "T-out 0 leaves no time for the filter; it waits 5 s"),
    ],
)
def test_a_condition_without_a_time_out_gets_the_time_of_the_sample(text: str, comment: str, complaint: str) -> None:
    loaded = read_signals(f"1,Y,30,5,1,0,,46,,,{text},Q0")
    (row,) = loaded.rows
    assert row.condition == Condition(46, None, None, 5.0)
    assert row.comment == comment
    assert told(loaded.problems) == [f"1:K: warning: {complaint}"]


def test_a_missing_time_out_is_asked_for_in_the_unit_of_its_title() -> None:
    problem = told(read_signals("#,T-out(s)", "1,Y,30,5,1,0,,46").problems)
    assert problem == ["2:K: warning: T-out is empty; the filter waits 5 s. It should be seconds"]


@pytest.mark.parametrize(
    ("cells", "comment"),
    [
        ("5000,DUMP,DUMP", "DUMP DUMP"),
        (",DUMP,,spare,", "DUMP spare"),
        ("110V DC,FAULT", "110V DC FAULT"),
        (",U=110 kV", "U=110 kV"),
        (",=", "="),
        (',"two\nlines\tand  blanks"', "two lines and blanks"),
        (",a\x07b", "a?b"),
        ("," + "x" * 54, "x" * 53),
        ("," + "x" * 52 + ",y", "x" * 52),
        (",Zürich Ω", "Zürich Ω"),
    ],
)
def test_comments(cells: str, comment: str) -> None:
    assert signal(f"1,Y,30,5,1,0,,,,,{cells}").comment == comment


@pytest.mark.parametrize(
    ("cells", "flags"),
    [
        (",Q0,quality=IV", ("IV",)),
        (",quality=IV,Q0", ("IV",)),
        ("quality=IV,Q0", ("IV",)),
        ("5000,Q0,,, Quality = iv + nt+NT ", ("NT", "IV")),
    ],
)
def test_quality_stands_anywhere_after_the_filter(cells: str, flags: tuple[str, ...]) -> None:
    row = signal(f"1,Y,30,5,1,0,,,,,{cells}")
    assert row.quality == flags
    assert row.comment in {"Q0", ""}


@pytest.mark.parametrize("type_id", [5, 7, 9, 11, 13, 32, 33, 34, 35, 36])
def test_every_flag_of_a_measured_value(type_id: int) -> None:
    row = signal(f"1,Y,{type_id},5,0,,,,,,,quality=IV+OV+NT+SB+BL")
    assert row.quality == ("BL", "SB", "NT", "OV", "IV")


@pytest.mark.parametrize(
    ("type_id", "text", "remedy"),
    [
        (30, "OV", "be one or more of BL SB NT IV, joined by +, in a row of type 30"),
        (3, "IV+OV", "be one or more of BL SB NT IV, joined by +, in a row of type 3"),
        (36, "EI", "be one or more of BL SB NT OV IV, joined by +, in a row of type 36"),
        (36, "", "be one or more of BL SB NT OV IV, joined by +, in a row of type 36"),
        (36, "IV+", "be one or more of BL SB NT OV IV, joined by +, in a row of type 36"),
        (37, "NT", "be one or more of IV, joined by +, in a row of type 37"),
        (46, "IV", "not stand in a row of type 46"),
    ],
)
def test_a_quality_that_the_type_does_not_have_refuses_the_row(type_id: int, text: str, remedy: str) -> None:
    assert refusals(f"1,Y,{type_id},5,1,0,,,,,,quality={text}") == [f"1:L: 'quality={text}' should {remedy}"]


@pytest.mark.parametrize(("type_id", "group"), [(30, 1), (13, 16), (15, 1), (37, 4)])
def test_groups(type_id: int, group: int) -> None:
    assert signal(f"1,Y,{type_id},5,1,0,,,,,,Q0,Group={group}").group == group


@pytest.mark.parametrize(
    ("type_id", "text", "remedy"),
    [
        (30, "0", "be a whole number from 1 to 16 in a row of type 30"),
        (30, "17", "be a whole number from 1 to 16 in a row of type 30"),
        (37, "5", "be a whole number from 1 to 4 in a row of type 37"),
        (45, "1", "not stand in a row of type 45"),
    ],
)
def test_a_group_that_the_type_cannot_be_in_refuses_the_row(type_id: int, text: str, remedy: str) -> None:
    assert refusals(f"1,Y,{type_id},5,1,0,,,,,,group={text}") == [f"1:L: 'group={text}' should {remedy}"]


def test_an_option_given_twice_refuses_the_row() -> None:
    assert refusals("1,Y,30,5,1,0,,,,,,group=1,GROUP=2") == ["1:M: group is given twice in this row"]


def test_a_mistyped_option_is_reported() -> None:
    loaded = read_signals("1,Y,30,5,1,0,,,,,,qualty=IV")
    assert loaded.rows[0].comment == "qualty=IV"
    assert told(loaded.problems) == ["1:L: warning: 'qualty=IV' is taken as a comment; the option is called quality"]
