import math
from pathlib import Path

import pytest

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.rtu_row import OPTIONS
from iec104mm2ss.settings.simulation import Misbehaviour
from tests.settings.simulated import RTU, entry, read_rtus, told


def refusals(path: Path, row: str) -> list[str]:
    loaded = read_rtus(path, row)
    assert loaded.refused
    assert not loaded.usable
    return told(loaded.problems)


def with_cell(column: int, text: str) -> str:
    cells = RTU.split(",")
    cells[column] = text
    return ",".join(cells)


def test_a_row_without_options_is_an_rtu_that_behaves(tmp_path: Path) -> None:
    rtu = entry(tmp_path)
    assert rtu.misbehaviour == Misbehaviour()
    assert rtu.misbehaviour == Misbehaviour(
        mirror_oa=True,
        ack_delay=0,
        answer_delay=0,
        no_actterm=False,
        refuse_second_gi=False,
        drop_frames=None,
        drop_seconds=None,
    )
    assert (rtu.bind, rtu.line) == (None, 1)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (with_cell(0, "1000000000"), "1:A: id '1000000000' should be a whole number from 0 to 999999999"),
        (with_cell(1, " "), "1:B: the name is empty; every RTU needs one"),
        (with_cell(2, "0"), "1:C: rtu no '0' should be a whole number from 1 to 65535"),
        (with_cell(2, "65536"), "1:C: rtu no '65536' should be a whole number from 1 to 65535"),
        (with_cell(2, ""), "1:C: rtu no is empty: it should be a whole number from 1 to 65535"),
        (with_cell(3, "x"), "1:D: port no 'x' should be a whole number from 1 to 65535"),
        (with_cell(3, "65536"), "1:D: port no '65536' should be a whole number from 1 to 65535"),
        (with_cell(5, "0"), "1:F: k '0' should be a whole number from 1 to 32767"),
        (with_cell(6, "-1"), "1:G: idletime '-1' should be seconds, above 0 to 172800, or never"),
    ],
)
def test_a_cell_that_cannot_be_used_refuses_the_row(tmp_path: Path, row: str, problem: str) -> None:
    assert refusals(tmp_path, row) == [problem]


@pytest.mark.parametrize("number", ["1", "65535", "0032"])
def test_both_ends_of_the_rtu_and_port_numbers_are_included(tmp_path: Path, number: str) -> None:
    (rtu,) = read_rtus(tmp_path, f"1,A,{number},{number},::1,,,iodata1.csv").simulation.rtus
    assert (rtu.ca, rtu.port) == (int(number), int(number))


@pytest.mark.parametrize(
    ("name", "taken", "complaint"),
    [
        ("Sixteen letters!", "Sixteen letters!", None),
        ("Seventeen letters", "Seventeen letter", "the name 'Seventeen letters' is cut to its first 16 characters"),
        ("Fifteen letters x", "Fifteen letters", "the name 'Fifteen letters x' is cut to its first 16 characters"),
        ('"North\nBus 1"', "North Bus 1", None),
        ("a\x07b", "a?b", "the name has invisible control characters; it is shown as 'a?b'"),
    ],
)
def test_names(tmp_path: Path, name: str, taken: str, complaint: str | None) -> None:
    loaded = read_rtus(tmp_path, with_cell(1, name))
    assert [rtu.name for rtu in loaded.simulation.rtus] == [taken]
    assert told(loaded.problems) == ([f"1:B: warning: {complaint}"] if complaint else [])


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, with_cell(1, "Z\ufffdrich"))
    assert loaded.usable
    assert "characters that are not UTF-8" in told(loaded.problems)[0]


