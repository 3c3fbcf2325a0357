import dataclasses
import random
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from iec104mm2ss.console import table
from iec104mm2ss.console.rates import Rates
from iec104mm2ss.console.snapshot import ClockState, Entry, Sending, Snapshot, State
from iec104mm2ss.console.table import age, amount, attention, status_lines, summary
from iec104mm2ss.ctl.top import picture
from tests.console.plant import Plant, draft_of


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return Snapshot(
        program="iec104mm2ss",
        version="1.2.3",
        host="opsrv1",
        pid=4711,
        file="site.csv",
        at=1_700_000_000.0,
        started=1_699_000_000.0,
        uptime=273_600.0,
        entries=Plant(draft_of(tmp_path).settings, tmp_path).entries(),
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0s"),
        (0.9, "0s"),
        (59.9, "59s"),
        (60, "1m 00s"),
        (460, "7m 40s"),
        (3600, "1h 00m"),
        (11_100, "3h 05m"),
        (86_399, "23h 59m"),
        (86_400, "1d 00h"),
        (273_600, "3d 04h"),
        (40_000_000, "462d 23h"),
    ],
)
def test_an_age_has_two_units(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (4_149, "4.1k"),
        (99_949, "99.9k"),
        (99_950, "100k"),
        (412_000, "412k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (1_234_567, "1.2M"),
        (5_600_000_000, "5.6G"),
        (12_345_678_901_234, "12346G"),
    ],
)
def test_an_amount_is_short(count: float, text: str) -> None:
    assert amount(count) == text


def test_the_table_is_aligned_and_cut_for_a_terminal(snapshot: Snapshot) -> None:
    lines = status_lines(snapshot)
    assert lines[0].split() == list(table._GATEWAY)
    assert lines[1].split()[:6] == ["111", "RTU-ABB", "RTU", "ONLINE", "10.1.1.16:53122", "32"]
    columns = [line.index("10.1.1.16") for line in lines[1:6]]
    assert len(set(columns)) == 1
    assert all(len(line) <= 60 for line in status_lines(snapshot, 60))


def test_the_summary_tells_what_is_out_of_order(snapshot: Snapshot) -> None:
    assert summary(snapshot) == (
        "5 entries: 5 online | file site.csv | iec104mm2ss 1.2.3 on opsrv1, pid 4711, up 3d 04h"
    )
    clock = ClockState(text="Time updated at ...", short="+3 ms (pool.ntp.org, 41 s ago)", good=True)
    troubled = dataclasses.replace(snapshot, clock=clock, unsaved=2, refused=1, lag=1.25)
    assert summary(troubled) == (
        "5 entries: 5 online | clock +3 ms (pool.ntp.org, 41 s ago) | file site.csv, 2 unsaved edits, 1 row not taken "
        "(--check says why) | iec104mm2ss 1.2.3 on opsrv1, pid 4711, up 3d 04h | the event loop was 1.2 s late"
    )


def test_a_program_without_entries_has_a_table_too(snapshot: Snapshot) -> None:
    assert status_lines(dataclasses.replace(snapshot, entries=()))[1].startswith("0 entries: none | ")


def test_simulated_rtus_show_what_they_send(snapshot: Snapshot) -> None:
    sending = Sending(interrogation="RUN", index=301, place=4, total=10, text="Sending 301", data="iodata.csv")
    entries = (dataclasses.replace(snapshot.entries[0], key="2404", sending=sending),)
    lines = status_lines(dataclasses.replace(snapshot, entries=entries))
    assert lines[0].split() == list(table._SIMULATOR)
    assert "RUN  Sending 301, 4 of 10" in lines[1]


def with_state(entry: Entry, state: State, reason: str = "", **changes: object) -> Entry:
    return dataclasses.replace(entry, state=state, reason=reason, peer="", **changes)  # type: ignore[arg-type] # of Entry


def test_what_asks_for_attention_comes_first(snapshot: Snapshot) -> None:
    entry = snapshot.entries[0]
    wanted = [
        with_state(entry, State.FAULT),
        with_state(entry, State.RETRYING),
        with_state(entry, State.WAITING),
        with_state(entry, State.CONNECTED),
        with_state(entry, State.BLOCKED),
        with_state(entry, State.ONLINE, "acknowledges late"),
        with_state(entry, State.ONLINE),
        with_state(entry, State.DISABLED),
    ]
    assert sorted(random.Random(1).sample(wanted, len(wanted)), key=attention) == wanted


def test_a_reason_comes_with_the_last_event_and_its_age(snapshot: Snapshot) -> None:
    entry = with_state(snapshot.entries[0], State.RETRYING, "Connection refused", event="RTU lost", attempt=14)
    assert table.why(entry) == "Connection refused; RTU lost 2m 11s ago"
    assert table.state(entry) == "RETRYING #14"
    assert table.why(dataclasses.replace(entry, event="Connection refused")) == "Connection refused"
    assert table.why(snapshot.entries[0]) == ""


def drawn(width: int, height: int, *snapshots: Snapshot) -> list[str]:
    rates = Rates()
    for snapshot in snapshots:
        rates.take(snapshot)
    console = Console(file=StringIO(), width=width, height=height)
    with console.capture() as capture:
        console.print(picture(snapshots[-1], rates, width, height))
    return capture.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 10), (200, 50), (40, 5)])
def test_top_fits_its_terminal(snapshot: Snapshot, width: int, height: int) -> None:
    entries = tuple(
        with_state(
            snapshot.entries[number % 5], State.WAITING, "nobody is connected " * 5, key=f"{number}/S", attempt=3
        )
        for number in range(1200)
    )
    lines = drawn(width, height, dataclasses.replace(snapshot, entries=entries))
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    assert any(line.startswith("and 1") and "more" in line for line in lines)


def test_top_shows_trouble_first_with_rates(snapshot: Snapshot) -> None:
    *first, last = snapshot.entries
    entries = (*first, with_state(last, State.FAULT, "port in use"))
    fresh = dataclasses.replace(first[0], received=first[0].received + 37)
    later = dataclasses.replace(snapshot, uptime=snapshot.uptime + 3, entries=(fresh, *entries[1:]))
    lines = drawn(80, 24, snapshot, later)
    rows = [line.split() for line in lines if "/" in line and line[0].isdigit() and "entries" not in line]
    assert rows[0][:2] == ["112/OSI-1", "FAULT"]
    assert rows[1][:2] + rows[1][4:7] == ["111/RTU-ABB", "ONLINE", "12.3", "0.0", "2/12"]
