"""Who waits for whom when somebody is slow: withholding, overrun, custody."""

from unittest.mock import patch

from iec104mm2ss.gateway.group import Group
from iec104mm2ss.link.parameters import LinkParameters
from tests.endpoint import STARTDT_ACT, STARTDT_CON, STOPDT_ACT, i_frame, s_frame
from tests.gateway.scene import (
    EAGER,
    M_EI,
    MASTER_CA,
    RTU_CA,
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
from tests.station import ACTCON, NEGATIVE, interrogation, single_command
from tests.transport.recorder import until

WIDE = LinkParameters(k=100, w=1)
NARROW = LinkParameters(k=1, w=1)


async def start(scada: Wire) -> None:
    scada.send(STARTDT_ACT)
    await scada.expect(STARTDT_CON, i_frame(0, 0, M_EI))


async def stream(rtu: Rtu, fast: Peer, count: int) -> None:
    """Send values in small portions, each taken by the fast master before the next comes."""
    for first in range(0, count, 5):
        rtu.send(*map(value, range(first, first + 5)))
        await until(lambda: len(fast.asdus) == first + 6)  # noqa: B023 - waited for in this round


def test_a_master_that_falls_behind_the_whole_buffer_is_closed_and_the_others_get_everything() -> None:
    async def scenario() -> None:
        logs, fast_row, slow_row = Logs(), master_row(name="M/FAST"), master_row(name="M/SLOW", link=NARROW)
        async with (
            Rtu(WIDE) as rtu,
            gateway(group_row(rtu.port, masters=[fast_row, slow_row], event_buffer=20), logs=logs) as group,
            master(fast_row.port, EAGER) as fast,
            raw_master(slow_row.port) as slow,
        ):
            await start(slow)
            await stream(rtu, fast, 60)
            await slow.closed()
            assert numbers(fast.asdus) == list(range(60))
            assert logs.said("SLOW", "disconnected", "too slow: fell behind the whole event buffer,", "ASDUs lost")
            assert len(rtu.peers) == 1
            assert not group.broken

    play(scenario)


def test_two_masters_that_fall_behind_in_the_same_moment_are_both_closed() -> None:
    async def scenario() -> None:
        fast_row, slow_row = master_row(name="M/FAST"), master_row(name="M/SLOW", link=NARROW, max=2)
        async with (
            Rtu(WIDE) as rtu,
            gateway(group_row(rtu.port, masters=[fast_row, slow_row], event_buffer=20)) as group,
            master(fast_row.port, EAGER) as fast,
            raw_master(slow_row.port) as first,
            raw_master(slow_row.port) as second,
        ):
            await start(first)
            await start(second)
            await stream(rtu, fast, 60)
            await first.closed()
            await second.closed()
            assert numbers(fast.asdus) == list(range(60))
            assert not group.broken

    play(scenario)


def test_a_master_whose_stop_is_not_finished_can_fall_behind_without_harm() -> None:
    async def scenario() -> None:
        fast_row, slow_row = master_row(name="M/FAST"), master_row(name="M/SLOW", link=NARROW)
        async with (
            Rtu(WIDE) as rtu,
            gateway(group_row(rtu.port, masters=[fast_row, slow_row], event_buffer=20)) as group,
            master(fast_row.port, EAGER) as fast,
            raw_master(slow_row.port) as slow,
        ):
            await start(slow)
            slow.send(STOPDT_ACT)
            await until(lambda: len(group.exchange.started) == 1)
            await stream(rtu, fast, 60)
            assert numbers(fast.asdus) == list(range(60))
            assert not group.broken
            assert len(rtu.peers) == 1

    play(scenario)


async def fall_behind(rtu: Rtu, group: Group, slow: Wire) -> None:
    """Let the only master of a group, with k=1 and a buffer of 20, fall behind so far that the RTU has to wait."""
    await start(slow)
    rtu.send(*map(value, range(15)))
    await until(lambda: group.exchange.buffer.tail == 15)
    rtu.send(value(15))
    await until(lambda: group.exchange.buffer.tail == 16)


def test_while_all_masters_are_far_behind_the_rtu_waits_until_one_has_caught_up() -> None:
    async def scenario() -> None:
        row = master_row(link=NARROW)
        async with (
            Rtu(WIDE) as rtu,
            gateway(group_row(rtu.port, masters=[row], event_buffer=20)) as group,
            raw_master(row.port) as slow,
        ):
            await fall_behind(rtu, group, slow)
            assert rtu.link.link.acknowledged == 15
            for number in range(16):
                slow.send(s_frame(number + 1))
                await slow.expect(i_frame(number + 1, 0, value(number).replace(b"\x20\x00", b"\x21\x00", 1)))
            await until(lambda: rtu.link.link.acknowledged == 16)

    play(scenario)


def test_the_rtu_waits_at_most_half_of_t1_at_a_time() -> None:
    async def scenario() -> None:
        row = master_row(link=NARROW)
        rtu_link = LinkParameters(w=1, t1=1.0, t2=0.5)
        async with (
            Rtu(WIDE) as rtu,
            gateway(group_row(rtu.port, masters=[row], event_buffer=20, rtu=rtu_link)) as group,
            raw_master(row.port) as slow,
        ):
            await fall_behind(rtu, group, slow)
            assert rtu.link.link.acknowledged == 15
            await until(lambda: rtu.link.link.acknowledged == 16)
            assert group.exchange.buffer.all_behind
            rtu.send(value(16))
            await until(lambda: group.exchange.buffer.tail == 17)
            assert rtu.link.link.acknowledged == 16

    play(scenario)


def test_the_rtus_loss_ends_its_waiting() -> None:
    async def scenario() -> None:
        row = master_row(link=NARROW)
        async with (
            Rtu(WIDE) as rtu,
            gateway(group_row(rtu.port, masters=[row], event_buffer=20)) as group,
            raw_master(row.port) as slow,
        ):
            await fall_behind(rtu, group, slow)
            rtu.link.close("gone")
            await slow.closed()
            assert not group.broken

    play(scenario)


async def flood(rtu: Rtu, scada: Peer, group: Group) -> None:
    """Let 70 commands to as many points wait, because the RTU takes no second one."""
    rtu.link._transport.pause_reading()
    for first in range(0, 70, 10):
        scada.connection.send([single_command(MASTER_CA, ioa) for ioa in range(first, first + 10)])
        await until(lambda: scada.connection.link.acknowledged >= min(first + 10, 60))  # noqa: B023 - in this round
    await until(lambda: group.ports[0].masters[0]._withholding.times)


def test_a_master_with_too_many_requests_waiting_is_not_acknowledged_until_they_are_fewer() -> None:
    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu(EAGER) as rtu,
            gateway(group_row(rtu.port, masters=[row], rtu=NARROW)) as group,
            master(row.port, WIDE) as scada,
        ):
            await flood(rtu, scada, group)
            scada.connection.send([single_command(MASTER_CA, 70)])
            await until(lambda: group.ports[0].masters[0].connection.link.received == 71)
            assert scada.connection.link.acknowledged < 71
            rtu.link._transport.resume_reading()
            await until(lambda: len(rtu.peer.asdus) == 71)
            await until(lambda: scada.connection.link.acknowledged == 71)

    play(scenario)


