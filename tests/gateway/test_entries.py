"""What status, window and metrics show of the rows: states with their reasons, details, numbers."""

import socket
from unittest.mock import patch

import pytest

from iec104mm2ss.console.snapshot import Entry, Role, Section, State
from iec104mm2ss.gateway import attempts
from iec104mm2ss.gateway import group as group_module
from iec104mm2ss.gateway import port as port_module
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.metrics.figures import Distribution, Measure
from iec104mm2ss.record import watch
from iec104mm2ss.settings.filters import read_filter
from iec104mm2ss.settings.site import StartDt
from iec104mm2ss.trace import TracedFrame
from tests.endpoint import STARTDT_ACT, STARTDT_CON, i_frame
from tests.gateway.scene import (
    EAGER,
    M_EI,
    MASTER_CA,
    Logs,
    Rtu,
    group_row,
    master,
    master_row,
    numbers,
    plant,
    play,
    raw_master,
    value,
)
from tests.gateway.test_bugs import hang
from tests.program import free_port
from tests.station import interrogation
from tests.transport.recorder import HOST, until


def rtu_of(gateway: Gateway) -> Entry:
    return gateway.entries()[0]


def master_of(gateway: Gateway) -> Entry:
    return gateway.entries()[1]


def test_an_rtu_and_its_master_online() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row])) as gateway,
            master(row.port, EAGER) as scada,
        ):
            rtu.send(value(1), value(2))
            scada.connection.send([interrogation(MASTER_CA)])
            await until(lambda: len(rtu.peer.asdus) == 1 and len(numbers(scada.asdus)) == 2)
            await until(lambda: master_of(gateway).unacknowledged == 0)
            upper, lower = gateway.entries()
            assert (upper.key, upper.group, upper.name, upper.role) == ("111/S", 111, "S/RTU", Role.RTU)
            assert (upper.state, upper.reason, upper.peer) == (State.ONLINE, "", f"127.0.0.1:{rtu.port}")
            assert (upper.received, upper.sent, upper.ca, upper.k) == (2, 1, 32, 12)
            assert upper.address == f"127.0.0.1:{rtu.port}"
            assert upper.event == "started"
            assert (lower.key, lower.name, lower.role) == (f"111/{row.port}", "M/SCADA", Role.MASTER)
            assert (lower.state, lower.reason, lower.peer) == (State.ONLINE, "", scada.connection.local)
            assert (lower.received, lower.sent, lower.ca, lower.address) == (1, 3, 33, str(row.port))
            assert lower.event == "started; originator address 1 towards the RTU"
            assert 0 <= lower.event_age < 30
            assert 0 <= lower.age < 30

    play(scenario)


def test_the_pulse_grows_with_frames_and_events_and_stands_still_without() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row])) as gateway,
            master(row.port, EAGER) as scada,
        ):
            await until(lambda: master_of(gateway).state is State.ONLINE)
            before = gateway.pulse()
            assert gateway.pulse() == before
            rtu.send(value(1))
            await until(lambda: numbers(scada.asdus) == [1])
            after_a_frame = gateway.pulse()
            assert after_a_frame > before
            await gateway.disconnect(f"111/{row.port}")
            assert gateway.pulse() > after_a_frame
            assert gateway.entry(f"111/{row.port}").event == master_of(gateway).event

    play(scenario)


def test_an_rtu_that_cannot_be_reached_and_its_blocked_master() -> None:
    async def scenario() -> None:
        port = free_port()
        async with plant(group_row(port, masters=[master_row()])) as gateway:
            await until(lambda: "next try" in rtu_of(gateway).reason)
            upper, lower = gateway.entries()
            assert upper.state is State.RETRYING
            assert upper.reason == f"127.0.0.1:{port}: Connection refused; next try in 1 s"
            assert upper.attempt == 1
            assert upper.event == f"no connection to 127.0.0.1:{port}: Connection refused"
            assert (lower.state, lower.reason) == (State.BLOCKED, "waits for the RTU")

    play(scenario)


