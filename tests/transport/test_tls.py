"""Connections through TLS: what the layer between the network and the link does with octets, ends and silence."""

import asyncio
import contextlib
import gc
import socket
import ssl
import weakref
from typing import cast

import pytest

from iec104mm2ss.link.events import Event, Received, StartRequested
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.transport import tls_layer
from iec104mm2ss.transport.client import connect, reason
from tests.tls.conversation import lax
from tests.transport.recorder import HOST, Port, Recorder, until
from tests.transport.secured import DEFAULTS, STARTDT_ACT, Ends, gone, listening, play, raw, server

STARTDT_CON = bytes.fromhex("68 04 0b 00 00 00")
# M_SP_NA_1, one object, spontaneous, OA 0, CA 32; what follows is the IOA and ON
HEAD = bytes.fromhex("01 01 03 00 20 00")


def test_both_ends_know_each_other_and_asdus_arrive_in_order(ends: Ends) -> None:
    asdus = [HEAD + number.to_bytes(3, "little") + b"\x01" for number in range(1, 5001)]

    async def scenario() -> None:
        parameters = LinkParameters(k=1000, w=100)
        port = Port(parameters, tls=ends.rtu)
        await port.listener.open()
        client = await connect(HOST, port.number, parameters, ends.gateway)
        await until(lambda: port.accepted)
        (server,) = port.accepted
        assert (client.identity, server.identity) == ("rtu, TLSv1.3", "gateway, TLSv1.3")
        assert server.who == f"{client.local} (gateway, TLSv1.3)"
        left = list(asdus)

        def send(event: Event) -> None:
            if isinstance(event, StartRequested):
                server.start()
            now, left[:] = left[: server.window], left[server.window :]
            server.send(now)

        sender, receiver = Recorder(send), Recorder()
        server.begin(sender)
        client.begin(receiver)
        client.start()
        await until(lambda: len(arrived(receiver)) == len(asdus), 20)
        assert arrived(receiver) == asdus
        assert sender.bugs == receiver.bugs == []
        port.listener.close()
        await gone(client, server)

    play(scenario)


def test_what_is_over_leaves_no_ring_of_references_to_the_garbage_collector(ends: Ends) -> None:
    async def scenario() -> None:
        async with listening(ends.rtu) as port:
            client = await connect(HOST, port.number, DEFAULTS, ends.gateway)
            await until(lambda: port.accepted)
            ended = [weakref.ref(end._transport) for end in (client, *port.accepted)]
            await gone(client, port.accepted.pop())
            del client
            await until(lambda: not [layer for layer in ended if layer() is not None])

    gc.disable()
    try:
        play(scenario)
    finally:
        gc.enable()


def arrived(owner: Recorder) -> list[bytes]:
    return [asdu for event in owner.events if isinstance(event, Received) for asdu in event.asdus]


def test_what_comes_with_the_end_of_the_handshake_waits_until_the_link_begins(ends: Ends) -> None:
    async def scenario() -> None:
        owner = Recorder()
        async with listening(ends.rtu) as port, raw(port, lax(ends.gateway)) as (reader, writer):
            writer.write(STARTDT_ACT)
            await until(lambda: port.accepted)
            await asyncio.sleep(0.05)
            port.accepted[0].begin(owner)
            await until(lambda: owner.events)
            assert owner.events == [StartRequested()]
            port.accepted[0].start()
            assert await reader.readexactly(6) == STARTDT_CON

    play(scenario)


def test_the_peer_s_end_is_told_with_and_without_tls_s_farewell(ends: Ends) -> None:
    async def scenario() -> None:
        async with listening(ends.rtu) as port:
            for number, end in enumerate(("write_eof", "abort", "close")):
                owner = Recorder()
                async with raw(port, lax(ends.gateway)) as (_, writer):
                    await until(lambda count=number: len(port.accepted) > count)  # type: ignore[misc]
                    port.accepted[number].begin(owner)
                    if end == "write_eof":
                        writer.get_extra_info("socket")._sock.shutdown(socket.SHUT_WR)
                    else:
                        getattr(writer.transport, end)()
                    await until(lambda who=owner: who.reasons)  # type: ignore[misc]
                    assert owner.reasons[0].startswith(("closed by peer", "connection lost"))
                    await port.accepted[number].gone.wait()

    play(scenario)


