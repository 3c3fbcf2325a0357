"""The gateway and the simulator as their users start them, with TLS between them, and peers that do harm."""

import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from iec104mm2ss.tls.parameters import TlsParameters
from tests.certificates import key, pem
from tests.interop.tls_site import Certificates, raw_tls, refused, row, site, started
from tests.matrix.hat_peers import Loop, running_master
from tests.peers import RawRtu, started_master
from tests.program import Gateway, Site, eventually, run
from tests.simulator.program import RtuFile, SimulatorProgram
from tests.station import ACTCON, ACTTERM, Station, interrogation, type_and_cause

CA = 32
HANDSHAKE = 10.0


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certs")


@contextmanager
def between(folder: Path, certificates: Certificates, plan: Site) -> Iterator[tuple[Gateway, int]]:
    """A gateway with an RTU without TLS; the port of its master M-1 is the second."""
    with RawRtu(Station(CA)) as rtu:
        plan.rtu(111, CA, rtu.port, tls="N")
        port = plan.master(111, "M-1", CA, max=4, **row(certificates.gateway))
        with Gateway(folder, plan) as gateway:
            gateway.wait_log("M-1", "listening on port")
            yield gateway, port


def test_the_simulator_speaks_tls_with_the_gateway(certificates: Certificates, tmp_path: Path) -> None:
    (tmp_path / "simulator").mkdir()
    file, plan = RtuFile(), Site()
    plan.rtu(111, CA, file.add(CA, tls_peers="gateway", **row(certificates.rtu)), **row(certificates.gateway))
    port = plan.master(111, "M-1", CA)
    with SimulatorProgram(tmp_path / "simulator", file), Gateway(tmp_path, plan) as gateway:
        gateway.wait_log("RTU-1", "connected to", "(rtu, TLSv1.3)")
        with started_master(port) as master:
            master.post(interrogation(CA))
            kinds = [type_and_cause(asdu) for asdu in master.take_until(interrogation(CA, ACTTERM))]
            assert kinds == [(100, ACTCON), (3, 20), (1, 20), (13, 20)]


def test_a_master_made_of_hat_drivers_speaks_tls(certificates: Certificates, tmp_path: Path) -> None:
    with Loop() as loop, between(tmp_path, certificates, Site(tls_peers="scada")) as (gateway, port):
        context = ssl.create_default_context(cafile=certificates.authority.file)
        context.load_cert_chain(certificates.scada.cert, certificates.scada.key)
        with running_master(loop, port, ssl=context) as master:
            gateway.wait_log("M-1", "connected from", "(scada, TLSv1.3)")
            eventually(lambda: len(master.messages) == 1, "the end of initialisation")


def test_a_stalled_handshake_ends_after_ten_seconds_and_holds_up_nobody(
    certificates: Certificates, tmp_path: Path
) -> None:
    with between(tmp_path, certificates, Site()) as (gateway, port), ExitStack() as exits:
        began = time.monotonic()
        stalled = [exits.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(5)]
        with raw_tls(port, certificates.scada) as master:
            assert started(master)
        gateway.wait_log("M-1", "refused 127.0.0.1", "TLS: handshake not finished within 10 s", within=2 * HANDSHAKE)
        assert time.monotonic() - began >= HANDSHAKE - 1
        for peer in stalled:
            peer.settimeout(HANDSHAKE)
            assert peer.recv(1) == b""
        assert "testing who is there" not in gateway.log("M-1")


def _expired(certificates: Certificates) -> TlsParameters:
    return certificates.authority.sign("old", since=-10, valid_for=5)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (_expired, "its certificate has expired"),
        (lambda it: it.stranger, "its certificate is from an unknown authority"),
        (lambda it: it.authority.sign("other"), "other is not among the allowed peers"),
        (lambda _: None, "it shows no certificate"),
    ],
)
def test_a_master_that_may_not_is_refused_with_the_reason(
    certificates: Certificates,
    tmp_path: Path,
    who: Callable[[Certificates], TlsParameters | None],
    reason: str,
) -> None:
    with between(tmp_path, certificates, Site(tls_peers="scada;old;stranger")) as (gateway, port):
        assert refused(port, who(certificates))
        gateway.wait_log("M-1", "refused 127.0.0.1", reason)
        with raw_tls(port, certificates.scada) as master:
            assert started(master)


def test_a_plain_master_on_a_tls_port_and_a_tls_master_on_a_plain_port_are_named(
    certificates: Certificates, tmp_path: Path
) -> None:
    plan = Site()
    plain = plan.master(111, "PLAIN", CA)
    with between(tmp_path, certificates, plan) as (gateway, port):
        with socket.create_connection(("127.0.0.1", port)) as master:
            master.sendall(bytes.fromhex("68 04 07 00 00 00"))
            gateway.wait_log("M-1", "refused", "it does not speak TLS but IEC 104 without TLS")
        gateway.wait_log("PLAIN", "listening on port")
        assert refused(plain, certificates.scada)
        gateway.wait_log("PLAIN", "disconnected from", "octet 0x16 where an APDU starts with 0x68")


def test_a_certificate_is_revoked_while_the_gateway_runs(certificates: Certificates, tmp_path: Path) -> None:
    authority = certificates.authority
    plan = Site(tls_crl=authority.revoke())
    with between(tmp_path, certificates, plan) as (gateway, port):
        with raw_tls(port, certificates.scada) as master:
            assert started(master)
        authority.revoke(certificates.scada.cert)
        assert refused(port, certificates.scada)
        gateway.wait_log("M-1", "refused", "its certificate is revoked")


def test_a_wrong_key_is_a_fault_of_its_row_until_it_is_mended(certificates: Certificates, tmp_path: Path) -> None:
    plan, own = Site(), certificates.gateway
    good = own.key.read_bytes()
    own.key.write_bytes(pem(key("another")))
    with RawRtu(Station(CA)) as rtu:
        plan.rtu(111, CA, rtu.port)
        port = plan.master(111, "SAFE", CA, **row(own))
        plain = plan.master(111, "PLAIN", CA)
        with Gateway(tmp_path, plan) as gateway:
            gateway.wait_log("SAFE", f"port {port} cannot be opened", "gateway.key is not the key of the certificate")
            started_master(plain).close()
            own.key.write_bytes(good)
            gateway.wait_log("SAFE", "listening on port")
            with raw_tls(port, certificates.scada) as master:
                assert started(master)


def test_check_names_the_row_and_the_file(certificates: Certificates, tmp_path: Path) -> None:
    plan = site(certificates)
    plan.rtu(111, CA, 2404)
    plan.master(111, "M-1", CA, tls_ca="missing.pem")
    certificates.gateway.key.chmod(0o644)
    certificates.authority.sign("gateway", valid_for=20)
    done = run("-i", plan.write(tmp_path / "site.csv"), "--check", folder=tmp_path)
    text = done.stdout + done.stderr
    assert ":2:B: warning: the certificate in " in text
    assert re.search(r":6:H: \S*missing\.pem cannot be read: No such file or directory", text)
    assert done.returncode == 78, "no connection can be made without it"
    if os.name == "posix":
        assert ":3:B: warning: " in text
        assert "is open to every user of this machine" in text


def test_sigterm_ends_all_within_two_seconds_with_a_stuck_and_a_stalled_tls_peer(
    certificates: Certificates, tmp_path: Path
) -> None:
    with between(tmp_path, certificates, Site()) as (gateway, port), ExitStack() as exits:
        exits.enter_context(socket.create_connection(("127.0.0.1", port)))
        master = exits.enter_context(raw_tls(port, certificates.scada))
        assert started(master)
        assert gateway.stop() < 2
