"""STARTDT of masters and of the RTU: who waits for whom."""

import pytest

from iec104mm2ss.gateway import demand
from iec104mm2ss.link.events import StartRequested, Stopped, StopRequested
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.link.states import State
from iec104mm2ss.settings.site import StartDt
from tests.endpoint import STARTDT_ACT, STARTDT_CON, STOPDT_ACT, STOPDT_CON, i_frame, s_frame
from tests.gateway.scene import (
    M_EI,
    MASTER_CA,
    Logs,
    Rtu,
    gateway,
    group_row,
    master,
    master_row,
    play,
    raw_master,
    raw_rtu,
    value,
)
from tests.program import free_port
from tests.station import single_point
from tests.transport.recorder import until

# Six octets of a monitoring type whose object is missing: no such ASDU can be.
MALFORMED = bytes.fromhex("2d 01 06 00 21 00")


def test_the_end_of_initialisation_with_the_masters_own_ca_comes_before_everything() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row])), master(row.port) as scada:
            assert scada.asdus == [M_EI]
            rtu.send(value(7))
            await until(lambda: len(scada.asdus) == 2)
            assert scada.asdus[1] == single_point(MASTER_CA, 7)

    play(scenario)


def test_a_master_is_confirmed_once_the_rtu_is_started() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu(confirms=False) as rtu,
            gateway(group_row(rtu.port, masters=[row])) as group,
            master(row.port, started=False) as scada,
        ):
            scada.connection.start()
            await until(lambda: group.demand.waiting)
            assert not scada.started
            rtu.link.start()
            await until(lambda: scada.asdus)
            assert scada.started
            assert not group.demand.waiting

    play(scenario)


def test_a_master_is_closed_when_the_rtu_is_not_started_in_time() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row(link=LinkParameters(t1=0.5, t2=0.1))
        async with (
            Rtu(confirms=False) as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs) as group,
            master(row.port, started=False) as scada,
        ):
            scada.connection.start()
            await until(lambda: scada.reasons)
            assert logs.said("SCADA", "the RTU's link was not started within 0.4 s")
            assert not group.demand.waiting
            assert not scada.started

    play(scenario)


@pytest.mark.parametrize("leaves", ["stops", "goes"])
def test_a_master_that_does_not_wait_for_the_rtu_is_forgotten(leaves: str) -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu(confirms=False) as rtu,
            gateway(group_row(rtu.port, masters=[row])) as group,
            raw_master(row.port) as scada,
        ):
            scada.send(STARTDT_ACT)
            await until(lambda: group.demand.waiting)
            if leaves == "stops":
                scada.send(STOPDT_ACT)
                await scada.expect(STOPDT_CON)
            else:
                await scada.close()
            await until(lambda: not group.demand.waiting)
            rtu.link.start()
            await until(lambda: group.rtu.started)
            assert not group.exchange.started
            assert not group.broken

    play(scenario)


def test_a_start_with_garbage_behind_it_closes_this_master_and_nothing_else() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row(max=2)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs) as group,
            master(row.port) as other,
            raw_master(row.port) as scada,
        ):
            scada.send(STARTDT_ACT, b"GET / HTTP/1.1\r\n")
            await scada.closed()
            assert logs.said("SCADA", "disconnected", "0x47")
            rtu.send(value(1))
            await until(lambda: len(other.asdus) == 2)
            assert len(rtu.peers) == 1
            assert not group.broken

    play(scenario)


def test_start_and_stop_in_one_segment_leave_the_master_stopped() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row])) as group,
            raw_master(row.port) as scada,
        ):
            await until(lambda: group.rtu.started)
            scada.send(STARTDT_ACT, STOPDT_ACT)
            await scada.expect(STOPDT_CON)
            assert not group.exchange.started
            scada.send(STARTDT_ACT, STOPDT_ACT, STARTDT_ACT)
            await scada.expect(STOPDT_CON, STARTDT_CON, i_frame(0, 0, M_EI))
            assert len(group.exchange.started) == 1
            assert len(rtu.peers) == 1

    play(scenario)


def test_nothing_of_a_segment_counts_after_what_closes_the_connection() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs) as group,
            raw_master(row.port) as scada,
        ):
            scada.send(STARTDT_ACT)
            await scada.expect(STARTDT_CON, i_frame(0, 0, M_EI))
            scada.send(i_frame(0, 1, MALFORMED), STOPDT_ACT, STARTDT_ACT)
            await scada.closed()
            assert logs.said("SCADA", "disconnected", "too short") or logs.said("SCADA", "disconnected", "octets")
            assert not group.exchange.started
            assert not group.demand.waiting
            assert not group.broken
            assert len(rtu.peers) == 1

    play(scenario)


