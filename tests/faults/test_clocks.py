"""Faults C15 and C16: the wall clock is stepped, and the program is stopped for a while."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.endpoint import TESTFR_ACT
from tests.peers import RawRtu, started_master
from tests.program import Gateway, Site
from tests.stage import MASTER_CA, RTU_CA, assert_event_arrives, assert_served
from tests.station import Station, single_point

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "win32":
    pytest.skip("Windows has no SIGSTOP", allow_module_level=True)

# Steps the wall clock that the program sees, 1000 times at random moments within some seconds: by a second, an hour,
# ten years, to 1970 and back.
STEPPING_CLOCK = """
import random, sys, threading, time
real, offset = time.time, 0.0
time.time = lambda: real() + offset
def step():
    global offset
    source = random.Random(104)
    for _ in range(1000):
        time.sleep(source.random() / 150)
        offset = source.choice([0, 1, -1, 3600, -3600, 315e6, -real()])
    offset = 0
threading.Thread(target=step, daemon=True).start()
from iec104mm2ss.cli import main
sys.exit(main())
"""


@contextmanager
def running(folder: Path, **settings: object) -> Iterator[tuple[Gateway, RawRtu, int]]:
    launcher = settings.pop("launcher", ("-m", "iec104mm2ss"))
    assert isinstance(launcher, tuple)
    with RawRtu(Station(RTU_CA)) as rtu:
        site = Site(**settings)
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA)
        with Gateway(folder, site, launcher=launcher) as gateway:
            rtu.wait_link()
            yield gateway, rtu, port


def test_c15_steps_of_the_wall_clock_touch_no_timer(tmp_path: Path) -> None:
    """Every timer runs meanwhile: TESTFR after t3, acknowledgement at t2, events; nothing is closed."""
    launcher = ("-c", STEPPING_CLOCK)
    with running(tmp_path, t1=3, t2=1, t3=2, launcher=launcher) as (_, rtu, port), started_master(port) as master:
        until = time.monotonic() + 4.5
        while time.monotonic() < until:
            assert_event_arrives(master, rtu.link)
            time.sleep(0.02)
        rtu.link.wait_acknowledged()
        rtu.link.wait_frame(TESTFR_ACT)
        master.wait_frame(TESTFR_ACT)
        assert_served(master, rtu.link)
        assert (len(rtu.connections), rtu.link.ended, master.ended) == (1, None, None)


def test_c16_short_stop_is_not_noticed(tmp_path: Path) -> None:
    """What came meanwhile is delivered in order, on the same connections."""
    events = [single_point(RTU_CA, ioa) for ioa in range(1, 13)]
    with running(tmp_path, t1=4, t2=1, t3=3) as (gateway, rtu, port), started_master(port) as master:
        gateway.signal(signal.SIGSTOP)
        rtu.link.post(events)
        time.sleep(1.5)
        gateway.signal(signal.SIGCONT)
        assert master.take(12) == [single_point(MASTER_CA, ioa) for ioa in range(1, 13)]
        assert_served(master, rtu.link)
        assert (len(rtu.connections), rtu.link.ended, master.ended) == (1, None, None)


def test_c16_long_stop_ends_in_one_reconnect(tmp_path: Path) -> None:
    """The peers have given up meanwhile; the program comes back without a storm."""
    with running(tmp_path, t1=2, t2=1, t3=3) as (gateway, rtu, port):
        with started_master(port) as master:
            gateway.signal(signal.SIGSTOP)
            time.sleep(6)
            rtu.link.close()
        gateway.signal(signal.SIGCONT)
        link = rtu.wait_link(2, within=15)
        with started_master(port) as master:
            assert_served(master, link)
        assert len(rtu.connections) == 2
