"""A site with TLS on both sides of the gateway, and foreign masters that speak it."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

import c104

from tests.certificates import Authority
from tests.endpoint import PATIENCE
from tests.program import Site
from tests.tls.conversation import lax

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

    from iec104mm2ss.tls.parameters import TlsParameters

STARTDT_ACT = bytes.fromhex("68 04 07 00 00 00")
STARTDT_CON = bytes.fromhex("68 04 0b 00 00 00")


class Certificates:
    """An authority with the certificates of a gateway, of an RTU and of masters, and one that nobody trusts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.authority = Authority(folder)
        self.gateway = self.authority.sign("gateway")
        self.rtu = self.authority.sign("rtu")
        self.scada = self.authority.sign("scada")
        self.stranger = Authority(folder, "nobody").sign("stranger", ca=self.authority.file)


def site(certificates: Certificates, **settings: object) -> Site:
    """A site whose connections all use TLS."""
    return Site(tls="Y", **_files(certificates.gateway), **settings)


def row(tls: TlsParameters) -> dict[str, Any]:
    """The options of a row that uses these files."""
    return {"tls": "Y", **_files(tls)}


def _files(tls: TlsParameters) -> dict[str, Any]:
    return {"tls_cert": tls.cert, "tls_key": tls.key, "tls_ca": tls.ca}


def security(tls: TlsParameters, version: c104.TlsVersion = c104.TlsVersion.NOT_SELECTED) -> c104.TransportSecurity:
    """The same for c104."""
    made = c104.TransportSecurity(validate=True, only_known=False)
    made.set_certificate(str(tls.cert), str(tls.key))
    made.set_ca_certificate(str(tls.ca))
    if version is not c104.TlsVersion.NOT_SELECTED:
        made.set_version(min=version, max=version)
    return made


@contextlib.contextmanager
def raw_tls(port: int, tls: TlsParameters | None) -> Iterator[ssl.SSLSocket]:
    """A master of octets, with a certificate or without; the gateway's own is not looked at."""
    context = lax(tls)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as tcp,
        context.wrap_socket(tcp) as secured,
    ):
        yield secured


def started(master: ssl.SSLSocket) -> bool:
    """Whether STARTDT is confirmed."""
    master.sendall(STARTDT_ACT)
    return master.recv(6) == STARTDT_CON


def refused(port: int, tls: TlsParameters | None) -> bool:
    """Whether a master of these files is sent away, during the handshake or right after it."""
    try:
        with raw_tls(port, tls) as master:
            return master.recv(1) == b""
    except OSError:
        return True
