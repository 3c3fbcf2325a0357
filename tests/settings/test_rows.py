from collections.abc import Callable

import pytest

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings import Clock, Endpoint, InterrogationData, MasterRow, RtuRow, StartDt, Takeover
from tests.settings.texts import MASTER, RTU, master, read, rtu, said


def test_an_rtu_row_with_its_defaults() -> None:
    row = rtu()
    assert (row.group, row.name, row.ca, row.line) == (111, "S/RTU-ABB", 32, 1)
    assert row.hosts == (Endpoint("127.0.0.1", 2404),)
    assert row.link == LinkParameters(idle=60)
    assert row.stamp is True
    assert row.key == (111, "S")


def test_a_master_row_with_its_defaults() -> None:
    row = master()
    assert (row.group, row.name, row.port, row.ca, row.line) == (111, "M/ABB-1", 2406, 32, 2)
    assert row.accept.accepts("127.0.0.1")
    assert not row.accept.accepts("127.0.0.2")
    assert row.link == LinkParameters(idle=60)
    assert (row.max, row.takeover, row.oa, row.bind) == (1, Takeover.PROBE, None, None)
    assert (row.commands, row.clock) == (True, Clock.FORWARD)
    assert row.key == (111, 2406)


def test_rows_are_compared_without_their_line() -> None:
    assert read("# note", RTU, MASTER).site == read(RTU, MASTER).site


@pytest.mark.parametrize("cell", ["Y", "y", "yes", "YES", " Y "])
def test_yes_is_a_master(cell: str) -> None:
    assert len(read(RTU, f"111,ABB-1,2406,32,{cell},127.0.0.1").site.groups[0].masters) == 1


@pytest.mark.parametrize("cell", ["N", "n", "no", "NO", ""])
def test_no_or_nothing_is_an_rtu(cell: str) -> None:
    assert read(f"111,RTU-ABB,,32,{cell},127.0.0.1:2404", MASTER).usable


@pytest.mark.parametrize("cell", ["x", "1", "true", "master"])
def test_any_other_word_is_refused(cell: str) -> None:
    loaded = read(RTU, MASTER, f"111,ABB-2,2407,32,{cell},127.0.0.1")
    assert said(loaded) == [f"3:E: master '{cell}' should be Y or N"]


@pytest.mark.parametrize(("cell", "number"), [("1", 1), ("65535", 65535), (" 0032 ", 32)])
def test_rtu_numbers_and_ports_have_both_ends(cell: str, number: int) -> None:
    loaded = read(f"111,R,,{cell},N,127.0.0.1:{cell}", f"111,M,{cell},{cell},Y,127.0.0.1")
    group = loaded.site.groups[0]
    assert loaded.problems == ()
    assert (group.rtu.ca, group.rtu.hosts[0].port) == (number, number)
    assert (group.masters[0].ca, group.masters[0].port) == (number, number)


@pytest.mark.parametrize(
    ("row", "problems"),
    [
        ("111,,2407,32,Y,127.0.0.1", ["3:B: the name is empty; every RTU and master needs one"]),
        ("111,A,,32,Y,127.0.0.1", ["3:C: port no is empty: it should be a whole number from 1 to 65535"]),
        ("111,A,0,32,Y,127.0.0.1", ["3:C: port no '0' should be a whole number from 1 to 65535"]),
        ("111,A,65536,32,Y,127.0.0.1", ["3:C: port no '65536' should be a whole number from 1 to 65535"]),
        ("111,A,abc,32,Y,127.0.0.1", ["3:C: port no 'abc' should be a whole number from 1 to 65535"]),
        ("111,A,2407,0,Y,127.0.0.1", ["3:D: rtu no '0' should be a whole number from 1 to 65535"]),
        ("111,A,2407,65536,Y,127.0.0.1", ["3:D: rtu no '65536' should be a whole number from 1 to 65535"]),
        (
            "111,,x,,Y,127.0.0.1",
            [
                "3:B: the name is empty; every RTU and master needs one",
                "3:D: rtu no is empty: it should be a whole number from 1 to 65535",
                "3:C: port no 'x' should be a whole number from 1 to 65535",
            ],
        ),
        (
            "1234567890,A,2407,32,Y,127.0.0.1",
            ["3:A: id '1234567890' should be a whole number from 0 to 999999999"],
        ),
    ],
)
def test_everything_wrong_in_a_row_is_reported_and_the_rest_runs(row: str, problems: list[str]) -> None:
    loaded = read(RTU, MASTER, row)
    assert said(loaded) == problems
    assert loaded.site == read(RTU, MASTER).site


