from pathlib import Path

import pytest

from iec104mm2ss.console.names import entries_named, entry_named, lines
from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.snapshot import Entry, Role, State
from iec104mm2ss.settings.rtus import parse_rtus
from tests.console.plant import Plant, draft_of


@pytest.fixture
def entries(tmp_path: Path) -> tuple[Entry, ...]:
    return Plant(draft_of(tmp_path).settings, tmp_path).entries()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("111/S", "111/S"),
        ("111/s", "111/S"),
        ("111", "111/S"),
        (" 111 ", "111/S"),
        ("111/2407", "111/2407"),
        ("111/OSI-1", "111/2407"),
        ("112/osi-1", "112/2507"),
        ("111/M/OSI-1", "111/2407"),
        ("112/S/Liwa", "112/S"),
        ("Liwa", "112/S"),
        ("S/Liwa", "112/S"),
        ("ABB-1", "111/2406"),
    ],
)
def test_an_entry_is_found_by_what_people_call_it(entries: tuple[Entry, ...], name: str, key: str) -> None:
    assert entry_named(name, entries).key == key


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("OSI-1", "'OSI-1' may be 111/2407, 112/2507; say which"),
        ("OSI-2", "did you mean"),
        ("M/Liwa", "did you mean 112/S (Liwa)"),
        ("111/2408", "111/2407 (OSI-1)"),
        ("zzz", "there are 111/S, 111/2406, 111/2407, 112/S, 112/2507"),
        ("", "there are 111/S"),
    ],
)
def test_a_name_that_is_not_one_entry_is_refused_with_help(entries: tuple[Entry, ...], name: str, said: str) -> None:
    with pytest.raises(RequestError) as refusal:
        entry_named(name, entries)
    assert said in str(refusal.value)


def test_a_group_is_its_rtu_and_masters(entries: tuple[Entry, ...]) -> None:
    assert [entry.key for entry in entries_named("111", entries)] == ["111/S", "111/2406", "111/2407"]
    assert [entry.key for entry in entries_named("111/OSI-1", entries)] == ["111/2407"]
    with pytest.raises(RequestError, match="there is no entry '113'"):
        entries_named("113", entries)


def test_nothing_can_be_named_where_there_is_nothing() -> None:
    with pytest.raises(RequestError, match="there are none"):
        entry_named("111", ())


def simulated(port: int, name: str, number: int = 2404) -> Entry:
    return Entry(
        key=str(port),
        group=number,
        name=name,
        role=Role.RTU,
        state=State.WAITING,
        reason="",
        age=0,
        peer="",
        address=str(port),
        ca=32,
        received=0,
        sent=0,
        unacknowledged=0,
        k=12,
        event="",
        event_age=0,
    )


def test_a_simulated_rtu_is_found_by_its_port_before_its_number() -> None:
    entries = (simulated(2405, "ABB"), simulated(2404, "OSI", 3))
    assert entry_named("2404", entries).name == "OSI"
    assert entries_named("2404", entries) == (entries[1],)
    assert entry_named("abb", entries).key == "2405"
    assert entry_named("3", entries).key == "2404"


def test_every_entry_of_a_file_has_its_line(tmp_path: Path) -> None:
    assert lines(draft_of(tmp_path).settings) == {"111/S": 3, "111/2406": 4, "111/2407": 6, "112/S": 7, "112/2507": 8}
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "iodata.csv").touch()
    text = b"# RTUs\n1,ABB,32,2404,127.0.0.1,12,60,iodata.csv\n"
    assert lines(parse_rtus(text, tmp_path / "iec104rs.csv").simulation) == {"2404": 2}
