"""Another file for running RTUs: what differs is changed, the rest is not touched, and it is said before."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from iec104mm2ss.console.plant import Change
from iec104mm2ss.console.snapshot import State
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.filters import read_filter
from iec104mm2ss.settings.rtus import load_rtus
from iec104mm2ss.settings.simulation import Misbehaviour
from iec104mm2ss.simulator.commands import Send
from iec104mm2ss.tls.parameters import TlsParameters
from tests.peers import RawMaster, is_listening, started_master
from tests.program import free_port
from tests.simulator.program import RtuFile
from tests.simulator.running import RunningSimulator, running_simulator
from tests.station import ACTTERM, address, asdu, interrogation, single_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iec104mm2ss.settings.simulation import RtuEntry, Simulation

CA, OTHER_CA = 32, 105
PACED = tuple(f"301,Y,1,{ioa},1,0.2" for ioa in range(1, 100))


class Act:
    """Two RTUs, each with a master that has started."""

    def __init__(self, running: RunningSimulator, simulation: Simulation, *masters: RawMaster) -> None:
        self.running = running
        self.simulation = simulation
        self.first, self.second = masters

    @property
    def row(self) -> RtuEntry:
        return self.simulation.rtus[0]

    def apply(self, *rows: RtuEntry) -> list[Change]:
        """Do it, and return what was announced; the announcement of the same again is empty."""
        wanted, simulator = replace(self.simulation, rtus=rows), self.running.simulator
        announced = self.running.call(lambda: simulator.changes(wanted))
        self.running.run(simulator.apply(wanted))
        assert self.running.call(lambda: simulator.changes(wanted)) == ()
        return list(announced)

    def change_first(self, **options: Any) -> Change:  # noqa: ANN401 - RtuEntry's
        (change,) = self.apply(replace(self.row, **options), self.simulation.rtus[1])
        return change

    def assert_untouched(self) -> None:
        for master in (self.first, self.second):
            master.test()


@contextmanager
def act(folder: Path, file: RtuFile | None = None, *sends: Send, ca: int = OTHER_CA) -> Iterator[Act]:
    file = file or RtuFile()
    ports = file.add(CA), file.add(ca, "OSI")
    with running_simulator(folder, file, *sends) as running, ExitStack() as exits:
        loaded = load_rtus(folder / "iec104rs.csv").simulation
        yield Act(running, loaded, *(exits.enter_context(started_master(port)) for port in ports))


def values(master: RawMaster, ca: int = CA) -> list[bytes]:
    master.post(interrogation(ca))
    return master.take_until(interrogation(ca, ACTTERM))[1:]


def lamp(ca: int, value: int) -> bytes:
    return asdu(1, 20, ca, address(447) + bytes((value,)))


def test_the_same_rows_change_nothing_wherever_they_stand(tmp_path: Path) -> None:
    with act(tmp_path) as it:
        first, second = it.simulation.rtus
        assert it.apply(first, second) == []
        assert it.apply(second, replace(first, line=9)) == []
        assert [(entry.name, entry.line) for entry in it.running.entries] == [("OSI", 2), ("ABB", 9)]
        it.assert_untouched()


def test_a_renamed_rtu_keeps_its_master_and_its_index_send_in_another_log(tmp_path: Path) -> None:
    with act(tmp_path, RtuFile(*PACED)) as it:
        port, simulator = it.row.port, it.running.simulator
        it.running.call(lambda: simulator.send(301, 60))
        it.first.take(2)
        change = it.change_first(name="ANEW", id=7)
        assert change == Change(f"ABB on port {port}: id 1 -> 7, name ABB -> ANEW; who is connected stays")
        it.first.take(1)
        it.assert_untouched()
        assert it.running.call(lambda: simulator.sending) == [301, 301]
        assert (it.running.entries[0].group, it.running.entries[0].name) == (7, "ANEW")
        assert it.running.call(lambda: simulator.log_file(str(port))) == tmp_path / "log" / f"32-{port}-ANEW.csv"
        it.running.wait_log(port, "renamed to ANEW")
        it.running.wait_log(port, "this is ANEW, RTU number 32 from now on")


def test_a_row_is_added_and_removed_and_the_others_never_notice(tmp_path: Path) -> None:
    with act(tmp_path) as it:
        port = free_port()
        row = replace(it.row, name="C", port=port)
        assert it.apply(*it.simulation.rtus, row) == [Change(f"C on port {port} is added")]
        with started_master(port) as third:
            assert it.apply(*it.simulation.rtus) == [Change(f"C on port {port} is removed", (f"C:{port}",))]
            third.wait_closed()
        assert not is_listening(port)
        it.running.wait_log(port, f"disconnected from {third.name}: removed from the file")
        it.assert_untouched()


def test_another_port_moves_the_listener_and_the_station_remembers(tmp_path: Path) -> None:
    with act(tmp_path) as it:
        it.first.post(single_command(CA, 21002))
        it.first.take(3)
        former, port = it.row.port, free_port()
        removed, added = it.apply(replace(it.row, port=port), it.simulation.rtus[1])
        assert removed == Change(f"ABB on port {former} is removed", (f"ABB:{former}",))
        assert added == Change(f"ABB on port {port} is added")
        it.first.wait_closed()
        assert not is_listening(former)
        with started_master(port) as again:
            assert lamp(CA, 1) in values(again)
        it.second.test()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"link": LinkParameters(k=20, t3=float("inf"), idle=60.0)}, "k 12 -> 20"),
        ({"bind": None}, "bind 127.0.0.1 -> not given"),
        ({"ca": 33}, "ca 32 -> 33"),
        ({"misbehaviour": Misbehaviour(mirror_oa=False)}, "misbehaviour none -> mirror_oa=N"),
    ],
)
def test_what_a_listener_or_link_is_made_with_drops_this_row_alone(
    tmp_path: Path, options: dict[str, object], words: str
) -> None:
    with act(tmp_path) as it:
        port = it.row.port
        change = it.change_first(**options)
        assert change == Change(f"ABB on port {port}: {words}; the port is opened anew", (f"ABB:{port}",))
        it.first.wait_closed()
        it.second.test()
        with started_master(port) as again:
            assert values(again, it.running.entries[0].ca)
        it.running.wait_log(port, "restarted: its row has changed")


def test_the_words_for_misbehaviour_are_those_of_the_file(tmp_path: Path) -> None:
    wrong = Misbehaviour(ack_delay=0.5, answer_delay=2, no_actterm=True, refuse_second_gi=True, drop_frames=100)
    with act(tmp_path) as it:
        text = it.change_first(misbehaviour=wrong).text
        assert "none -> ack_delay=0.5 answer_delay=2 no_actterm=Y refuse_second_gi=Y drop_after=100;" in text


def test_tls_is_compared_file_by_file(tmp_path: Path) -> None:
    with act(tmp_path) as it:
        tls = TlsParameters(cert=Path("c"), key=Path("k"), ca=Path("a"))
        wanted = replace(it.simulation, rtus=(replace(it.row, tls=tls), it.simulation.rtus[1]))
        (change,) = it.running.call(lambda: it.running.simulator.changes(wanted))
        assert "tls_cert not given -> c, tls_key not given -> k, tls_ca not given -> a; the port" in change.text


def test_a_wider_filter_drops_nobody_and_a_narrower_one_who_is_no_longer_in_it(tmp_path: Path) -> None:
    with act(tmp_path) as it:
        wider = it.change_first(accept=read_filter("127.0.0.0/8")[0])
        assert wider == Change(f"ABB on port {it.row.port}: accept 127.0.0.1 -> 127.0.0.0/8; who is connected stays")
        it.assert_untouched()
        narrower = it.change_first(accept=read_filter("127.0.0.9")[0])
        assert narrower.text.endswith("; who is no longer in the filter is disconnected")
        assert narrower.drops == (f"ABB:{it.row.port}",)
        it.first.wait_closed()
        with started_master(it.row.port, source="127.0.0.9"):
            it.second.test()


def test_rows_of_a_station_go_on_sharing_it(tmp_path: Path) -> None:
    with act(tmp_path, ca=CA) as it:
        it.change_first(name="ANEW")
        it.first.post(single_command(CA, 21002))
        it.first.take(3)
        assert len(it.second.take(1)) == 1
        assert lamp(CA, 1) in values(it.second)


def test_a_row_with_another_number_leaves_the_station_and_finds_it_again_as_it_was(tmp_path: Path) -> None:
    with act(tmp_path, ca=CA) as it:
        it.second.post(single_command(CA, 21002))
        it.second.take(3)
        it.change_first(ca=33)
        with started_master(it.row.port) as alone:
            assert lamp(33, 0) in values(alone, 33)
            alone.post(single_command(33, 21002, 0))
            alone.take(3)
        it.apply(*it.simulation.rtus)
        with started_master(it.row.port) as back:
            assert lamp(CA, 1) in values(back)
        assert lamp(CA, 1) in values(it.second)


def test_a_station_without_a_row_is_forgotten(tmp_path: Path) -> None:
    with act(tmp_path) as it:
        it.first.post(single_command(CA, 21002))
        it.first.take(3)
        it.apply(it.simulation.rtus[1])
        it.apply(*it.simulation.rtus)
        with started_master(it.row.port) as again:
            assert lamp(CA, 0) in values(again)


def test_another_data_file_is_used_at_once(tmp_path: Path) -> None:
    file = RtuFile()
    file.data["other.csv"] = ("1,Y,1,77,1,0",)
    with act(tmp_path, file) as it:
        change = it.change_first(data=tmp_path / "data" / "other.csv")
        assert "iodata.csv -> " in change.text
        with started_master(it.row.port) as again:
            assert values(again) == [asdu(1, 20, CA, address(77) + b"\x01")]
        it.second.test()


def test_a_disabled_rtu_stays_disabled_under_another_row(tmp_path: Path) -> None:
    with act(tmp_path) as it:
        key = str(it.row.port)
        it.running.run(it.running.simulator.disable(key))
        assert it.change_first(ca=33).drops == ()
        assert it.running.entries[0].state is State.DISABLED
        assert not is_listening(it.row.port)
        it.running.run(it.running.simulator.enable(key))
        with started_master(it.row.port) as again:
            assert values(again, 33)


def test_an_rtu_that_is_added_sends_what_the_command_line_says(tmp_path: Path) -> None:
    with act(tmp_path, RtuFile("301,Y,1,1,1,0"), Send(301)) as it:
        row = replace(it.row, port=free_port(), ca=7)
        it.apply(*it.simulation.rtus, row)
        with started_master(row.port) as third:
            assert third.take(1) == [asdu(1, 3, 7, address(1) + b"\x01")]
