import asyncio
import contextlib
import gc
import socket
import struct
import sys

import pytest

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.transport import connection, server
from iec104mm2ss.transport.client import connect
from iec104mm2ss.transport.connection import Connection
from iec104mm2ss.transport.server import Listener
from tests.program import free_port
from tests.transport.recorder import HOST, Port, Recorder, lose_socket, until

DEFAULTS = LinkParameters()
HAS_IPV6 = socket.has_dualstack_ipv6()


def everywhere(port: int, accepted: list[Connection]) -> Listener:
    """A listener without a local address."""
    return Listener(
        port,
        DEFAULTS,
        bind=None,
        accepts=lambda _: True,
        on_connection=accepted.append,
        on_refused=lambda *_: None,
    )


async def close(*connections: Connection) -> None:
    for end in connections:
        end.close("test over")
        await end.gone.wait()


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("127.0.0.1", "127.0.0.1"),
        pytest.param("::1", "[::1]", marks=pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")),
    ],
)
def test_without_a_local_address_both_kinds_of_peer_are_accepted_and_named(host: str, written: str) -> None:
    async def scenario() -> None:
        accepted: list[Connection] = []
        listener = everywhere(port := free_port(), accepted)
        await listener.open()
        client = await connect(host, port, DEFAULTS)
        await until(lambda: accepted)
        assert client.peer == accepted[0].local == f"{written}:{port}"
        assert client.local == accepted[0].peer
        assert accepted[0].host == host
        assert repr(client) == f"<Connection {client.local}-{written}:{port}>"
        listener.close()
        await close(client, accepted[0])

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [OSError("no IPv6"), ValueError("no dual stack")])
def test_a_machine_without_ipv6_listens_on_ipv4(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    create = socket.create_server

    def ipv4_only(
        address: tuple[str, int], *, family: socket.AddressFamily, dualstack_ipv6: bool = False
    ) -> socket.socket:
        if family is socket.AF_INET6:
            raise error
        return create(address, family=family)

    async def scenario() -> None:
        monkeypatch.setattr(socket, "create_server", ipv4_only)
        accepted: list[Connection] = []
        listener = everywhere(port := free_port(), accepted)
        await listener.open()
        client = await connect(HOST, port, DEFAULTS)
        await until(lambda: accepted)
        listener.close()
        await close(client, accepted[0])

    asyncio.run(scenario())


def test_a_port_that_closes_while_it_opens_is_free_again() -> None:
    async def scenario() -> None:
        port = Port(DEFAULTS)
        opening = asyncio.create_task(port.listener.open())
        await asyncio.sleep(0)
        opening.cancel()
        port.listener.close()
        port.listener.close()
        await asyncio.wait({opening})
        with pytest.raises(ConnectionRefusedError):
            await connect(HOST, port.number, DEFAULTS)
        await port.listener.open()
        port.listener.close()

    asyncio.run(scenario())


def test_a_port_that_has_lost_its_socket_knows_it_and_can_be_opened_again() -> None:
    """As asyncio on Windows loses it where a peer resets its connection while that is accepted."""

    async def scenario() -> None:
        port = Port(DEFAULTS)
        assert not port.listener.has_died
        await port.listener.open()
        assert not port.listener.has_died
        lose_socket(port.listener)
        assert port.listener.has_died
        port.listener.close()
        assert not port.listener.has_died
        await port.listener.open()
        client = await connect(HOST, port.number, DEFAULTS)
        await until(lambda: port.accepted)
        port.listener.close()
        await close(client, port.accepted[0])

    asyncio.run(scenario())


@pytest.mark.parametrize("rounds", range(5))
def test_a_peer_that_is_accepted_in_the_moment_in_which_the_port_closes_is_not_left_hanging(rounds: int) -> None:
    async def scenario() -> None:
        port, loop = Port(DEFAULTS), asyncio.get_running_loop()
        complaints: list[object] = []
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        await port.listener.open()
        with socket.create_connection((HOST, port.number)) as peer:
            for _ in range(rounds):
                await asyncio.sleep(0)
            port.listener.close()
            for accepted in port.accepted:
                accepted.close("test over")
            peer.settimeout(0)
            async with asyncio.timeout(5):
                with contextlib.suppress(ConnectionResetError):
                    assert await loop.sock_recv(peer, 1) == b""
        assert complaints == []

    gc.disable()
    try:
        asyncio.run(scenario())
    finally:
        gc.enable()


def test_a_connection_that_comes_in_the_moment_in_which_the_port_closes_is_closed() -> None:
    async def scenario() -> None:
        port = Port(DEFAULTS)
        await port.listener.open()
        client = await connect(HOST, port.number, DEFAULTS)
        await until(lambda: port.accepted)
        late = port.accepted.pop()
        port.listener.close()
        port.listener._on_connected(late)
        assert late.close_reason == "the port has just been closed"
        assert port.accepted == []
        await close(client, late)

    asyncio.run(scenario())


def test_a_peer_that_was_gone_before_it_was_accepted_is_a_lost_connection() -> None:
    async def scenario() -> None:
        port, owner = Port(DEFAULTS), Recorder()
        await port.listener.open()
        with socket.create_connection((HOST, port.number)) as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST instead of FIN
        await until(lambda: port.accepted)
        port.accepted[0].begin(owner)
        await port.accepted[0].gone.wait()
        assert owner.reasons == ["connection lost: [Errno 104] Connection reset by peer"]
        port.listener.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (("10.1.1.7", 2404), ("10.1.1.7:2404", "10.1.1.7")),
        (("::ffff:10.1.1.7", 2404, 0, 0), ("10.1.1.7:2404", "10.1.1.7")),
        (("fe80::1%eth0", 2404, 0, 2), ("[fe80::1%eth0]:2404", "fe80::1%eth0")),
        (None, ("?", "")),
    ],
    ids=["IPv4", "IPv4 in IPv6", "IPv6", "gone already"],
)
def test_addresses_are_written_as_people_write_them(name: object, address: tuple[str, str]) -> None:
    assert connection.address(name) == address


def test_on_windows_a_port_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    # No such option here: another harmless one in its place shows that it is set before the port is bound.
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE, raising=False)
    port = free_port()
    with server._socket(HOST, port, socket.AF_INET) as sock:
        assert sock.getsockname() == (HOST, port)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        with pytest.raises(OSError, match="in use"):
            server._socket(HOST, port, socket.AF_INET)


@pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
def test_on_windows_one_socket_listens_for_both_kinds_of_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE, raising=False)
    with server._socket("", free_port(), socket.AF_INET6, dual_stack=True) as sock:
        assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 0
