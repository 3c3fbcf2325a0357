"""The judge is judged: scripted peers accuse what the standard forbids and agree with lib60870 on what it allows."""

import socket
from collections.abc import Iterator

import c104
import pytest

from tests.endpoint import STARTDT_ACT, STARTDT_CON, Connection, Constants, i_frame, s_frame, split_frames
from tests.peers import RawMaster, RawRtu
from tests.program import eventually, free_port
from tests.station import ACTCON, ACTTERM, Station, interrogation, single_point, type_and_cause

EVENT = single_point(32, 1)


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, Connection]]:
    """A bare socket that plays the gateway, and the started connection that judges it."""
    listener = socket.create_server(("127.0.0.1", 0))
    gateway = socket.create_connection(listener.getsockname())
    sock, _ = listener.accept()
    judge = Connection(sock, Constants(w=4, gateway_k=3, ack_after=30))
    gateway.sendall(STARTDT_ACT)
    judge.wait_frame(STARTDT_ACT)
    yield gateway, judge
    judge.close()
    gateway.close()
    listener.close()


@pytest.mark.parametrize(
    ("octets", "offence"),
    [
        (i_frame(1, 0, EVENT), "N(S) 1 instead of 0"),
        (i_frame(0, 0, EVENT) + i_frame(0, 0, EVENT), "N(S) 0 instead of 1"),
        (i_frame(0, 1, EVENT), "N(R) 1 while 0 were sent"),
        (s_frame(1), "N(R) 1 while 0 were sent"),
        (b"".join(i_frame(n, 0, EVENT) for n in range(4)), "4 unacknowledged I-frames where k is 3"),
    ],
)
def test_offence_is_seen(wire: tuple[socket.socket, Connection], octets: bytes, offence: str) -> None:
    gateway, judge = wire
    gateway.sendall(octets)
    judge.wait_for(lambda: judge.fault is not None, "accusation")
    assert judge.fault is not None
    assert judge.fault.startswith(offence)


def test_i_frame_before_startdt_is_seen() -> None:
    with RawRtu() as rtu, RawMaster(rtu.port) as master:
        link = rtu.wait_link(started=False)
        link.send_raw(i_frame(0, 0, EVENT))
        master.wait_for(lambda: master.fault is not None, "accusation")
        assert master.fault == f"I-frame while stopped: {i_frame(0, 0, EVENT).hex()}"
        master.fault = None


def test_lawful_frames_are_not_accused(wire: tuple[socket.socket, Connection]) -> None:
    gateway, judge = wire
    gateway.sendall(b"".join(i_frame(n, 0, EVENT) for n in range(3)))
    judge.take(3)
    judge.send_s()
    gateway.sendall(b"".join(i_frame(n, 0, EVENT) for n in range(3, 6)))
    judge.take(3)
    assert (judge.fault, judge.most_outstanding) == (None, 3)


def test_frames_are_cut_whatever_is_left_over() -> None:
    octets = STARTDT_CON + i_frame(5, 6, EVENT)
    assert split_frames(octets + b"\x68\x0e") == ([STARTDT_CON, i_frame(5, 6, EVENT)], b"\x68\x0e")


def test_raw_master_with_a_c104_rtu() -> None:
    port = free_port()
    server = c104.Server("127.0.0.1", port)
    station = server.add_station(32)
    assert station
    station.add_point(1, c104.Type.M_SP_NA_1)
    server.start()
    try:
        with RawMaster(port) as master:
            master.send_raw(STARTDT_ACT)
            master.wait_frame(STARTDT_CON)
            master.post(interrogation(32))
            answers = master.take(3)
            assert [type_and_cause(asdu) for asdu in answers] == [(100, ACTCON), (1, 20), (100, ACTTERM)]
    finally:
        server.stop()


def test_c104_master_with_a_raw_rtu() -> None:
    station = Station(32, points={1: 1})
    with RawRtu(station) as rtu:
        client = c104.Client()
        connection = client.add_connection("127.0.0.1", rtu.port, c104.Init.MUTED)
        assert connection
        remote = connection.add_station(32)
        assert remote
        point = remote.add_point(1, c104.Type.M_SP_NA_1)
        assert point
        client.start()
        try:
            eventually(lambda: connection.is_connected and connection.unmute(), "the c104 client is connected")
            assert connection.interrogation(32, wait_for_response=False)
            eventually(lambda: point.value is True, "the interrogated value")
        finally:
            client.stop()
    assert station.requests[0][0] == 100
