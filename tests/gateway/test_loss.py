"""The RTU's connection comes and goes; masters are flushed, dropped, and get their events at their return."""

import asyncio
from unittest.mock import patch

import pytest

from iec104mm2ss.gateway import attempts, rtu
from iec104mm2ss.gateway import group as group_module
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.link.states import Role
from iec104mm2ss.transport.connection import Connection
from tests.endpoint import STARTDT_ACT, STARTDT_CON, i_frame, s_frame
from tests.gateway.scene import (
    EAGER,
    M_EI,
    MASTER_CA,
    Logs,
    Rtu,
    event,
    gateway,
    group_row,
    master,
    master_row,
    numbers,
    play,
    raw_master,
    value,
)
from tests.program import free_port
from tests.station import interrogation
from tests.transport.recorder import HOST, until

WIDE = LinkParameters(k=100, w=1)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_FIRST_WAIT", 0.05)


def test_hosts_are_tried_in_their_order_and_each_failure_says_why() -> None:
    async def scenario() -> None:
        logs, dead, row = Logs(), free_port(), master_row()
        async with Rtu() as live, gateway(group_row(dead, live.port, masters=[row]), logs=logs) as group:
            await until(lambda: logs.said("RTU", "started"))
            *tries, connected, started = logs.lines["RTU"]
            assert tries == [
                f"connecting to 127.0.0.1:{dead}",
                f"no connection to 127.0.0.1:{dead}: Connection refused",
                f"connecting to 127.0.0.1:{live.port}",
            ]
            assert connected.startswith(f"connected to 127.0.0.1:{live.port}, after ")
            assert started == "started"
            assert group.rtu.peer == f"127.0.0.1:{live.port}"
            assert group.rtu.phase is rtu.Phase.CONNECTED
            assert group.rtu.attempt == 0

    play(scenario)


def test_while_no_host_can_be_reached_the_ports_are_closed_and_the_rtu_is_looked_for() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        station = Rtu()
        async with gateway(group_row(station.port, masters=[row]), logs=logs) as group:
            await until(lambda: group.rtu.attempt >= 2)
            await until(lambda: group.rtu.phase is rtu.Phase.WAITING)
            assert [line.partition(" to ")[0] for line in logs.lines["RTU"]] == ["connecting", "no connection"]
            assert group.rtu.peer == ""
            assert not group.ports[0].is_open
            async with station, master(row.port):
                assert station.started

    play(scenario)


def test_a_host_that_does_not_answer_is_left_after_t0() -> None:
    async def silent(*_: object) -> Connection:
        raise TimeoutError

    async def scenario() -> None:
        logs, row = Logs(), master_row()
        with patch.object(rtu, "connect", silent):
            async with gateway(group_row(free_port(), masters=[row]), logs=logs):
                await until(lambda: logs.said("RTU", "no answer within t0 (30 s)"))

    play(scenario)


def test_a_connection_to_itself_is_no_connection() -> None:
    async def to_itself(host: str, port: int, parameters: LinkParameters, _tls: None) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(Role.CONTROLLING, parameters, lambda _: None), host, port, local_addr=(HOST, port)
        )
        return connection

    async def scenario() -> None:
        logs, port, row = Logs(), free_port(), master_row()
        with patch.object(rtu, "connect", to_itself):
            async with gateway(group_row(port, masters=[row]), logs=logs) as group:
                await until(lambda: logs.said("RTU", f"no connection to 127.0.0.1:{port}: it would lead to itself"))
                assert group.rtu.connection is None

    play(scenario)


def test_the_rtus_loss_closes_ports_and_masters_and_its_return_opens_them() -> None:
    async def scenario() -> None:
        logs, row, idle = Logs(), master_row(), master_row(name="M/IDLE")
        async with Rtu() as station, gateway(group_row(station.port, masters=[row, idle]), logs=logs) as group:
            async with master(row.port) as scada, master(idle.port, started=False) as silent:
                station.link.close("gone")
                await until(lambda: scada.reasons and silent.reasons)
                assert not any(port.is_open or port.masters for port in group.ports)
                for name in ("SCADA", "IDLE"):
                    assert logs.said(name, "disconnected", "RTU lost: closed by peer")
                assert logs.said("SCADA", f"port {row.port} closed")
            async with master(row.port) as scada:
                station.send(value(1))
                await until(lambda: numbers(scada.asdus) == [1])
            assert len(station.peers) == 2

    play(scenario)


def test_what_the_rtu_sent_before_it_closed_still_reaches_the_masters() -> None:
    async def scenario() -> None:
        row = master_row(link=LinkParameters(k=2, w=1))
        async with (
            Rtu(LinkParameters(k=100)) as station,
            gateway(group_row(station.port, masters=[row])),
            master(row.port, LinkParameters(w=1)) as scada,
        ):
            station.send(*map(value, range(1, 51)))
            station.link.close("gone")
            await until(lambda: scada.reasons)
            assert numbers(scada.asdus) == list(range(1, 51))

    play(scenario)


