import dataclasses
from datetime import UTC, datetime

from iec104mm2ss.simulator.sending import Progress
from iec104mm2ss.simulator.status import RtuStatus, table

WAITING = RtuStatus(
    id=1,
    name="ABB",
    ca=32,
    port=2404,
    state="WAITING",
    fault="",
    peer="",
    since=None,
    answering=0,
    index=None,
    progress=None,
    test_period=None,
    smallest_test_period=None,
)
BUSY = dataclasses.replace(
    WAITING,
    name="Siemens",
    state="ONLINE",
    peer="10.1.1.9:41022",
    since=datetime(2026, 3, 5, 12, 3, 41, tzinfo=UTC),
    answering=17,
    index=301,
    progress=Progress(sent=1412, skipped=3, place=412, total=1000, round=2, left=4.52),
    test_period=20.0,
    smallest_test_period=19.94,
)


def test_a_row_for_each_below_a_header_in_columns() -> None:
    header, waiting, busy = table([WAITING, BUSY])
    assert waiting == "1   ABB      32   2404  WAITING"
    assert busy.split("  ")[-1] == "20.0 s (smallest 19.9 s)"
    for title, text in (("master", "10.1.1.9:41022"), ("GI", "RUN, 17 to send"), ("index", "301")):
        assert header.index(title) == busy.index(text)
    assert "412 of 1000, 3 left out, pass 2, 4.5 s left" in busy
    assert "2026-03-05 12:03:41+00:00" in busy


def test_one_pass_without_anything_left_out() -> None:
    once = dataclasses.replace(BUSY, progress=Progress(sent=5, skipped=0, place=5, total=12, round=1, left=None))
    assert "  5 of 12  " in table([once])[1]


def test_a_fault_is_shown() -> None:
    faulty = dataclasses.replace(WAITING, state="FAULT", fault="port 2404 cannot be opened: Address already in use")
    assert table([faulty])[1].endswith("FAULT: port 2404 cannot be opened: Address already in use")
