"""Group F of the faults, and I02: flapping peers, a stolen port, kill -9, two programs with one file."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.endpoint import STARTDT_ACT, STOPDT_ACT
from tests.peers import RawMaster, RawRtu, is_let_in, is_listening, started_master
from tests.program import Gateway, Site, environment, eventually
from tests.stage import MASTER_CA, RTU_CA, assert_event_arrives, assert_served
from tests.station import ACTCON, TIME, Station, address, asdu, single_command, with_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.endpoint import Connection

if sys.platform == "win32":
    pytest.skip("SIGKILL and /proc", allow_module_level=True)

RECOVERED_WITHIN = 5.0


def event(ca: int, ioa: int) -> bytes:
    return asdu(30, 3, ca, address(ioa) + b"\1" + TIME)


@contextmanager
def running(folder: Path, rtu: RawRtu, **settings: object) -> Iterator[tuple[Gateway, int]]:
    site = Site(**settings)
    site.rtu(111, RTU_CA, rtu.port)
    port = site.master(111, "M-1", MASTER_CA)
    with Gateway(folder, site) as gateway:
        rtu.wait_link(started=settings.get("startdt") != "on_demand")
        yield gateway, port


def descriptors(gateway: Gateway) -> int:
    return len(list(Path(f"/proc/{gateway.process.pid}/fd").iterdir()))


@pytest.mark.parametrize("flaps", [2, pytest.param(60, marks=pytest.mark.slow)])
def test_f01_an_rtu_that_comes_and_goes_answers_nobody_with_what_was_asked_before(tmp_path: Path, flaps: int) -> None:
    """One connection each time, masters dropped once each, nothing left behind."""
    station = Station(RTU_CA, silent_types={45})
    with RawRtu(station) as rtu, running(tmp_path, rtu) as (gateway, port):
        for flap in range(1, flaps + 1):
            link = rtu.wait_link(flap, within=15)
            with started_master(port, within=15) as master:
                assert_event_arrives(master, link)
                master.post(single_command(MASTER_CA, 7, oa=9))
                station.wait_idle(link, flap)
                link.close()
                master.wait_closed()
                assert [it for it in master.asdus if it[0] == 45] == []
            again = rtu.wait_link(flap + 1, within=15)
            with started_master(port, within=15) as master:
                again.post(with_header(station.requests[-1], cause=ACTCON))
                assert [it for it in assert_event_arrives(master, again) if it[0] == 45] == []
        assert len(rtu.connections) == flaps + 1
        assert gateway.log("M-1").count("RTU lost") == flaps


def test_f02_a_storm_of_reconnects_stops_the_rtu_once_and_loses_no_event(tmp_path: Path) -> None:
    with RawRtu(Station(RTU_CA)) as rtu, running(tmp_path, rtu, startdt="on_demand") as (_, port):
        link = rtu.wait_link(started=False)
        got: list[bytes] = []
        for turn in range(20):
            with started_master(port) as master:
                link.post(event(RTU_CA, turn + 1))
                master.take_until(event(MASTER_CA, turn + 1))
                got += master.asdus
        seen = [item for item in got if item[0] == 30]
        assert list(dict.fromkeys(seen)) == [event(MASTER_CA, turn + 1) for turn in range(20)]
        assert (link.times_seen(STARTDT_ACT), link.times_seen(STOPDT_ACT)) == (1, 0)
        link.wait_frame(STOPDT_ACT)


STEAL = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_f04_a_stolen_port_is_a_fault_of_its_row_until_it_is_given_back(tmp_path: Path) -> None:
    """It is stolen while the RTU is away and the port closed."""
    with ExitStack() as exits:
        rtu = exits.enter_context(RawRtu(Station(RTU_CA)))
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        stolen, other = site.master(111, "M-1", MASTER_CA), site.master(111, "M-2", MASTER_CA)
        gateway = exits.enter_context(Gateway(tmp_path, site))
        rtu.wait_link()
        rtu.stop_listening()
        rtu.link.close()
        eventually(lambda: not is_listening(stolen), "the port is closed")
        thief = exits.enter_context(thief_of(stolen))
        rtu.listen()
        link = rtu.wait_link(2, within=15)
        gateway.wait_log("M-1", f"port {stolen} cannot be opened: Address already in use")
        with started_master(other) as master:
            assert_served(master, link)
        thief.communicate()
        with started_master(stolen, within=RECOVERED_WITHIN) as master:
            assert_served(master, link)


@contextmanager
def thief_of(port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", STEAL, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as thief:
        assert thief.stdout is not None
        assert thief.stdout.readline() == b"mine\n"
        try:
            yield thief
        finally:
            thief.kill()


class Talking:
    """An RTU's events, numbered and without end, as fast as the gateway takes them."""

    def __init__(self, rtu: RawRtu) -> None:
        self._rtu = rtu
        self._numbers = itertools.count(1)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._ended.wait(0.01):
            link: Connection = self._rtu.connections[-1]
            if link.ended is None and link.started:
                link.post([event(RTU_CA, next(self._numbers)) for _ in range(20)])