def test_data_and_a_broken_frame_in_one_segment_close_the_rtu_after_the_data_is_routed() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with (
            Rtu() as station,
            gateway(group_row(station.port, masters=[row]), logs=logs),
            master(row.port) as scada,
        ):
            station.link._transport.write(i_frame(0, 0, value(1)) + b"\x00")
            await until(lambda: scada.reasons)
            assert numbers(scada.asdus) == [1]
            assert logs.said("RTU", "disconnected", "0x00")

    play(scenario)


def test_a_master_that_does_not_take_its_data_is_dropped_after_the_flush_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_module, "_FLUSH_TIME", 0.2)

    async def scenario() -> None:
        logs, row = Logs(), master_row(link=LinkParameters(k=2, w=1))
        async with (
            Rtu() as station,
            gateway(group_row(station.port, masters=[row]), logs=logs) as group,
            raw_master(row.port) as scada,
        ):
            scada.send(STARTDT_ACT)
            await scada.expect(STARTDT_CON, i_frame(0, 0, M_EI))
            station.send(value(1), value(2))
            await until(lambda: group.exchange.buffer.tail == 2)
            station.link.close("gone")
            await until(lambda: group._flushing)
            scada.send(i_frame(0, 0, interrogation(MASTER_CA)))
            await scada.closed()
            assert logs.said("SCADA", "1 ASDU dropped: the RTU is lost")

    play(scenario)


def test_a_master_that_starts_during_the_flush_is_dropped_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_module, "_FLUSH_TIME", 0.5)

    async def scenario() -> None:
        logs, row = Logs(), master_row(link=LinkParameters(k=2, w=1), max=2)
        async with (
            Rtu() as station,
            gateway(group_row(station.port, masters=[row]), logs=logs) as group,
            raw_master(row.port) as slow,
            master(row.port, started=False) as late,
        ):
            slow.send(STARTDT_ACT)
            await slow.expect(STARTDT_CON, i_frame(0, 0, M_EI))
            await until(lambda: len(group.ports[0].masters) == 2)
            station.send(value(1), value(2))
            await until(lambda: group.exchange.buffer.tail == 2)
            station.link.close("gone")
            await until(lambda: group._flushing)
            late.connection.start()
            await until(lambda: late.reasons)
            assert not late.started
            assert not group.demand.waiting

    play(scenario)


def test_a_master_gets_what_it_had_not_acknowledged_after_the_rtu_is_back() -> None:
    async def scenario() -> None:
        row = master_row(link=LinkParameters(k=3, w=1))
        with patch.object(group_module, "_FLUSH_TIME", 0.1):
            async with (
                Rtu() as station,
                gateway(group_row(station.port, masters=[row])) as group,
                raw_master(row.port) as scada,
            ):
                scada.send(STARTDT_ACT)
                await scada.expect(STARTDT_CON, i_frame(0, 0, M_EI))
                station.send(event(1), event(2), value(3), event(4))
                await scada.expect(i_frame(1, 0, event(1, MASTER_CA)), i_frame(2, 0, event(2, MASTER_CA)))
                scada.send(s_frame(2))
                await until(lambda: group.exchange.buffer.first_unacknowledged() == 1)
                station.link.close("gone")
                await scada.closed()
                async with master(row.port, EAGER) as again:
                    station.send(value(5))
                    await until(lambda: numbers(again.asdus)[-1:] == [5])
                    assert again.asdus[0] == M_EI
                    assert numbers(again.asdus) == [2, 4, 5]

    play(scenario)


def test_a_master_that_was_away_gets_its_events_and_then_what_is_live() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu(WIDE) as station, gateway(group_row(station.port, masters=[row])) as group:
            async with master(row.port):
                pass
            await until(lambda: not group.exchange.started)
            station.send(event(1), value(2), event(3))
            await until(lambda: station.link.link.acknowledged == 3)
            async with master(row.port) as scada:
                station.send(value(4))
                await until(lambda: numbers(scada.asdus)[-1:] == [4])
                assert numbers(scada.asdus) == [1, 3, 4]

    play(scenario)


def test_a_stopped_master_is_away_from_its_stop_on() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu(WIDE) as station,
            gateway(group_row(station.port, masters=[row])) as group,
            master(row.port) as scada,
        ):
            scada.connection.stop()
            await until(lambda: not group.exchange.started)
            station.send(event(1), value(2))
            await until(lambda: station.link.link.acknowledged == 2)
            assert numbers(scada.asdus) == []
            scada.connection.start()
            await until(lambda: numbers(scada.asdus) == [1])
            assert scada.asdus.count(M_EI) == 2

    play(scenario)
