"""Many events to many masters, one of which stops reading. 50 000 pass the wrap of the numbers at 32768 (C03)."""

from __future__ import annotations

import itertools
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.peers import RawMaster, RawRtu, started_master
from tests.program import Gateway, Site
from tests.station import TIME, Station, address, asdu, single_point, with_header

if TYPE_CHECKING:
    from pathlib import Path

RTU_CA = 32
MASTER_CAS = (33, 33, 34, 32)
EVENTS = [single_point(RTU_CA, ioa) for ioa in range(1, 50_001)]
WITHIN = 90.0


def expected_for(ca: int) -> list[bytes]:
    header = single_point(ca, 0)[:6]
    return [header + event[6:] for event in EVENTS]


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_c03_fifty_thousand_events_to_five_masters_one_of_which_stops_reading(tmp_path: Path) -> None:
    site = Site()
    with ExitStack() as exits:
        rtu = exits.enter_context(RawRtu(Station(RTU_CA)))
        site.rtu(111, RTU_CA, rtu.port)
        ports = [site.master(111, f"M-{n}", ca) for n, ca in enumerate(MASTER_CAS)]
        slow_port = site.master(111, "SLOW", 35)
        gateway = exits.enter_context(Gateway(tmp_path, site, debug=False))
        masters = [exits.enter_context(started_master(port)) for port in ports]
        slow = exits.enter_context(RawMaster(slow_port, buffer=4096))
        slow.start()
        slow.pause_reading()
        before = gateway.memory()
        rtu.link.post(EVENTS)
        assert _most_memory(gateway, masters) < before + 48
        for master, ca in zip(masters, MASTER_CAS, strict=True):
            assert master.take(len(EVENTS)) == expected_for(ca)
        gateway.wait_log("SLOW", "disconnected", "behind")
        assert (gateway.logs / f"111-M-{slow_port}-SLOW.log").is_file()
        slow.resume_reading()
        slow.wait_closed()
        got = slow.asdus[1:]
        assert got == [with_header(event, ca=35) for event in EVENTS[: len(got)]]
        assert len(got) < len(EVENTS)


def _most_memory(gateway: Gateway, masters: list[RawMaster]) -> int:
    """Return the most resident memory (MiB) seen until every master has every event."""
    most = 0
    give_up = time.monotonic() + WITHIN
    while min(len(master.asdus) for master in masters) <= len(EVENTS):
        assert time.monotonic() < give_up, [master.summary() for master in masters]
        most = max(most, gateway.memory())
        time.sleep(0.1)
    return most


def test_slow_master_that_catches_up_loses_nothing(tmp_path: Path) -> None:
    """The buffer holds what a master has not read yet; nothing of it is dropped while it fits."""
    with RawRtu(Station(RTU_CA)) as rtu:
        site = Site(event_buffer=5000)
        site.rtu(111, RTU_CA, rtu.port)
        port, other_port = site.master(111, "M-1", 33), site.master(111, "M-2", 34)
        with Gateway(tmp_path, site) as gateway, started_master(port) as slow, started_master(other_port) as other:
            slow.pause_reading()
            rtu.link.post(EVENTS[:2000])
            assert other.take(2000, 30) == [with_header(event, ca=34) for event in EVENTS[:2000]]
            slow.resume_reading()
            assert slow.take(2000, 30) == [with_header(event, ca=33) for event in EVENTS[:2000]]
            assert "disconnected" not in gateway.log("M-1")


def test_all_masters_slow_stops_the_rtu_at_its_own_k(tmp_path: Path) -> None:
    """The gateway withholds acknowledgement, and when a master reads again the RTU goes on; nothing is lost."""
    with RawRtu(Station(RTU_CA)) as rtu:
        site = Site(event_buffer=100)
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", 33)
        with Gateway(tmp_path, site), started_master(port) as slow:
            slow.pause_reading()
            rtu.link.post(EVENTS[:1000])
            link = rtu.link
            link.wait_for(lambda: link.sent - link.acknowledged == 12 and link.sent > 50, "an RTU stopped at its k")
            stopped_at = link.sent
            slow.resume_reading()
            assert slow.take(1000) == [with_header(event, ca=33) for event in EVENTS[:1000]]
            assert stopped_at < 130


def test_master_that_was_away_gets_the_tagged_events_it_missed(tmp_path: Path) -> None:
    """Time-tagged events are replayed in order and before live ones; untagged values are not."""
    tagged = [asdu(30, 3, RTU_CA, address(ioa) + b"\1" + TIME) for ioa in range(1, 41)]
    untagged = EVENTS[:40]
    with RawRtu(Station(RTU_CA)) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port, other_port = site.master(111, "M-1", 33), site.master(111, "M-2", 34)
        with Gateway(tmp_path, site), started_master(other_port) as other:
            with started_master(port) as master:
                rtu.link.post(single_point(RTU_CA, 7))
                master.take_until(single_point(33, 7))
                master.wait_for(lambda: master.confirmed == master.received, "our acknowledgement")
                master.test()
            mixed = list(itertools.chain.from_iterable(zip(tagged, untagged, strict=True)))
            rtu.link.post(mixed)
            other.take_until(with_header(mixed[-1], ca=34))
            with started_master(port) as master:
                live = single_point(RTU_CA, 8)
                rtu.link.post(live)
                assert master.take_until(with_header(live, ca=33)) == [with_header(event, ca=33) for event in tagged]
