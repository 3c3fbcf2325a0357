"""What an operator sees of the simulated RTUs, and what restart, disconnect, disable and enable do."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.snapshot import State
from tests.peers import RawMaster, is_listening, started_master
from tests.program import eventually
from tests.simulator.program import RtuFile, write_data
from tests.simulator.running import running_simulator
from tests.station import ACTTERM, address, asdu, initialised, interrogation, single_command
from tests.transport.recorder import lose_socket

if TYPE_CHECKING:
    from pathlib import Path

    from iec104mm2ss.console.snapshot import Sending
    from iec104mm2ss.trace import TracedFrame
    from tests.simulator.running import RunningSimulator

CA, OTHER_CA = 32, 105
REPORTS = ("301,Y,1,1,1,0", "301,Y,1,2,0,0", "302,Y,1,3,1,0")
PACED = tuple(f"301,Y,1,{ioa},1,0.2" for ioa in range(1, 100))
LAMP_ON = asdu(1, 20, CA, address(447) + b"\x01")


def values(master: RawMaster, ca: int = CA) -> list[bytes]:
    master.post(interrogation(ca))
    return master.take_until(interrogation(ca, ACTTERM))[1:]


def states(running: RunningSimulator) -> list[State]:
    return [entry.state for entry in running.entries]


def sending(running: RunningSimulator, place: int = 0) -> Sending:
    shown = running.entries[place].sending
    assert shown is not None
    return shown


def sections(running: RunningSimulator, key: object) -> dict[str, dict[str, str]]:
    found = running.call(lambda: running.simulator.sections(str(key)))
    return {section.title: dict(section.rows) for section in found}


def test_a_restart_drops_that_master_alone_and_the_station_remembers(tmp_path: Path) -> None:
    file = RtuFile()
    port, other = file.add(CA), file.add(OTHER_CA)
    with running_simulator(tmp_path, file) as running, started_master(other) as bystander:
        with started_master(port) as master:
            master.post(single_command(CA, 21002))
            master.take(3)
            assert running.call(lambda: running.simulator.drops(str(port))) == (f"ABB:{port}",)
            running.run(running.simulator.restart(str(port)))
            master.wait_closed()
        assert running.call(lambda: running.simulator.drops(str(port))) == ()
        with started_master(port) as master:
            assert LAMP_ON in values(master)
        bystander.test()
        running.wait_log(port, "restarted as per user request")
        running.wait_log(port, f"disconnected from {master.name}")
        assert running.log(other)[-1][0] != "restarted as per user request"


def test_who_was_disconnected_comes_again(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running:
        with started_master(port) as master:
            running.run(running.simulator.disconnect(str(port)))
            master.wait_closed()
        running.wait_log(port, f"disconnected from {master.name}: disconnected as per user request")
        with started_master(port) as again:
            assert values(again)
        assert [row[0] for row in running.log(port)].count(f"listening on port {port}") == 1


def test_a_disabled_rtu_is_closed_until_it_is_enabled_and_the_others_send(tmp_path: Path) -> None:
    file = RtuFile(*REPORTS)
    port, other = file.add(CA), file.add(OTHER_CA)
    with running_simulator(tmp_path, file) as running, started_master(other) as master:
        for _ in range(2):
            running.run(running.simulator.disable(str(port)))
        assert states(running) == [State.DISABLED, State.ONLINE]
        assert running.entries[0].reason == "disabled by an operator; enable it to go on"
        assert not is_listening(port)
        with pytest.raises(RequestError, match=f"ABB on port {port} is disabled: enable it to start it"):
            running.run(running.simulator.restart(str(port)))
        said = running.call(lambda: running.simulator.send(301, None))
        assert said == "index 301: 2 signals from 1 of 2 RTUs; without a master: 1"
        master.take(2)
        for _ in range(2):
            running.run(running.simulator.enable(str(port)))
        with started_master(port):
            assert states(running) == [State.ONLINE, State.ONLINE]
        running.wait_log(port, "enabled as per user request")
        assert [row[0] for row in running.log(port)].count("disabled as per user request") == 1


def test_a_disabled_rtu_loses_its_master(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        running.run(running.simulator.disable(str(port)))
        master.wait_closed()
        assert states(running) == [State.DISABLED]


def test_a_change_is_finished_though_nobody_waits_for_it(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA)

    async def give_up(running: RunningSimulator) -> None:
        change = asyncio.ensure_future(running.simulator.restart(str(port)))
        await asyncio.sleep(0)
        change.cancel()
        await asyncio.wait([change])

    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        running.run(give_up(running))
        master.wait_closed()
        with started_master(port):
            assert states(running) == [State.ONLINE]


def test_what_is_asked_of_an_rtu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    file = RtuFile()
    file.add(CA)
    with running_simulator(tmp_path, file) as running:
        simulator = running.simulator
        for work in (simulator.restart, simulator.disconnect, simulator.disable, simulator.enable):
            with pytest.raises(RequestError, match="there is no RTU on port 1"):
                running.run(work("1"))
        for look in (simulator.sections, simulator.refused, simulator.drops, simulator.log_file):
            with pytest.raises(RequestError, match="there is no RTU on port 1"):
                running.call(lambda look=look: look("1"))  # type: ignore[misc]


def test_a_conversation_is_traced_from_its_first_frame_over_a_reconnect_to_the_end(tmp_path: Path) -> None:
    file = RtuFile("301,Y,1,1,1,0")
    port = file.add(CA)
    frames: list[TracedFrame] = []
    with running_simulator(tmp_path, file) as running:
        end = running.call(lambda: running.simulator.trace(str(port), frames.append))
        with started_master(port) as master:
            master.post(interrogation(CA))
            master.take(3)
        with started_master(port):
            running.call(end)
        said = [(frame.outgoing, frame.text.split("  ")[1 if frame.level == "data" else 0]) for frame in frames]
        data = [text for outgoing, text in said if outgoing and text.startswith(("M_", "C_"))]
        assert said[:2] == [(False, "U STARTDT act"), (True, "U STARTDT con")]
        assert data == ["M_EI_NA_1", "C_IC_NA_1", "M_SP_NA_1", "C_IC_NA_1", "M_EI_NA_1"]
        assert {(frame.entry, frame.local) for frame in frames} == {(str(port), f"127.0.0.1:{port}")}
        assert frames[0].peer == master.name
        assert len({frame.peer for frame in frames}) == 2
        count = len(frames)
        with started_master(port):
            assert len(frames) == count


def test_who_is_refused_is_listed_with_the_reason(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        with RawMaster(port) as rival:
            rival.wait_closed()
        for _ in range(2):
            with RawMaster(port, source="127.0.0.3") as stranger:
                stranger.wait_closed()
        latest, first = running.call(lambda: running.simulator.refused(str(port)))
        assert (latest.host, latest.count, latest.reason) == ("127.0.0.3", 2, "not in the filter")
        assert (first.host, first.count, first.reason) == ("127.0.0.1", 1, f"{master.name} is connected")
        assert sections(running, port)["Access"]["refused"] == "3"
        running.wait_log(port, f"refused {stranger.name.rpartition(':')[0]}:")
        assert len([row for row in running.log(port) if "127.0.0.3" in row[0]]) == 1


def test_an_interrogation_shows_while_it_runs(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA, answer_delay=0.5)
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        assert sending(running).interrogation == ""
        master.post(interrogation(CA))
        eventually(lambda: sending(running).interrogation == "RUN", "RUN")
        master.take_until(interrogation(CA, ACTTERM))
        eventually(lambda: sending(running).interrogation == "", "it has ended")


def test_the_last_index_and_its_progress_for_each_rtu(tmp_path: Path) -> None:
    file = RtuFile(*PACED)
    file.data["other.csv"] = ("5,Y,1,77,0,0",)
    first, second, lonely = file.add(CA), file.add(OTHER_CA, data="other.csv"), file.add(7)
    with running_simulator(tmp_path, file) as running, started_master(first) as master, started_master(second):
        assert (sending(running).index, sending(running).text) == (None, "")
        running.call(lambda: running.simulator.send(301, None))
        master.take(2)
        assert (sending(running).index, sending(running).text, sending(running).total) == (301, "Sending 301", 99)
        assert 2 <= sending(running).place < 99
        assert (sending(running, 1).index, sending(running, 1).text) == (301, "Missing 301")
        assert (sending(running, 2).index, sending(running, 2).text) == (None, "")
        assert sections(running, first)["Index send"]["progress"].endswith(" of 99")
        assert sections(running, second)["Index send"] == {"last index": "Missing 301"}
        assert "Index send" not in sections(running, lonely)
        assert running.call(running.simulator.stop_sending) == "stopped on 1 RTU"
        running.call(lambda: running.simulator.send(5, None))
        assert (sending(running).text, sending(running, 1).index) == ("Missing 5", 5)
        eventually(lambda: sending(running, 1).text == "", "it is sent")


@pytest.mark.parametrize(("index", "seconds"), [(-1, None), (10**12, None), (1, 0.0), (1, -1.0), (1, float("nan"))])
def test_what_makes_no_sense_is_not_sent(tmp_path: Path, index: int, seconds: float | None) -> None:
    file = RtuFile()
    file.add(CA)
    with running_simulator(tmp_path, file) as running, pytest.raises(RequestError, match="should be"):
        running.call(lambda: running.simulator.send(index, seconds))


def test_sections_tell_of_the_link_the_station_and_what_is_wrong_on_purpose(tmp_path: Path) -> None:
    file = RtuFile()
    port, redundant = file.add(CA, mirror_oa="N", drop_after="600s"), file.add(CA, "OSI")
    with running_simulator(tmp_path, file) as running, ExitStack() as exits:
        assert sections(running, port)["Connection"] == {"peer": "none"}
        master = exits.enter_context(started_master(port))
        master.post(single_command(CA, 21002))
        master.take(3)
        for _ in range(2):
            master.test()
        found = sections(running, port)
        assert found["Connection"]["peer"] == master.name
        assert found["Connection"]["V(S)"] == "4 (4 I-frames sent)"
        assert found["Test frames of this master"].keys() == {"last period", "smallest period"}
        assert found["Station"]["shared with"] == f"OSI:{redundant}"
        assert found["Station"]["signals"] == "5"
        assert found["Station"]["of these changed since by a master or by set"] == "1"
        assert found["Signals by index"] == {"301": "2", "447": "2", "900": "1"}
        assert found["Misbehaviour on purpose"] == {"mirror_oa": "N", "drop_after": "600s"}
        assert found["Access"] == {"accepted from": "127.0.0.1", "listens on": "127.0.0.1", "refused": "0"}
        assert found["ASDUs received from it"] == {"C_SC_NA_1 act(6)": "1"}
        assert "Rows not used" not in found
        assert "Misbehaviour on purpose" not in sections(running, redundant)


def test_the_rows_of_the_data_file_that_cannot_be_used_are_listed(tmp_path: Path) -> None:
    file = RtuFile(*REPORTS)
    port = file.add(CA)
    data = tmp_path / "data" / "iodata.csv"
    with running_simulator(tmp_path, file) as running:
        write_data(data, *REPORTS, "301,Y,1,4,7,0", "301,Y,99,5,0,0")
        found = sections(running, port)
        assert list(found["Rows not used"]) == ["iodata.csv", "iodata.csv:5:E", "iodata.csv:6:C"]
        assert found["Rows not used"]["iodata.csv"].startswith("the file as it is now is not in use")
        assert "'7'" in found["Rows not used"]["iodata.csv:5:E"]
        assert found["Station"]["signals"] == "3"
        write_data(data, *REPORTS, "301,Y,1,4,1,0")
        found = sections(running, port)
        assert "Rows not used" not in found
        assert found["Station"]["signals"] == "4"
        data.unlink()
        assert "No such file" in sections(running, port)["Rows not used"]["iodata.csv"]


def test_long_lists_are_cut(tmp_path: Path) -> None:
    file = RtuFile(*(f"{ioa},Y,1,{ioa},1,0" for ioa in range(1, 36)), *["1,Y,1,1,7,0"] * 103)
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running:
        found = sections(running, port)
        assert len(found["Rows not used"]) == 101
        assert found["Rows not used"]["further"] == "3"
        assert len(found["Signals by index"]) == 31
        assert found["Signals by index"]["further"] == "5"


def test_an_rtu_whose_listener_has_died_listens_again_and_keeps_its_master(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        rtu = running.simulator.rtus[0]
        running.call(lambda: lose_socket(rtu.port._listener))
        running.wait_log(port, f"port {port} has stopped listening: opened again")
        with RawMaster(port) as rival:
            rival.wait_closed()
        assert values(master)


def test_a_master_that_acknowledges_late_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iec104mm2ss.record.watch._FULL_FOR", 0.1)
    monkeypatch.setattr("iec104mm2ss.simulator.simulation._ROUND", 0.05)
    file = RtuFile(*(f"301,Y,1,{ioa},1,0" for ioa in range(1, 100)))
    port = file.add(CA, k=3)
    with running_simulator(tmp_path, file) as running, started_master(port) as master:
        master.acknowledges = False
        running.call(lambda: running.simulator.send(301, None))
        eventually(lambda: "acknowledges late" in running.entries[0].reason, "it shows")
        assert (running.entries[0].state, running.entries[0].unacknowledged) == (State.ONLINE, 3)
        master.acknowledges = True


def test_the_end_of_initialisation_comes_after_an_enable_too(tmp_path: Path) -> None:
    file = RtuFile()
    port = file.add(CA)
    with running_simulator(tmp_path, file) as running:
        running.run(running.simulator.disable(str(port)))
        running.run(running.simulator.enable(str(port)))
        with RawMaster(port) as master:
            assert master.start() == initialised(CA)
