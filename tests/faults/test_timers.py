"""Group C of the faults: t1, t2 and t3 of the running program."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from tests.endpoint import TESTFR_ACT, TESTFR_CON
from tests.peers import RawMaster, RawRtu, started_master
from tests.program import Gateway, Site
from tests.stage import MASTER_CA, RTU_CA, T1, arrivals, assert_served
from tests.station import Station, single_command, single_point

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.endpoint import Connection
    from tests.stage import RtuStage, Stage


def test_c04_master_that_never_acknowledges(stage: Stage) -> None:
    """It gets k frames and no more, and is closed t1 after the first; the others get everything."""
    log = stage.victims_log()
    arrivals(stage.rtu.link, stage.witness)
    with stage.victim() as victim:
        victim.fall_silent()
        began, before = time.monotonic(), victim.received
        events = [single_point(RTU_CA, ioa) for ioa in range(1, 21)]
        stage.rtu.link.post(events)
        assert victim.wait_closed(T1 + 5) - began > T1 - 0.5
        assert victim.received - before == 12
    assert len(arrivals(stage.rtu.link, stage.witness)[0]) == len(events)
    stage.gateway.wait_log("VICTIM", "not acknowledged within t1", since=log)
    stage.assert_healthy()


def test_c04_rtu_that_never_acknowledges(rtu_stage: RtuStage) -> None:
    attacker = rtu_stage.attacker()
    link = attacker.ready()
    since = len(rtu_stage.gateway.log(attacker.name))
    with started_master(attacker.port) as master:
        link.fall_silent()
        attacker.station.silent_types = {45}
        before = link.received
        master.post([single_command(MASTER_CA, ioa) for ioa in range(1, 21)])
        attacker.lost(link)
        assert link.received - before == 12
    attacker.station.silent_types = set()
    rtu_stage.gateway.wait_log(attacker.name, "not acknowledged within t1", since=since)
    rtu_stage.assert_healthy()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, RawRtu, int]]:
    """A gateway that tests after one second of silence."""
    with RawRtu(Station(RTU_CA)) as rtu:
        site = Site(t1=3, t2=2, t3=1)
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA, max=8)
        with Gateway(tmp_path_factory.mktemp("quiet"), site) as gateway:
            yield gateway, rtu, port


def test_c07_silence_is_tested_in_both_states_and_towards_the_rtu(quiet: tuple[Gateway, RawRtu, int]) -> None:
    _, rtu, port = quiet
    link = rtu.wait_link()
    seen = link.times_seen(TESTFR_ACT)
    with started_master(port) as started, RawMaster(port) as stopped:
        for connection in (started, stopped):
            connection.wait_frame(TESTFR_ACT, count=2)
        link.wait_frame(TESTFR_ACT, count=seen + 2)
        assert (started.ended, stopped.ended, link.ended) == (None, None, None)
        assert_served(started, link)


@pytest.mark.parametrize("started", [False, True], ids=["connected", "started"])
def test_c07_master_that_does_not_confirm_testfr(quiet: tuple[Gateway, RawRtu, int], *, started: bool) -> None:
    gateway, rtu, port = quiet
    log = len(gateway.log("M-1"))
    with started_master(port) as well, started_master(port) if started else RawMaster(port) as mute:
        mute.fall_silent()
        tested_at = mute.wait_frame(TESTFR_ACT)
        assert mute.wait_closed() - tested_at > 2.5
        gateway.wait_log("M-1", "TESTFR act not confirmed within t1", since=log)
        assert_served(well, rtu.link)


def test_c07_rtu_that_does_not_confirm_testfr(quiet: tuple[Gateway, RawRtu, int]) -> None:
    gateway, rtu, port = quiet
    count = len(rtu.connections)
    link = rtu.wait_link(count)
    link.fall_silent()
    seen = link.times_seen(TESTFR_ACT)
    tested_at = link.wait_frame(TESTFR_ACT, count=seen + 1)
    assert link.wait_closed() - tested_at > 2.5
    gateway.wait_log("RTU-1", "TESTFR act not confirmed within t1")
    again = rtu.wait_link(count + 1, within=15)
    with started_master(port) as master:
        assert_served(master, again)


def test_c08_flood_of_testfr(stage: Stage) -> None:
    """A few dozen at once are confirmed each; hundreds end the connection."""
    log = stage.victims_log()
    with stage.victim() as victim:
        victim.send_raw(TESTFR_ACT * 40)
        victim.wait_frame(TESTFR_CON, count=40)
        victim.send_raw(TESTFR_ACT * 400)
        victim.wait_closed()
        assert victim.times_seen(TESTFR_CON) < 200
    stage.gateway.wait_log("VICTIM", "TESTFR", since=log)
    stage.assert_healthy()


def test_c14_slow_rtu_with_a_small_window_is_borne(quiet: tuple[Gateway, RawRtu, int]) -> None:
    """TESTFR con after 1.7 s and a receive buffer of 765 octets, as in a capture of a real one."""
    _, rtu, port = quiet
    link = rtu.wait_link(len(rtu.connections))
    link.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 765)
    link.answers = {}
    try:
        with started_master(port) as master:
            for _ in range(2):
                _confirm_late(link)
            assert_served(master, link)
        assert link.ended is None
    finally:
        link.answers = {TESTFR_ACT: TESTFR_CON}


def _confirm_late(link: Connection) -> None:
    link.wait_frame(TESTFR_ACT, count=link.times_seen(TESTFR_ACT) + 1)
    time.sleep(1.7)
    link.send_raw(TESTFR_CON)
