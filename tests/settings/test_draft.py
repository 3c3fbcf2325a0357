from pathlib import Path

import pytest

from iec104mm2ss.settings import rows, rtu_row
from iec104mm2ss.settings.cells import UnusableError
from iec104mm2ss.settings.draft import Complaint, Draft, NoEntryError
from iec104mm2ss.settings.layout import RTUS, SITE
from iec104mm2ss.settings.problems import column_letter
from iec104mm2ss.settings.simulation import Simulation
from iec104mm2ss.settings.site import Site

FILE = """\
# A site.
k,12
111,RTU-ABB,,32,N,127.0.0.1:2404
111, OSI-1 ,2407,32,Y,192.168.1.16;127.0.0.0/24,k=20,, commands=N
# "remark" stays
111,"ABB-1",2408,32,Y,10.1.1.1,,,
whatever,this,is
!
111,OSI-9,2499,32,Y,::1
"""
OSI, ABB = 4, 6


def site(text: str = FILE) -> Draft[Site]:
    return Draft.of(text.encode(), Path("site.csv"), SITE)


def edited(draft: Draft[Site], line: int, **fields: str) -> Draft[Site]:
    result = draft.edit(line, fields)
    assert result.problems == ()
    return result.draft


def row(draft: Draft[Site], line: int) -> str:
    return draft.current.octets.decode().split("\n")[line - 1]


def complaints(draft: Draft[Site], line: int, **fields: str) -> list[tuple[str, str]]:
    """What is said against an edit that is not taken."""
    result = draft.edit(line, fields)
    assert not result.taken
    assert result.draft is draft
    return [(complaint.field, complaint.text) for complaint in result.problems]


def test_the_fields_of_a_row() -> None:
    assert site().fields(OSI) == {
        "id": "111",
        "name": "OSI-1",
        "port no": "2407",
        "rtu no": "32",
        "master": "Y",
        "hosts": "192.168.1.16;127.0.0.0/24",
        "options": "k=20, commands=N",
    }


def test_the_fields_stand_in_their_columns() -> None:
    assert [SITE.field_at(column_letter(at)) for at in (rows.ID, rows.NAME, rows.PORT)] == ["id", "name", "port no"]
    assert [SITE.field_at(column_letter(at)) for at in (rows.CA, rows.MASTER)] == ["rtu no", "master"]
    assert [SITE.field_at(column_letter(at)) for at in (rows.HOSTS, rows.FIRST_OPTION)] == ["hosts", "options"]
    assert len(SITE.columns) == rows.FIRST_OPTION
    assert [RTUS.field_at(column_letter(at)) for at in (rtu_row.NAME, rtu_row.CA)] == ["sys name", "rtu no"]
    assert [RTUS.field_at(column_letter(at)) for at in (rtu_row.PORT, rtu_row.HOSTS)] == ["port no", "hosts"]
    assert [RTUS.field_at(column_letter(at)) for at in (rtu_row.K, rtu_row.IDLE)] == ["k", "idletime"]
    assert [RTUS.field_at(column_letter(at)) for at in (rtu_row.DATA, 30)] == ["iodata", "options"]
    assert len(RTUS.columns) == rtu_row.FIRST_OPTION


@pytest.mark.parametrize("name", ["port no", "port_no", "PORT", " Port  no "])
def test_a_field_has_more_than_one_way_to_be_named(name: str) -> None:
    assert row(site().edit(ABB, {name: "2410"}).draft, ABB) == '111,"ABB-1",2410,32,Y,10.1.1.1,,,'


@pytest.mark.parametrize("name", ["sys name", "sys_name", "sys", "Name"])
def test_the_simulator_s_name_is_a_name(name: str) -> None:
    assert RTUS.field(name) == "sys name"


@pytest.mark.parametrize("name", ["", "no", "name port"])
def test_what_may_mean_two_columns_or_none_is_refused(name: str) -> None:
    with pytest.raises(UnusableError, match="is no column of this file"):
        SITE.field(name)


