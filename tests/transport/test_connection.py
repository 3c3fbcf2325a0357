import asyncio
import socket
from typing import Any
from unittest.mock import Mock

import pytest

from iec104mm2ss.link.events import Acknowledged, Event, Received, Started, StartRequested, Stopped
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.transport import connection
from iec104mm2ss.transport.client import connect
from iec104mm2ss.transport.connection import Connection, read_buffer
from tests.transport.recorder import HOST, Port, Recorder, pair, until

DEFAULTS = LinkParameters()
# M_SP_NA_1, one object, spontaneous, OA 0, CA 32, IOA 11, ON
ON = bytes.fromhex("01 01 03 00 20 00 0b 00 00 01")
STARTDT_ACT = bytes.fromhex("68 04 07 00 00 00")


def test_two_ends_start_send_and_acknowledge() -> None:
    async def scenario() -> None:
        server, client = Recorder(), Recorder()
        async with pair(LinkParameters(w=1), server, client) as (controlled, controlling):
            controlling.start()
            await until(lambda: server.events)
            assert server.events == [StartRequested()]
            controlled.start()
            await until(lambda: client.events)
            assert client.events == [Started()]
            controlled.send([ON, ON])
            await until(lambda: Acknowledged(2) in server.events)
            assert client.events[1:] == [Received([ON, ON])]

    asyncio.run(scenario())


def test_connections_share_a_read_buffer_where_a_loop_hands_on_before_it_reads_again() -> None:
    async def two() -> tuple[memoryview, memoryview]:
        loop = asyncio.get_running_loop()
        return read_buffer(loop), read_buffer(loop)

    first, second = asyncio.run(two())
    assert first is second
    # Another thread may run the other loop.
    assert asyncio.run(two())[0] is not first


def test_a_loop_that_lends_buffers_to_the_kernel_has_one_for_each_connection() -> None:
    loop = Mock(spec=asyncio.AbstractEventLoop)
    assert read_buffer(loop) is not read_buffer(loop)


def test_a_system_without_a_time_limit_for_unacknowledged_octets_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT", raising=False)

    async def scenario() -> None:
        server, client = Recorder(), Recorder()
        async with pair(DEFAULTS, server, client) as (_, controlling):
            controlling.start()
            await until(lambda: server.events)

    asyncio.run(scenario())


def test_nothing_is_read_from_a_connection_that_has_not_begun() -> None:
    async def scenario() -> None:
        port, owner = Port(DEFAULTS), Recorder()
        await port.listener.open()
        with socket.create_connection((HOST, port.number)) as peer:
            peer.sendall(STARTDT_ACT)
            await until(lambda: port.accepted)
            await asyncio.sleep(0)
            newcomer = port.accepted[0]
            newcomer.begin(owner)
            await until(lambda: owner.events)
            assert owner.events == [StartRequested()]
            newcomer.close("enough")
            assert await asyncio.to_thread(peer.recv, 1) == b""
        port.listener.close()

    asyncio.run(scenario())


def test_a_connection_lost_before_it_began_reports_that_at_begin() -> None:
    async def scenario() -> None:
        port, owner = Port(DEFAULTS), Recorder()
        await port.listener.open()
        with socket.create_connection((HOST, port.number)):
            await until(lambda: port.accepted)
            port.accepted[0].close("replaced")
            await port.accepted[0].gone.wait()
            port.accepted[0].begin(owner)
        assert owner.reasons == ["replaced"]
        port.listener.close()

    asyncio.run(scenario())


def test_a_refused_peer_is_closed_without_an_octet() -> None:
    async def scenario() -> None:
        port = Port(DEFAULTS, accepts=lambda address: address != HOST)
        await port.listener.open()
        with socket.create_connection((HOST, port.number)) as peer:
            assert await asyncio.to_thread(peer.recv, 1) == b""
            assert port.refused == [("{}:{}".format(*peer.getsockname()), "not in the filter")]
        assert port.accepted == []
        port.listener.close()

    asyncio.run(scenario())


def test_a_bug_in_the_owner_ends_this_connection_and_reaches_the_owner() -> None:
    def stumble(event: Event) -> None:
        raise KeyError(event)

    async def scenario() -> None:
        server, client = Recorder(stumble), Recorder()
        async with pair(DEFAULTS, server, client) as (_, controlling):
            controlling.start()
            await until(lambda: client.reasons)
        assert [type(bug) for bug in server.bugs] == [KeyError]
        assert server.reasons == ["internal error: KeyError(StartRequested())"]
        assert client.reasons[0].startswith("closed by peer")

    asyncio.run(scenario())


def test_a_bug_at_the_end_reaches_the_owner_and_not_whoever_closes() -> None:
    class Clumsy(Recorder):
        def on_closed(self, connection: Connection, reason: str) -> None:
            super().on_closed(connection, reason)
            raise KeyError(reason)

    async def scenario() -> None:
        server, client = Clumsy(), Recorder()
        async with pair(DEFAULTS, server, client) as (controlled, _):
            controlled.close("enough")
        assert server.reasons == ["enough"]
        assert [repr(bug) for bug in server.bugs] == ["KeyError('enough')"]

    asyncio.run(scenario())


