import pytest

from tests.settings.texts import MASTER, RTU, SEED, read, said


def test_the_sample_of_the_seed() -> None:
    loaded = read(SEED)
    assert said(loaded) == [
        "22:A: warning: '!' ends the file here; rows with entries from here on that are not read: 3"
    ]
    assert [
        (group.number, group.rtu.name, group.rtu.ca, [(row.name, row.port, row.ca) for row in group.masters])
        for group in loaded.site.groups
    ] == [
        (111, "S/RTU-ABB", 32, [("M/ABB-1", 2406, 32), ("M/OSI-1", 2407, 32)]),
        (555, "S/Dreez", 105, [("M/ABB-2", 2408, 32), ("M/OSI-2", 2409, 32)]),
    ]
    assert [str(host) for host in loaded.site.groups[0].rtu.hosts] == ["127.0.0.1:2404", "192.168.1.1:2405"]
    assert str(loaded.site.groups[0].masters[0].accept) == "192.168.1.16;127.0.0.0/24;10.1.1.0/24"


def test_the_rows_of_a_group_stand_in_any_order() -> None:
    loaded = read(MASTER, "2,R,,1,N,h:1", RTU, "0111,B,2407,32,Y,::1", "2,M,1,1,Y,::1")
    assert loaded.problems == ()
    assert [group.number for group in loaded.site.groups] == [111, 2]
    assert [row.name for row in loaded.site.groups[0].masters] == ["M/ABB-1", "M/B"]


def test_a_second_rtu_of_a_group_is_refused() -> None:
    loaded = read(RTU, MASTER, "111,Other,,33,N,h:1")
    assert said(loaded) == ["3:E: group 111 has its RTU in row 1 already; masters have Y here"]
    assert loaded.site.groups[0].rtu.name == "S/RTU-ABB"


@pytest.mark.parametrize("port", ["2406", "02406", " 2406 "])
def test_the_later_of_two_rows_with_a_port_loses(port: str) -> None:
    loaded = read(RTU, MASTER, f"111,B,{port},32,Y,::1")
    assert said(loaded) == ["3:C: port 2406 is used by M/ABB-1 in row 2; choose another one"]
    assert [row.name for row in loaded.site.groups[0].masters] == ["M/ABB-1"]


def test_a_port_is_unique_over_all_groups() -> None:
    loaded = read(RTU, MASTER, "2,R,,1,N,h:1", "2,M,2406,1,Y,::1")
    assert said(loaded) == [
        "3: group 2 is not started: it has no master (master: Y) that can be used",
        "4:C: port 2406 is used by M/ABB-1 in row 2; choose another one",
    ]
    assert [group.number for group in loaded.site.groups] == [111]


def test_a_refused_row_does_not_take_its_port() -> None:
    loaded = read(RTU, "111,A,2406,0,Y,::1", MASTER)
    assert [problem.row for problem in loaded.problems] == [2]
    assert [row.name for row in loaded.site.groups[0].masters] == ["M/ABB-1"]


def test_a_group_has_an_originator_address_once() -> None:
    loaded = read(RTU, f"{MASTER},oa=7", "111,B,2407,32,Y,::1,k=9,oa=7", "111,C,2408,32,Y,::1,oa=8")
    assert said(loaded) == ["3:H: oa=7 is used by M/ABB-1 in row 2; choose another one"]
    assert [row.oa for row in loaded.site.groups[0].masters] == [7, 8]


def test_groups_may_share_an_originator_address() -> None:
    assert read(RTU, f"{MASTER},oa=7", "2,R,,1,N,h:1", "2,M,1,1,Y,::1,oa=7").problems == ()


def test_a_group_has_at_most_255_connections() -> None:
    fits = read(RTU, f"{MASTER},max=254", "111,B,2407,32,Y,::1")
    assert fits.problems == ()
    loaded = read(RTU, f"{MASTER},max=254", "111,B,2407,32,Y,::1,max=2", "111,C,2408,32,Y,::1", "111,D,2409,32,Y,::1")
    assert [text.partition(" connections, and")[0] for text in said(loaded)] == [
        "3:G: max=2 is too many: the rows of group 111 before this one allow 254",
        "5:A: max=1 is too many: the rows of group 111 before this one allow 255",
    ]
    assert [row.name for row in loaded.site.groups[0].masters] == ["M/ABB-1", "M/C"]


@pytest.mark.parametrize(
    ("rows", "lacking"),
    [
        (["2,M,1,1,Y,::1", "2,N,2,1,Y,::1"], "no RTU (master: N)"),
        (["2,R,,1,N,h:1"], "no master (master: Y)"),
    ],
)
def test_an_incomplete_group_is_reported_once_and_the_others_run(rows: list[str], lacking: str) -> None:
    loaded = read(*rows, RTU, MASTER)
    assert said(loaded) == [f"1: group 2 is not started: it has {lacking} that can be used"]
    assert [group.number for group in loaded.site.groups] == [111]
    assert loaded.usable
    assert loaded.refused


def test_a_group_whose_rows_are_all_refused_lacks_both() -> None:
    loaded = read("2,R,,0,N,h:1", "2,M,0,1,Y,::1")
    assert said(loaded)[-2:] == [
        "1: group 2 is not started: it has no RTU (master: N) and no master (master: Y) that can be used",
        "2:C: port no '0' should be a whole number from 1 to 65535",
    ]