@pytest.mark.parametrize(
    ("hosts", "problem"),
    [
        ("", "2:F: the RTU has no host; it should look like 192.168.1.1:2404"),
        (";", "2:F: the RTU has no host; it should look like 192.168.1.1:2404"),
        ("127.0.0.1", "2:F: host '127.0.0.1' has no port; it should look like 127.0.0.1:2404"),
    ],
)
def test_an_rtu_without_a_usable_host_is_refused(hosts: str, problem: str) -> None:
    loaded = read(MASTER, f"111,R,,32,N,{hosts}")
    assert said(loaded) == [
        "1: group 111 is not started: it has no RTU (master: N) that can be used",
        problem,
    ]
    assert not loaded.usable


def test_a_bad_host_beside_a_good_one_is_left_out() -> None:
    loaded = read("111,R,,32,N,10.0.0.1;127.0.0.1:2404", MASTER)
    assert said(loaded) == [
        "1:F: warning: host '10.0.0.1' has no port; it should look like 10.0.0.1:2404; it is left out"
    ]
    assert loaded.site.groups[0].rtu.hosts == (Endpoint("127.0.0.1", 2404),)


def test_the_port_of_an_rtu_is_not_looked_at() -> None:
    assert read("111,R,whatever,32,N,127.0.0.1:2404", MASTER).problems == ()


@pytest.mark.parametrize(
    ("cell", "name", "problem"),
    [
        ("12345678901234", "M/12345678901234", None),
        (
            "123456789012345",
            "M/12345678901234",
            "2:B: warning: the name '123456789012345' is cut to its first 14 characters",
        ),
        ("1234567890123 5", "M/1234567890123", None),
        ('"two\n lines"', "M/two lines", None),
        (
            "red\x1b[31m",
            "M/red?[31m",
            "2:B: warning: the name has invisible control characters; it is shown as 'red?[31m'",
        ),
        ("محطة", "M/محطة", None),
    ],
)
def test_names_are_made_fit_to_show(cell: str, name: str, problem: str | None) -> None:
    loaded = read(RTU, f"111,{cell},2406,32,Y,127.0.0.1")
    assert loaded.site.groups[0].masters[0].name == name
    assert problem is None or said(loaded) == [problem]


def test_a_name_in_another_encoding_runs_with_a_warning() -> None:
    loaded = read(RTU, "111,Z\ufffdrich,2406,32,Y,127.0.0.1")
    assert said(loaded) == [
        "2:B: warning: the name 'Z\ufffdrich' has characters that are not UTF-8; save the file as CSV UTF-8"
    ]


def test_filter_complaints_are_warnings() -> None:
    loaded = read(RTU, "111,A,2406,32,Y,", "111,B,2407,32,Y,nonsense")
    assert said(loaded) == [
        "2:F: warning: the filter is empty: every address is accepted; list addresses or networks to limit it",
        "3:F: warning: filter 'nonsense' is a name, and names are not looked up; write its address",
        "3:F: warning: no item of the filter is usable: nobody is accepted",
    ]
    everybody, nobody = loaded.site.groups[0].masters
    assert everybody.accept.accepts("203.0.113.9")
    assert not nobody.accept.accepts("203.0.113.9")


@pytest.mark.parametrize("read_row", [rtu, master])
def test_constants_of_a_row(read_row: Callable[..., RtuRow | MasterRow]) -> None:
    row = read_row("K=20", " w = 10 ", "t0=5", "t1=8", "t2=4", "t3=12", "IdleTime=40")
    assert row.link == LinkParameters(k=20, w=10, t0=5, t1=8, t2=4, t3=12, idle=40)


def test_constants_of_a_row_stand_over_those_of_the_file() -> None:
    loaded = read("t1,9", "t2,5", f"{RTU},t1=7", MASTER)
    group = loaded.site.groups[0]
    assert (group.rtu.link.t1, group.rtu.link.t2) == (7, 5)
    assert group.masters[0].link.t1 == 9


def test_k_of_a_row_lowers_w_without_a_word() -> None:
    loaded = read(f"{RTU},k=3", MASTER)
    assert loaded.problems == ()
    assert (loaded.site.groups[0].rtu.link.k, loaded.site.groups[0].rtu.link.w) == (3, 2)


def test_every_option_of_a_master() -> None:
    row = master("MAX=2", "takeover=new", "oa=7", "commands=n", "command_points=7;9", "clock=confirm", "bind=::1")
    assert (row.max, row.takeover, row.oa) == (2, Takeover.NEW, 7)
    assert (row.commands, str(row.command_points)) == (False, "7;9")
    assert (row.clock, row.bind) == (Clock.CONFIRM, "::1")


@pytest.mark.parametrize(("option", "bind"), [("bind=*", None), ("bind=::1", "::1"), ("bind=fe80::1%a", "fe80::1%a")])
def test_the_address_to_listen_on(option: str, bind: str | None) -> None:
    assert master(option).bind == bind