def test_what_a_master_sends_after_its_stop_is_not_executed_and_oddities_are_logged() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs),
            raw_master(row.port) as scada,
        ):
            scada.send(STARTDT_ACT)
            await scada.expect(STARTDT_CON, i_frame(0, 0, M_EI))
            # C_SC_NA_1 after STOPDT act; then an S-frame whose second octet is not 0
            scada.send(STOPDT_ACT, i_frame(0, 0, bytes.fromhex("2d 01 06 00 21 00 01 00 00 01")))
            await scada.expect(s_frame(1))
            scada.send(bytes.fromhex("68 04 01 01 02 00"))
            await scada.expect(STOPDT_CON)
            assert logs.said("SCADA", "after STOPDT act, and not executed: 1 ASDU")
            assert logs.said("SCADA", "tolerated: S-frame with second octet 0x01")
            assert logs.said("SCADA", "stopped")
            assert rtu.peer.asdus == []

    play(scenario)


def test_an_oddity_of_the_rtu_is_logged() -> None:
    async def scenario() -> None:
        logs, port, row = Logs(), free_port(), master_row()
        async with raw_rtu(port) as connections, gateway(group_row(port, masters=[row]), logs=logs) as group:
            rtu = await connections.get()
            await rtu.expect(STARTDT_ACT)
            rtu.send(STARTDT_CON, STARTDT_CON)
            await until(lambda: group.rtu.started)
            assert logs.said("RTU", "tolerated: STARTDT con without its act")

    play(scenario)


def test_on_demand_the_rtu_is_started_with_the_first_master_and_stopped_after_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demand, "_LINGER", 0.05)

    async def scenario() -> None:
        row = master_row(max=2)
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row], startdt=StartDt.ON_DEMAND)) as group:
            async with master(row.port, started=False) as first, master(row.port) as second:
                assert rtu.peer.events == [StartRequested()]
                first.connection.start()
                await until(lambda: first.asdus)
                second.connection.stop()
                await until(lambda: Stopped() in second.events)
                assert not group.demand.lingers
            await until(lambda: StopRequested() in rtu.peer.events)
            async with master(row.port):
                assert rtu.peer.events.count(StartRequested()) == 2
                assert len(rtu.peers) == 1

    play(scenario)


def test_on_demand_a_connected_master_that_does_not_start_is_no_demand() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row], startdt=StartDt.ON_DEMAND)) as group,
            master(row.port, started=False),
        ):
            await until(lambda: group.ports[0].masters)
            assert rtu.peer.events == []

    play(scenario)


def test_on_demand_a_master_back_in_time_keeps_the_rtu_started() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row], startdt=StartDt.ON_DEMAND)) as group:
            async with master(row.port):
                pass
            await until(lambda: group.demand.lingers)
            async with master(row.port):
                assert not group.demand.lingers
            assert rtu.peer.events == [StartRequested()]

    play(scenario)


@pytest.mark.parametrize("stays", [True, False], ids=["and-stays", "and-goes"])
def test_on_demand_a_start_during_a_pending_stopdt_waits_for_its_confirmation(
    monkeypatch: pytest.MonkeyPatch,
    stays: bool,  # noqa: FBT001 - a test's parameter
) -> None:
    monkeypatch.setattr(demand, "_LINGER", 0.05)

    async def scenario() -> None:
        port, row = free_port(), master_row(max=2)
        async with (
            raw_rtu(port) as connections,
            gateway(group_row(port, masters=[row], startdt=StartDt.ON_DEMAND)) as group,
            raw_master(row.port) as scada,
        ):
            rtu = await connections.get()
            scada.send(STARTDT_ACT)
            await rtu.expect(STARTDT_ACT)
            rtu.send(STARTDT_CON)
            await scada.expect(STARTDT_CON, i_frame(0, 0, M_EI))
            scada.send(s_frame(1), STOPDT_ACT)
            await scada.expect(STOPDT_CON)
            await rtu.expect(STOPDT_ACT)
            scada.send(STARTDT_ACT)
            await until(lambda: group.demand.waiting)
            if not stays:
                scada.send(STOPDT_ACT)
                await scada.expect(STOPDT_CON)
            rtu.send(STOPDT_CON)
            if stays:
                await rtu.expect(STARTDT_ACT)
                rtu.send(STARTDT_CON)
                await scada.expect(STARTDT_CON, i_frame(1, 0, M_EI))
            else:
                await until(lambda: group.rtu._while(State.STOPPED))
                assert not group.demand.waiting

    play(scenario)


def test_on_demand_the_rtu_is_stopped_when_the_master_went_while_it_was_starting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demand, "_LINGER", 0.05)

    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu(confirms=False) as rtu,
            gateway(group_row(rtu.port, masters=[row], startdt=StartDt.ON_DEMAND)) as group,
        ):
            async with master(row.port, started=False) as scada:
                scada.connection.start()
                await until(lambda: rtu.peer.events)
            await until(lambda: not group.demand.waiting)
            assert not group.demand.lingers
            rtu.link.start()
            await until(lambda: StopRequested() in rtu.peer.events)

    play(scenario)


def test_asking_the_rtu_for_what_is_so_already_sends_nothing() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row], startdt=StartDt.ON_DEMAND)) as group,
        ):
            await until(lambda: rtu.peers and group.rtu.connection)
            group.rtu.stop()
            group.rtu.start()
            await until(lambda: group.rtu.started)
            group.rtu.start()
            assert rtu.peer.events == [StartRequested()]

    play(scenario)
