import math

import pytest

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings import InterrogationData, Loaded, SetClock, StartDt
from tests.settings.texts import MASTER, RTU, SEED, read, said


def with_settings(*rows: str) -> Loaded:
    return read(*rows, RTU, MASTER)


def link(*rows: str) -> LinkParameters:
    return with_settings(*rows).site.groups[0].rtu.link


def test_the_defaults() -> None:
    loaded = with_settings()
    group = loaded.site.groups[0]
    assert loaded.problems == ()
    assert loaded.site.nogui is False
    assert (loaded.site.ntp_servers, loaded.site.ntp_interval) == ((), 900)
    assert (loaded.site.set_clock, loaded.site.log_size, loaded.site.log_files) == (SetClock.AUTO, 1_000_000, 5)
    assert group.rtu.link == group.masters[0].link == LinkParameters(t0=30, t1=15, t2=10, t3=20, k=12, w=8, idle=60)
    assert (group.startdt, group.interrogation_data) == (StartDt.ALWAYS, InterrogationData.ASKER)
    assert (group.event_buffer, group.event_age, group.select_timeout) == (10_000, 3600.0, 30.0)
    assert group.private_types is True


def test_both_spellings_of_the_time_server_in_their_order() -> None:
    assert read(SEED).site.ntp_servers == ("10.1.1.15", "time.windows.com", "pool.ntp.org")
    assert with_settings("ntp_server,a", "ntpserver,b", "NTP_Server,a").site.ntp_servers == ("a", "b")


@pytest.mark.parametrize(
    ("row", "value"), [("nogui", True), ("NoGui,,,", True), ("nogui,Y", True), ("nogui,N", False), ("#nogui", False)]
)
def test_nogui_counts_where_it_stands(row: str, value: object) -> None:
    loaded = with_settings(row)
    assert loaded.site.nogui is value
    assert loaded.problems == ()


def test_every_setting_of_the_program_and_of_groups() -> None:
    loaded = with_settings(
        "NTP_update_every_sec,600",
        "set_clock,never",
        "log_size,10M",
        "log_files,0",
        "startdt,on_demand",
        "interrogation_data,All",
        "event_buffer,500",
        "event_age,0",
        "select_timeout,12.5",
        "private_types,N",
    )
    site, group = loaded.site, loaded.site.groups[0]
    assert loaded.problems == ()
    assert (site.ntp_interval, site.set_clock, site.log_size, site.log_files) == (600, SetClock.NEVER, 10_000_000, 0)
    assert (group.startdt, group.interrogation_data) == (StartDt.ON_DEMAND, InterrogationData.ALL)
    assert (group.event_buffer, group.event_age, group.select_timeout) == (500, 0.0, 12.5)
    assert group.private_types is False


def test_every_constant_for_every_connection_wherever_it_stands() -> None:
    rows = ("k,20", "W,10", "t0,5", "t1,8", "t2,4", "t3,12", "Idletime,40")
    loaded = read(RTU, MASTER, *rows)
    expected = LinkParameters(k=20, w=10, t0=5, t1=8, t2=4, t3=12, idle=40)
    assert loaded.problems == ()
    assert loaded.site.groups[0].rtu.link == loaded.site.groups[0].masters[0].link == expected


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("k,0", "1:B: k '0' should be a whole number from 1 to 32767"),
        ("w,32768", "1:B: w '32768' should be a whole number from 1 to 32767"),
        ("t1,abc", "1:B: t1 'abc' should be seconds, above 0 to 172800"),
        ("t3,-1", "1:B: t3 '-1' should be seconds, above 0 to 172800, or never"),
        ("idletime,,,,", "1:B: idletime has no value: it should be seconds, above 0 to 172800, or never"),
        ("ntp_server,a b", "1:B: ntp_server 'a b' should be a host name or an address"),
        ("ntp_server", "1:B: ntp_server has no value: it should be a host name or an address"),
        ("set_clock,maybe", "1:B: set_clock 'maybe' should be auto or never or step"),
    ],
)
def test_an_unusable_setting_is_refused_and_its_default_holds(row: str, problem: str) -> None:
    loaded = with_settings(row)
    assert said(loaded) == [problem]
    assert loaded.refused
    assert loaded.site == with_settings().site


def test_a_repeated_setting_counts_last() -> None:
    loaded = with_settings("t3,18", "t3,19")
    assert said(loaded) == ["2:A: warning: t3 stands in row 1 too; the value of this row counts"]
    assert loaded.site.groups[0].rtu.link.t3 == 19


def test_nogui_may_be_repeated() -> None:
    assert with_settings("nogui", "nogui").problems == ()


def test_more_cells_after_a_value_are_reported_unless_they_are_a_comment() -> None:
    assert said(with_settings("t3,20,seconds")) == ["1:C: warning: 'seconds' is not read; a setting has one value"]
    assert with_settings("t3,20,# seconds", "t2,10,,more").problems[1:] == ()


@pytest.mark.parametrize(("k", "w"), [(1, 1), (2, 1), (3, 2), (6, 4), (11, 7)])
def test_k_without_w_lowers_w_to_two_thirds(k: int, w: int) -> None:
    loaded = with_settings(f"k,{k}")
    assert said(loaded) == [f"1:B: warning: k is {k} and w is not set; w becomes {w}, two thirds of k"]
    assert loaded.site.groups[0].rtu.link == LinkParameters(k=k, w=w, idle=60)


