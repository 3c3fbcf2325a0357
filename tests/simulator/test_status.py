import dataclasses

from iec104mm2ss.console.snapshot import Entry, Role, Sending, State
from iec104mm2ss.simulator.status import table

WAITING = Entry(
    key="2404",
    group=1,
    name="ABB",
    role=Role.RTU,
    state=State.WAITING,
    reason="nobody has connected yet",
    age=131.0,
    peer="",
    address="2404",
    ca=32,
    received=0,
    sent=0,
    unacknowledged=0,
    k=12,
    event="listening on port 2404",
    event_age=131.0,
    sending=Sending(interrogation="", index=None, place=0, total=0, text="", data="data/iodata1.csv"),
)
BUSY = dataclasses.replace(
    WAITING,
    name="Siemens",
    state=State.ONLINE,
    reason="",
    age=4.0,
    peer="10.1.1.9:41022",
    event="started",
    sending=Sending(interrogation="RUN", index=301, place=412, total=1000, text="Sending 301, pass 2", data="d"),
)


def with_sending(entry: Entry, **changes: object) -> Entry:
    assert entry.sending is not None
    return dataclasses.replace(entry, sending=dataclasses.replace(entry.sending, **changes))  # type: ignore[arg-type]


def test_a_row_for_each_below_a_header_in_columns() -> None:
    header, waiting, busy = table([WAITING, BUSY])
    assert waiting.split() == ["1", "ABB", "32", "2404", "WAITING", "2m", "11s", *["nobody", "has", "connected", "yet"]]
    assert busy.endswith("  started")
    for title, text in (("master", "10.1.1.9:41022"), ("GI", "RUN"), ("index", "Sending 301, pass 2")):
        assert header.index(title) == busy.index(text)
    assert header.index("progress") == busy.index("412 of 1000")


def test_the_last_index_stays_and_a_missing_one_says_so() -> None:
    sent = with_sending(BUSY, text="", place=0, total=0)
    missing = with_sending(sent, index=5, text="Missing 5")
    header, first, second = table([sent, missing])
    assert first[header.index("index") :].split() == ["301", "started"]
    assert "  Missing 5  " in second


def test_a_fault_is_shown() -> None:
    fault = "port 2404 cannot be opened: Address already in use"
    faulty = dataclasses.replace(WAITING, state=State.FAULT, reason=fault)
    assert table([faulty])[1].endswith(fault)