@pytest.mark.parametrize(
    ("hosts", "accepted", "complaint"),
    [
        ("", True, "the filter is empty: every address is accepted; list addresses or networks to limit it"),
        ("10.1.1.0/24", False, None),
        ("x y", False, "no item of the filter is usable: nobody is accepted"),
    ],
)
def test_the_filter(tmp_path: Path, hosts: str, accepted: bool, complaint: str | None) -> None:  # noqa: FBT001 - a table
    loaded = read_rtus(tmp_path, with_cell(4, hosts))
    assert loaded.simulation.rtus[0].accept.accepts("127.0.0.1") is accepted
    assert told(loaded.problems)[-1:] == ([f"1:E: warning: {complaint}"] if complaint else [])


@pytest.mark.parametrize("text", ["", "../iodata1.csv", "data/iodata1.csv", "/etc/passwd", "a\\b", "C:x", "*.csv"])
def test_a_data_file_that_is_no_name_in_the_folder(tmp_path: Path, text: str) -> None:
    (problem,) = refusals(tmp_path, with_cell(7, text))
    assert problem.startswith("1:H: io data file ")
    assert problem.endswith("should be the name of a file in the folder data, such as iodata1.csv")


@pytest.mark.parametrize("name", ["iodata3.csv", "..", ".", "x" * 5000])
def test_a_data_file_that_is_missing_is_named_with_its_path(tmp_path: Path, name: str) -> None:
    (problem,) = refusals(tmp_path, with_cell(7, name))
    assert problem.endswith(f"should be in the folder data: there is no file {tmp_path / 'data' / name}")


def test_constants_of_a_row_that_is_silent(tmp_path: Path) -> None:
    (rtu,) = read_rtus(tmp_path, "1,A,1,2404,::1,,,iodata1.csv").simulation.rtus
    assert rtu.link == LinkParameters(t1=15, t2=10, t3=math.inf, k=12, w=8, idle=60)


def test_constants_of_the_file_hold_where_the_row_is_silent(tmp_path: Path) -> None:
    settings = ("k,30", "w,10", "t1,20", "t2,5", "idletime,90")
    loaded = read_rtus(tmp_path, *settings, "1,A,1,2404,::1,,,iodata1.csv", "2,B,1,2405,::1,15,120,iodata1.csv")
    assert loaded.problems == ()
    assert [rtu.link for rtu in loaded.simulation.rtus] == [
        LinkParameters(t1=20, t2=5, t3=math.inf, k=30, w=10, idle=90),
        LinkParameters(t1=20, t2=5, t3=math.inf, k=15, w=10, idle=120),
    ]


def test_a_small_k_lowers_w(tmp_path: Path) -> None:
    (rtu,) = read_rtus(tmp_path, with_cell(5, "6")).simulation.rtus
    assert (rtu.link.k, rtu.link.w) == (6, 4)


def test_constants_in_options(tmp_path: Path) -> None:
    link = entry(tmp_path, "t1=30", "T2 = 20", "t3=25", "w=5").link
    assert link == LinkParameters(t1=30, t2=20, t3=25, k=12, w=5, idle=60)


def test_an_rtu_tests_its_connection_only_where_its_row_says_so(tmp_path: Path) -> None:
    assert math.isinf(entry(tmp_path).link.t3)
    assert entry(tmp_path, "t3=20").link.t3 == 20


def test_an_idle_time_below_a_given_t3_is_doubted(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, f"{RTU},t3=90")
    assert loaded.usable
    assert told(loaded.problems) == [
        "1:G: warning: idletime (60 s) closes a quiet connection before t3 (90 s) has it tested"
    ]


def test_constants_of_a_row_that_contradict_each_other(tmp_path: Path) -> None:
    assert refusals(tmp_path, f"{RTU},t1=5,w=13") == [
        "1:I: t2 (10 s) should be shorter than t1 (5 s); set both",
        "1:J: w (13) should not be larger than k (12), better two thirds of it",
    ]


def test_constants_of_the_file_that_contradict_each_other_leave_the_defaults(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, "t1,5", "k,20", "1,A,1,2404,::1,,,iodata1.csv")
    assert told(loaded.problems) == ["1:B: t2 (10 s) should be shorter than t1 (5 s); set both"]
    assert loaded.simulation.rtus[0].link == LinkParameters(t3=math.inf, idle=60)