def test_an_rtu_that_is_being_connected() -> None:
    async def scenario() -> None:
        with patch("iec104mm2ss.gateway.rtu.connect", hang):
            async with plant(group_row(1, masters=[master_row()])) as gateway:
                assert rtu_of(gateway).reason == "connecting soon"
                await until(lambda: rtu_of(gateway).reason == "connecting to 127.0.0.1:1")
                assert rtu_of(gateway).state is State.RETRYING

    play(scenario)


def test_a_lost_rtu_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_FIRST_WAIT", 30.0)

    async def scenario() -> None:
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[master_row()])) as gateway:
            await until(lambda: rtu_of(gateway).state is State.ONLINE)
            rtu.link.close("gone")
            await until(lambda: "next try" in rtu_of(gateway).reason)
            assert rtu_of(gateway).state is State.RETRYING
            assert rtu_of(gateway).reason.startswith("closed by peer")
            assert rtu_of(gateway).event.startswith("disconnected from 127.0.0.1")

    play(scenario)


def test_a_rtu_that_is_not_started_yet_and_the_master_that_waits_for_it() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu(confirms=False) as rtu,
            plant(group_row(rtu.port, masters=[row])) as gateway,
            master(row.port, started=False) as scada,
        ):
            await until(lambda: rtu.peers)
            assert (rtu_of(gateway).state, rtu_of(gateway).reason) == (
                State.CONNECTED,
                "STARTDT act is not confirmed yet",
            )
            await until(lambda: master_of(gateway).state is State.CONNECTED)
            assert master_of(gateway).reason == "not started: no STARTDT act from it yet, or it has stopped"
            scada.connection.start()
            await until(lambda: master_of(gateway).reason == "asked to start; waits for the RTU's STARTDT con")

    play(scenario)


def test_on_demand_a_stopped_rtu_is_connected() -> None:
    async def scenario() -> None:
        row = group_row(0, masters=[master_row()], startdt=StartDt.ON_DEMAND)
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=row.masters, startdt=row.startdt)) as gateway:
            await until(lambda: rtu_of(gateway).state is State.CONNECTED)
            assert rtu_of(gateway).reason == "stopped: no master is started (startdt=on_demand)"

    play(scenario)


def test_a_port_where_nobody_is_says_who_was_there_and_why_it_went() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
            await until(lambda: master_of(gateway).state is State.WAITING)
            assert master_of(gateway).reason == "nobody has connected yet"
            async with master(row.port) as scada:
                peer = scada.connection.local
            await until(lambda: master_of(gateway).state is State.WAITING)
            assert master_of(gateway).reason.startswith(f"nobody is connected; {peer}: closed by peer")
            assert master_of(gateway).sent == 1

    play(scenario)


def test_a_port_in_use_is_a_fault() -> None:
    async def scenario() -> None:
        row = master_row()
        with socket.create_server((HOST, row.port)):
            async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
                await until(lambda: master_of(gateway).state is State.FAULT)
                assert master_of(gateway).reason.startswith(f"port {row.port} cannot be opened: Address already in")

    play(scenario)


def test_who_comes_back_within_a_second_is_in_a_new_state() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
            record = gateway.groups[0].ports[0].record
            async with master(row.port):
                assert master_of(gateway).state is State.ONLINE
                since = record.since
            async with master(row.port):
                assert master_of(gateway).state is State.ONLINE
                assert record.since > since

    play(scenario)


def test_a_master_that_does_not_acknowledge_is_online_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_FULL_FOR", 0.0)
    monkeypatch.setattr("iec104mm2ss.gateway.supervisor._ROUND", 0.02)

    async def scenario() -> None:
        logs, row = Logs(), master_row(link=LinkParameters(k=2, w=1))
        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row]), logs=logs) as gateway,
            raw_master(row.port) as scada,
        ):
            scada.send(STARTDT_ACT)
            await scada.expect(STARTDT_CON, i_frame(0, 0, M_EI))
            rtu.send(value(1), value(2))
            await until(lambda: master_of(gateway).reason)
            assert master_of(gateway).state is State.ONLINE
            assert master_of(gateway).reason == "acknowledges late: its w may exceed our k (2)"
            assert (master_of(gateway).unacknowledged, master_of(gateway).k) == (2, 2)
            assert len([line for line in logs.lines["SCADA"] if "acknowledges late" in line]) == 1

    play(scenario)


