"""Takeovers that go on and on, the RTU's own address, a listener that dies."""

from contextlib import AbstractContextManager, AsyncExitStack
from unittest.mock import patch

import pytest

from iec104mm2ss.gateway import port as port_module
from iec104mm2ss.gateway import supervisor
from iec104mm2ss.gateway.group import Group
from iec104mm2ss.gateway.port import MasterPort
from iec104mm2ss.settings.filters import read_filter
from iec104mm2ss.settings.site import Takeover
from iec104mm2ss.transport.server import Listener
from tests.gateway.scene import (
    Logs,
    Rtu,
    gateway,
    group_row,
    master,
    master_row,
    numbers,
    plant,
    play,
    raw_master,
    value,
)
from tests.transport.recorder import HOST, lose_socket, until


def test_after_five_takeovers_within_a_minute_who_is_there_stays() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row(takeover=Takeover.NEW)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs) as group,
            AsyncExitStack() as peers,
        ):
            port = group.ports[0]
            for count in range(6):
                await peers.enter_async_context(raw_master(row.port))
                await until(lambda: port.masters and port.takeovers == count)  # noqa: B023 - waited for in this round
            one_too_many = await peers.enter_async_context(raw_master(row.port))
            await one_too_many.closed()
            assert port.takeovers == 5
            assert logs.said("SCADA", "refused", "is connected; the place was taken over 5 times within 60 s")

    play(scenario)


def test_takeovers_are_possible_again_after_that_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_module, "_TAKEOVER_TIME", 0.0)

    async def scenario() -> None:
        row = master_row(takeover=Takeover.NEW)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row])) as group,
            master(row.port) as first,
        ):
            group.ports[0]._taken_over.extend([group.ports[0].record.since] * 5)
            async with master(row.port):
                assert first.reasons

    play(scenario)


def at_the_rtus(group: Group) -> AbstractContextManager[object]:
    """Let the RTU have an address that this machine has not: that of all who connect here."""
    connection = group.rtu.connection
    assert connection is not None
    return patch.multiple(connection, host=HOST, local="10.0.0.1:5")


@pytest.mark.parametrize("named", [False, True])
def test_the_rtus_own_address_is_refused_unless_the_filter_names_it(named: bool) -> None:  # noqa: FBT001 - a test's parameter
    async def scenario() -> None:
        logs, row = Logs(), master_row(accept=read_filter(HOST if named else "127.0.0.0/8")[0])
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row]), logs=logs) as group:
            await until(lambda: group.rtu.connection)
            with at_the_rtus(group):
                async with master(row.port, started=named) as scada:
                    if named:
                        rtu.send(value(1))
                        await until(lambda: numbers(scada.asdus) == [1])
                    else:
                        await until(lambda: scada.reasons)
                        assert logs.said("SCADA", "refused 127.0.0.1:", "this is the RTU's own address")

    play(scenario)


def test_rtu_and_master_on_this_machine_have_the_same_address_and_that_is_well() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row])) as group, master(row.port):
            assert not group.is_rtu(HOST)

    play(scenario)


def test_before_the_rtu_is_connected_nobody_is_taken_for_it() -> None:
    async def scenario() -> None:
        async with gateway(group_row(1, masters=[master_row()])) as group:
            assert not group.is_rtu(HOST)

    play(scenario)


def listener_of(port: MasterPort) -> Listener:
    assert port._listener is not None
    return port._listener


def test_a_listener_that_dies_is_opened_again_and_who_is_connected_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_ROUND", 0.02)

    async def scenario() -> None:
        logs, row = Logs(), master_row(max=2)
        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row]), logs=logs) as running,
            master(row.port) as first,
        ):
            lose_socket(listener_of(running.groups[0].ports[0]))
            async with master(row.port) as second:
                rtu.send(value(1))
                await until(lambda: numbers(first.asdus) == numbers(second.asdus) == [1])
            assert logs.said("SCADA", f"port {row.port} has stopped listening: opened again")

    play(scenario)