def test_an_edit_changes_its_cell_and_nothing_else() -> None:
    draft = edited(site(), OSI, name="OSI-2", hosts="10.1.1.0/24")
    assert row(draft, OSI) == "111,OSI-2,2407,32,Y,10.1.1.0/24,k=20,, commands=N"
    before, after = FILE.splitlines(), draft.current.octets.decode().splitlines()
    assert [number for number, pair in enumerate(zip(before, after, strict=True), 1) if len({*pair}) > 1] == [OSI]
    assert [master.name for master in draft.settings.groups[0].masters] == ["M/OSI-2", "M/ABB-1"]


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ("k=30, commands=N", "k=30, commands=N,"),
        ("commands=N", " commands=N,,"),
        ("", ",,"),
        ("k=20,oa=3 ,commands=N,max=2", "k=20,oa=3, commands=N,max=2"),
        ('k=20, "#a, b"', 'k=20,"#a, b",'),
    ],
)
def test_options_are_one_text(options: str, written: str) -> None:
    draft = edited(site(), OSI, options=options)
    assert row(draft, OSI) == "111, OSI-1 ,2407,32,Y,192.168.1.16;127.0.0.0/24," + written


def test_options_use_the_empty_cells_of_a_spreadsheet() -> None:
    assert row(edited(site(), ABB, options="k=20"), ABB) == '111,"ABB-1",2408,32,Y,10.1.1.1,k=20,,'


def test_options_lengthen_a_row_only_while_they_are_there() -> None:
    draft = edited(site(), 3, options="stamp=N, k=9")
    assert row(draft, 3) == "111,RTU-ABB,,32,N,127.0.0.1:2404,stamp=N,k=9"
    assert edited(draft, 3, options="").current == site().current


def test_what_is_edited_back_is_as_it_was_written() -> None:
    draft = edited(site(), OSI, name="X", port_no="2999", hosts="::1", options="k=5")
    assert draft.unsaved == 1
    hosts = "192.168.1.16;127.0.0.0/24"
    back = edited(draft, OSI, name="OSI-1", port_no="2407", hosts=hosts, options="k=20, commands=N")
    assert back.current.octets == FILE.encode()
    assert back.unsaved == 0


@pytest.mark.parametrize(
    ("separator", "hosts", "written"),
    [
        (",", "::1;::2", "111,A,2407,32,Y,::1;::2"),
        (";", "::1;::2", '111;A;2407;32;Y;"::1;::2"'),
        ("\t", "::1;::2", "111\tA\t2407\t32\tY\t::1;::2"),
    ],
)
def test_a_row_keeps_its_separator(separator: str, hosts: str, written: str) -> None:
    text = "111,RTU,,32,N,h:1\n111,A,2407,32,Y,".replace(",", separator)
    assert row(edited(site(text), 2, hosts=hosts), 2) == written


@pytest.mark.parametrize(
    ("separator", "written"),
    [(",", "111,A,2407,32,Y,::1,command_points=5-6;9"), (";", '111;A;2407;32;Y;::1;"command_points=5-6;9"')],
)
def test_a_list_in_an_option_stays_one_cell(separator: str, written: str) -> None:
    text = "111,RTU,,32,N,h:1\n111,A,2407,32,Y,::1".replace(",", separator)
    draft = edited(site(text), 2, options="command_points=5-6;9")
    assert row(draft, 2) == written
    assert draft.fields(2)["options"] == "command_points=5-6;9"
    assert str(draft.settings.groups[0].masters[0].command_points) == "5-6;9"


def test_an_edit_cannot_empty_a_filter_that_is_required() -> None:
    draft = site("require_filter,Y\n" + FILE)
    ((field, text),) = complaints(draft, OSI + 1, hosts="")
    assert (field, text.partition(";")[0]) == ("hosts", "the filter is empty, which require_filter forbids")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a\n!\nb", "a ! b"),
        ("a\r\n5,x", "a 5,x"),
        ('5" disk', '5" disk'),
        ('"', '"'),
        ('","', '","'),
        ("!a", "!a"),
        ("#a", "#a"),
        ("=1+1", "=1+1"),
        (";\t;", "; ;"),
        ("\N{NO-BREAK SPACE}Zürich ", "Zürich"),
    ],
)
def test_a_value_stays_within_its_cell(name: str, read: str) -> None:
    draft = edited(site(), OSI, name=name)
    assert draft.fields(OSI)["name"] == read
    assert [master.name for master in draft.settings.groups[0].masters] == [f"M/{read}", "M/ABB-1"]
    assert len(draft.current.rows) == len(site().current.rows)


