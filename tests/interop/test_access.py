"""Who may connect to a master's port: the filter, the second connection, the idle time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.endpoint import TESTFR_ACT, Constants
from tests.peers import RawMaster, RawRtu, started_master
from tests.program import Gateway, Site
from tests.stage import assert_event_arrives, assert_served
from tests.station import ACTCON, Station, single_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RTU_CA, MASTER_CA = 32, 33


@contextmanager
def running(folder: Path, hosts: str = "127.0.0.1", **options: object) -> Iterator[tuple[Gateway, RawRtu, int]]:
    """One RTU and the port M-1 with these options."""
    with RawRtu(Station(RTU_CA)) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA, hosts, **options)
        with Gateway(folder, site) as gateway:
            rtu.wait_link()
            yield gateway, rtu, port


def test_refused_peer_is_closed_at_once_and_logged(tmp_path: Path) -> None:
    with (
        running(tmp_path, "127.0.0.7;127.0.1.0/24") as (gateway, rtu, port),
        started_master(port, source="127.0.0.7") as master,
        RawMaster(port) as stranger,
    ):
        stranger.send_raw(TESTFR_ACT)
        stranger.wait_closed()
        assert (stranger.supervisory, stranger.asdus) == ([], [])
        gateway.wait_log("M-1", "refused", "127.0.0.1")
        assert_served(master, rtu.link)


def test_filter_takes_a_network(tmp_path: Path) -> None:
    with (
        running(tmp_path, "127.0.0.7;127.0.1.0/24") as (_, rtu, port),
        started_master(port, source="127.0.1.200") as master,
    ):
        assert_served(master, rtu.link)


def test_second_connection_is_closed_while_the_first_lives(tmp_path: Path) -> None:
    with running(tmp_path) as (gateway, rtu, port), started_master(port) as first:
        with RawMaster(port) as second:
            first.wait_frame(TESTFR_ACT)
            second.wait_closed()
            assert second.supervisory == []
        gateway.wait_log("M-1", second.name)
        assert_served(first, rtu.link)


def test_second_connection_takes_the_place_of_a_ghost(tmp_path: Path) -> None:
    """What it sent meanwhile waited unread and is answered then."""
    with running(tmp_path) as (gateway, rtu, port), started_master(port) as ghost:
        ghost.fall_silent()
        with started_master(port) as second:
            assert ghost.times_seen(TESTFR_ACT) == 1
            ghost.wait_closed()
            assert_served(second, rtu.link)
        gateway.wait_log("M-1", "disconnected", ghost.name)


def test_third_connection_is_closed_while_the_first_is_probed(tmp_path: Path) -> None:
    with running(tmp_path) as (_, _, port), started_master(port) as ghost:
        ghost.fall_silent()
        second = RawMaster(port)
        ghost.wait_frame(TESTFR_ACT)
        with RawMaster(port) as third:
            third.wait_closed()
        second.start()
        second.close()


def test_takeover_new_gives_the_place_to_the_newcomer(tmp_path: Path) -> None:
    with (
        running(tmp_path, takeover="new") as (_, rtu, port),
        started_master(port) as first,
        started_master(port) as second,
    ):
        first.wait_closed()
        assert_served(second, rtu.link)


def test_takeover_never_keeps_even_a_ghost(tmp_path: Path) -> None:
    with running(tmp_path, takeover="never") as (_, _, port), started_master(port) as ghost:
        ghost.fall_silent()
        with RawMaster(port) as second:
            second.wait_closed()
        assert ghost.ended is None
        assert ghost.times_seen(TESTFR_ACT) == 0


def test_two_sessions_of_one_row_with_max_2(tmp_path: Path) -> None:
    """Each has its own originator address towards the RTU and gets its own answers."""
    with running(tmp_path, max=2) as (_, rtu, port), started_master(port) as first, started_master(port) as second:
        with RawMaster(port) as third:
            third.wait_closed()
        first.post(single_command(MASTER_CA, 100, 1))
        second.post(single_command(MASTER_CA, 101, 1))
        for master, ioa in ((first, 100), (second, 101)):
            assert master.take(2)[0] == single_command(MASTER_CA, ioa, 1, ACTCON)
            assert_event_arrives(master, rtu.link)
            assert len({asdu[6] for asdu in master.asdus if asdu[0] == 45}) == 1
        assert len({asdu[3] for asdu in rtu.link.asdus}) == 2


def test_idletime_closes_a_connection_without_traffic(tmp_path: Path) -> None:
    with running(tmp_path, t3="never", idletime=2) as (gateway, rtu, port), started_master(port) as busy:
        busy.wait_for(lambda: busy.confirmed == 1, "our acknowledgement")
        began = time.monotonic()
        rtu.link.post(1.0)
        assert_event_arrives(busy, rtu.link)
        assert busy.wait_closed() - began > 2
        gateway.wait_log("M-1", "idle")


def test_masters_with_constants_of_their_own(tmp_path: Path) -> None:
    """A row's k and w beat the file's: never more than k=3 unacknowledged towards this one."""
    with (
        running(tmp_path, k=3, w=2) as (_, rtu, port),
        started_master(port, Constants(w=3, gateway_k=3, ack_after=5)) as master,
    ):
        for _ in range(5):
            assert_event_arrives(master, rtu.link)
        assert master.most_outstanding == 3
