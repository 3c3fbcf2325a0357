"""Group C of the faults: sequence numbers, windows, and STARTDT and STOPDT, through the running program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.endpoint import STARTDT_CON, STOPDT_ACT, STOPDT_CON, Constants, i_frame, s_frame
from tests.peers import RawRtu, started_master
from tests.program import Gateway, Site
from tests.stage import MASTER_CA, RTU_CA, T1, arrivals, assert_event_arrives, assert_served
from tests.station import Station, interrogation, read, single_command, single_point

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.endpoint import Connection
    from tests.stage import RtuStage, Stage

# What a peer that has sent and received I-frames may not send next.
Offence = tuple["Callable[[Connection, bytes], bytes]", str]
OFFENCES: dict[str, Offence] = {
    "C01 N(S) skips one": (lambda own, asdu: i_frame(own.sent + 1, own.received, asdu), "N(S)"),
    "C01 N(S) repeats one": (lambda own, asdu: i_frame(own.sent - 1, own.received, asdu), "N(S)"),
    "C01 N(S) jumps back": (lambda own, asdu: i_frame(own.sent - 2, own.received, asdu), "N(S)"),
    "C01 N(S) half a turn ahead": (lambda own, asdu: i_frame(own.sent + 16384, own.received, asdu), "N(S)"),
    "C02 N(R) of an S-frame never sent": (lambda own, _: s_frame(own.received + 1), "N(R)"),
    "C02 N(R) of an S-frame falls back": (lambda own, _: s_frame(own.confirmed - 1), "N(R)"),
    "C02 N(R) of an I-frame never sent": (lambda own, asdu: i_frame(own.sent, own.received + 1, asdu), "N(R)"),
    "C02 N(R) of an I-frame falls back": (lambda own, asdu: i_frame(own.sent, own.confirmed - 1, asdu), "N(R)"),
}
every_offence = pytest.mark.parametrize(("offence", "reason"), OFFENCES.values(), ids=OFFENCES.keys())


@every_offence
def test_c01_c02_wrong_number_from_a_master(
    stage: Stage, offence: Callable[[Connection, bytes], bytes], reason: str
) -> None:
    log = stage.victims_log()
    with stage.victim() as victim:
        assert_served(victim, stage.rtu.link)
        victim.post(single_command(MASTER_CA, 100))
        victim.take(2)
        victim.fall_silent()
        executed = _commands(stage.station)
        victim.send_raw(offence(victim, single_command(MASTER_CA, 101)))
        victim.wait_closed()
    stage.gateway.wait_log("VICTIM", reason, since=log)
    stage.assert_healthy()
    assert _commands(stage.station) == executed


def _commands(station: Station) -> int:
    return sum(request[0] == 45 for request in station.requests)


@every_offence
def test_c01_c02_wrong_number_from_an_rtu(
    rtu_stage: RtuStage, offence: Callable[[Connection, bytes], bytes], reason: str
) -> None:
    attacker = rtu_stage.attacker()
    link = attacker.ready()
    with started_master(attacker.port) as master:
        assert_served(master, link)
        link.fall_silent()
        since = len(rtu_stage.gateway.log(attacker.name))
        link.send_raw(offence(link, single_point(RTU_CA, 0x555)))
        attacker.lost(link)
        master.wait_closed()
        assert single_point(MASTER_CA, 0x555) not in master.asdus
    rtu_stage.gateway.wait_log(attacker.name, reason, since=since)
    rtu_stage.assert_healthy()


@pytest.mark.parametrize("w", [1, 2, 11, 12])
def test_c05_master_that_acknowledges_at_its_w(stage: Stage, w: int) -> None:
    """At k itself, just before it, or one by one: the flow goes on and there is never a k+1st."""
    with started_master(stage.victims_port, Constants(w=w, ack_after=2)) as victim:
        stage.rtu.link.post([single_point(RTU_CA, ioa) for ioa in range(1, 121)])
        assert victim.take(120) == [single_point(MASTER_CA, ioa) for ioa in range(1, 121)]
        assert victim.most_outstanding == w
    stage.assert_healthy()


def test_c05_rtu_that_acknowledges_at_k(tmp_path: Path) -> None:
    station = Station(RTU_CA, silent_types={102})
    with RawRtu(station, Constants(w=12, ack_after=10)) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, site), started_master(port) as master:
            master.post([read(MASTER_CA, ioa) for ioa in range(1, 37)])
            rtu.wait_link().wait_for(lambda: len(station.requests) == 36, "36 requests")
            assert rtu.link.most_outstanding == 12


def test_c06_acknowledged_at_the_wth_frame_and_not_before(tmp_path: Path) -> None:
    with RawRtu(Station(RTU_CA)) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, site), started_master(port) as master:
            link = rtu.wait_link()
            for _ in range(7):
                assert_event_arrives(master, link)
            assert (link.sent, link.acknowledged) == (7, 0)
            link.post(single_point(RTU_CA, 8))
            link.wait_for(lambda: link.acknowledged == 8, "the acknowledgement of the 8th", 5)


def test_c06_fewer_than_w_frames_are_acknowledged_before_t2(stage: Stage) -> None:
    """The RTU's own t1 must not run out, so at the latest t2 after the first of them."""
    link = stage.rtu.link
    link.wait_acknowledged()
    link.post(single_point(RTU_CA, 1))
    link.wait_acknowledged(T1)
    stage.assert_healthy()