def test_an_rtu_whose_k_is_below_our_w_is_told_of() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        ours = LinkParameters(w=8, t1=1.0, t2=0.02)
        async with (
            Rtu(LinkParameters(k=3, w=1)) as rtu,
            plant(group_row(rtu.port, masters=[row], rtu=ours), logs=logs) as gateway,
            master(row.port, EAGER),
        ):
            for number in range(5):
                await until(lambda: rtu.link.window == 3)
                rtu.send(*map(value, range(3 * number, 3 * number + 3)))
            await until(lambda: rtu_of(gateway).reason)
            assert rtu_of(gateway).reason == "stops after 3 frames: its k may be below our w; set w=3"
            assert logs.said("RTU", "set w=3")

    play(scenario)


def rows_of(sections: tuple[Section, ...], title: str) -> dict[str, str]:
    return next(dict(section.rows) for section in sections if section.title == title)


def test_the_details_of_a_connected_rtu_and_master() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
            async with master(row.port, EAGER):
                pass
            async with master(row.port, EAGER) as scada:
                rtu.send(value(1), value(2))
                scada.connection.send([interrogation(MASTER_CA)])
                await until(lambda: len(rtu.peer.asdus) == 1 and len(numbers(scada.asdus)) == 2)
                await until(lambda: master_of(gateway).unacknowledged == 0)
                upper = gateway.sections("111/S")
                lower = gateway.sections(f"111/{row.port}")
                link = rows_of(upper, "Connection")
                assert link["peer"] == f"127.0.0.1:{rtu.port}"
                assert link["state"] == "STARTED"
                assert link["V(S)"] == "1 (1 I-frame sent)"
                assert link["V(R)"] == "2 (2 I-frames received)"
                assert link["not acknowledged by us"] == "0 of w = 1"
                assert link["t2 left"] == "not running"
                assert link["t3 left"].endswith(" s")
                assert rows_of(upper, "ASDUs received from it") == {"M_SP_NA_1 spont(3)": "2"}
                assert rows_of(upper, "Event buffer")["kept"].endswith(" of 10000 ASDUs")
                assert rows_of(upper, "Requests and answers")["requests that the RTU has and has not finished"] == "1"
                assert rows_of(lower, "ASDUs received from it") == {"C_IC_NA_1 act(6)": "1"}
                assert rows_of(lower, "Event buffer")["acknowledged by it"] == "4"
                assert rows_of(lower, "Access")["connections"] == "1 of 1"
                assert rows_of(lower, "Since the program began")["disconnections"] == "1"
                (ending,) = rows_of(lower, "Last disconnections").values()
                assert "closed by peer" in ending

    play(scenario)


def test_the_details_of_what_is_not_connected() -> None:
    async def scenario() -> None:
        row = master_row()
        async with plant(group_row(free_port(), masters=[row])) as gateway:
            for key in ("111/S", f"111/{row.port}"):
                assert rows_of(gateway.sections(key), "Connection") == {"peer": "none"}

    play(scenario)


def test_the_last_ten_causes_are_kept() -> None:
    async def scenario() -> None:
        row = master_row(max=9)
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
            for count in range(12):
                async with master(row.port, started=False):
                    await until(lambda: master_of(gateway).peer)
                record = gateway.groups[0].ports[0].record
                await until(lambda: record.disconnections == count + 1)  # noqa: B023 - waited for in this round
            assert len(record.endings) == 10

    play(scenario)


def test_who_was_refused_is_told() -> None:
    async def scenario() -> None:
        row = master_row(accept=read_filter("10.0.0.0/8")[0])
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
            async with master(row.port, started=False) as stranger:
                await until(lambda: stranger.reasons)
            (peer,) = gateway.refused(f"111/{row.port}")
            assert (peer.host, peer.count, peer.reason) == (HOST, 1, "not in the filter")
            assert gateway.refused("111/S") == ()

    play(scenario)


