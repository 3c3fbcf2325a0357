"""TLS on a master's port and towards the RTU: what the group sees of it, and what it does not."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from iec104mm2ss.console.snapshot import State
from iec104mm2ss.settings.site import Takeover
from iec104mm2ss.transport.client import connect
from tests.certificates import Authority
from tests.gateway.scene import EAGER, Logs, Peer, Rtu, gateway, group_row, master, master_row, plant, play
from tests.transport.recorder import HOST, until


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.mark.parametrize("takeover", Takeover)
def test_a_handshake_in_progress_takes_no_place_and_tests_nobody(authority: Authority, takeover: Takeover) -> None:
    async def scenario() -> None:
        logs, row = Logs(), master_row(tls=authority.sign("gateway"), takeover=takeover)
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row]), logs=logs) as group:
            port = group.ports[0]
            await until(lambda: port.is_open)
            with socket.create_connection((HOST, row.port)):
                peer = Peer()
                peer.connection = await connect(HOST, row.port, EAGER, authority.sign("scada"))
                peer.connection.begin(peer)
                peer.connection.start()
                await until(lambda: peer.started)
                with socket.create_connection((HOST, row.port)):
                    peer.connection.test()
                    heard = peer.connection.link.heard
                    await until(lambda: peer.connection.link.heard > heard)
                assert peer.reasons == []
                assert len(port.masters) == 1
            await until(lambda: logs.said("SCADA", "refused", "TLS: the connection was closed during the handshake"))
            assert logs.said("SCADA", "connected from", "(scada, TLSv1.3)")
            assert not logs.said("SCADA", "testing who is there")
            peer.connection.close("test over")
            await peer.connection.gone.wait()

    play(scenario)


def test_an_rtu_that_speaks_no_tls_is_not_connected_and_the_reason_kept(authority: Authority) -> None:
    async def scenario() -> None:
        logs = Logs()
        async with Rtu() as rtu:
            row = group_row(rtu.port, masters=[master_row()])
            secured = replace(row, rtu=replace(row.rtu, tls=authority.sign("gateway")))
            async with gateway(secured, logs=logs) as group:
                await until(lambda: group.rtu.failure)
                assert group.rtu.failure == f"{HOST}:{rtu.port}: TLS: the connection was closed during the handshake"
                assert logs.said("RTU", "no connection to", "TLS: the connection was closed during the handshake")
                assert not group.ports[0].is_open

    play(scenario)


def test_a_key_that_is_missing_is_a_fault_of_the_row_until_it_is_there(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iec104mm2ss.gateway.port._RETRY_LISTEN", 0.05)

    async def scenario() -> None:
        tls = authority.sign("gateway")
        kept = tls.key.read_bytes()
        tls.key.unlink()
        row, other = master_row(tls=tls), master_row(name="M/OTHER")
        async with Rtu() as rtu, gateway(group_row(rtu.port, masters=[row, other])) as group, master(other.port):
            await until(lambda: group.ports[0].fault)
            assert group.ports[0].fault.endswith("gateway.key cannot be read: No such file or directory")
            tls.key.write_bytes(kept)
            await until(lambda: group.ports[0].is_open and not group.ports[0].fault)

    play(scenario)


def test_a_certificate_towards_the_rtu_that_is_missing_is_a_fault_until_it_is_there(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iec104mm2ss.gateway.attempts._FIRST_WAIT", 0.05)

    async def scenario() -> None:
        tls = authority.sign("gateway")
        kept = tls.key.read_bytes()
        tls.key.unlink()
        async with Rtu() as rtu:
            row = group_row(rtu.port, masters=[master_row()])
            async with plant(replace(row, rtu=replace(row.rtu, tls=tls))) as running:
                await until(lambda: running.entries()[0].state is State.FAULT)
                assert "gateway.key cannot be read: No such file or directory; " in running.entries()[0].reason
                tls.key.write_bytes(kept)
                await until(lambda: running.entries()[0].state is State.RETRYING)

    play(scenario)