@pytest.mark.parametrize("octets", [i_frame(0, 0, interrogation(MASTER_CA)), s_frame(0)], ids=["I", "S"])
def test_c10_frame_of_a_master_before_startdt(stage: Stage, octets: bytes) -> None:
    log, asked = stage.victims_log(), len(stage.station.requests)
    with stage.victim(started=False) as victim:
        victim.send_raw(octets)
        victim.wait_closed()
    stage.gateway.wait_log("VICTIM", "-frame while", since=log)
    assert len(stage.station.requests) == asked
    stage.assert_healthy()


def test_c10_frame_of_a_master_after_stopdt_con(stage: Stage) -> None:
    log, executed = stage.victims_log(), _commands(stage.station)
    with stage.victim() as victim:
        victim.stop()
        victim.send_raw(i_frame(0, victim.received, single_command(MASTER_CA, 100)))
        victim.wait_closed()
    stage.gateway.wait_log("VICTIM", "-frame while", since=log)
    assert _commands(stage.station) == executed
    stage.assert_healthy()


@pytest.mark.parametrize("octets", [i_frame(0, 0, single_point(RTU_CA, 1)), s_frame(0)], ids=["I", "S"])
def test_c10_frame_of_an_rtu_before_startdt_con(rtu_stage: RtuStage, octets: bytes) -> None:
    rtu_stage.assert_lost_for(octets, "-frame while", kind="pending")


def test_c11_c13_stopdt_with_frames_under_way_both_ways(stage: Stage) -> None:
    """Ours are acknowledged first, theirs are waited for; a command that comes meanwhile is not executed."""
    executed = _commands(stage.station)
    with stage.victim() as victim:
        victim.fall_silent()
        link = stage.rtu.link
        assert_event_arrives(victim, link)
        victim.sent = 1
        victim.send_raw(i_frame(0, victim.confirmed, read(MASTER_CA, 1)) + STOPDT_ACT)
        victim.wait_frame(s_frame(1))
        victim.sent = 2
        victim.send_raw(i_frame(1, victim.confirmed, single_command(MASTER_CA, 100)))
        assert_event_arrives(stage.witness, link)
        assert victim.times_seen(STOPDT_CON) == 0
        victim.acknowledges = True
        victim.send_s()
        victim.wait_frame(STOPDT_CON)
    assert _commands(stage.station) == executed
    stage.assert_healthy()


def test_c11_t1_bounds_the_wait_before_stopdt_con(stage: Stage) -> None:
    with stage.victim() as victim:
        victim.fall_silent()
        assert_event_arrives(victim, stage.rtu.link)
        victim.send_raw(STOPDT_ACT)
        victim.wait_closed(T1 + 5)
        assert victim.times_seen(STOPDT_CON) == 0
    stage.assert_healthy()


def test_stopped_master_starts_again(stage: Stage) -> None:
    with stage.victim() as victim:
        victim.stop()
        stage.rtu.link.post(single_point(RTU_CA, 1))
        arrivals(stage.rtu.link, stage.witness)
        victim.start()
        assert victim.times_seen(STARTDT_CON) == 2
        assert_served(victim, stage.rtu.link)
        assert single_point(MASTER_CA, 1) not in victim.asdus


def test_c18_rtu_with_k_1_and_master_with_w_30(tmp_path: Path) -> None:
    """Acknowledging as late as allowed gives way at t2; the flow is slow and does not stop."""
    with RawRtu(Station(RTU_CA), Constants(k=1)) as rtu:
        site = Site(t1=3, t2=1, t3=10)
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, site), started_master(port, Constants(w=30, ack_after=0.5)) as master:
            rtu.wait_link().post([single_point(RTU_CA, ioa) for ioa in range(1, 5)])
            assert master.take(4) == [single_point(MASTER_CA, ioa) for ioa in range(1, 5)]