@pytest.mark.parametrize("k", [12, 20])
def test_k_without_w_leaves_a_small_w(k: int) -> None:
    assert with_settings(f"k,{k}").problems == ()
    assert link(f"k,{k}").w == 8


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (("t1,8",), "1:B: t2 (10 s) should be shorter than t1 (8 s); set both; the defaults of both are used"),
        (("t2,15",), "1:B: t2 (15 s) should be shorter than t1 (15 s); set both; the defaults of both are used"),
        (("t1,8", "t2,9"), "2:B: t2 (9 s) should be shorter than t1 (8 s); set both; the defaults of both are used"),
        (
            ("k,5", "w,6"),
            "2:B: w (6) should not be larger than k (5), better two thirds of it; the defaults of both are used",
        ),
        (
            ("w,13",),
            "1:B: w (13) should not be larger than k (12), better two thirds of it; the defaults of both are used",
        ),
    ],
)
def test_constants_that_contradict_each_other_are_both_left_at_their_defaults(
    rows: tuple[str, ...], problem: str
) -> None:
    loaded = with_settings(*rows)
    assert said(loaded) == [problem]
    assert loaded.problems[0].refused
    assert loaded.site.groups[0].rtu.link == LinkParameters(idle=60)


def test_a_contradiction_leaves_the_other_constants() -> None:
    assert link("t1,8", "t2,9", "k,6", "w,3") == LinkParameters(k=6, w=3, idle=60)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (("w,9",), "1:B: warning: w (9) should be at most two thirds of k (12), or the peer may wait for us"),
        (("idletime,19",), "1:B: warning: idletime (19 s) closes a quiet connection before t3 (20 s) has it tested"),
        (("t3,61",), "1:B: warning: idletime (60 s) closes a quiet connection before t3 (61 s) has it tested"),
        (("t3,never",), "1:B: warning: idletime (60 s) closes a quiet connection that is never tested (t3)"),
        (("idletime,0",), "1:B: warning: idletime is never: a connection without traffic is not closed"),
    ],
)
def test_constants_that_hardly_mean_what_was_wanted_are_warned_of(rows: tuple[str, ...], problem: str) -> None:
    loaded = with_settings(*rows)
    assert said(loaded) == [problem]
    assert not loaded.refused


def test_never_is_infinite_for_t3_and_idletime() -> None:
    assert link("t3,never", "idletime,off") == LinkParameters(t3=math.inf, idle=math.inf)


def test_an_empty_filter_is_refused_where_one_is_required() -> None:
    rows = (RTU, MASTER, "111,ABB-2,2407,32,Y", "111,ABB-3,2408,32,Y, ,k=9")
    forbidden = "the filter is empty, which require_filter forbids; list who may connect"
    loaded = read("require_filter,Y", *rows)
    assert said(loaded)[:2] == [f"4:F: {forbidden}", f"5:F: {forbidden}"]
    assert [master.name for master in loaded.site.groups[0].masters] == ["M/ABB-1"]
    assert not read("require_filter,N", *rows).refused
    assert len(read(*rows).site.groups[0].masters) == 3


def test_an_rtu_needs_no_filter() -> None:
    assert with_settings("require_filter,Y").problems == ()


UNREADABLE = ['{},"{}', '"{},{}', '"{};{}', '{};"{}', "{},{}\0", "{}\0,{}", "{},{}," + "x" * 20_000]
"""Rows that are reported as a whole, made of a name and a value."""


@pytest.mark.parametrize("row", UNREADABLE)
def test_a_row_that_cannot_be_read_does_not_let_everybody_in(row: str) -> None:
    loaded = read(row.format("require_filter", "Y"), RTU, MASTER, "111,ABB-2,2407,32,Y")
    fault, refused = said(loaded)
    assert fault.startswith("1: this row ")
    assert refused.startswith("4:F: the filter is empty")
    assert [master.name for master in loaded.site.groups[0].masters] == ["M/ABB-1"]


@pytest.mark.parametrize("row", UNREADABLE)
def test_a_row_that_cannot_be_read_does_not_let_private_types_through(row: str) -> None:
    loaded = with_settings(row.format("private_types", "N"))
    assert len(loaded.problems) == 1
    assert loaded.site.groups[0].private_types is False


@pytest.mark.parametrize("row", ["require_filter,yess", "require_filter"])
def test_a_slip_does_not_let_everybody_in(row: str) -> None:
    loaded = read(row, RTU, MASTER, "111,ABB-2,2407,32,Y")
    assert said(loaded)[0].startswith("1:B: require_filter ")
    assert said(loaded)[0].endswith(" should be Y or N")
    assert [master.name for master in loaded.site.groups[0].masters] == ["M/ABB-1"]


def test_a_slip_does_not_let_private_types_through() -> None:
    loaded = with_settings("private_types,of")
    assert said(loaded) == ["1:B: private_types 'of' should be Y or N"]
    assert loaded.site.groups[0].private_types is False
