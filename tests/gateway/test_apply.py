"""Other settings for a running gateway: what differs is changed, the rest is not touched, and it is said before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from iec104mm2ss.console.plant import Change
from iec104mm2ss.gateway import attempts, demand
from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.link.events import StartRequested, StopRequested
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.endpoints import Endpoint
from iec104mm2ss.settings.filters import read_filter
from iec104mm2ss.settings.points import read_points
from iec104mm2ss.settings.site import Clock, GroupRow, InterrogationData, StartDt, Takeover
from iec104mm2ss.tls.parameters import TlsParameters
from iec104mm2ss.transport.client import connect
from tests.gateway.scene import (
    DEFAULTS,
    EAGER,
    MASTER_CA,
    Logs,
    Peer,
    Rtu,
    event,
    group_row,
    master,
    master_row,
    numbers,
    plant,
    play,
    site,
    value,
)
from tests.program import free_port
from tests.station import ACTCON, single_command
from tests.transport.recorder import HOST, until


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_FIRST_WAIT", 0.05)


class Act:
    """A group with the masters A and B, both started, and the gateway that runs it."""

    def __init__(self, rtu: Rtu, row: GroupRow, gateway: Gateway, logs: Logs, first: Peer, second: Peer) -> None:
        self.rtu, self.row, self.gateway, self.logs = rtu, row, gateway, logs
        self.first, self.second = first, second

    async def apply(self, *rows: GroupRow) -> list[Change]:
        """Do it, and return what was announced; the announcement of the same again is empty."""
        announced = list(self.gateway.changes(site(*rows)))
        await self.gateway.apply(site(*rows))
        assert list(self.gateway.changes(site(*rows))) == []
        return announced

    async def change_first(self, **options: Any) -> Change:  # noqa: ANN401 - MasterRow's
        (change,) = await self.apply(self.with_first(**options))
        return change

    def with_first(self, **options: Any) -> GroupRow:  # noqa: ANN401 - MasterRow's
        first, *others = self.row.masters
        return replace(self.row, masters=(replace(first, **options), *others))

    async def assert_untouched(self) -> None:
        """Check that both masters still are where they were and get what the RTU sends."""
        await self.assert_served(self.first, self.second)

    async def assert_served(self, *masters: Peer) -> None:
        number = 1 + max(numbers([*self.first.asdus, *self.second.asdus]), default=0)
        self.rtu.send(value(number))
        await until(lambda: all(number in numbers(it.asdus) for it in masters))
        assert [it.reasons for it in masters] == [[]] * len(masters)
        assert len(self.rtu.peers) == 1


@asynccontextmanager
async def act(**options: Any) -> AsyncIterator[Act]:  # noqa: ANN401 - GroupRow's
    rows, logs = [master_row(name="M/A"), master_row(name="M/B")], Logs()
    async with Rtu() as rtu:
        row = group_row(rtu.port, masters=rows, **options)
        async with (
            plant(row, logs=logs) as gateway,
            master(rows[0].port) as first,
            master(rows[1].port) as second,
        ):
            yield Act(rtu, row, gateway, logs, first, second)


def test_the_same_settings_change_nothing() -> None:
    async def scenario() -> None:
        async with act() as it:
            ports = [id(port) for port in it.gateway.groups[0].ports]
            assert await it.apply(it.row) == []
            assert [id(port) for port in it.gateway.groups[0].ports] == ports
            await it.assert_untouched()

    play(scenario)


def test_a_renamed_master_and_rtu_keep_their_connections_and_go_on_in_another_log() -> None:
    async def scenario() -> None:
        async with act() as it:
            renamed = it.with_first(name="M/ANEW")
            renamed = replace(renamed, rtu=replace(renamed.rtu, name="S/RNEW"))
            rtu, first = await it.apply(renamed)
            assert rtu == Change("group 111: S/RTU: name S/RTU -> S/RNEW; stays connected")
            port = it.row.masters[0].port
            assert first == Change(f"group 111: M/A on port {port}: name M/A -> M/ANEW; who is connected stays")
            await it.assert_untouched()
            assert it.logs.lines["A"][-1] == "renamed to M/ANEW"
            it.first.connection.close("goes")
            await until(lambda: it.logs.lines["ANEW"][-1:] != ["this is M/ANEW from now on"])
            assert it.logs.said("ANEW", "disconnected from")
            assert it.gateway.log_file(f"111/{port}").name == f"111-M-{port}-ANEW.log"
            assert it.gateway.log_file("111/S").name == "111-S-RNEW.log"

    play(scenario)


def test_rows_in_another_order_are_not_touched_and_shown_in_that_order() -> None:
    async def scenario() -> None:
        async with act() as it, Rtu() as other:
            another = group_row(other.port, masters=[master_row(222)], number=222)
            await it.apply(it.row, another)
            first, second = it.row.masters
            turned = replace(it.row, masters=(second, replace(first, line=9)))
            assert await it.apply(another, turned) == []
            await it.assert_untouched()
            assert [entry.key for entry in it.gateway.entries()] == [
                "222/S",
                f"222/{another.masters[0].port}",
                "111/S",
                f"111/{second.port}",
                f"111/{first.port}",
            ]
            assert it.gateway.entries()[-1].line == 9

    play(scenario)


def test_after_a_change_of_places_nobody_gets_an_originator_that_is_in_use() -> None:
    async def scenario() -> None:
        async with act() as it:
            first, second = it.row.masters
            await it.apply(replace(it.row, masters=(second, first)))
            it.second.connection.close("goes")
            async with master(second.port, EAGER) as again:
                for peer, ioa in ((it.first, 1), (again, 2)):
                    peer.connection.send([single_command(MASTER_CA, ioa, 7)])
                await until(lambda: len(it.rtu.peer.asdus) == 2)
                assert len({asdu[3] for asdu in it.rtu.peer.asdus}) == 2
                for asdu in it.rtu.peer.asdus:
                    it.rtu.send(asdu[:2] + bytes((ACTCON,)) + asdu[3:])
                await until(lambda: numbers(again.asdus) == [2])
                assert numbers(it.first.asdus) == [1]

    play(scenario)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"commands": False}, "commands Y -> N"),
        ({"command_points": read_points("5-9;20")}, "command_points not given -> 5-9;20"),
        ({"clock": Clock.REFUSE}, "clock forward -> refuse"),
        ({"takeover": Takeover.NEW}, "takeover probe -> new"),
        ({"oa": 9}, "oa not given -> 9"),
        ({"max": 2}, "max 1 -> 2"),
        ({"accept": read_filter("127.0.0.0/8")[0]}, "accept everybody -> 127.0.0.0/8"),
    ],
)
def test_what_can_be_changed_without_a_drop_is(options: dict[str, object], words: str) -> None:
    async def scenario() -> None:
        async with act() as it:
            change = await it.change_first(**options)
            assert change == Change(f"group 111: M/A on port {it.row.masters[0].port}: {words}; who is connected stays")
            await it.assert_untouched()

    play(scenario)


def test_a_monitor_only_master_may_not_command_from_then_on() -> None:
    async def scenario() -> None:
        async with act() as it:
            await it.change_first(commands=False)
            it.first.connection.send([single_command(MASTER_CA, 1)])
            await until(lambda: numbers(it.first.asdus) == [1])
            assert it.logs.said("A", "this master may not command")
            assert it.rtu.peer.asdus == []

    play(scenario)


def test_a_master_may_command_only_its_points_from_then_on() -> None:
    async def scenario() -> None:
        async with act() as it:
            await it.change_first(command_points=read_points("7"))
            it.first.connection.send([single_command(MASTER_CA, 1), single_command(MASTER_CA, 7)])
            await until(lambda: numbers(it.first.asdus) == [1] and numbers(it.rtu.peer.asdus) == [7])
            assert it.logs.said("A", "not among the command_points of this master")

    play(scenario)


def test_private_types_are_blocked_from_then_on() -> None:
    async def scenario() -> None:
        async with act() as it:
            await it.apply(replace(it.row, private_types=False))
            it.rtu.send(bytes((200,)) + event(1)[1:])
            it.rtu.send(event(2))
            it.first.connection.send([bytes((200,)) + event(1, ca=MASTER_CA)[1:]])
            await until(lambda: sorted(numbers(it.first.asdus)) == [1, 2])
            await until(lambda: numbers(it.second.asdus) == [2])
            assert it.logs.said("RTU", "private types are blocked")
            assert it.logs.said("A", "private types are blocked in this group")
            assert it.rtu.peer.asdus == []

    play(scenario)


def test_who_is_no_longer_in_the_filter_is_disconnected() -> None:
    async def scenario() -> None:
        async with act() as it:
            change = await it.change_first(accept=read_filter("10.0.0.0/8")[0])
            assert change.drops == ("M/A",)
            assert change.text.endswith("; who is no longer in the filter is disconnected")
            await until(lambda: it.first.reasons)
            await it.assert_served(it.second)
            assert it.logs.said("A", "no longer in the filter")

    play(scenario)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"link": LinkParameters(k=20, w=1)}, "k 12 -> 20"),
        ({"link": LinkParameters(w=1, idle=60.0)}, "idletime never -> 60"),
        ({"ca": 34}, "ca 33 -> 34"),
        ({"bind": None}, "bind 127.0.0.1 -> not given"),
    ],
)
def test_what_a_listener_or_link_is_made_with_drops_this_row_alone(options: dict[str, object], words: str) -> None:
    async def scenario() -> None:
        async with act() as it:
            change = await it.change_first(**options)
            port = it.row.masters[0].port
            assert change == Change(f"group 111: M/A on port {port}: {words}; the port is opened anew", ("M/A",))
            await until(lambda: it.first.reasons)
            assert it.logs.said("A", "disconnected", "its row has changed")
            async with master(port) as again:
                await it.assert_served(it.second, again)

    play(scenario)


def test_fewer_places_than_are_taken_open_the_port_anew() -> None:
    async def scenario() -> None:
        async with act() as it:
            await it.change_first(max=2)
            async with master(it.row.masters[0].port) as third:
                change = await it.change_first(max=1)
                assert change.drops == ("M/A",)
                await until(lambda: it.first.reasons and third.reasons)
                await it.assert_served(it.second)

    play(scenario)


def test_another_port_moves_the_listener_and_drops_nobody_else() -> None:
    async def scenario() -> None:
        async with act() as it:
            former, port = it.row.masters[0].port, free_port()
            added, removed = await it.apply(it.with_first(port=port))
            assert added == Change(f"group 111: M/A on port {port} is added")
            assert removed == Change(f"group 111: M/A on port {former} is removed", ("M/A",))
            await until(lambda: it.first.reasons)
            async with master(port) as again:
                await it.assert_served(it.second, again)
            with pytest.raises(ConnectionRefusedError):
                await connect(HOST, former, DEFAULTS)

    play(scenario)


def test_a_master_that_is_removed_and_added_again_starts_at_now() -> None:
    async def scenario() -> None:
        async with act() as it:
            second = it.row.masters[1]
            await it.apply(replace(it.row, masters=(second,)))
            it.rtu.send(event(1))
            await until(lambda: numbers(it.second.asdus) == [1])
            await it.apply(it.row)
            async with master(it.row.masters[0].port) as again:
                it.rtu.send(value(2))
                await until(lambda: numbers(again.asdus)[-1:] == [2])
                assert numbers(again.asdus) == [2]

    play(scenario)


def test_a_group_is_added_and_removed_and_the_other_one_never_notices() -> None:
    async def scenario() -> None:
        async with act() as it, Rtu() as other:
            another = group_row(other.port, masters=[master_row(222, name="M/C")], number=222)
            (added,) = await it.apply(it.row, another)
            assert added == Change("group 222 is added: S/RTU, M/C")
            async with master(another.masters[0].port) as third:
                (removed,) = await it.apply(it.row)
                assert removed == Change("group 222 is removed: S/RTU, M/C", ("S/RTU", "M/C"))
                assert third.reasons
            assert it.logs.said("C", "disconnected", "the RTU is removed from the site file")
            await until(lambda: other.peer.reasons)
            await it.assert_untouched()

    play(scenario)


def test_a_port_moves_from_one_group_to_another() -> None:
    async def scenario() -> None:
        async with act() as it, Rtu() as other:
            moved = replace(it.row.masters[0], group=222)
            another = group_row(other.port, masters=[moved], number=222)
            await it.apply(replace(it.row, masters=it.row.masters[1:]), another)
            async with master(moved.port) as scada:
                other.send(value(1))
                await until(lambda: numbers(scada.asdus) == [1])
            assert not it.logs.said("A", "cannot be opened")

    play(scenario)


async def connect_anew(it: Act, row: GroupRow) -> Change:
    """Apply what takes a new connection to the RTU; return what was announced."""
    (change,) = await it.apply(row)
    await until(lambda: it.first.reasons and it.second.reasons)
    assert change.text.endswith("; is connected anew, its masters have to come again")
    assert it.logs.said("B", "disconnected", "the RTU is restarted: its row has changed")
    return change


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"link": LinkParameters(w=2)}, "w 1 -> 2"),
        ({"stamp": False}, "stamp Y -> N"),
        ({"ca": 7}, "ca 32 -> 7"),
    ],
)
def test_another_row_of_the_rtu_connects_it_anew(options: dict[str, Any], words: str) -> None:
    async def scenario() -> None:
        async with act() as it:
            change = await connect_anew(it, replace(it.row, rtu=replace(it.row.rtu, **options)))
            assert f"S/RTU: {words};" in change.text
            assert change.drops == ("S/RTU", "M/A", "M/B")
            async with master(it.row.masters[0].port):
                assert len(it.rtu.peers) == 2

    play(scenario)


def test_another_host_is_connected_and_what_an_absent_master_missed_is_kept() -> None:
    async def scenario() -> None:
        async with act() as it, Rtu() as other:
            it.first.connection.close("goes")
            await until(lambda: not it.gateway.groups[0].ports[0].masters)
            it.rtu.send(event(1))
            await until(lambda: numbers(it.second.asdus) == [1])
            hosts = (Endpoint(HOST, other.port),)
            await connect_anew(it, replace(it.row, rtu=replace(it.row.rtu, hosts=hosts)))
            async with master(it.row.masters[0].port) as again:
                other.send(value(2))
                await until(lambda: numbers(again.asdus) == [1, 2])

    play(scenario)


def test_with_another_ca_of_the_rtu_the_event_buffer_starts_anew() -> None:
    async def scenario() -> None:
        async with act() as it:
            it.first.connection.close("goes")
            await until(lambda: not it.gateway.groups[0].ports[0].masters)
            it.rtu.send(event(1))
            await until(lambda: numbers(it.second.asdus) == [1])
            await connect_anew(it, replace(it.row, rtu=replace(it.row.rtu, ca=7)))
            async with master(it.row.masters[0].port) as again:
                it.rtu.send(event(2, ca=7))
                await until(lambda: numbers(again.asdus) == [2])
                assert again.asdus[-1][4] == MASTER_CA

    play(scenario)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"event_buffer": 20}, "event_buffer 10000 -> 20"),
        ({"event_age": 0.0}, "event_age 3600 -> 0"),
        ({"select_timeout": 5.0}, "select_timeout 30 -> 5"),
        ({"interrogation_data": InterrogationData.ALL}, "interrogation_data asker -> all"),
        ({"private_types": False}, "private_types Y -> N"),
        ({"startdt": StartDt.ON_DEMAND}, "startdt always -> on_demand"),
    ],
)
def test_settings_of_the_group_take_effect_at_once(options: dict[str, Any], words: str) -> None:
    async def scenario() -> None:
        async with act() as it:
            assert await it.apply(replace(it.row, **options)) == [Change(f"group 111: {words}; takes effect at once")]
            await it.assert_untouched()

    play(scenario)


def test_startdt_on_demand_stops_the_rtu_that_nobody_needs_and_always_starts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demand, "_LINGER", 0.05)

    async def scenario() -> None:
        row = group_row(0, masters=[master_row()])
        async with Rtu() as rtu:
            row = replace(row, rtu=replace(row.rtu, hosts=(Endpoint(HOST, rtu.port),)))
            async with plant(row) as gateway:
                await until(lambda: rtu.peers and rtu.started)
                await gateway.apply(site(replace(row, startdt=StartDt.ON_DEMAND)))
                await until(lambda: StopRequested() in rtu.peer.events)
                await gateway.apply(site(row))
                await until(lambda: rtu.peer.events.count(StartRequested()) == 2)
                assert len(rtu.peers) == 1

    play(scenario)


def test_a_disabled_entry_stays_disabled_under_another_row() -> None:
    async def scenario() -> None:
        async with act() as it:
            keys = ["111/S", f"111/{it.row.masters[1].port}"]
            for key in keys:
                await it.gateway.disable(key)
            hosts = (Endpoint(HOST, it.rtu.port), Endpoint(HOST, free_port()))
            second = replace(it.row.masters[1], ca=44)
            row = replace(it.row, rtu=replace(it.row.rtu, hosts=hosts), masters=(it.row.masters[0], second))
            assert [change.drops for change in await it.apply(row)] == [(), ()]
            await asyncio.sleep(0.1)
            assert len(it.rtu.peers) == 1
            for key in keys:
                await it.gateway.enable(key)
            async with master(second.port) as again:
                assert again.asdus[0][4] == 44

    play(scenario)


def test_settings_can_be_applied_while_nobody_can_be_reached() -> None:
    async def scenario() -> None:
        logs, row = Logs(), group_row(free_port(), masters=[master_row()])
        async with plant(row, logs=logs) as gateway, Rtu() as rtu:
            await until(lambda: gateway.groups[0].rtu.attempt > 1)
            await gateway.apply(site(replace(row, rtu=replace(row.rtu, hosts=(Endpoint(HOST, rtu.port),)))))
            async with master(row.masters[0].port):
                assert len(rtu.peers) == 1

    play(scenario)


def test_tls_is_compared_file_by_file() -> None:
    async def scenario() -> None:
        row, tls = (
            group_row(free_port(), masters=[master_row()]),
            TlsParameters(cert=Path("c"), key=Path("k"), ca=Path("a")),
        )
        secured = replace(row, rtu=replace(row.rtu, tls=tls))
        other = replace(row, rtu=replace(row.rtu, tls=replace(tls, cert=Path("new"))))
        async with plant(row) as gateway:
            (change,) = gateway.changes(site(secured))
            assert "tls_cert not given -> c, tls_key not given -> k, tls_ca not given -> a" in change.text
            await gateway.apply(site(secured))
            (change,) = gateway.changes(site(other))
            assert "S/RTU: tls_cert c -> new;" in change.text

    play(scenario)
