"""c104 (lib60870 and its own TLS) as the RTU and as the master, with the program and its TLS between them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path

import c104
import pytest

from iec104mm2ss.tls.parameters import TlsParameters
from tests.interop.c104_bay import RTU_CA, BayRtu, bay_master
from tests.interop.tls_site import Certificates, row, security, site
from tests.matrix.c104_peers import running_server
from tests.program import Gateway, Site
from tests.station import ACTCON, ACTTERM, common_address

MASTER_CA = 33
# Its mbed TLS (3.6.3 or later) wants a host name to compare the server's certificate with, and is not given one.
needs_master = pytest.mark.skipif(version("c104") == "2.2.1", reason="c104 2.2.1 refuses every TLS server")
VERSIONS = [c104.TlsVersion.TLS_1_2, c104.TlsVersion.TLS_1_3]


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certs")


def running_rtu(protection: c104.TransportSecurity | None) -> AbstractContextManager[BayRtu]:
    return running_server(BayRtu(protection))


@needs_master
@pytest.mark.parametrize("spoken", VERSIONS)
def test_data_and_commands_pass_through_tls_on_both_sides(
    certificates: Certificates, tmp_path: Path, spoken: c104.TlsVersion
) -> None:
    plan = site(certificates)
    with running_rtu(security(certificates.rtu, spoken)) as rtu:
        plan.rtu(111, RTU_CA, rtu.port)
        port = plan.master(111, "M-1", MASTER_CA, tls_peers="scada")
        with (
            Gateway(tmp_path, plan) as gateway,
            bay_master(port, MASTER_CA, security(certificates.scada, spoken)) as master,
        ):
            told = spoken.name.replace("TLS_1_", "TLSv1.")
            gateway.wait_log("RTU-1", "connected to", f"(rtu, {told})")
            gateway.wait_log("M-1", "connected from", f"(scada, {told})")
            rtu.measurement.value = 12.5
            assert rtu.measurement.transmit(c104.Cot.SPONTANEOUS)
            assert common_address(master.wait_seen(13, 3)) == MASTER_CA
            before = len(master.asdus)
            assert master.connection.interrogation(MASTER_CA, wait_for_response=False)
            master.wait_seen(100, ACTTERM, before)
            rtu.executed.clear()
            master.breaker.value = True
            assert master.operate(master.breaker)
            master.wait_seen(45, ACTTERM)
            assert master.seen == [(45, ACTCON), (45, ACTCON), (45, ACTTERM)]
            assert rtu.executed == [(master.breaker.io_address, True)]


@needs_master
def test_a_c104_master_comes_again_after_its_loss(certificates: Certificates, tmp_path: Path) -> None:
    plan = site(certificates)
    with running_rtu(security(certificates.rtu)) as rtu:
        plan.rtu(111, RTU_CA, rtu.port)
        port = plan.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, plan) as gateway:
            protection = security(certificates.scada, c104.TlsVersion.TLS_1_2)
            for _ in range(3):
                since = len(gateway.log("M-1"))
                with bay_master(port, MASTER_CA, protection):
                    gateway.wait_log("M-1", "connected from", "(scada, TLSv1.2)", since=since)
                gateway.wait_log("M-1", "disconnected from", since=since)


def _expired(certificates: Certificates) -> TlsParameters:
    return certificates.authority.sign("old", since=-10, valid_for=5)


def _other(certificates: Certificates) -> TlsParameters:
    return certificates.authority.sign("other")


def _plain_site(certificates: Certificates) -> Site:
    """A site that speaks TLS to the RTU alone."""
    return Site(tls_ca=certificates.authority.file)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (_expired, "its certificate has expired"),
        (lambda it: it.stranger, "its certificate is from an unknown authority"),
        (_other, "other is not among the allowed peers"),
        (None, "TLS: the connection was closed during the handshake"),
    ],
)
def test_a_c104_rtu_that_may_not_is_not_connected_and_the_reason_said(
    certificates: Certificates,
    tmp_path: Path,
    who: Callable[[Certificates], TlsParameters] | None,
    reason: str,
) -> None:
    plan = _plain_site(certificates)
    with running_rtu(security(who(certificates)) if who else None) as rtu:
        plan.rtu(111, RTU_CA, rtu.port, tls_peers="rtu;old;stranger", **row(certificates.gateway))
        plan.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, plan) as gateway:
            gateway.wait_log("RTU-1", "no connection to", reason)
            assert "connected to" not in gateway.log("RTU-1")


@pytest.mark.parametrize("spoken", VERSIONS)
def test_a_c104_rtu_that_refuses_us_is_a_failed_attempt(
    certificates: Certificates, tmp_path: Path, spoken: c104.TlsVersion
) -> None:
    plan = _plain_site(certificates)
    with running_rtu(security(certificates.rtu, spoken)) as rtu:
        plan.rtu(111, RTU_CA, rtu.port, **row(certificates.stranger))
        plan.master(111, "M-1", MASTER_CA)
        with Gateway(tmp_path, plan) as gateway:
            gateway.wait_log("RTU-1", "no connection to", "TLS: ")
            assert "connected to" not in gateway.log("RTU-1")
