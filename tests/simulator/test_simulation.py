"""Several RTUs of a file in one loop, with raw masters."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.snapshot import State
from iec104mm2ss.simulator.commands import Send
from iec104mm2ss.simulator.port import StationPort
from tests.peers import RawMaster, is_listening, started_master
from tests.program import eventually, free_port
from tests.simulator.program import SWITCHES, RtuFile, write_data
from tests.simulator.running import running_simulator
from tests.station import (
    ACTCON,
    ACTTERM,
    NEGATIVE,
    UNKNOWN_CA,
    address,
    asdu,
    clock,
    initialised,
    interrogation,
    single_command,
    type_and_cause,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from iec104mm2ss.console.snapshot import Entry, Sending
    from tests.simulator.running import RunningSimulator

CA, OTHER_CA = 32, 105
RETURN_REMOTE = 11
REPORTS = ("301,Y,1,1,1,0", "301,Y,1,2,0,0", "302,Y,1,3,1,0")
PACED = tuple(f"301,Y,1,{ioa},1,0.2" for ioa in range(1, 100))


def report(ca: int, ioa: int, value: int = 1) -> bytes:
    return asdu(1, 3, ca, address(ioa) + bytes((value,)))


def values(master: RawMaster, ca: int = CA) -> list[bytes]:
    """Interrogate; return the values."""
    master.post(interrogation(ca))
    return master.take_until(interrogation(ca, ACTTERM))[1:]


def send(running: RunningSimulator, index: int, seconds: float | None = None) -> str:
    """Send; return what is said, also where that is why not."""

    def answer() -> str:
        try:
            return running.simulator.send(index, seconds)
        except RequestError as error:
            return str(error)

    return running.call(answer)


def sending(entry: Entry) -> Sending:
    assert entry.sending is not None
    return entry.sending


def test_an_index_goes_to_every_master_with_the_number_of_its_rtu(tmp_path: Path) -> None:
    file = RtuFile(*REPORTS)
    ports = {file.add(CA): CA, file.add(CA): CA, file.add(OTHER_CA, "OSI"): OTHER_CA}
    unused = file.add(7, "LONELY")
    with running_simulator(tmp_path, file) as running, ExitStack() as exits:
        masters = {exits.enter_context(started_master(port)): ca for port, ca in ports.items()}
        assert send(running, 301) == "index 301: 6 signals from 3 of 4 RTUs; without a master: 1"
        for master, ca in masters.items():
            assert master.take(2) == [report(ca, 1), report(ca, 2, 0)]
        assert send(running, 0) == "index 0: 9 signals from 3 of 4 RTUs; without a master: 1"
        for master, ca in masters.items():
            assert master.take(3) == [report(ca, 1), report(ca, 2, 0), report(ca, 3)]
        running.wait_log(next(iter(ports)), "index 0 ended: 3 sent, 0 left out")
        assert [row[:4] for row in running.log(next(iter(ports))) if row[0] == "index 301"] == [
            ["index 301", "M_SP_NA_1(1)", "1", "1"],
            ["index 301", "M_SP_NA_1(1)", "2", "0"],
        ]
        assert [row[0] for row in running.log(unused)] == [f"listening on port {unused}"]


def test_what_cannot_be_sent_is_said(tmp_path: Path) -> None:
    file = RtuFile(*PACED)
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running:
        assert send(running, 301) == "no RTU has a master that has started"
        assert running.call(running.simulator.stop_sending) == "nothing is being sent"
        with started_master(port) as master:
            assert send(running, 999) == "no signal has the index 999"
            assert send(running, 301) == "index 301: 99 signals from 1 of 1 RTU"
            assert send(running, 301) == "index 301 is being sent; stop ends it"
            master.take(1)
            assert running.call(running.simulator.stop_sending) == "stopped on 1 RTU"
            running.wait_log(port, "index 301 stopped")
            assert send(running, 301) == "index 301: 99 signals from 1 of 1 RTU"
        running.wait_log(port, "index 301 interrupted, the master is gone")
        assert running.call(lambda: running.simulator.sending) == []


def test_a_duration_repeats_the_rows_and_ends(tmp_path: Path) -> None:
    file = RtuFile(*REPORTS)
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        send(running, 301, 0.5)
        running.wait_log(port, "index 301 ended")
        total = len(master.asdus)
        assert total > 10
        assert master.take(5)[::2] == [report(CA, 1)] * 3


def test_the_command_line_s_sends_begin_when_a_master_has_started_one_after_the_other(tmp_path: Path) -> None:
    file = RtuFile(*REPORTS)
    port, other = file.add(CA), file.add(OTHER_CA)
    with running_simulator(tmp_path, file, Send(302), Send(999), Send(301)) as running:
        with started_master(port) as master:
            assert master.take(3) == [report(CA, 3), report(CA, 1), report(CA, 2, 0)]
            running.wait_log(port, "index 999: no signal has it")
        with started_master(other) as master:
            assert master.take(3) == [report(OTHER_CA, 3), report(OTHER_CA, 1), report(OTHER_CA, 2, 0)]
        with started_master(port) as master:
            assert values(master)
            assert master.received == 4  # the end of initialisation and the interrogation, nothing again


def test_a_stop_ends_what_was_to_follow_too(tmp_path: Path) -> None:
    file = RtuFile(*PACED, "302,Y,1,200,1,0")
    port = file.add(CA)
    with running_simulator(tmp_path, file, Send(301), Send(302)) as running, started_master(port) as master:
        master.take(1)
        assert running.call(running.simulator.stop_sending) == "stopped on 1 RTU"
        assert values(master)
        assert running.call(lambda: running.simulator.sending) == []
        assert sending(running.entries[0]).index == 301


def test_a_status_by_command_is_reported_on_the_redundant_ports_too(tmp_path: Path) -> None:
    file = RtuFile()
    first, second, foreign = file.add(CA), file.add(CA), file.add(OTHER_CA)
    with running_simulator(tmp_path, file), ExitStack() as exits:
        asking, looking, stranger = (exits.enter_context(started_master(port)) for port in (first, second, foreign))
        asking.post(single_command(CA, 21002, oa=9))
        confirmed, status, terminated = asking.take(3)
        assert (confirmed, terminated) == (
            single_command(CA, 21002, 1, ACTCON, oa=9),
            single_command(CA, 21002, 1, ACTTERM, oa=9),
        )
        (seen,) = looking.take(1)
        assert type_and_cause(status) == type_and_cause(seen) == (30, RETURN_REMOTE)
        assert (seen[3], seen[6:10]) == (0, status[6:10])
        on, off = address(447) + b"\x01", address(447) + b"\x00"
        for master, ca, shown in ((asking, CA, on), (looking, CA, on), (stranger, OTHER_CA, off)):
            assert asdu(1, 20, ca, shown) in values(master, ca)


def test_a_selection_on_one_port_holds_on_the_other(tmp_path: Path) -> None:
    file = RtuFile()
    first, second = file.add(CA), file.add(CA)
    select = bytes.fromhex("2e010600 2000 095200 82")
    with running_simulator(tmp_path, file), started_master(first) as owner, started_master(second) as rival:
        owner.post(select)
        assert type_and_cause(owner.take(1)[0]) == (46, ACTCON)
        rival.post(select)
        assert type_and_cause(rival.take(1)[0]) == (46, ACTCON | NEGATIVE)


def _first_double_point(asdus: list[bytes]) -> bytes:
    return next(value[6:10] for value in asdus if value[0] == 3)


def test_a_value_is_set_and_reported(tmp_path: Path) -> None:
    file = RtuFile()
    first, second = file.add(CA), file.add(CA)
    with running_simulator(tmp_path, file) as running, started_master(first) as one, started_master(second) as two:

        def set_value(ca: int, ioa: int, value: float) -> str:
            return running.call(lambda: running.simulator.set(ca, ioa, value))

        assert set_value(CA, 301, 2) == "IOA 301 of RTU 32 is 2"
        for master in (one, two):
            assert type_and_cause(master.take(1)[0]) == (31, 3)
            assert _first_double_point(values(master)) == address(301) + b"\x02"
        assert set_value(CA, 999, 2) == "RTU 32 has no signal with the IOA 999"
        assert "4 is not" in set_value(CA, 301, 4)
        assert set_value(7, 301, 2) == "no RTU has the number 7"


def test_a_value_is_set_in_every_station_with_that_number(tmp_path: Path) -> None:
    file = RtuFile(*REPORTS)
    file.data["other.csv"] = ("301,Y,1,77,0,0",)
    first, second = file.add(CA), file.add(CA, data="other.csv")
    with running_simulator(tmp_path, file) as running, started_master(first) as one, started_master(second) as two:
        assert running.call(lambda: running.simulator.set(CA, 77, 1)) == "IOA 77 of RTU 32 is 1"
        assert two.take(1) == [report(CA, 77)]
        one.test()
        assert one.asdus == [initialised(CA)]


def test_an_edit_of_the_data_file_shows_with_the_next_operation(tmp_path: Path) -> None:
    file = RtuFile(*REPORTS)
    port, other = file.add(CA), file.add(OTHER_CA)
    data = tmp_path / "data" / "iodata.csv"
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        write_data(data, *REPORTS, "301,Y,1,4,1,0")
        send(running, 301)
        assert master.take(3)[-1] == report(CA, 4)
        running.wait_log(port, "the edit of iodata.csv is in use: 4 signals")
        running.wait_log(other, "the edit of iodata.csv is in use: 4 signals")
        write_data(data, "301,Y,1,4,7,0")
        send(running, 301)
        assert master.take(3)[-1] == report(CA, 4)
        running.wait_log(port, "the edit of iodata.csv cannot be used")
        assert any("iodata.csv:2:E: " in line for line in running.console.lines)


def test_a_port_in_use_is_shown_and_tried_again_while_the_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iec104mm2ss.simulator.rtu._RETRY_LISTEN", 0.05)
    file, taken = RtuFile(*REPORTS), free_port()
    with socket.create_server(("127.0.0.1", taken)) as occupant:
        file.add(CA, port=taken)
        port = file.add(OTHER_CA)
        with running_simulator(tmp_path, file) as running:
            first, _ = running.entries
            assert first.state is State.FAULT
            assert first.reason.startswith(f"port {taken} cannot be opened: Address already in use")
            eventually(lambda: any(first.reason in line for line in running.console.lines), "it is on the console")
            assert [line for line in running.console.lines if first.reason in line] == [
                f"32 ABB:{taken}: {first.reason}; tried again every 0.05 s"
            ]
            eventually(lambda: running.entries[1].state is State.WAITING, "the other listens")
            with started_master(port):
                occupant.close()
                with started_master(taken):
                    assert [entry.reason for entry in running.entries] == ["", ""]


def test_status_of_a_port_from_waiting_to_sending(tmp_path: Path) -> None:
    file = RtuFile(*PACED)
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running:
        eventually(lambda: is_listening(port), "the port listens")
        running.wait_log(port, "disconnected")
        (row,) = running.entries
        assert (row.key, row.group, row.name, row.ca, row.address) == (str(port), 1, "ABB", CA, str(port))
        assert (row.state, row.peer, row.line, row.k) == (State.WAITING, "", 1, 12)
        with RawMaster(port) as master:
            running.wait_log(port, f"connected from {master.name}")
            (row,) = running.entries
            assert (row.state, row.peer) == (State.CONNECTED, master.name)
            assert row.reason.startswith("not started")
            master.start()
            assert (running.entries[0].state, running.entries[0].reason) == (State.ONLINE, "")
            send(running, 301, 60)
            master.take(2)
            (row,) = running.entries
            assert (sending(row).index, sending(row).total) == (301, 99)
            assert sending(row).text.startswith("Sending 301, pass 1, ")
            assert row.sent >= 3
        running.wait_log(port, "index 301 interrupted, the master is gone")
        (row,) = running.entries
        assert (row.state, row.peer) == (State.WAITING, "")
        assert row.reason.startswith(f"nobody is connected; {master.name}: closed by peer")
        assert row.event.startswith("index 301 interrupted")
        assert (sending(row).text, sending(row).index, sending(row).total) == ("", 301, 0)


def test_the_details_of_interrogations_have_a_log_of_their_own(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        values(master)
        master.post(interrogation(CA + 1))
        assert type_and_cause(master.take(1)[0]) == (100, UNKNOWN_CA | NEGATIVE)
        running.wait_log(port, "sent", "gi")
        eventually(lambda: len(running.log(port, "gi")) == 9, f"{running.log(port, 'gi')}")
        details = [row[:6] for row in running.log(port, "gi")]
        assert details[:4] == [
            ["received", "C_IC_NA_1(100)", "0", "20", "", "act(6)"],
            ["sent", "C_IC_NA_1(100)", "0", "20", "", "actcon(7)"],
            ["sent", "M_DP_NA_1(3)", "301", "1", "", "inrogen(20)"],
            ["sent", "M_DP_NA_1(3)", "303", "2", "", "inrogen(20)"],
        ]
        assert [row[-1] for row in running.log(port, "gi")[2:4]] == ["CB", "isolator"]
        # The two logs are two files, written one after the other.
        eventually(
            lambda: (
                [row[5] for row in running.log(port) if row[1] in {"C_IC_NA_1(100)", "M_DP_NA_1(3)"}]
                == ["act(6)", "actcon(7)", "actterm(10)", "act(6)", "unknown-ca(46) negative"]
            ),
            "the interrogations in the log itself",
        )


def test_a_command_in_the_log_has_the_comment_of_its_status(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        master.post(single_command(CA, 21002), single_command(CA, 29999))
        master.take(4)
        eventually(lambda: len([row for row in running.log(port) if row[1] == "C_SC_NA_1(45)"]) == 5, "its rows")
        comments = [row[-1] for row in running.log(port) if row[1] == "C_SC_NA_1(45)"]
        assert sorted(comments) == ["execute, qualifier 0"] * 2 + ["execute, qualifier 0; lamp"] * 3


def test_the_difference_to_the_master_s_clock_is_logged(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        master.post(clock(CA))
        assert master.take(1) == [clock(CA, ACTCON)]
        running.wait_log(port, "s ahead of this one, which is not set")


def test_a_bug_in_one_rtu_leaves_the_others_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = RtuFile(*SWITCHES)
    first, second = file.add(CA), file.add(OTHER_CA)
    with running_simulator(tmp_path, file) as running:
        rtu = running.simulator.rtus[0]
        with started_master(first) as master:
            monkeypatch.setattr(rtu, "_put", None)
            master.post(interrogation(CA))
            master.wait_closed()
            with started_master(second) as other:
                assert values(other, OTHER_CA)
            monkeypatch.undo()
        with started_master(first) as master:
            assert values(master)
        eventually(lambda: any("internal error" in line for line in running.console.lines), "the bug on the console")
        bugs = [line for line in running.console.lines if "Traceback" in line]
        assert len(bugs) == 1
        assert "TypeError" in bugs[0]
        running.console.lines.clear()


def test_an_rtu_that_fails_to_start_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iec104mm2ss.simulator.rtu._PAUSE_AFTER_BUG", 0.05)
    opens: list[StationPort] = []
    really_open = StationPort.open

    async def fail_once(port: StationPort) -> None:
        opens.append(port)
        if len(opens) == 1:
            raise LookupError("bug")
        await really_open(port)

    monkeypatch.setattr(StationPort, "open", fail_once)
    file = RtuFile(*SWITCHES)
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running:
        with started_master(port) as master:
            assert values(master)
        (bug,) = (line for line in running.console.lines if "internal error" in line)
        assert "LookupError: bug" in bug
        running.console.lines.clear()