@pytest.mark.parametrize("character", ["\0", "\x1b", "\u202e", "\ud800", "\ufeff"])
def test_a_character_that_cannot_be_seen_is_not_written(character: str) -> None:
    (problem,) = complaints(site(), OSI, name=f"a{character}b", options=f"#{character}")[:1]
    assert problem[0] == "name"
    assert problem[1].endswith(" has characters that cannot be printed; leave them out")


@pytest.mark.parametrize("text", ["", "!111", "#111", "k", "abc", "-1", "nogui"])
def test_a_row_stays_an_entry(text: str) -> None:
    ((field, problem),) = complaints(site(), OSI, id=text)
    assert field == "id"
    assert problem.endswith("should be a number, or the row would be no entry")


def test_an_unusable_value_is_reported_with_its_field() -> None:
    assert complaints(site(), OSI, port_no="0", options="k=x, max=2") == [
        ("port no", "port no '0' should be a whole number from 1 to 65535"),
        ("options", "'k=x' should be a whole number from 1 to 32767"),
    ]


def test_options_with_an_open_quote_are_reported() -> None:
    ((field, problem),) = complaints(site(), OSI, options='k=20, "w=3')
    assert field == "options"
    assert problem.startswith("cannot be read as name=value, name=value: ")


def test_a_field_that_is_none_is_reported() -> None:
    names = "id, name, port no, rtu no, master, hosts, options"
    text = f"'colour' is no column of this file; its columns are {names}"
    assert complaints(site(), OSI, colour="red") == [("colour", text)]


def test_a_field_is_reported_by_the_name_of_its_column() -> None:
    assert [field for field, _ in complaints(site(), OSI, PORT_NO="\0", opt='"')] == ["port no", "options"]


def test_a_port_that_an_earlier_row_has() -> None:
    text = "port 2407 is used by M/OSI-1 in row 4; choose another one"
    assert complaints(site(), ABB, port_no="2407") == [("port no", text)]


def test_a_port_that_a_later_row_has() -> None:
    text = "row 6 would no longer be taken: port 2408 is used by M/OSI-1 in row 4; choose another one"
    assert complaints(site(), OSI, port_no="2408") == [("port no", text)]


def test_an_originator_that_a_later_row_has() -> None:
    draft = edited(site(), ABB, options="oa=7")
    text = "row 6 would no longer be taken: oa=7 is used by M/OSI-1 in row 4; choose another one"
    assert complaints(draft, OSI, options="oa=7") == [("options", text)]


def test_a_group_is_not_taken_apart() -> None:
    text = "row 4 would no longer be taken: group 111 is not started: it has no RTU (master: N) that can be used"
    assert complaints(site(), 3, id="112") == [
        ("", "group 112 is not started: it has no master (master: Y) that can be used"),
        ("", text),
    ]


def test_a_row_that_is_refused_already_does_not_stand_in_the_way() -> None:
    draft = edited(site(FILE.replace("2408", "2407")), OSI, name="X")
    assert row(draft, OSI).startswith("111,X,")
    assert edited(draft, ABB, port_no="2500").settings.groups[0].masters[1].port == 2500


def test_a_warning_about_the_row_is_handed_on() -> None:
    result = site().edit(ABB, {"hosts": ""})
    assert result.taken
    text = "the filter is empty: every address is accepted; list addresses or networks to limit it"
    assert result.warnings == (Complaint("hosts", text),)


def test_a_row_that_grows_too_long_is_not_written() -> None:
    text = "the row cannot be written so that it reads back the same; shorten or simplify it"
    assert complaints(site(), OSI, hosts="10.1.1.1;" * 3000) == [("", text)]


@pytest.mark.parametrize("line", [0, 1, 2, 5, 7, 8, 99])
def test_only_entries_are_edited(line: int) -> None:
    with pytest.raises(NoEntryError, match=f"row {line} is no entry that can be edited"):
        site().fields(line)
    with pytest.raises(NoEntryError):
        site().edit(line, {"name": "x"})


def test_a_row_below_the_end_is_not_edited() -> None:
    with pytest.raises(NoEntryError, match="row 9 is not read: row 8 with its '!' ends the file"):
        site().edit(9, {"name": "x"})


def test_a_row_that_cannot_be_read_is_not_edited() -> None:
    with pytest.raises(NoEntryError, match="row 1 is no entry that can be edited"):
        site('111,"open,2407\n111,x,,32,N,h:1\n').fields(1)


