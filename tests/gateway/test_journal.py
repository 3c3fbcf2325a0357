"""A group with a journal: what the RTU may forget when, what the next process knows, and a disk that fails."""

import errno
import threading
from pathlib import Path

import pytest

from iec104mm2ss.gateway import states
from iec104mm2ss.gateway.group import Group
from iec104mm2ss.journal.journal import Batch, Journal
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.site import GroupRow, JournalKind, MasterRow
from tests.gateway.scene import (
    EAGER,
    Logs,
    Rtu,
    event,
    gateway,
    group_row,
    master,
    master_row,
    numbers,
    plant,
    play,
    site,
    value,
)
from tests.transport.recorder import until

LATE = LinkParameters(t1=5.0, t2=1.0)


def journaled(
    port: int, *masters: MasterRow, rtu: LinkParameters = EAGER, kind: JournalKind = JournalKind.ON
) -> GroupRow:
    return group_row(port, masters=masters, rtu=rtu, journal=kind)


def acknowledged(rtu: Rtu) -> int:
    return rtu.link.link.acknowledged


class Disk:
    """Stands before every write of a journal: lets it pass, holds it, or has it fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written: list[Batch] = []
        self.fault: OSError | None = None
        self._passes = threading.Event()
        self._passes.set()
        self._write = Journal.write
        monkeypatch.setattr(Journal, "write", lambda journal, batch: self.write(journal, batch))  # noqa: PLW0108

    def write(self, journal: Journal, batch: Batch) -> None:
        self._passes.wait(20)
        if self.fault is not None:
            raise self.fault
        self._write(journal, batch)
        self.written.append(batch)

    def hang(self) -> None:
        self._passes.clear()

    def go_on(self) -> None:
        self._passes.set()

    def has(self, number: int) -> bool:
        return any(it.asdu == event(number) for batch in self.written for it in batch.events)


def test_what_a_master_had_not_confirmed_comes_after_the_program_was_started_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        here, away = master_row(), master_row(name="M/AWAY", ca=34)
        async with Rtu(EAGER) as rtu:
            row = journaled(rtu.port, here, away)
            async with gateway(row, journals=tmp_path) as group, master(here.port, EAGER) as scada:
                async with master(away.port, EAGER) as other:
                    rtu.send(event(1))
                    await until(lambda: len(other.asdus) == 2)
                    await until(lambda: group.exchange.buffer.first_unacknowledged() == 1)
                await until(lambda: len(group.exchange.started) == 1)
                rtu.send(event(2), value(3), event(4))
                await until(lambda: numbers(scada.asdus) == [1, 2, 3, 4])
            async with (
                gateway(row, journals=tmp_path),
                master(here.port, EAGER) as scada,
                master(away.port, EAGER) as other,
            ):
                await until(lambda: rtu.started)
                rtu.send(event(5))
                await until(lambda: numbers(scada.asdus)[-1:] == [5])
                await until(lambda: numbers(other.asdus)[-1:] == [5])
                assert numbers(scada.asdus) == [5]
                assert numbers(other.asdus) == [2, 4, 5]
                assert other.asdus[1] == event(2, ca=34)

    play(scenario)


def test_the_rtu_is_acknowledged_when_its_events_are_written_and_no_sooner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)

    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            gateway(journaled(rtu.port, row), journals=tmp_path) as group,
            master(row.port, EAGER) as scada,
        ):
            disk.hang()
            rtu.send(event(1), event(2))
            await until(lambda: numbers(scada.asdus) == [1, 2])
            rtu.send(event(3))
            await until(lambda: numbers(scada.asdus) == [1, 2, 3])
            assert acknowledged(rtu) == 0
            disk.go_on()
            await until(lambda: acknowledged(rtu) == 3)
            assert disk.has(3)
            assert group.exchange.custody.exposed == 0

    play(scenario)


def test_what_no_return_asks_for_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)

    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            gateway(journaled(rtu.port, row), journals=tmp_path) as group,
            master(row.port, EAGER),
        ):
            await until(lambda: group.exchange.buffer.positions() and disk.written)
            disk.hang()
            rtu.send(value(1))
            await until(lambda: acknowledged(rtu) == 1)
            disk.go_on()

    play(scenario)


def test_a_slow_disk_does_not_keep_the_rtu_waiting_longer_than_t2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, logs = Disk(monkeypatch), Logs()

    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            gateway(journaled(rtu.port, row, rtu=LATE), journals=tmp_path, logs=logs) as group,
            master(row.port, EAGER) as scada,
        ):
            disk.hang()
            rtu.send(event(1))
            await until(lambda: numbers(scada.asdus) == [1])
            await until(lambda: acknowledged(rtu) == 1)
            assert not disk.has(1)
            assert logs.said("RTU", "the disk is slow")
            assert group.exchange.custody.exposed <= 1
            disk.go_on()
            await until(lambda: disk.has(1))
            rtu.send(event(2))
            await until(lambda: acknowledged(rtu) == 2)
            assert disk.has(2)
            assert group.exchange.custody.exposed <= 1

    play(scenario)


def test_a_disk_that_fails_costs_nothing_but_the_journal_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, logs = Disk(monkeypatch), Logs()

    async def scenario() -> None:
        row, away = master_row(), master_row(name="M/AWAY", ca=34)
        async with Rtu() as rtu:
            group_rows = journaled(rtu.port, row, away)
            async with gateway(group_rows, journals=tmp_path, logs=logs) as group, master(row.port, EAGER) as scada:
                async with master(away.port, EAGER):
                    pass
                disk.fault = OSError(errno.ENOSPC, "No space left on device")
                rtu.send(event(1), event(2))
                await until(lambda: acknowledged(rtu) == 2)
                assert numbers(scada.asdus) == [1, 2]
                assert logs.said("RTU", "No space left on device", "in memory only")
                await until(lambda: "No space" in group_state(group))
                disk.fault = None
                await until(lambda: logs.said("RTU", "journal: written again"))
                assert disk.has(2)
                rtu.send(event(3))
                await until(lambda: acknowledged(rtu) == 3)
                assert group_state(group) == ""
            async with gateway(group_rows, journals=tmp_path), master(away.port, EAGER) as other:
                await until(lambda: numbers(other.asdus) == [1, 2, 3])

    play(scenario)


def group_state(group: Group) -> str:
    return states.of_rtu(group, 0.0)[1]


def test_a_journal_that_cannot_be_read_is_said_and_the_group_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: Journal) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Journal, "recover", unreadable)
    assert_serves(tmp_path, "Input/output error")


def test_a_bug_while_reading_starts_the_group_with_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "recover", lambda _: 1 // 0)
    assert_serves(tmp_path, "internal error", "ZeroDivisionError")


def assert_serves(journals: Path, *said: str) -> None:
    """Give an event of the RTU to a master, and find these words in the RTU's log."""
    logs = Logs()

    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu(EAGER) as rtu,
            gateway(journaled(rtu.port, row), journals=journals, logs=logs),
            master(row.port, EAGER) as scada,
        ):
            rtu.send(event(1))
            await until(lambda: numbers(scada.asdus) == [1])
            assert logs.said("RTU", *said)

    play(scenario)


