"""The masters' ports follow the RTU's connection, group by group; the hosts of an RTU are tried in order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.endpoint import STARTDT_CON
from tests.peers import RawMaster, RawRtu, is_listening, started_master
from tests.program import Gateway, Site, eventually, free_port
from tests.stage import assert_served
from tests.station import TIME, Station, address, asdu, single_command, with_header

if TYPE_CHECKING:
    from pathlib import Path

RTU_CA, MASTER_CA = 32, 33


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
def test_lost_rtu_takes_its_masters_along_and_brings_them_back(tmp_path: Path, *, reset: bool) -> None:
    site = Site()
    with RawRtu(Station(RTU_CA)) as rtu, RawRtu(Station(RTU_CA)) as other_rtu:
        site.rtu(111, RTU_CA, rtu.port)
        ports = [site.master(111, "M-1", MASTER_CA), site.master(111, "M-2", MASTER_CA)]
        site.rtu(222, RTU_CA, other_rtu.port)
        other_port = site.master(222, "M-3", MASTER_CA)
        with Gateway(tmp_path, site) as gateway, started_master(other_port) as other:
            masters = [started_master(port) for port in ports]
            rtu.stop_listening()
            rtu.link.close(reset=reset)
            lost_at = time.monotonic()
            for master in masters:
                assert master.wait_closed() - lost_at < 2
                master.close()
            eventually(lambda: not any(map(is_listening, ports)), "the ports are closed", 2)
            gateway.wait_log("M-1", "disconnected", "RTU lost")
            assert_served(other, other_rtu.link)
            rtu.listen()
            link = rtu.wait_link(2, within=15)
            back_at = link.opened_at
            again = [started_master(port, within=2) for port in ports]
            assert time.monotonic() - back_at < 2
            for master in again:
                assert_served(master, link)
                master.close()
            assert_served(other, other_rtu.link)
            assert (len(other_rtu.connections), other.ended) == (1, None)


def test_ports_are_closed_until_the_rtu_is_connected(tmp_path: Path) -> None:
    site = Site()
    rtu_port = free_port()
    site.rtu(111, RTU_CA, rtu_port)
    port = site.master(111, "M-1", MASTER_CA)
    with Gateway(tmp_path, site) as gateway:
        gateway.wait_log("RTU-1", f"127.0.0.1:{rtu_port}")
        assert not is_listening(port)
        with RawRtu(Station(RTU_CA), port=rtu_port) as rtu:
            link = rtu.wait_link(within=15)
            with started_master(port) as master:
                assert_served(master, link)


def test_master_waits_for_the_rtus_startdt_con(tmp_path: Path) -> None:
    """Its STARTDT is confirmed once the RTU has confirmed ours, and refused by closing when it does not."""
    with RawRtu(Station(RTU_CA)) as rtu:
        rtu.prepare = lambda link: link.answers.clear()
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, site), RawMaster(port) as master:
            master.send_raw(bytes.fromhex("680407000000"))
            master.test()
            assert master.times_seen(STARTDT_CON) == 0
            rtu.link.confirm_start()
            master.wait_frame(STARTDT_CON)
            master.take(1)
            assert_served(master, rtu.link)


def test_hosts_are_tried_in_order(tmp_path: Path) -> None:
    """The first that answers is taken; after a link that lived for less than 60 s the next one."""
    site = Site()
    with RawRtu(Station(RTU_CA)) as second, RawRtu(Station(RTU_CA)) as third:
        dead = free_port()
        site.rtu(111, RTU_CA, dead, second.port, third.port)
        port = site.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, site) as gateway:
            link = second.wait_link()
            with started_master(port) as master:
                assert_served(master, link)
            eventually(lambda: f"127.0.0.1:{second.port}" in gateway.log("RTU-1"), "the host in the log")
            tried = [gateway.log("RTU-1").find(f"127.0.0.1:{p}") for p in (dead, second.port, third.port)]
            assert -1 < tried[0] < tried[1]
            assert tried[2] == -1
            second.stop_listening()
            link.close()
            link = third.wait_link(within=15)
            with started_master(port) as master:
                assert_served(master, link)
            assert len(second.connections) == 1


def test_c09_host_that_does_not_confirm_startdt_is_left_after_t1(tmp_path: Path) -> None:
    """And the next host is tried."""
    site = Site(t1=2, t2=1, t3=5)
    with RawRtu() as mute, RawRtu(Station(RTU_CA)) as good:
        mute.prepare = lambda link: link.answers.clear()
        site.rtu(111, RTU_CA, mute.port, good.port)
        port = site.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, site) as gateway:
            link = good.wait_link(within=15)
            assert mute.link.wait_closed() - mute.link.opened_at > 1.5
            gateway.wait_log("RTU-1", "STARTDT act not confirmed")
            with started_master(port) as master:
                assert_served(master, link)


def test_c12_on_demand_leaves_the_events_in_the_rtu_while_nobody_listens(tmp_path: Path) -> None:
    """STARTDT with the first master, STOPDT 3 s after the last; what comes before its confirmation is kept."""
    site = Site(startdt="on_demand")
    event = asdu(30, 3, RTU_CA, address(5) + b"\1" + TIME)
    with RawRtu(Station(RTU_CA)) as rtu:
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, site):
            eventually(lambda: is_listening(port), "the port is open")
            assert rtu.link.supervisory == []
            with started_master(port) as master:
                assert_served(master, rtu.link)
                rtu.link.answers = {}
                master.wait_for(lambda: master.confirmed == master.received, "our acknowledgement")
            rtu.link.wait_frame(bytes.fromhex("680413000000"))
            rtu.link.post(event)
            rtu.link.wait_acknowledged()
            rtu.link.confirm_stop()
            rtu.link.answers = {bytes.fromhex("680407000000"): STARTDT_CON}
            with started_master(port) as master:
                assert master.take(1) == [with_header(event, ca=MASTER_CA)]
                assert_served(master, rtu.link)


def test_command_is_not_kept_over_a_reconnect(tmp_path: Path) -> None:
    """At most once: what the lost RTU had not got is never sent to the one that comes back."""
    station = Station(RTU_CA, silent_types={45})
    with RawRtu(station) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, site):
            with started_master(port) as master:
                rtu.link.acknowledges = False
                master.post([single_command(MASTER_CA, ioa) for ioa in range(1, 21)])
                rtu.link.wait_for(lambda: len(station.requests) == 12, "k requests")
                rtu.link.close()
                master.wait_closed()
            link = rtu.wait_link(2, within=15)
            with started_master(port) as master:
                assert_served(master, link)
        assert [request[0] for request in station.requests] == [45] * 12 + [100]
