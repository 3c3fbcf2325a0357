"""Who may connect to a master's port, and who wins when one connection too many comes."""

import asyncio
import gc
import socket
import weakref
from collections.abc import Iterator

import pytest

from iec104mm2ss.gateway import port as port_module
from iec104mm2ss.gateway.group import Group
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.filters import read_filter
from iec104mm2ss.settings.site import MasterRow, Takeover
from tests.endpoint import STARTDT_ACT, STARTDT_CON, TESTFR_ACT, TESTFR_CON, i_frame
from tests.gateway.scene import M_EI, Logs, Rtu, gateway, group_row, master, master_row, play, raw_master, value
from tests.transport.recorder import HOST, until


@pytest.fixture
def quick_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe that is patient, but looks often."""
    monkeypatch.setattr(port_module, "_PROBE_TIME", 60.0)
    monkeypatch.setattr(port_module, "_PROBE_LOOK", 0.005)


@pytest.fixture
def quick_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe that soon takes silence for death."""
    monkeypatch.setattr(port_module, "_PROBE_TIME", 0.3)
    monkeypatch.setattr(port_module, "_PROBE_LOOK", 0.005)


def test_with_takeover_never_the_second_is_closed() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row(takeover=Takeover.NEVER)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs) as group,
            master(row.port) as first,
            master(row.port, started=False) as second,
        ):
            await until(lambda: second.reasons)
            assert logs.said("SCADA", f"refused {second.connection.local}: {first.connection.local} is connected")
            assert group.ports[0].record.refusals.total == 1
            assert first.reasons == []

    play(scenario)


def test_with_takeover_new_the_second_replaces_the_first() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row(takeover=Takeover.NEW)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs),
            master(row.port) as first,
            master(row.port) as second,
        ):
            await until(lambda: first.reasons)
            assert logs.said("SCADA", f"replaced by a new connection from {second.connection.local}")
            rtu.send(value(1))
            await until(lambda: len(second.asdus) == 2)

    play(scenario)


@pytest.mark.usefixtures("quick_look")
def test_a_live_master_keeps_its_place() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs),
            raw_master(row.port) as first,
            master(row.port, started=False) as second,
        ):
            await first.expect(TESTFR_ACT)
            first.send(TESTFR_CON)
            await until(lambda: second.reasons)
            assert logs.said("SCADA", f"refused {second.connection.local}")
            first.send(TESTFR_ACT)
            await first.expect(TESTFR_CON)

    play(scenario)


@pytest.mark.usefixtures("quick_probe")
def test_a_ghost_is_replaced_and_what_the_newcomer_sent_meanwhile_counts() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs) as group,
            raw_master(row.port) as ghost,
        ):
            ghost.send(STARTDT_ACT)
            await ghost.expect(STARTDT_CON, i_frame(0, 0, M_EI))
            async with raw_master(row.port) as newcomer:
                newcomer.send(STARTDT_ACT)
                await newcomer.expect(STARTDT_CON, i_frame(0, 0, M_EI))
                await ghost.closed()
            assert logs.said("SCADA", "no answer to a test:", "takes its place")
            assert group.ports[0].record.refusals.total == 0

    play(scenario)


@pytest.mark.usefixtures("quick_probe")
def test_a_third_is_closed_while_the_second_waits() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row])) as group,
            raw_master(row.port),
            raw_master(row.port) as second,
        ):
            await until(lambda: group.ports[0]._newcomer)
            async with raw_master(row.port) as third:
                await third.closed()
            assert group.ports[0].record.refusals.total == 1
            second.send(STARTDT_ACT)
            await second.expect(STARTDT_CON)

    play(scenario)


@pytest.mark.usefixtures("quick_look")
def test_the_newcomer_does_not_wait_for_one_that_goes_during_the_test() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row])) as group,
            raw_master(row.port) as first,
            master(row.port, started=False) as second,
        ):
            await until(lambda: group.ports[0]._newcomer)
            await first.close()
            second.connection.start()
            await until(lambda: second.asdus)

    play(scenario)


@pytest.mark.usefixtures("quick_probe")
def test_a_newcomer_that_has_given_up_takes_its_place_and_frees_it() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row])) as group, raw_master(row.port) as ghost:
            async with raw_master(row.port):
                await until(lambda: group.ports[0]._newcomer)
            await ghost.closed()
            await until(lambda: not group.ports[0].masters)
            assert not group.broken

    play(scenario)


def test_connections_of_a_row_with_max_2_are_sessions_of_their_own() -> None:
    async def scenario() -> None:
        row = master_row(max=2)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row])) as group,
            master(row.port) as first,
            master(row.port) as second,
        ):
            rtu.send(value(1))
            await until(lambda: len(first.asdus) == len(second.asdus) == 2)
            sessions = [it.session for it in group.exchange.started]
            assert len({session.oa for session in sessions if session is not None}) == 2

    play(scenario)