def test_a_constant_of_the_file_that_cannot_be_used(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, "k,none", "t2", "w,4", RTU)
    assert told(loaded.problems) == [
        "1:B: k 'none' should be a whole number from 1 to 32767",
        "2:B: t2 is empty: it should be seconds, above 0 to 172800",
    ]
    assert loaded.simulation.rtus[0].link.w == 4


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("mirror_oa=N", Misbehaviour(mirror_oa=False)),
        ("Mirror_OA = yes", Misbehaviour()),
        ("ack_delay=2.5", Misbehaviour(ack_delay=2.5)),
        ("answer_delay=0", Misbehaviour()),
        ("answer_delay=1", Misbehaviour(answer_delay=1)),
        ("no_actterm=Y", Misbehaviour(no_actterm=True)),
        ("refuse_second_gi=y", Misbehaviour(refuse_second_gi=True)),
        ("drop_after=100", Misbehaviour(drop_frames=100)),
        ("drop_after=30s", Misbehaviour(drop_seconds=30)),
        ("drop_after=0.5 S", Misbehaviour(drop_seconds=0.5)),
    ],
)
def test_misbehaviour(tmp_path: Path, option: str, expected: Misbehaviour) -> None:
    assert entry(tmp_path, option).misbehaviour == expected


def test_misbehaviours_add_up(tmp_path: Path) -> None:
    misbehaviour = entry(tmp_path, "drop_after=7", "", "no_actterm=Y", "# a remark", "ack_delay=1").misbehaviour
    assert misbehaviour == Misbehaviour(drop_frames=7, no_actterm=True, ack_delay=1)


@pytest.mark.parametrize(("text", "address"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("*", None)])
def test_the_address_to_listen_on(tmp_path: Path, text: str, address: str | None) -> None:
    assert entry(tmp_path, f"bind={text}").bind == address


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("mirror_oa=0", "'mirror_oa=0' should be Y or N"),
        ("ack_delay=-1", "'ack_delay=-1' should be seconds, from 0 to 3600"),
        ("answer_delay=", "'answer_delay=' should be seconds, from 0 to 3600"),
        (
            "drop_after=0",
            "'drop_after=0' should be a number of I-frames such as 100, or seconds such as 30s",
        ),
        (
            "drop_after=s",
            "'drop_after=s' should be a number of I-frames such as 100, or seconds such as 30s",
        ),
        ("bind=here", "'bind=here' should be an address of this machine, or * for all"),
        ("mirror_ao=N", "the option 'mirror_ao' is unknown; it should probably be mirror_oa"),
        ("=5", f"the option '' is unknown; known here are {', '.join(OPTIONS)}"),
        ("stamp=N", f"the option 'stamp' is unknown; known here are {', '.join(OPTIONS)}"),
        ("K=12", "k is no option; it belongs in column F"),
        ("idletime=5", "idletime is no option; it belongs in column G"),
    ],
)
def test_an_option_that_is_not_understood_refuses_the_row(tmp_path: Path, option: str, complaint: str) -> None:
    assert refusals(tmp_path, f"{RTU},,{option}") == [f"1:J: {complaint}"]


def test_an_option_given_twice_refuses_the_row(tmp_path: Path) -> None:
    assert refusals(tmp_path, f"{RTU},w=4,W=5") == ["1:J: the option w is given twice in this row"]


def test_a_remark_after_the_data_file_is_a_warning(tmp_path: Path) -> None:
    loaded = read_rtus(tmp_path, f"{RTU},old station")
    assert loaded.usable
    assert told(loaded.problems) == ["1:I: warning: 'old station' is no option name=value and is not used"]


def test_everything_wrong_in_a_row_is_reported_at_once(tmp_path: Path) -> None:
    problems = refusals(tmp_path, "1,,0,0,10.1.1.1,0,0.,no.csv,w=0,zz=1")
    assert [problem.split(":")[1] for problem in problems] == list("BCDFGHIJ")