def test_octets_that_are_no_tls_end_the_connection_with_the_reason(ends: Ends) -> None:
    async def scenario() -> None:
        owner = Recorder()
        async with listening(ends.rtu) as port, raw(port, lax(ends.gateway)) as (_, writer):
            await until(lambda: port.accepted)
            port.accepted[0].begin(owner)
            writer.get_extra_info("socket")._sock.send(STARTDT_ACT * 3)
            await until(lambda: owner.reasons)
            assert owner.reasons[0].startswith("connection lost: TLS: it breaks the rules of TLS: ")

    play(scenario)


def test_closing_a_peer_that_does_not_read_takes_no_longer_than_a_second(ends: Ends) -> None:
    async def scenario() -> None:
        parameters = LinkParameters(k=32767, w=1)
        port, owner = Port(parameters, tls=ends.rtu), Recorder()
        await port.listener.open()
        async with raw(port, lax(ends.gateway)) as (reader, writer):
            writer.write(STARTDT_ACT)
            await until(lambda: port.accepted)
            (stuck,) = port.accepted
            stuck.begin(owner)
            await until(lambda: owner.events)
            stuck.start()
            await reader.readexactly(6)
            cast("asyncio.Transport", writer.transport).pause_reading()
            longest = bytes.fromhex("07 b0 03 00 20 00 01 00 00") + bytes(48 * 5)
            stuck.send([longest] * 32767)
            stuck.close("stop")
            async with asyncio.timeout(3):
                await stuck.gone.wait()
            assert owner.reasons == ["stop"]
        port.listener.close()

    play(scenario)


def test_a_refused_certificate_is_a_failed_attempt_also_where_tls_1_3_tells_it_late(ends: Ends) -> None:
    async def scenario() -> None:
        async with listening(ends.rtu) as port:
            with pytest.raises(ConnectionError) as caught:
                await connect(HOST, port.number, DEFAULTS, ends.stranger)
            assert reason(caught.value) == "TLS: it does not know the authority of our certificate"
            await until(lambda: port.refused)
            assert port.refused[0][1] == "TLS: its certificate is from an unknown authority (see tls_ca)"

    play(scenario)


def test_tls_1_2_needs_no_further_look(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_layer, "_SHORTEST_LOOK", 60.0)
    monkeypatch.setattr(tls_layer, "_LONGEST_LOOK", 60.0)

    async def scenario() -> None:
        async with server(ends.rtu, ssl.TLSVersion.TLSv1_2) as number:
            client = await connect(HOST, number, DEFAULTS, ends.gateway)
            assert client.identity == "rtu, TLSv1.2"
            await gone(client)

    play(scenario)


def test_a_server_that_speaks_first_is_heard_and_its_octets_are_kept(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_layer, "_SHORTEST_LOOK", 60.0)
    monkeypatch.setattr(tls_layer, "_LONGEST_LOOK", 60.0)

    async def scenario() -> None:
        owner = Recorder()
        async with server(ends.rtu, serve=lambda _, writer: writer.write(b"GET /")) as number:
            client = await connect(HOST, number, DEFAULTS, ends.gateway)
            client.begin(owner)
            await until(lambda: owner.reasons)
            assert owner.reasons == ["octet 0x47 where an APDU starts with 0x68"]
            await client.gone.wait()

    play(scenario)


def test_a_server_that_closes_right_after_the_handshake_is_a_failed_attempt(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_layer, "_SHORTEST_LOOK", 60.0)
    monkeypatch.setattr(tls_layer, "_LONGEST_LOOK", 60.0)

    async def scenario() -> None:
        async with server(ends.rtu, serve=lambda _, writer: writer.close()) as number:
            with pytest.raises(ConnectionError, match="right after the handshake: our certificate may not be accepted"):
                await connect(HOST, number, DEFAULTS, ends.gateway)

    play(scenario)


def test_an_rtu_without_tls_is_a_failed_attempt(ends: Ends) -> None:
    async def scenario() -> None:
        port, owner = Port(DEFAULTS), Recorder()
        await port.listener.open()
        attempt = asyncio.create_task(connect(HOST, port.number, DEFAULTS, ends.gateway))
        await until(lambda: port.accepted)
        port.accepted[0].begin(owner)
        with pytest.raises(ConnectionError, match="TLS: the connection was closed during the handshake"):
            await attempt
        assert "this is TLS" in owner.reasons[0] or "0x16" in owner.reasons[0]
        await port.accepted[0].gone.wait()
        port.listener.close()

    play(scenario)