@pytest.mark.parametrize("kills", [2, pytest.param(200, marks=pytest.mark.slow)])
def test_f08_kill_9_at_random_moments_leaves_order_and_ports_intact(tmp_path: Path, kills: int) -> None:
    """Without a journal on disk what the killed process had is gone; nothing comes out of order or twice."""
    source = random.Random(104)
    with ExitStack() as exits:
        rtu = exits.enter_context(RawRtu(Station(RTU_CA)))
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA)
        talking: Talking | None = None
        numbers: list[int] = []
        for _ in range(kills):
            gateway = Gateway(tmp_path, site)
            exits.callback(gateway.process.kill)
            master = started_master(port, within=30)
            if talking is None:
                talking = Talking(rtu)
                exits.callback(talking.close)
            master.take(2)
            time.sleep(source.random() / 3)
            gateway.process.kill()
            gateway.process.wait()
            master.wait_closed()
            master.close()
            numbers += [int.from_bytes(item[6:9], "little") for item in master.asdus if item[0] == 30]
            assert master.fault is None
        assert numbers == sorted(set(numbers))
        with Gateway(tmp_path, site), started_master(port, within=15) as master:
            master.take(20)


def test_f10_of_two_programs_started_with_one_file_one_runs(tmp_path: Path) -> None:
    with RawRtu(Station(RTU_CA)) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "M-1", MASTER_CA)
        command = [sys.executable, "-m", "iec104mm2ss", "-n", "-i", str(site.write(tmp_path / "site.csv")), "--log-dir"]
        programs = [
            subprocess.Popen([*command, str(tmp_path / f"log{n}")], env=environment(), stderr=subprocess.PIPE)
            for n in range(2)
        ]
        try:
            eventually(lambda: any(it.poll() is not None for it in programs), "one has ended", 15)
            [loser] = [it for it in programs if it.poll() is not None]
            assert loser.returncode == 75
            assert loser.stderr is not None
            assert b"another program runs with this file" in loser.stderr.read()
            with started_master(port) as master:
                assert_served(master, rtu.link)
            assert len(rtu.connections) == 1
        finally:
            for it in programs:
                it.terminate()
                it.communicate()


@pytest.mark.parametrize("count", [300, pytest.param(100_000, marks=pytest.mark.slow)])
def test_i02_connecting_again_and_again_leaves_nothing_behind(tmp_path: Path, count: int) -> None:
    with RawRtu(Station(RTU_CA)) as rtu, running(tmp_path, rtu) as (gateway, port):
        with started_master(port) as master:
            assert_served(master, rtu.link)
        gateway.wait_log("M-1", "disconnected")
        before, memory = descriptors(gateway), gateway.memory()
        for turn in range(count):
            connection = RawMaster(port)
            if turn % 2:
                connection.send_raw(STARTDT_ACT)
            connection.close(reset=turn % 3 == 0)
        eventually(lambda: is_let_in(port), "the place is free again")
        with started_master(port) as master:
            assert_served(master, rtu.link)
        eventually(lambda: descriptors(gateway) <= before, "descriptors are as before")
        assert gateway.memory() < memory + 20
