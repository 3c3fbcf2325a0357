"""Handshakes on a port that go wrong, or nowhere, and whom they hold up (faults G16, G17)."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from iec104mm2ss.transport import handshakes, tls_layer
from iec104mm2ss.transport.client import connect
from tests.tls.conversation import lax
from tests.transport.recorder import HOST, Port, Recorder, until
from tests.transport.secured import DEFAULTS, STARTDT_ACT, Ends, gone, listening, play, raw


@contextmanager
def silent(port: Port, count: int = 1) -> Iterator[list[socket.socket]]:
    """TCP connections over which nothing is sent."""
    with ExitStack() as exits:
        yield [exits.enter_context(socket.create_connection((HOST, port.number))) for _ in range(count)]


def name_of(sock: socket.socket) -> str:
    return "{}:{}".format(*sock.getsockname())


def test_the_filter_is_asked_before_an_octet_is_read_or_sent(ends: Ends) -> None:
    async def scenario() -> None:
        async with listening(ends.rtu, accepts=lambda host: host != HOST) as port:
            with silent(port, 10) as peers:
                for peer in peers:
                    assert await asyncio.to_thread(peer.recv, 1) == b""
                assert sorted(port.refused) == sorted((name_of(peer), "not in the filter") for peer in peers)

    play(scenario)


def test_a_peer_without_tls_is_refused_with_that_reason(ends: Ends) -> None:
    async def scenario() -> None:
        async with listening(ends.rtu) as port, raw(port, None) as (reader, writer):
            writer.write(STARTDT_ACT)
            await reader.read()
            assert port.refused == [
                (
                    "{}:{}".format(*writer.get_extra_info("sockname")),
                    "TLS: it does not speak TLS but IEC 104 without TLS",
                )
            ]

    play(scenario)


def test_a_stalled_handshake_ends_and_holds_up_nobody(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tls_layer._HANDSHAKE_TIME == 10
    monkeypatch.setattr(tls_layer, "_HANDSHAKE_TIME", 0.3)

    async def scenario() -> None:
        async with listening(ends.rtu) as port:
            with silent(port) as (peer,):
                client = await connect(HOST, port.number, DEFAULTS, ends.gateway)
                await until(lambda: port.refused)
                assert port.refused == [(name_of(peer), "TLS: handshake not finished within 0.3 s")]
                assert await asyncio.to_thread(peer.recv, 1) == b""
                assert len(port.accepted) == 1
            await gone(client)

    play(scenario)


def test_of_too_many_handshakes_the_oldest_gives_way(ends: Ends) -> None:
    async def scenario() -> None:
        async with listening(ends.rtu) as port:
            with silent(port, 16) as peers:
                await until(lambda: len(port.listener._handshakes._running) == 16)  # type: ignore[union-attr]
                client = await connect(HOST, port.number, DEFAULTS, ends.gateway)
                assert port.refused == [
                    (name_of(peers[0]), "TLS: 16 other handshakes began before this one was finished")
                ]
                assert await asyncio.to_thread(peers[0].recv, 1) == b""
                await until(lambda: port.accepted)
            await until(lambda: len(port.refused) == 16)
            assert {reason for _, reason in port.refused[1:]} == {"TLS: the connection was closed during the handshake"}
            await gone(client)

    play(scenario)


def test_a_port_that_closes_ends_its_handshakes_and_keeps_its_connections(ends: Ends) -> None:
    async def scenario() -> None:
        async with listening(ends.rtu) as port:
            client, owner = await connect(HOST, port.number, DEFAULTS, ends.gateway), Recorder()
            await until(lambda: port.accepted)
            port.accepted[0].begin(owner)
            with silent(port) as (peer,):
                await until(lambda: port.listener._handshakes._running)  # type: ignore[union-attr]
                port.listener.close()
                assert await asyncio.to_thread(peer.recv, 1) == b""
            assert port.refused == []
            client.begin(Recorder())
            client.start()
            await until(lambda: owner.events)
            await gone(client)

    play(scenario)


def test_files_are_read_again_and_one_that_cannot_be_used_refuses_whoever_comes(ends: Ends) -> None:
    async def scenario() -> None:
        async with listening(ends.rtu) as port:
            kept = ends.rtu.key.read_bytes()
            ends.rtu.key.unlink()
            with pytest.raises(ConnectionError):
                await connect(HOST, port.number, DEFAULTS, ends.gateway)
            assert port.refused[0][1].endswith("rtu.key cannot be read: No such file or directory")
            ends.rtu.key.write_bytes(kept)
            await gone(await connect(HOST, port.number, DEFAULTS, ends.gateway))
            ends.authority.sign("renewed", file="rtu")
            client = await connect(HOST, port.number, DEFAULTS, ends.gateway)
            assert client.identity == "renewed, TLSv1.3"
            await gone(client)

    play(scenario)


def test_a_port_does_not_open_with_files_that_cannot_be_used(ends: Ends) -> None:
    async def scenario() -> None:
        port = Port(DEFAULTS, tls=replace(ends.rtu, key=ends.rtu.cert))
        with pytest.raises(OSError, match=r"rtu\.pem holds no private key in PEM form"):
            await port.listener.open()
        assert not port.listener.is_open

    play(scenario)


def test_a_tls_peer_on_a_port_without_tls_is_refused_by_the_link(ends: Ends) -> None:
    async def scenario() -> None:
        port, owner = Port(DEFAULTS), Recorder()
        await port.listener.open()
        attempt = asyncio.create_task(asyncio.open_connection(HOST, port.number, ssl=lax(ends.gateway)))
        await until(lambda: port.accepted)
        port.accepted[0].begin(owner)
        await asyncio.wait({attempt})
        assert isinstance(attempt.exception(), OSError)
        assert owner.reasons == ["octet 0x16 where an APDU starts with 0x68"]
        await port.accepted[0].gone.wait()
        port.listener.close()

    play(scenario)


def test_sixteen_is_the_number_that_the_manual_names() -> None:
    assert handshakes._MOST == 16