@pytest.mark.usefixtures("quick_probe")
def test_with_max_2_the_silent_one_makes_room() -> None:
    async def scenario() -> None:
        row = master_row(max=2)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row])) as group,
            master(row.port) as live,
            raw_master(row.port) as ghost,
        ):
            await until(lambda: len(group.ports[0].masters) == 2)
            async with master(row.port) as third:
                await ghost.closed()
                rtu.send(value(1))
                await until(lambda: len(live.asdus) == len(third.asdus) == 2)

    play(scenario)


@pytest.mark.usefixtures("quick_look")
def test_with_max_2_and_both_alive_a_third_is_closed() -> None:
    async def scenario() -> None:
        row = master_row(max=2)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row])) as group,
            master(row.port) as first,
            master(row.port) as second,
            master(row.port, started=False) as third,
        ):
            await until(lambda: third.reasons)
            assert group.ports[0].record.refusals.total == 1
            assert first.reasons == second.reasons == []

    play(scenario)


@pytest.mark.usefixtures("quick_look")
def test_the_rtus_loss_ends_a_probe() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row])) as group,
            raw_master(row.port) as first,
            raw_master(row.port) as second,
        ):
            await until(lambda: group.ports[0]._newcomer)
            rtu.link.close("gone")
            await first.closed()
            await second.closed()
            assert group.ports[0]._newcomer is None
            assert not group.broken

    play(scenario)


def test_a_peer_outside_the_filter_is_closed_counted_and_logged() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row(accept=read_filter("10.1.1.0/24")[0])
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs) as group,
            master(row.port, started=False) as stranger,
        ):
            await until(lambda: stranger.reasons)
            assert logs.said("SCADA", f"refused {stranger.connection.local}: not in the filter")
            assert group.ports[0].record.refusals.total == 1
            assert group.ports[0].masters == []

    play(scenario)


def test_a_port_in_use_is_reported_once_and_taken_as_soon_as_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_module, "_RETRY_LISTEN", 0.02)

    async def scenario() -> None:
        logs, row = Logs(), master_row()
        with socket.create_server((HOST, row.port)) as other:
            async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row]), logs=logs) as group:
                taken = group.ports[0]
                await until(lambda: taken.fault)
                await asyncio.sleep(0.1)
                faults = [line for line in logs.lines["SCADA"] if "cannot be opened" in line]
                assert len(faults) == 1
                assert faults[0].startswith(f"port {row.port} cannot be opened: Address already in use")
                assert not taken.is_open
                other.close()
                async with master(row.port):
                    assert taken.is_open
                    assert taken.fault == ""
                    assert logs.said("SCADA", f"listening on port {row.port}")
            assert not taken.is_open

    play(scenario)


def test_a_connection_without_traffic_is_closed_after_the_idle_time() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row(link=LinkParameters(idle=0.2))
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row]), logs=logs),
            raw_master(row.port) as scada,
        ):
            await scada.closed()
            assert logs.said("SCADA", "disconnected", "idle")

    play(scenario)


async def _bug(*_: object) -> None:
    raise KeyError("a bug")


def _sudden_bug(*_: object) -> None:
    raise KeyError("a bug")


@pytest.mark.parametrize("place", ["_listen", "_probe", "_accept"])
@pytest.mark.usefixtures("quick_look")
def test_a_bug_at_a_port_restarts_the_group_and_leaves_no_connection_behind(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr("iec104mm2ss.gateway.group._PAUSE_AFTER_BUG", 0.05)
    monkeypatch.setattr("iec104mm2ss.gateway.attempts._FIRST_WAIT", 0.05)

    async def scenario() -> None:
        logs, row = Logs(), master_row()
        with monkeypatch.context() as flawed:
            flawed.setattr(port_module.MasterPort, place, _sudden_bug if place == "_accept" else _bug)
            async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row]), logs=logs) as group:
                await _provoke(place, row, group)
                assert logs.said("RTU", "internal error", "Traceback", "KeyError: 'a bug'")
                flawed.undo()
                await until(lambda: not group.broken)
                async with master(row.port) as scada:
                    rtu.send(value(1))
                    await until(lambda: len(scada.asdus) == 2)

    play(scenario)


async def _provoke(place: str, row: MasterRow, group: Group) -> None:
    if place == "_accept":
        async with raw_master(row.port) as scada:
            await scada.closed()
    elif place == "_probe":
        async with raw_master(row.port) as first, raw_master(row.port) as second:
            await first.closed()
            await second.closed()
    await until(lambda: group.broken)


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
def test_a_master_that_is_gone_leaves_no_ring_of_references_to_the_garbage_collector() -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row])) as group:
            async with master(row.port):
                it = weakref.ref(group.ports[0].masters[0])
            await until(lambda: it() is None)

    play(scenario)
