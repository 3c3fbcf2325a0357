"""Group D of the faults as far as loopback shows them: half closes, resets, peers that do not read or say nothing."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from typing import TYPE_CHECKING

from tests.endpoint import STARTDT_ACT, TESTFR_ACT, i_frame, s_frame
from tests.peers import RawMaster, RawRtu, is_let_in, started_master
from tests.program import Gateway, Site, eventually
from tests.stage import MASTER_CA, RTU_CA, T1, Stage, arrivals, assert_served
from tests.station import TIME, Station, address, asdu, interrogation, single_point

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import RtuStage

EVENTS = 400


def tagged(ca: int, ioa: int) -> bytes:
    return asdu(30, 3, ca, address(ioa) + b"\1" + TIME)


def test_d01_half_close_while_events_flow(stage: Stage) -> None:
    """The connection ends; what the master had not taken it gets at its return, in order."""
    log = stage.victims_log()
    arrivals(stage.rtu.link, stage.witness)
    with stage.victim() as victim:
        stage.rtu.link.post([tagged(RTU_CA, ioa) for ioa in range(1, EVENTS + 1)])
        victim.take(20)
        victim.socket.shutdown(socket.SHUT_WR)
        victim.wait_closed()
        seen = [item for item in victim.asdus if item[0] == 30]
    stage.gateway.wait_log("VICTIM", "disconnected", "closed by peer", since=log)
    expected = [tagged(MASTER_CA, ioa) for ioa in range(1, EVENTS + 1)]
    assert seen == expected[: len(seen)]
    assert [item for item in arrivals(stage.rtu.link, stage.witness)[0] if item[0] == 30] == expected
    with stage.victim() as again:
        again.wait_for(lambda: expected[-1] in again.asdus, "the last event")
        replayed = [item for item in again.asdus if item[0] == 30]
        assert replayed == expected[-len(replayed) :]
        assert len(seen) + len(replayed) >= EVENTS
    stage.assert_healthy()


CONVERSATION = STARTDT_ACT + TESTFR_ACT + i_frame(0, 0, interrogation(MASTER_CA)) + s_frame(0) + TESTFR_ACT


def test_d02_a_master_resets_at_200_points(stage: Stage) -> None:
    source = random.Random(104)
    for case in range(200):
        master = RawMaster(stage.victims_port)
        master.acknowledges = False
        master.send_raw(CONVERSATION[: source.randrange(len(CONVERSATION) + 1)])
        master.close(reset=True)
        if case % 50 == 0:
            stage.assert_healthy()
    stage.assert_healthy()


def test_d02_an_rtu_resets_within_every_frame(rtu_stage: RtuStage) -> None:
    event = i_frame(0, 0, single_point(RTU_CA, 1))
    for cut in (0, 1, 5, 6, len(event) - 1, len(event)):
        attacker = rtu_stage.attacker()
        link = attacker.ready()
        link.send_raw(event[:cut])
        link.close(reset=True)
        attacker.left()
    rtu_stage.assert_healthy()
    rtu_stage.assert_all_recover()


def test_d04_a_master_that_reads_nothing_is_closed_at_t1(stage: Stage) -> None:
    """Its TCP is alive and its window shut; at most k frames wait for it, and nobody else notices."""
    log = stage.victims_log()
    arrivals(stage.rtu.link, stage.witness)
    with RawMaster(stage.victims_port, buffer=2304) as victim:
        victim.start()
        victim.acknowledges = False
        victim.pause_reading()
        began = time.monotonic()
        stage.rtu.link.post([single_point(RTU_CA, ioa) for ioa in range(1, EVENTS + 1)])
        assert len(arrivals(stage.rtu.link, stage.witness)[0]) == EVENTS
        stage.gateway.wait_log("VICTIM", "not acknowledged within t1", since=log, within=T1 + 5)
        assert time.monotonic() - began > T1 - 0.5
        victim.resume_reading()
        victim.wait_closed()
        assert victim.received <= 12
    stage.assert_healthy()


class ClosesAtOnce:
    """Something that listens where an RTU should be and closes whatever is accepted."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.accepted: list[float] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._listener.accept()[0].close()
                self.accepted.append(time.monotonic())

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


def test_d06_a_host_that_accepts_and_closes_is_no_storm_and_the_next_one_serves(tmp_path: Path) -> None:
    broken = ClosesAtOnce()
    with contextlib.closing(broken), RawRtu(Station(RTU_CA)) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, broken.port, rtu.port)
        site.rtu(222, RTU_CA, broken.port, name="RTU-2")
        port, _ = site.master(111, "M-1", MASTER_CA), site.master(222, "M-2", MASTER_CA)
        with Gateway(tmp_path, site) as gateway, contextlib.ExitStack() as masters:
            # Not sooner: the port is open for a moment with each host that accepts.
            gateway.wait_log("RTU-1", "connected to", f":{rtu.port}", within=20)
            master = masters.enter_context(started_master(port, within=20))
            eventually(lambda: len(broken.accepted) >= 4, "the other group goes on trying", 15)
            assert_served(master, rtu.link)
            assert len(rtu.connections) == 1
        first, *_, last = broken.accepted[1:]
        assert (last - first) / (len(broken.accepted) - 2) > 0.3


def test_d11_connections_that_say_nothing_take_no_more_places_than_the_row_has(stage: Stage) -> None:
    """The row lets 32 in and one more wait; who comes beyond is closed, and other rows accept as before."""
    silent = [socket.create_connection(("127.0.0.1", stage.victims_port)) for _ in range(60)]
    for sock in silent:
        sock.settimeout(0)
    for sock in silent[::2]:
        with contextlib.suppress(OSError):
            sock.sendall(STARTDT_ACT[:3])
    stage.assert_healthy()
    eventually(lambda: sum(map(is_open, silent)) <= 33, "those without a place are closed")
    for sock in silent:
        sock.close()
    eventually(lambda: is_let_in(stage.victims_port), "the places are free again")
    stage.assert_healthy()


def is_open(sock: socket.socket) -> bool:
    """Whether the gateway has not closed its end; what it has sent is read and forgotten."""
    try:
        while octets := sock.recv(4096):
            assert octets
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