def test_hosts_below_each_other_become_one_line_when_they_change() -> None:
    text = '111,RTU,,32,N,"h:1\nh:2"\n111,A,2407,32,Y,::1\n'
    draft = site(text)
    assert draft.fields(1)["hosts"] == "h:1;h:2"
    assert edited(draft, 1, hosts="h:1;h:2").unsaved == 0
    assert edited(draft, 1, name="X").current.octets.decode() == text.replace("RTU", "X")
    changed = edited(draft, 1, hosts="h:1\nh:3")
    assert changed.current.octets.decode() == "111,RTU,,32,N,h:1;h:3\n111,A,2407,32,Y,::1\n"
    assert changed.settings.groups[0].masters[0].line == 2
    assert edited(changed, 2, name="B").diff().splitlines()[-1] == "+111,B,2407,32,Y,::1"
    assert edited(changed, 1, hosts="h:1;h:2").current.octets.decode() == text


def test_the_edits_as_a_diff() -> None:
    assert site().diff() == ""
    draft = edited(edited(site(), OSI, port_no="2410"), ABB, name="ABB-2")
    assert draft.diff().splitlines() == [
        "--- site.csv",
        "+++ site.csv (not saved)",
        "@@ -1,9 +1,9 @@",
        " # A site.",
        " k,12",
        " 111,RTU-ABB,,32,N,127.0.0.1:2404",
        "-111, OSI-1 ,2407,32,Y,192.168.1.16;127.0.0.0/24,k=20,, commands=N",
        "+111, OSI-1 ,2410,32,Y,192.168.1.16;127.0.0.0/24,k=20,, commands=N",
        ' # "remark" stays',
        '-111,"ABB-1",2408,32,Y,10.1.1.1,,,',
        "+111,ABB-2,2408,32,Y,10.1.1.1,,,",
        " whatever,this,is",
        " !",
        " 111,OSI-9,2499,32,Y,::1",
    ]


def test_a_diff_drives_no_terminal() -> None:
    draft = edited(site(FILE.replace("# A site.", "# \x1b[2J\u202e")), 3, name="X")
    assert " #  [2J " in draft.diff().splitlines()


def test_what_is_not_saved_can_be_counted_seen_and_discarded() -> None:
    draft = edited(edited(edited(site(), OSI, port_no="2410"), ABB, name="B"), ABB, name="C")
    assert draft.unsaved == 2
    assert draft.edited == {OSI, ABB}
    assert draft.fields(ABB)["name"] == "C"
    assert draft.saved_fields(ABB)["name"] == "ABB-1"
    assert draft.discard() == site()


RTU_FILE = "1,ABB,32,2404,127.0.0.1,12,60,iodata1.csv\n2,ABB,32,2405,127.0.0.1,,,iodata1.csv,t3=20,bind=*\n"


def simulated(folder: Path) -> Draft[Simulation]:
    (folder / "data").mkdir()
    for name in ("iodata1.csv", "iodata2.csv"):
        (folder / "data" / name).touch()
    return Draft.of(RTU_FILE.encode(), folder / "rtus.csv", RTUS)


def test_the_simulators_file_is_edited_too(tmp_path: Path) -> None:
    draft = simulated(tmp_path)
    assert draft.fields(2) == {
        "id": "2",
        "sys name": "ABB",
        "rtu no": "32",
        "port no": "2405",
        "hosts": "127.0.0.1",
        "k": "",
        "idletime": "",
        "iodata": "iodata1.csv",
        "options": "t3=20, bind=*",
    }
    result = draft.edit(2, {"k": "4", "iodata": "iodata2.csv", "options": "t3=20"})
    assert result.draft.current.octets.decode().splitlines()[1] == "2,ABB,32,2405,127.0.0.1,4,,iodata2.csv,t3=20,"
    assert [(rtu.link.k, rtu.data.name) for rtu in result.draft.settings.rtus][1] == (4, "iodata2.csv")


def test_what_is_wrong_in_the_simulators_file_has_its_field(tmp_path: Path) -> None:
    draft = simulated(tmp_path)
    problems = draft.edit(1, {"iodata": "none.csv", "k": "0", "port": "2405"}).problems
    assert [problem.field for problem in problems] == ["k", "iodata"]
    text = "row 2 would no longer be taken: port 2405 is used by ABB in row 1; choose another one"
    assert draft.edit(1, {"port": "2405"}).problems == (Complaint("port no", text),)