def test_every_option_of_an_rtu() -> None:
    options = (
        "stamp=N,startdt=on_demand,interrogation_data=all,event_buffer=5,event_age=6,select_timeout=7,private_types=N"
    )
    loaded = read("event_buffer,100", "startdt,always", f"{RTU},{options}", MASTER)
    group = loaded.site.groups[0]
    assert loaded.problems == ()
    assert group.rtu.stamp is False
    assert (group.startdt, group.interrogation_data) == (StartDt.ON_DEMAND, InterrogationData.ALL)
    assert (group.event_buffer, group.event_age, group.select_timeout) == (5, 6.0, 7.0)
    assert group.private_types is False


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("k=abc", "'k=abc' should be a whole number from 1 to 32767"),
        ("max=0", "'max=0' should be a whole number from 1 to 255"),
        ("max=256", "'max=256' should be a whole number from 1 to 255"),
        ("oa=0", "'oa=0' should be a whole number from 1 to 255"),
        ("oa=256", "'oa=256' should be a whole number from 1 to 255"),
        ("commands=maybe", "'commands=maybe' should be Y or N"),
        ("commands=", "'commands=' should be Y or N"),
        (
            "private_types=N",
            "the option private_types belongs to the whole group; write it in the row of the group's RTU",
        ),
        ("require_filter=Y", "the option require_filter belongs to the whole file; write it in a row of its own"),
        ("clock=tick", "'clock=tick' should be forward or confirm or refuse"),
        ("bind=here", "'bind=here' should be an address of this machine, or * for all"),
        ("comands=N", "the option 'comands' is unknown; it should probably be commands"),
        ("idle time=5", "the option 'idle time' is unknown; it should probably be idletime"),
        ("startdt=always", "the option startdt belongs to the whole group; write it in the row of the group's RTU"),
        ("EVENT_AGE=1", "the option event_age belongs to the whole group; write it in the row of the group's RTU"),
        ("stamp=N", "the option stamp belongs in the row of an RTU"),
        ("log_size=1M", "the option log_size belongs to the whole file; write it in a row of its own"),
        ("commands:N", "'commands:N' is no option; it should look like commands=value"),
        ("takeovr new", "'takeovr new' is no option; it should look like takeover=value"),
        ("t1=9", "t2 (10 s) should be shorter than t1 (9 s); set both"),
        ("w=13", "w (13) should not be larger than k (12), better two thirds of it"),
    ],
)
def test_an_option_that_cannot_be_used_refuses_its_row(option: str, problem: str) -> None:
    loaded = read(RTU, MASTER, f"111,ABB-2,2407,32,Y,127.0.0.1,{option}")
    assert said(loaded) == [f"3:G: {problem}"]
    assert loaded.site == read(RTU, MASTER).site


def test_an_option_like_no_other_is_answered_with_all_that_are_known() -> None:
    tls = "tls, tls_cert, tls_key, tls_ca, tls_crl, tls_peers"
    known = f"k, w, t0, t1, t2, t3, idletime, {tls}, max, takeover, oa, commands, command_points, clock, bind"
    loaded = read(RTU, f"{MASTER},colour=red")
    assert said(loaded)[-1] == f"2:G: the option 'colour' is unknown; known here are {known}"


def test_an_option_of_masters_is_refused_in_an_rtu_row() -> None:
    loaded = read(f"{RTU},,max=2", MASTER)
    assert said(loaded)[0] == "1:H: the option max belongs in the row of a master"
    assert not loaded.usable


def test_an_option_given_twice_is_refused() -> None:
    loaded = read(RTU, MASTER, "111,ABB-2,2407,32,Y,127.0.0.1,max=2,Max=3")
    assert said(loaded) == ["3:H: the option max is given twice in this row"]


def test_a_remark_after_the_hosts_is_not_an_option() -> None:
    loaded = read(RTU, f"{MASTER},old server,# max=9,: ")
    assert said(loaded) == [
        "2:G: warning: 'old server' is no option name=value and is not used; several hosts belong in one cell",
        "2:I: warning: ':' is no option name=value and is not used; several hosts belong in one cell",
    ]
    assert loaded.site == read(RTU, MASTER).site


def test_a_row_warns_of_constants_that_hardly_mean_what_was_wanted() -> None:
    loaded = read(RTU, f"{MASTER},w=9,idletime=5")
    assert said(loaded) == [
        "2:G: warning: w (9) should be at most two thirds of k (12), or the peer may wait for us",
        "2:H: warning: idletime (5 s) closes a quiet connection before t3 (20 s) has it tested",
    ]