def test_withheld_frames_are_acknowledged_with_their_release() -> None:
    async def scenario() -> None:
        server, client = Recorder(), Recorder()
        async with pair(LinkParameters(w=1), server, client) as (controlled, controlling):
            controlling.start()
            await until(lambda: server.events)
            controlled.start()
            await until(lambda: client.events)
            controlling.withhold()
            controlled.send([ON, ON])
            await until(lambda: Received([ON, ON]) in client.events)
            controlling.test()
            controlling.stop()
            await until(lambda: Acknowledged(2) in server.events)
            await until(lambda: Stopped() in client.events)
            controlling.release()
            assert controlling.link.held == 0

    asyncio.run(scenario())


def test_an_earlier_deadline_replaces_the_one_that_is_armed() -> None:
    async def scenario() -> None:
        server, client = Recorder(), Recorder()
        # STARTDT act is owed a confirmation after 0.2 s; before it was sent only t3 was due
        async with pair(LinkParameters(t1=0.2, t2=0.1), server, client) as (_, controlling):
            controlling.start()
            await until(lambda: client.reasons)
            assert client.reasons == ["STARTDT act not confirmed within t1 (0.2 s)"]

    asyncio.run(scenario())


def test_the_peer_breaking_the_protocol_is_closed_with_the_reason() -> None:
    async def scenario() -> None:
        port, owner = Port(DEFAULTS), Recorder()
        await port.listener.open()
        with socket.create_connection((HOST, port.number)) as peer:
            await until(lambda: port.accepted)
            port.accepted[0].begin(owner)
            peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert await asyncio.to_thread(peer.recv, 1) == b""
        assert len(owner.reasons) == 1
        assert "0x47" in owner.reasons[0]
        port.listener.close()

    asyncio.run(scenario())


def test_a_silent_peer_is_tested_and_closed_by_the_one_timer() -> None:
    async def scenario() -> None:
        parameters = LinkParameters(t1=0.2, t2=0.1, t3=0.1)
        port, owner = Port(parameters), Recorder()
        await port.listener.open()
        with socket.create_connection((HOST, port.number)) as peer:
            await until(lambda: port.accepted)
            port.accepted[0].begin(owner)
            await until(lambda: owner.reasons)
            assert peer.recv(6) == bytes.fromhex("68 04 43 00 00 00")  # TESTFR act
        assert "TESTFR" in owner.reasons[0]
        port.listener.close()

    asyncio.run(scenario())


def test_closing_a_peer_that_does_not_read_takes_no_longer_than_a_second() -> None:
    async def scenario() -> None:
        parameters = LinkParameters(k=32767, w=1)
        port, owner = Port(parameters), Recorder()
        await port.listener.open()
        with socket.create_connection((HOST, port.number)) as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await until(lambda: port.accepted)
            stuck = port.accepted[0]
            stuck.begin(owner)
            peer.sendall(STARTDT_ACT)
            await until(lambda: owner.events)
            stuck.start()
            # M_BO_NA_1 in its longest form, SQ=1: far more than the kernel's buffers take
            longest = bytes.fromhex("07 b0 03 00 20 00 01 00 00") + bytes(48 * 5)
            stuck.send([longest] * 32767)
            stuck.close("stop")
            async with asyncio.timeout(3):
                await stuck.gone.wait()
        assert owner.reasons == ["stop"]
        assert stuck.window == 0
        port.listener.close()

    asyncio.run(scenario())


def test_what_a_closing_connection_waits_for_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Octets that the kernel does not take at once, and the peer takes before they are given up."""
    monkeypatch.setattr(connection, "CLOSE_PATIENCE", 0.5)
    complaints: list[dict[str, Any]] = []

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        port = Port(DEFAULTS)
        await port.listener.open()
        with socket.create_connection((HOST, port.number)) as peer:
            peer.settimeout(0)
            await until(lambda: port.accepted)
            end = port.accepted[0]
            end.begin(Recorder())
            end._transport.write(bytes(8_000_000))
            end.close("stop")
            while not end.gone.is_set():
                await loop.sock_recv(peer, 1 << 20)
            await asyncio.sleep(0.6)
        port.listener.close()

    asyncio.run(scenario())
    assert complaints == []


def test_a_taken_port_raises_and_a_closed_one_is_free_again() -> None:
    async def scenario() -> None:
        port = Port(DEFAULTS)
        with socket.create_server((HOST, port.number)):
            with pytest.raises(OSError, match="use"):
                await port.listener.open()
            assert not port.listener.is_open
        await port.listener.open()
        assert port.listener.is_open
        port.listener.close()
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await connect(HOST, port.number, DEFAULTS)

    asyncio.run(scenario())


def test_a_host_that_does_not_answer_is_given_up_after_t0() -> None:
    async def scenario() -> None:
        with socket.socket() as full:
            full.bind((HOST, 0))
            full.listen(0)
            address = full.getsockname()
            fillers = [socket.socket() for _ in range(3)]
            for filler in fillers:
                filler.settimeout(0)
                filler.connect_ex(address)
            with pytest.raises(TimeoutError):
                await connect(HOST, address[1], LinkParameters(t0=0.2))
            for filler in fillers:
                filler.close()

    asyncio.run(scenario())
