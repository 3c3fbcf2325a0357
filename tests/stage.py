"""Two groups on one gateway: what a fault does to the one, and that the rest goes on."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from tests.endpoint import STARTDT_ACT
from tests.peers import RawMaster, RawRtu, started_master
from tests.program import Gateway, Site
from tests.station import ACTCON, ACTTERM, Station, interrogation, single_point

if TYPE_CHECKING:
    from pathlib import Path

    from tests.endpoint import Connection

HEALTHY_WITHIN = 2.0
RTU_CA, MASTER_CA = 32, 33
T1, T2, T3 = 3, 1, 5
_marker_ioas = itertools.count(0x100000)


def assert_served(master: RawMaster, link: Connection, *, rtu_ca: int = RTU_CA, master_ca: int = MASTER_CA) -> None:
    """Check a master's health: TESTFR, an interrogation and one spontaneous event, each within 2 s."""
    master.test(HEALTHY_WITHIN)
    master.post(interrogation(master_ca))
    answers = master.take_until(interrogation(master_ca, ACTTERM), HEALTHY_WITHIN)
    assert interrogation(master_ca, ACTCON) in answers
    assert_event_arrives(master, link, rtu_ca=rtu_ca, master_ca=master_ca)


def assert_event_arrives(
    master: RawMaster, link: Connection, *, rtu_ca: int = RTU_CA, master_ca: int = MASTER_CA
) -> list[bytes]:
    """Send one spontaneous event and wait for it; return what the master got before it and had not looked at."""
    ioa = next(_marker_ioas)
    link.post(single_point(rtu_ca, ioa))
    return master.take_until(single_point(master_ca, ioa), HEALTHY_WITHIN)


def arrivals(link: Connection, *masters: RawMaster) -> list[list[bytes]]:
    """Return what each master got and had not looked at, up to an event that is sent now."""
    ioa = next(_marker_ioas)
    link.post(single_point(RTU_CA, ioa))
    return [master.take_until(single_point(MASTER_CA, ioa), HEALTHY_WITHIN) for master in masters]


class Stage:
    """Group 111: an RTU, two witnesses that stay well and a victim's port. Group 222: an RTU and a bystander."""

    def __init__(self, folder: Path, *, victims: int = 32) -> None:
        self.station = Station(RTU_CA)
        self._exits = ExitStack()
        self.rtu = self._exits.enter_context(RawRtu(self.station))
        self.other_rtu = self._exits.enter_context(RawRtu(Station(RTU_CA)))
        site = Site(t1=T1, t2=T2, t3=T3)
        site.rtu(111, RTU_CA, self.rtu.port)
        self.victims_port = site.master(111, "VICTIM", MASTER_CA, max=victims)
        witness, second = site.master(111, "WITNESS", MASTER_CA), site.master(111, "SECOND", MASTER_CA)
        self.monitor_port = site.master(111, "MONITOR", MASTER_CA, commands="N")
        site.rtu(222, RTU_CA, self.other_rtu.port, name="RTU-2")
        bystander = site.master(222, "BYSTANDER", MASTER_CA)
        self.gateway = self._exits.enter_context(Gateway(folder, site))
        self.rtu.wait_link()
        self.other_rtu.wait_link()
        self.witness = self._exits.enter_context(started_master(witness))
        self.second = self._exits.enter_context(started_master(second))
        self.bystander = self._exits.enter_context(started_master(bystander))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, *_: object) -> None:
        self._exits.__exit__(kind, value, None)

    def victim(self, *, started: bool = True) -> RawMaster:
        """Return a new connection on the victim's port."""
        return started_master(self.victims_port) if started else RawMaster(self.victims_port)

    def victims_log(self) -> int:
        """Return how much the victim's log holds; what comes later is the case's."""
        return len(self.gateway.log("VICTIM"))

    def assert_healthy(self) -> None:
        """Check the health of the others in the group and of the other group, and that the program is unhurt."""
        assert_served(self.witness, self.rtu.link)
        assert_served(self.bystander, self.other_rtu.link)
        assert self.witness.fault is None
        self.gateway.assert_no_sign_of_a_bug()


class Attacker:
    """An RTU that will break the rules, again and again; its group has one master's port."""

    def __init__(self, group: int, site: Site, *, confirms_start: bool) -> None:
        self.station = Station(RTU_CA)
        self.rtu = RawRtu(self.station)
        self.name = f"RTU-{group}"
        self._confirms_start = confirms_start
        self._losses = 0
        if not confirms_start:
            self.rtu.prepare = _hold_back_startdt_con
        site.rtu(group, RTU_CA, self.rtu.port, name=self.name, t1=T1 if confirms_start else 60)
        self.port = site.master(group, f"M-{group}", MASTER_CA)

    def ready(self) -> Connection:
        """Return the connection that followed the last loss, started or with the STARTDT act pending."""
        link = self.rtu.wait_link(self._losses + 1, within=15, started=self._confirms_start)
        link.wait_frame(STARTDT_ACT)
        return link

    def lost(self, link: Connection) -> None:
        """Wait until the gateway has closed the connection."""
        link.wait_closed()
        self.left()

    def left(self) -> None:
        """Know that the test has ended the connection by itself."""
        self._losses += 1


def _hold_back_startdt_con(link: Connection) -> None:
    del link.answers[STARTDT_ACT]


class RtuStage:
    """RTUs that misbehave in groups of their own, some while STARTDT is pending, and a bystander's group."""

    def __init__(self, folder: Path) -> None:
        self._exits = ExitStack()
        site = Site(t1=T1, t2=T2, t3=T3)
        kinds = {"started": range(301, 307), "pending": range(401, 405)}
        attackers = {
            kind: [Attacker(group, site, confirms_start=kind == "started") for group in groups]
            for kind, groups in kinds.items()
        }
        self._all = [attacker for group in attackers.values() for attacker in group]
        for attacker in self._all:
            self._exits.callback(attacker.rtu.close)
        self._next = {kind: itertools.cycle(group) for kind, group in attackers.items()}
        self._good_rtu = self._exits.enter_context(RawRtu(Station(RTU_CA)))
        site.rtu(222, RTU_CA, self._good_rtu.port, name="GOOD")
        bystander = site.master(222, "BYSTANDER", MASTER_CA)
        self.gateway = self._exits.enter_context(Gateway(folder, site))
        self.bystander = self._exits.enter_context(started_master(bystander))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, *_: object) -> None:
        self._exits.__exit__(kind, value, None)

    def attacker(self, kind: str = "started") -> Attacker:
        """Return an RTU in turn, so that the ones before it have time to be connected again."""
        return next(self._next[kind])

    def assert_lost_for(self, octets: bytes, *reason: str, kind: str) -> None:
        """Check that these octets end the connection for this reason, and that the others are well."""
        attacker = self.attacker(kind)
        link = attacker.ready()
        since = len(self.gateway.log(attacker.name))
        link.send_raw(octets)
        attacker.lost(link)
        self.gateway.wait_log(attacker.name, "disconnected", *reason, since=since)
        self.assert_healthy()

    def assert_healthy(self) -> None:
        """Check the health of the other group, and that the program is unhurt."""
        assert_served(self.bystander, self._good_rtu.link)
        self.gateway.assert_no_sign_of_a_bug()

    def assert_all_recover(self) -> None:
        """Check that every RTU that was dropped is connected again."""
        for attacker in self._all:
            attacker.ready()