def test_an_rtu_that_resets_during_the_handshake_is_a_failed_attempt(ends: Ends) -> None:
    async def scenario() -> None:
        async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(1)
            writer.get_extra_info("socket")._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, *bytes(7)]))
            writer.transport.abort()

        listener = await asyncio.start_server(reset, HOST, 0)
        with pytest.raises(ConnectionError, match=r"TLS: the connection was (lost|closed) during the handshake"):
            await connect(HOST, listener.sockets[0].getsockname()[1], DEFAULTS, ends.gateway)
        listener.close()

    play(scenario)


def test_a_missing_file_is_a_failed_attempt_that_nobody_hears_of(ends: Ends) -> None:
    async def scenario() -> None:
        ends.gateway.key.unlink()
        async with listening(ends.rtu) as port:
            with pytest.raises(OSError, match=r"gateway\.key cannot be read") as caught:
                await connect(HOST, port.number, DEFAULTS, ends.gateway)
            assert reason(caught.value).endswith("gateway.key cannot be read: No such file or directory")
            assert port.refused == []

    play(scenario)


def test_a_stop_during_the_handshake_leaves_nothing_behind(ends: Ends) -> None:
    async def scenario() -> None:
        with socket.create_server((HOST, 0)) as silent:
            silent.setblocking(False)  # noqa: FBT003 - its only argument
            number = silent.getsockname()[1]
            with pytest.raises(TimeoutError):
                await connect(HOST, number, LinkParameters(t0=0.2), ends.gateway)
            peer, _ = await asyncio.get_running_loop().sock_accept(silent)
            with peer:
                peer.settimeout(5)
                assert await asyncio.to_thread(peer.recv, 1) == b"\x16"
                await asyncio.to_thread(_drain, peer)

    play(scenario)


def _drain(peer: socket.socket) -> None:
    with contextlib.suppress(ConnectionResetError):
        while peer.recv(65536):
            pass


def test_a_stop_in_the_moment_of_success_closes_the_connection(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with listening(ends.rtu) as port:
            attempt = asyncio.create_task(connect(HOST, port.number, DEFAULTS, ends.gateway))
            hand_over = tls_layer.TlsLayer._hand_over

            def stopped(layer: tls_layer.TlsLayer) -> None:
                hand_over(layer)
                attempt.cancel()

            monkeypatch.setattr(tls_layer.TlsLayer, "_hand_over", stopped)
            await asyncio.wait({attempt})
            assert attempt.cancelled()

    play(scenario)


def test_a_connection_that_ended_before_it_began_reports_that_at_begin(ends: Ends) -> None:
    async def scenario() -> None:
        owner = Recorder()
        async with listening(ends.rtu) as port:
            client = await connect(HOST, port.number, DEFAULTS, ends.gateway)
            await until(lambda: port.accepted)
            await gone(client)
            port.accepted[0].close("replaced")
            await port.accepted[0].gone.wait()
            port.accepted[0].begin(owner)
            assert owner.reasons == ["replaced"]

    play(scenario)


def test_after_its_end_a_layer_takes_nothing_and_says_nothing(ends: Ends) -> None:
    async def scenario() -> None:
        async with listening(ends.rtu) as port:
            client = await connect(HOST, port.number, DEFAULTS, ends.gateway)
            layer = client._transport
            assert repr(layer) == f"<TlsLayer {client.peer}>"
            client.close("enough")
            for action in (layer.close, layer.resume_reading, layer.eof_received, lambda: layer.write(STARTDT_ACT)):  # type: ignore[attr-defined]
                action()
            layer.get_buffer(-1)[:6] = STARTDT_ACT  # type: ignore[attr-defined]
            layer.buffer_updated(6)  # type: ignore[attr-defined]
            assert client.close_reason == "enough"
            await client.gone.wait()

    play(scenario)


def test_what_cannot_be_sent_any_more_ends_the_connection(ends: Ends) -> None:
    async def scenario() -> None:
        owner = Recorder()
        async with listening(ends.rtu) as port:
            client = await connect(HOST, port.number, DEFAULTS, ends.gateway)
            client.begin(owner)
            client._transport._session.end()  # type: ignore[attr-defined]
            client.start()
            await client.gone.wait()
            assert owner.reasons == ["connection lost: TLS: it breaks the rules of TLS: protocol is shutdown"]

    play(scenario)
