"""Restart, disconnect, disable and enable: what is asked for, in every phase, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from unittest.mock import patch

import pytest

from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.snapshot import State
from iec104mm2ss.gateway import attempts
from iec104mm2ss.gateway import group as group_module
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.transport.client import connect
from tests.endpoint import STARTDT_ACT, STARTDT_CON, i_frame
from tests.gateway.scene import (
    M_EI,
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
from tests.transport.recorder import until

RTU = "111/S"
Operation = Callable[[Gateway, str], Awaitable[None]]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_FIRST_WAIT", 0.05)
    monkeypatch.setattr(group_module, "_PAUSE_AFTER_BUG", 0.05)


def states(gateway: Gateway) -> list[State]:
    return [entry.state for entry in gateway.entries()]


def test_a_restarted_master_row_drops_its_own_connections_alone() -> None:
    async def scenario() -> None:
        logs, row, other = Logs(), master_row(name="M/A"), master_row(name="M/B")
        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row, other]), logs=logs) as gateway,
            master(row.port) as first,
            master(other.port) as second,
        ):
            assert gateway.drops(f"111/{row.port}") == ("M/A",)
            await gateway.restart(f"111/{row.port}")
            await until(lambda: first.reasons)
            async with master(row.port) as again:
                rtu.send(value(1))
                await until(lambda: numbers(again.asdus) == numbers(second.asdus) == [1])
            assert second.reasons == []
            assert len(rtu.peers) == 1
            assert logs.said("A", "disconnected", "restarted as per user request")
            assert "restarted as per user request" in logs.lines["A"]

    play(scenario)


def test_a_restarted_rtu_is_connected_at_once_and_its_masters_have_to_come_again() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row]), logs=logs) as gateway:
            async with master(row.port) as scada:
                assert gateway.drops(RTU) == ("S/RTU", "M/SCADA")
                await gateway.restart(RTU)
                assert scada.reasons or await _closed(scada.reasons)
            async with master(row.port) as scada:
                rtu.send(value(1))
                await until(lambda: numbers(scada.asdus) == [1])
            assert len(rtu.peers) == 2
            assert "restarted as per user request" in logs.lines["RTU"]
            assert logs.said("SCADA", "disconnected", "the RTU is restarted as per user request")

    play(scenario)


async def _closed(reasons: list[str]) -> bool:
    await until(lambda: reasons)
    return True


def test_what_a_master_has_not_taken_yet_is_flushed_before_its_rtu_restarts() -> None:
    async def scenario() -> None:
        row = master_row(link=LinkParameters(k=2, w=1))
        async with (
            Rtu(LinkParameters(k=100)) as rtu,
            plant(group_row(rtu.port, masters=[row])) as gateway,
            master(row.port, LinkParameters(w=1)) as scada,
        ):
            rtu.send(*map(value, range(1, 51)))
            await until(lambda: gateway.groups[0].exchange.buffer.tail == 50)
            await gateway.restart(RTU)
            await until(lambda: scada.reasons)
            assert numbers(scada.asdus) == list(range(1, 51))

    play(scenario)


def test_a_disabled_master_row_stays_closed_over_the_rtus_loss_and_its_group_runs_on() -> None:
    async def scenario() -> None:
        row, other = master_row(name="M/A"), master_row(name="M/B")
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row, other])) as gateway:
            key = f"111/{row.port}"
            async with master(row.port) as first, master(other.port) as second:
                await gateway.disable(key)
                await until(lambda: first.reasons)
                rtu.send(value(1))
                await until(lambda: numbers(second.asdus) == [1])
                assert states(gateway) == [State.ONLINE, State.DISABLED, State.ONLINE]
                rtu.link.close("gone")
                await until(lambda: second.reasons)
            async with master(other.port):
                assert not gateway.groups[0].ports[0].is_open
                await gateway.enable(key)
                async with master(row.port):
                    assert states(gateway) == [State.ONLINE] * 3

    play(scenario)


def test_while_the_rtu_is_disabled_nobody_connects_and_its_masters_are_blocked() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row]), logs=logs) as gateway:
            async with master(row.port) as scada:
                await gateway.disable(RTU)
                await until(lambda: scada.reasons)
            assert states(gateway) == [State.DISABLED, State.BLOCKED]
            assert gateway.entries()[1].reason == "waits for the RTU, which is disabled"
            await asyncio.sleep(0.2)
            assert len(rtu.peers) == 1
            await gateway.enable(RTU)
            async with master(row.port):
                assert len(rtu.peers) == 2
            assert "disabled as per user request" in logs.lines["RTU"]
            assert "enabled as per user request" in logs.lines["RTU"]

    play(scenario)


def test_what_is_so_already_is_not_done_again() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row]), logs=logs) as gateway:
            async with master(row.port) as scada:
                for key in (RTU, f"111/{row.port}"):
                    await gateway.enable(key)
                assert scada.reasons == []
                for key in (RTU, f"111/{row.port}"):
                    await gateway.disable(key)
                    await gateway.disable(key)
                    await gateway.disconnect(key)
            assert logs.lines["RTU"].count("disabled as per user request") == 1
            assert logs.lines["SCADA"].count("disabled as per user request") == 1
            assert not logs.said("RTU", "enabled as")
            assert not logs.said("RTU", "disconnected as")

    play(scenario)


def test_a_disabled_entry_cannot_be_restarted() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
            await gateway.disable(RTU)
            with pytest.raises(RequestError, match="S/RTU is disabled: enable it to start it"):
                await gateway.restart(RTU)

    play(scenario)


def test_who_is_disconnected_may_come_back() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row]), logs=logs) as gateway:
            async with master(row.port) as scada:
                await gateway.disconnect(f"111/{row.port}")
                await until(lambda: scada.reasons)
            async with master(row.port) as scada:
                assert len(rtu.peers) == 1
                await gateway.disconnect(RTU)
                await until(lambda: scada.reasons)
            async with master(row.port):
                assert len(rtu.peers) == 2
            assert logs.said("SCADA", "disconnected from", "disconnected as per user request")
            assert logs.said("RTU", "disconnected from", "disconnected as per user request")

    play(scenario)


async def _off_and_on(gateway: Gateway, key: str) -> None:
    await gateway.disable(key)
    await gateway.enable(key)


@pytest.mark.parametrize("phase", ["idle", "waiting", "connecting", "connected"])
@pytest.mark.parametrize(
    "operate",
    [
        Gateway.restart,
        Gateway.disconnect,
        _off_and_on,
    ],
    ids=["restart", "disconnect", "disable"],
)
def test_every_phase_of_the_rtu_can_be_interrupted(phase: str, operate: Operation) -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu:
            port = rtu.port if phase in ("connected", "connecting") else free_port()
            with patch("iec104mm2ss.gateway.rtu.connect", hang if phase == "connecting" else connect) as patched:
                async with plant(group_row(port, masters=[row])) as gateway:
                    group = gateway.groups[0]
                    await until(lambda: group.rtu.phase.value == phase)
                    for key in (RTU, f"111/{row.port}", RTU):
                        await operate(gateway, key)
                    assert patched is not None
                    await until(lambda: group.rtu.phase.value == (phase if phase != "idle" else "waiting"))
                    assert not group.broken

    play(scenario)


def test_a_restart_during_the_flush_waits_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_module, "_FLUSH_TIME", 0.2)

    async def scenario() -> None:
        row = master_row(link=LinkParameters(k=2, w=1))
        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row])) as gateway,
            raw_master(row.port) as scada,
        ):
            group = gateway.groups[0]
            scada.send(STARTDT_ACT)
            await scada.expect(STARTDT_CON, i_frame(0, 0, M_EI))
            rtu.send(value(1), value(2))
            await until(lambda: group.exchange.buffer.tail == 2)
            rtu.link.close("gone")
            await until(lambda: group._flushing)
            await gateway.restart(f"111/{row.port}")
            await scada.closed()
            await gateway.restart(RTU)
            async with master(row.port):
                assert not group.broken

    play(scenario)


def test_a_restart_during_a_probe_ends_that_too() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row])) as gateway,
            raw_master(row.port) as first,
            raw_master(row.port) as second,
        ):
            await until(lambda: gateway.groups[0].ports[0]._newcomer)
            await gateway.restart(f"111/{row.port}")
            await first.closed()
            await second.closed()
            async with master(row.port):
                assert not gateway.groups[0].broken

    play(scenario)


def test_a_restart_after_a_bug_of_ours_starts_the_group_anew() -> None:
    async def scenario() -> None:
        row = master_row()
        with patch.object(group_module, "_PAUSE_AFTER_BUG", 60.0):
            async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
                group = gateway.groups[0]
                async with master(row.port):
                    group.failed(KeyError("a bug"))
                    await until(lambda: not group._serving)
                    assert gateway.entries()[0].reason == "internal error; connecting soon"
                await gateway.restart(RTU)
                async with master(row.port):
                    assert not group.broken
                    assert len(rtu.peers) == 2

    play(scenario)


def test_many_at_once_are_done_one_after_another_and_leave_everything_up() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
            async with master(row.port):
                keys = (RTU, f"111/{row.port}")
                work = [gateway.restart(key) for key in keys for _ in range(5)]
                await asyncio.gather(*work, *(_off_and_on(gateway, key) for key in keys), return_exceptions=True)
            async with master(row.port):
                assert states(gateway) == [State.ONLINE, State.ONLINE]
                assert not gateway.groups[0].broken

    play(scenario)


def test_a_change_is_finished_though_nobody_waits_for_it_any_more() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[row])) as gateway:
            async with master(row.port) as scada:
                asked = asyncio.create_task(gateway.restart(RTU))
                await asyncio.sleep(0)
                asked.cancel()
                await until(lambda: scada.reasons)
            async with master(row.port):
                assert len(rtu.peers) == 2

    play(scenario)


def test_the_gateway_can_be_stopped_during_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        row = master_row(link=LinkParameters(k=2, w=1))
        async with Rtu() as rtu:
            async with plant(group_row(rtu.port, masters=[row])) as gateway, raw_master(row.port) as scada:
                scada.send(STARTDT_ACT)
                await scada.expect(STARTDT_CON, i_frame(0, 0, M_EI))
                rtu.send(value(1), value(2))
                await until(lambda: gateway.groups[0].exchange.buffer.tail == 2)
                asked = asyncio.create_task(gateway.restart(RTU))
                await until(lambda: gateway.groups[0]._flushing)
            await asyncio.wait({asked})
            assert asked.cancelled()

    play(scenario)


def test_an_unknown_entry_and_a_request_for_the_simulator_are_denied() -> None:
    async def scenario() -> None:
        async with Rtu() as rtu, plant(group_row(rtu.port, masters=[master_row()])) as gateway:
            with pytest.raises(RequestError, match="there is no entry 999/S"):
                await gateway.restart("999/S")
            with pytest.raises(RequestError, match="iec104rs"):
                gateway.send(1, None)
            with pytest.raises(RequestError, match="iec104rs"):
                gateway.stop_sending()

    play(scenario)