def test_a_flooding_master_waits_at_most_half_of_t1_and_may_go_meanwhile() -> None:
    async def scenario() -> None:
        row = master_row(link=LinkParameters(w=1, t1=2.0, t2=0.5))
        async with (
            Rtu(EAGER) as rtu,
            gateway(group_row(rtu.port, masters=[row], rtu=NARROW)) as group,
        ):
            async with master(row.port, WIDE) as scada:
                await flood(rtu, scada, group)
                scada.connection.send([single_command(MASTER_CA, 70)])
                await until(lambda: group.ports[0].masters[0].connection.link.received == 71)
                assert scada.connection.link.acknowledged < 71
                await until(lambda: scada.connection.link.acknowledged == 71)
                scada.connection.send([single_command(MASTER_CA, 71)])
                await until(lambda: group.ports[0].masters[0].connection.link.received == 72)
            await until(lambda: not group.exchange.started)
            rtu.link._transport.resume_reading()
            assert not group.broken

    play(scenario)


def test_what_is_acknowledged_to_the_rtu_before_a_master_has_it_is_counted() -> None:
    async def scenario() -> None:
        row, slow_row = master_row(), master_row(name="M/SLOW")
        async with (
            Rtu(WIDE) as rtu,
            gateway(group_row(rtu.port, masters=[row, slow_row])) as group,
            master(row.port, EAGER) as fast,
            raw_master(slow_row.port) as slow,
        ):
            await start(slow)
            rtu.send(value(1), value(2))
            await until(lambda: len(fast.asdus) == 3)
            assert group.exchange.custody.exposed == 2
            rtu.send(value(3))
            await until(lambda: len(fast.asdus) == 4)
            assert group.exchange.custody.exposed == 3
            rtu.link.close("gone")
            await slow.closed()
            assert group.exchange.custody.exposed == 3

    play(scenario)