def test_a_disk_that_hangs_does_not_hold_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, logs = Disk(monkeypatch), Logs()

    async def scenario() -> None:
        row = master_row()
        async with Rtu(EAGER) as rtu:
            async with gateway(journaled(rtu.port, row), journals=tmp_path, logs=logs), master(row.port, EAGER):
                disk.hang()
                rtu.send(event(1))
            assert logs.said("RTU", "the disk does not answer")
            disk.go_on()

    play(scenario)


def test_a_bug_while_writing_starts_the_group_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, logs = Disk(monkeypatch), Logs()

    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu(EAGER) as rtu,
            gateway(journaled(rtu.port, row), journals=tmp_path, logs=logs),
            master(row.port, EAGER) as scada,
        ):
            monkeypatch.setattr(Journal, "write", lambda *_: 1 // 0)
            rtu.send(event(1))
            await until(lambda: scada.reasons)
            assert logs.said("RTU", "internal error", "ZeroDivisionError")
            monkeypatch.setattr(Journal, "write", lambda journal, batch: disk.write(journal, batch))  # noqa: PLW0108
            async with master(row.port, EAGER) as again:
                await until(lambda: rtu.started)
                rtu.send(event(2))
                await until(lambda: numbers(again.asdus) == [2])

    play(scenario)


@pytest.mark.parametrize("kinds", [(JournalKind.OFF, JournalKind.ON), (JournalKind.ON, JournalKind.OFF)])
def test_a_journal_is_begun_and_ended_while_the_links_stay(tmp_path: Path, kinds: tuple[JournalKind, ...]) -> None:
    async def scenario() -> None:
        row = master_row()
        async with Rtu(EAGER) as rtu:
            former, later = (journaled(rtu.port, row, kind=kind) for kind in kinds)
            async with plant(former, journals=tmp_path) as running, master(row.port, EAGER) as scada:
                rtu.send(event(1))
                await until(lambda: acknowledged(rtu) == 1)
                await running.apply(site(later))
                rtu.send(event(2))
                await until(lambda: acknowledged(rtu) == 2)
                assert numbers(scada.asdus) == [1, 2]
                kept = later.journal is JournalKind.ON
                await until(lambda: any(tmp_path.iterdir()) is kept)
                assert len(rtu.peers) == 1

    play(scenario)


def test_a_group_that_is_removed_leaves_no_journal(tmp_path: Path) -> None:
    async def scenario() -> None:
        row, other = master_row(), master_row(112, "M/OTHER")
        async with Rtu(EAGER) as rtu, Rtu(EAGER) as second:
            kept = group_row(second.port, masters=[other], number=112)
            async with plant(journaled(rtu.port, row), kept, journals=tmp_path) as running:
                async with master(row.port, EAGER):
                    rtu.send(event(1))
                    await until(lambda: any(tmp_path.iterdir()))
                    await running.apply(site(kept))
                await until(lambda: not any(tmp_path.iterdir()))

    play(scenario)


def test_a_master_that_is_slow_brakes_the_rtu_with_a_journal_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        row = master_row(link=LinkParameters(k=1, w=1))
        async with Rtu(LinkParameters(k=12)) as rtu:
            rows = group_row(rtu.port, masters=[row], rtu=EAGER, event_buffer=8, journal=JournalKind.ON)
            async with gateway(rows, journals=tmp_path) as group, master(row.port, EAGER) as scada:
                scada.connection.withhold()
                rtu.send(*(event(number) for number in range(1, 7)))
                await until(lambda: group.rtu.withheld)
                sent = rtu.link.link.sent
                scada.connection.release()
                await until(lambda: numbers(scada.asdus) == list(range(1, 7)))
                await until(lambda: acknowledged(rtu) == sent)
                assert not group.rtu.withheld

    play(scenario)
