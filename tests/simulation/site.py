"""Site files as a seed has them: rows with every option that changes how ASDUs move."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.endpoints import Endpoint
from iec104mm2ss.settings.filters import read_filter
from iec104mm2ss.settings.site import Clock, GroupRow, InterrogationData, MasterRow, RtuRow, Site, StartDt, Takeover

if TYPE_CHECKING:
    from random import Random

_EVERYBODY, _ = read_filter("10.0.0.0/8")


def link(random: Random) -> LinkParameters:
    """The times and windows of one row."""
    k = random.choice((1, 3, 12, 12, 12, 30))
    t1 = random.choice((5.0, 15.0, 15.0))
    return LinkParameters(
        t0=random.choice((5.0, 30.0)),
        t1=t1,
        t2=random.choice((1.0, t1 * 2 / 3)),
        t3=random.choice((5.0, 20.0, 20.0)),
        k=k,
        w=random.randint(1, k) if random.random() < 0.3 else max(1, k * 2 // 3),
        idle=random.choice((float("inf"), float("inf"), float("inf"), 60.0)),
    )


def master_row(random: Random, group: int, place: int, ca: int) -> MasterRow:
    """One master of a group whose RTU has the number `ca`."""
    return MasterRow(
        group=group,
        name=f"M/{group}-{place}",
        port=2400 + 100 * group + place,
        ca=random.choice((ca, ca + 1, ca + 2)),
        accept=_EVERYBODY,
        link=link(random),
        max=random.choice((1, 1, 1, 2)),
        takeover=random.choice(tuple(Takeover)),
        oa=random.choice((None, None, 100 + place)),
        commands=random.random() < 0.9,
        clock=random.choice((Clock.FORWARD, Clock.FORWARD, *Clock)),
    )


def group_row(random: Random, number: int) -> GroupRow:
    """One group of one to four masters."""
    ca = 10 * number
    hosts = tuple(Endpoint(f"10.1.{number}.{host}", 2404) for host in range(1, random.choice((1, 1, 2, 3)) + 1))
    rtu = RtuRow(group=number, name=f"S/{number}", ca=ca, hosts=hosts, link=link(random), stamp=random.random() < 0.8)
    return GroupRow(
        number=number,
        rtu=rtu,
        masters=tuple(master_row(random, number, place, ca) for place in range(1, random.randint(1, 4) + 1)),
        startdt=random.choice((StartDt.ALWAYS, StartDt.ALWAYS, StartDt.ON_DEMAND)),
        interrogation_data=random.choice((InterrogationData.ASKER, InterrogationData.ASKER, InterrogationData.ALL)),
        event_buffer=random.choice((10_000, 10_000, 1000, 200, 40, 10)),
        event_age=random.choice((3600.0, 3600.0, 60.0, 0.0)),
        select_timeout=random.choice((30.0, 30.0, 5.0)),
    )


def quiet_group(number: int) -> GroupRow:
    """One master, all by default: a group that nothing happens to."""
    ca = 10 * number
    rtu = RtuRow(group=number, name=f"S/{number}", ca=ca, hosts=(Endpoint("10.1.9.1", 2404),), link=LinkParameters())
    port = 2400 + 100 * number + 1
    master = MasterRow(
        group=number, name=f"M/{number}-1", port=port, ca=ca + 1, accept=_EVERYBODY, link=LinkParameters()
    )
    return GroupRow(number=number, rtu=rtu, masters=(master,))


def site(*groups: GroupRow) -> Site:
    return Site(path=Path("site.csv"), groups=groups)


def changed(random: Random, row: GroupRow) -> GroupRow:
    """What a reload may make of a group: one of its rows, or one more, or one less."""
    changes = (_renamed, _live, _other_link, _other_rtu, _other_buffer, _other_start, _one_less, _with_one_more)
    return random.choice(changes)(random, row)


def _renamed(random: Random, row: GroupRow) -> GroupRow:
    return replace(row, rtu=replace(row.rtu, name=f"S/{random.randrange(100)}"))


def _live(random: Random, row: GroupRow) -> GroupRow:
    return _with_master(random, row, commands=random.random() < 0.8, clock=random.choice(tuple(Clock)))


def _other_link(random: Random, row: GroupRow) -> GroupRow:
    return _with_master(random, row, link=link(random), max=random.choice((1, 2)))


def _other_rtu(random: Random, row: GroupRow) -> GroupRow:
    return replace(row, rtu=replace(row.rtu, link=link(random)))


def _other_buffer(random: Random, row: GroupRow) -> GroupRow:
    return replace(row, event_buffer=random.choice((10_000, 300, 40)))


def _other_start(random: Random, row: GroupRow) -> GroupRow:
    return replace(row, startdt=random.choice(tuple(StartDt)))


def _one_less(random: Random, row: GroupRow) -> GroupRow:
    gone = random.randrange(len(row.masters))
    left = row.masters[:gone] + row.masters[gone + 1 :]
    return replace(row, masters=left or row.masters)


def _with_master(random: Random, row: GroupRow, **cells: Any) -> GroupRow:  # noqa: ANN401 - MasterRow's
    chosen = random.choice(row.masters)
    return replace(row, masters=tuple(replace(it, **cells) if it is chosen else it for it in row.masters))


def _with_one_more(random: Random, row: GroupRow) -> GroupRow:
    taken = {master.port % 100 for master in row.masters}
    free = [place for place in range(1, 5) if place not in taken]
    if not free:
        return row
    return replace(row, masters=(*row.masters, master_row(random, row.number, free[0], row.rtu.ca)))