def test_what_every_master_had_before_it_was_acknowledged_to_the_rtu_is_not_counted() -> None:
    async def scenario() -> None:
        row = master_row()
        rtu_link = LinkParameters(w=2)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row], rtu=rtu_link)) as group,
            master(row.port, EAGER) as scada,
        ):
            rtu.send(value(1))
            await until(lambda: len(scada.asdus) == 2)
            await until(lambda: group.exchange.buffer.first_unacknowledged() == 1)
            # the second one makes the gateway acknowledge both, but only the first is safe
            rtu.send(value(2))
            await until(lambda: len(scada.asdus) == 3)
            assert group.exchange.custody.exposed == 1
            rtu.link.close("gone")
            await until(lambda: scada.reasons)
            assert group.exchange.custody.exposed == 1

    play(scenario)


def test_what_t2_acknowledges_is_counted_by_what_the_masters_had_then() -> None:
    async def scenario() -> None:
        row = master_row()
        rtu_link = LinkParameters(t2=0.1)
        async with (
            Rtu() as rtu,
            gateway(group_row(rtu.port, masters=[row], rtu=rtu_link)) as group,
            raw_master(row.port) as slow,
        ):
            await start(slow)
            rtu.send(value(1), value(2))
            await until(lambda: rtu.link.link.acknowledged == 2)
            slow.send(s_frame(3))
            await until(lambda: group.exchange.buffer.first_unacknowledged() == 2)
            assert group.exchange.custody.exposed == 2
            rtu.send(value(3))
            await until(lambda: group.exchange.buffer.tail == 3)
            assert group.exchange.custody.exposed == 2

    play(scenario)


def test_a_master_that_leaves_takes_nothing_back_of_what_was_exposed() -> None:
    async def scenario() -> None:
        row = master_row()
        rtu_link = LinkParameters(t2=0.1)
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row], rtu=rtu_link)) as group:
            async with raw_master(row.port) as slow:
                await start(slow)
                rtu.send(value(1))
                await until(lambda: rtu.link.link.acknowledged == 1)
            await until(lambda: not group.exchange.started)
            assert group.exchange.custody.exposed == 1

    play(scenario)


def test_a_command_that_waits_too_long_is_refused_and_never_sent() -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row()
        async with (
            Rtu(EAGER) as rtu,
            gateway(group_row(rtu.port, masters=[row], rtu=NARROW), logs=logs),
            master(row.port) as scada,
        ):
            rtu.link._transport.pause_reading()
            scada.connection.send([interrogation(MASTER_CA)])
            await until(lambda: scada.connection.link.acknowledged == 1)
            with patch("iec104mm2ss.routing.dispatch.COMMAND_AGE", 0.1):
                scada.connection.send([single_command(MASTER_CA, 1)])
                await until(lambda: len(scada.asdus) == 2)
            assert scada.asdus[1] == single_command(MASTER_CA, 1, cause=ACTCON | NEGATIVE)
            assert logs.said("SCADA", "C_SC_NA_1", "not handed to the RTU within 0.1 s")
            rtu.link._transport.resume_reading()
            await until(lambda: rtu.peer.asdus)
            assert rtu.peer.asdus == [interrogation(RTU_CA, oa=1)]

    play(scenario)
