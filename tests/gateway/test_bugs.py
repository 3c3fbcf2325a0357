"""A bug of ours costs one group a restart; stopping takes no longer than the slowest peer may take, a second."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from unittest.mock import patch

import pytest

from iec104mm2ss.gateway import attempts
from iec104mm2ss.gateway import group as group_module
from iec104mm2ss.gateway.group import Group
from iec104mm2ss.gateway.rtu import RtuLink
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.routing.router import Router
from iec104mm2ss.transport.client import connect
from iec104mm2ss.transport.connection import Connection
from tests.endpoint import STARTDT_ACT, STARTDT_CON, i_frame
from tests.gateway.scene import (
    EAGER,
    M_EI,
    MASTER_CA,
    Logs,
    Peer,
    Rtu,
    Wire,
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
from tests.station import interrogation, single_command, single_point
from tests.transport.recorder import until

ENDLESS = LinkParameters(k=32767, w=1)
# M_BO_NA_1 in its longest form, SQ=1, 48 objects: soon more than the kernel's buffers take
LONGEST = bytes.fromhex("07 b0 03 00 20 00 01 00 00") + bytes(48 * 5)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_FIRST_WAIT", 0.05)
    monkeypatch.setattr(group_module, "_PAUSE_AFTER_BUG", 0.05)


def fail(*_: object) -> None:
    raise KeyError("a bug")


def provoke_by_data(rtu: Rtu, scada: Peer) -> None:
    rtu.send(value(1))


def provoke_by_request(rtu: Rtu, scada: Peer) -> None:
    scada.connection.send([interrogation(MASTER_CA)])


def provoke_by_leaving(rtu: Rtu, scada: Peer) -> None:
    scada.connection.close("goes")


def provoke_by_loss(rtu: Rtu, scada: Peer) -> None:
    rtu.link.close("gone")


def provoke_by_time(rtu: Rtu, scada: Peer) -> None:
    rtu.link._transport.pause_reading()
    scada.connection.send([single_command(MASTER_CA, ioa) for ioa in (1, 2)])


@pytest.mark.parametrize(
    ("method", "provoke"),
    [
        ("from_rtu", provoke_by_data),
        ("from_master", provoke_by_request),
        ("take", provoke_by_request),
        ("leave", provoke_by_leaving),
        ("rtu_lost", provoke_by_loss),
        ("on_deadline", provoke_by_time),
    ],
)
def test_a_bug_in_the_router_restarts_its_group_and_no_other(method: str, provoke: Callable[[Rtu, Peer], None]) -> None:
    async def scenario() -> None:
        logs, row, other_row = Logs(), master_row(), master_row(222)
        async with Rtu() as rtu, Rtu() as other_rtu:
            rows = (
                group_row(rtu.port, masters=[row], rtu=LinkParameters(k=1, w=1)),
                group_row(other_rtu.port, masters=[other_row], number=222),
            )
            async with gateway(*rows, logs=logs) as group, master(row.port) as scada, master(other_row.port) as other:
                with (
                    patch.object(group.exchange.router, method, fail),
                    patch("iec104mm2ss.routing.dispatch.COMMAND_AGE", 0.1),
                ):
                    provoke(rtu, scada)
                    await until(lambda: group.broken)
                    await until(lambda: scada.reasons)
                reports = [line for line in logs.lines["RTU"] if "internal error: group 111 starts anew" in line]
                assert len(reports) == 1
                assert "Traceback" in reports[0]
                assert "KeyError: 'a bug'" in reports[0]
                async with master(row.port, EAGER) as again:
                    rtu.send(value(7))
                    await until(lambda: numbers(again.asdus) == [7])
                assert not group.broken
                other_rtu.send(value(8))
                await until(lambda: numbers(other.asdus) == [8])
                assert len(other_rtu.peers) == 1

    play(scenario)


def test_a_bug_while_masters_are_let_in_restarts_the_group() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row]), logs=logs) as group:
            with patch.object(RtuLink, "start", fail):
                await until(lambda: group.broken)
            assert logs.said("RTU", "internal error", "KeyError: 'a bug'")
            async with master(row.port):
                assert not group.broken
                assert len(rtu.peers) == 2

    play(scenario)


def test_a_bug_while_stopping_does_not_keep_the_gateway_running() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        with patch.object(Router, "rtu_lost", fail):
            async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row]), logs=logs), master(row.port):
                pass
        assert logs.said("RTU", "internal error", "KeyError: 'a bug'")

    play(scenario)


def test_a_second_bug_of_a_group_that_starts_anew_is_not_told() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row]), logs=logs) as group, master(row.port):
            group.failed(KeyError("the first"))
            group.failed(KeyError("what follows"))
            assert logs.said("RTU", "the first")
            assert not logs.said("RTU", "what follows")

    play(scenario)


def test_what_the_router_says_goes_into_the_log_of_the_rtu_or_of_the_master() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row(commands=False)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs),
            master(row.port, EAGER) as scada,
        ):
            rtu.send(M_EI)
            await until(lambda: logs.said("RTU", "M_EI_NA_1", "not forwarded"))
            scada.connection.send([single_command(MASTER_CA, 1)])
            await until(lambda: logs.said("SCADA", "C_SC_NA_1", "this master may not command"))
            assert rtu.peer.asdus == []

    play(scenario)


def test_asdus_of_another_station_that_a_master_would_take_for_its_own_are_withheld_with_one_line() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs) as group,
            master(row.port) as scada,
        ):
            for number in (1, 2):
                rtu.send(single_point(MASTER_CA, number), value(number))
                await until(lambda: len(numbers(scada.asdus)) == number)  # noqa: B023 - waited for in this round
            assert scada.asdus[1:] == [single_point(MASTER_CA, number) for number in (1, 2)]
            told = [line for line in logs.lines["SCADA"] if "with CA 33 are withheld" in line]
            assert len(told) == 1
            assert group.exchange.buffer.account(row.key).withheld == 2

    play(scenario)


async def stick(rtu: Rtu, group: Group, scada: Wire) -> Connection:
    """Start a master and send it more than it, which does not read, and the kernel take; return our end."""
    scada.send(STARTDT_ACT)
    await scada.expect(STARTDT_CON, i_frame(0, 0, M_EI))
    rtu.send(*[LONGEST] * 30000)
    connection = group.ports[0].masters[0].connection
    await until(lambda: connection._transport.get_write_buffer_size() > 100_000)
    return connection


@pytest.mark.parametrize("before", [False, True], ids=["closed-by-the-stop", "closed-before"])
def test_stopping_waits_a_second_and_no_longer_for_a_master_that_does_not_read(
    before: bool,  # noqa: FBT001 - a test's parameter
) -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row(link=ENDLESS)
        async with Rtu(ENDLESS) as rtu, AsyncExitStack() as peers, asyncio.timeout(None) as limit:
            async with gateway(group_row(rtu.port, masters=[row], event_buffer=100_000), logs=logs) as group:
                scada = await peers.enter_async_context(raw_master(row.port, receive_buffer=4096))
                connection = await stick(rtu, group, scada)
                if before:
                    connection.close("no longer wanted")
                assert not connection.gone.is_set()
                limit.reschedule(asyncio.get_running_loop().time() + 2)
            limit.reschedule(None)
            assert connection.gone.is_set()
            assert logs.said("SCADA", "disconnected", "no longer wanted" if before else "the gateway stops")

    play(scenario)


async def hang(*_: object) -> Connection:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("phase", ["idle", "waiting", "connecting", "connected"])
def test_the_gateway_can_be_stopped_in_every_phase(phase: str) -> None:
    async def scenario() -> None:
        async with Rtu() as rtu:
            port = rtu.port if phase == "connected" else free_port()
            with patch("iec104mm2ss.gateway.rtu.connect", hang if phase == "connecting" else connect):
                async with gateway(group_row(port, masters=[master_row()])) as group:
                    await until(lambda: group.rtu.phase.value == phase)

    play(scenario)
