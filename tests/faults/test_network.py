"""D03, D05, D06 and D08: a cable that is pulled, slow, lossy or out of order, and hosts that cannot be reached."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.namespaces import OURS, THEIRS, Cable, Rules
from tests.peers import RawMaster, RawRtu
from tests.program import Gateway, Site
from tests.stage import MASTER_CA, RTU_CA, assert_served
from tests.station import ACTTERM, TIME, Station, address, asdu, interrogation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T1, T3 = 2, 2
SLOW = 30.0
MARGIN = 3.0


class Far:
    """A gateway and its RTU at one end of a cable, a master at the other."""

    def __init__(self, folder: Path, cable: Cable, exits: ExitStack, *hosts: str, **settings: object) -> None:
        self.cable = cable
        self.rtu = exits.enter_context(RawRtu(Station(RTU_CA)))
        site = Site(**settings)
        site.lines.append(f"111,RTU-1,,{RTU_CA},N,{';'.join([*hosts, f'127.0.0.1:{self.rtu.port}'])}")
        self.port = site.master(111, "FAR", MASTER_CA, THEIRS, bind=OURS)
        self.near = site.master(111, "NEAR", MASTER_CA)
        self.gateway = exits.enter_context(Gateway(folder, site))

    def master(self) -> RawMaster:
        """Return a started master at the far end."""
        master = self.cable.there(lambda: RawMaster(self.port, host=OURS, source=THEIRS))
        master.start(SLOW)
        return master

    def sends(self, first: int, count: int) -> None:
        self.rtu.link.post([event(RTU_CA, ioa) for ioa in range(first, first + count)])


def event(ca: int, ioa: int) -> bytes:
    return asdu(30, 3, ca, address(ioa) + b"\1" + TIME)


def expected(first: int, count: int) -> list[bytes]:
    return [event(MASTER_CA, ioa) for ioa in range(first, first + count)]


@pytest.fixture
def cable() -> Iterator[Cable]:
    with Cable() as cable:
        yield cable


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_d03_a_pulled_cable_is_noticed_and_nothing_lost_when_it_is_back(
    tmp_path: Path, cable: Cable, *, busy: bool
) -> None:
    """Idle after t3 + t1, busy after t1 already. The same is a firewall that forgets who was connected (D08)."""

    def scenario() -> None:
        with ExitStack() as exits:
            far = Far(tmp_path, cable, exits, t1=T1, t2=1, t3=T3)
            far.rtu.wait_link()
            master = exits.enter_context(far.master())
            far.sends(1, 10)
            master.take(10)
            cable.behave(Rules(lost=1.0))
            began = time.monotonic()
            if busy:
                far.sends(11, 50)
            far.gateway.wait_log("FAR", "disconnected", within=T3 + T1 + MARGIN)
            assert time.monotonic() - began < T3 * (not busy) + T1 + MARGIN
            if not busy:
                far.sends(11, 50)
            cable.behave(Rules())
            again = exits.enter_context(far.master())
            again.wait_for(lambda: event(MASTER_CA, 60) in again.asdus, "the last event", SLOW)
            got = [item for item in again.asdus if item[0] == 30]
            assert got == expected(61 - len(got), len(got))
            assert len(got) >= 50

    cable.here(scenario)


@pytest.mark.parametrize(
    "rules",
    [
        Rules(delay=(0.05, 0.05), lost=0.05),
        Rules(delay=(0.0, 0.08), doubled=0.2),
        pytest.param(Rules(delay=(0.7, 0.75)), marks=pytest.mark.slow),
    ],
    ids=["lossy", "out of order and twice", "1.5 s there and back"],
)
def test_d05_a_bad_line_loses_nothing_and_breaks_no_rule(tmp_path: Path, cable: Cable, rules: Rules) -> None:
    """Segments carry 88 octets, so that interrogated values come in pieces, too."""

    def scenario() -> None:
        with ExitStack() as exits:
            far = Far(tmp_path, cable, exits)
            far.rtu.wait_link()
            cable.narrow()
            cable.behave(rules)
            master = exits.enter_context(far.master())
            far.sends(1, 20)
            master.post(interrogation(MASTER_CA))
            master.wait_for(lambda: interrogation(MASTER_CA, ACTTERM) in master.asdus, "interrogation", SLOW)
            master.wait_for(lambda: master.asdus.count(expected(20, 1)[0]) > 0, "the last event", SLOW)
            assert [item for item in master.asdus if item[0] == 30] == expected(1, 20)
            assert (master.fault, master.ended, far.rtu.link.ended) == (None, None, None)

    cable.here(scenario)


def test_d06_hosts_that_cannot_be_reached_are_left_for_the_next(tmp_path: Path, cable: Cable) -> None:
    """One is unreachable by the word of a router, the other one's answer never comes."""
    cable.route("unreachable", "10.105.0.0/24")
    cable.behave(Rules(lost=1.0))

    def scenario() -> None:
        with ExitStack() as exits:
            far = Far(tmp_path, cable, exits, "10.105.0.1:2404", f"{THEIRS}:2404", t0=1)
            far.rtu.wait_link(within=15)
            far.gateway.wait_log("RTU-1", "no connection to 10.105.0.1:2404: No route to host")
            far.gateway.wait_log("RTU-1", f"no connection to {THEIRS}:2404")
            with RawMaster(far.near) as master:
                master.start()
                assert_served(master, far.rtu.link)

    cable.here(scenario)