def test_a_trace_shows_present_and_later_connections_until_it_ends() -> None:
    async def scenario() -> None:
        row, frames = master_row(), list[TracedFrame]()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
            async with master(row.port):
                end = gateway.trace(f"111/{row.port}", frames.append)
                rtu.send(value(1))
                await until(lambda: any("M_SP_NA_1" in frame.text for frame in frames))
            async with master(row.port) as scada:
                await until(lambda: any("M_EI_NA_1" in frame.text for frame in frames))
                assert {frame.entry for frame in frames} == {f"111/{row.port}"}
                assert frames[-1].peer == scada.connection.local
                end()
                end()
                count = len(frames)
                rtu.send(value(2))
                await until(lambda: numbers(scada.asdus) == [2])
                assert len(frames) == count
                assert next(iter(gateway.groups[0].ports[0].record.connections)).tap is None

    play(scenario)


def test_a_sink_with_a_bug_costs_the_trace_and_not_the_connection() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()

        def fail(_: TracedFrame) -> None:
            raise KeyError("a bug")

        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row]), logs=logs) as gateway,
            master(row.port) as scada,
        ):
            gateway.trace(f"111/{row.port}", fail)
            rtu.send(value(1))
            await until(lambda: logs.said("SCADA", "no longer traced", "KeyError: 'a bug'"))
            await until(lambda: numbers(scada.asdus) == [1])
            assert scada.reasons == []

    play(scenario)


def measured(gateway: Gateway, name: str) -> Measure:
    return next(it for it in gateway.measures() if it.name == name and isinstance(it, Measure))


def test_the_measures_of_a_running_group() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row])) as gateway,
            master(row.port, EAGER) as scada,
        ):
            rtu.send(value(1), value(2))
            await until(lambda: len(numbers(scada.asdus)) == 2)
            upper, lower = ("111", "111/S", "S/RTU", "RTU"), ("111", f"111/{row.port}", "M/SCADA", "master")
            assert measured(gateway, "state").values == {(*upper, "ONLINE"): 1.0, (*lower, "ONLINE"): 1.0}
            assert measured(gateway, "i_frames").values[(*upper, "received")] == 2
            assert measured(gateway, "i_frames").values[(*lower, "sent")] == 3
            assert measured(gateway, "received_asdus").values == {(*upper, "M_SP_NA_1"): 2.0}
            assert measured(gateway, "connections").values == {upper: 1, lower: 1}
            assert measured(gateway, "window_size").values == {upper: 12.0, lower: 12.0}
            assert measured(gateway, "losses").values[(*lower, "lost")] == 0
            assert measured(gateway, "buffer_size").values == {("111",): 10_000}
            assert measured(gateway, "unanswered_requests").values == {("111",): 0}
            (latency,) = (it for it in gateway.measures() if isinstance(it, Distribution))
            counts, total = latency.values[("111",)]
            assert counts[-1][1] >= 1
            assert [count for _, count in counts] == sorted(count for _, count in counts)
            assert total > 0

    play(scenario)


def test_what_was_counted_stays_after_a_bug_and_the_loss_of_the_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_FIRST_WAIT", 0.05)
    monkeypatch.setattr(group_module, "_PAUSE_AFTER_BUG", 0.05)

    async def scenario() -> None:
        row, ended = master_row(), ("111", "end_of_initialisation")
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
            async with master(row.port):
                rtu.send(M_EI)
                await until(lambda: measured(gateway, "router_events").values[ended] == 1)
                gateway.groups[0].exchange.buffer.account(row.key).lost = 3
                gateway.groups[0].failed(KeyError("a bug"))
            async with master(row.port):
                lower = ("111", f"111/{row.port}", "M/SCADA", "master")
                assert measured(gateway, "router_events").values[ended] == 1
                assert measured(gateway, "losses").values[(*lower, "lost")] == 3

    play(scenario)


def test_a_port_that_is_full_counts_who_it_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_module, "_PROBE_LOOK", 0.005)

    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row])) as gateway,
            master(row.port) as first,
            master(row.port, started=False) as second,
        ):
            await until(lambda: second.reasons)
            lower = ("111", f"111/{row.port}", "M/SCADA", "master")
            assert measured(gateway, "refusals").values[lower] == 1
            assert gateway.refused(f"111/{row.port}")[0].reason == f"{first.connection.local} is connected"

    play(scenario)
