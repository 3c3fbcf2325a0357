"""An authority for the tests, and what it signs; keys are made once for each test run."""

from __future__ import annotations

import datetime as dt
from functools import cache
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from iec104mm2ss.tls.parameters import TlsParameters

if TYPE_CHECKING:
    from pathlib import Path

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = dt.timedelta(days=1)
_AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
LOOPBACK = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])


@cache
def key(kind: str = "", bits: int = 0) -> Key:
    """A key for each `kind`, RSA where it has bits."""
    return rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())


def pem(private: Key, phrase: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(phrase) if phrase else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


class Authority:
    """Signs certificates and revocation lists; its files are in `folder` from the beginning."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self.file = folder / f"{name}.pem"
        self._name = _named(name)
        self._key = key(name)
        own = self._builder(name, self._key, valid_for=3650).add_extension(_AUTHORITY, critical=True)
        self.file.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def sign(
        self,
        name: str,
        *,
        file: str = "",
        since: int = -2,
        valid_for: int = 365,
        private: Key | None = None,
        extensions: tuple[x509.ExtensionType, ...] = (LOOPBACK,),
        **parameters: object,
    ) -> TlsParameters:
        """Write FILE.pem and FILE.key (by default NAME), valid from `since` days on.

        Returns what uses them and trusts this authority; `parameters` are further fields of it.
        """
        private = private or key("peer")
        builder = self._builder(name, private, since=since, valid_for=valid_for)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        cert, key_file = self.folder / f"{file or name}.pem", self.folder / f"{file or name}.key"
        cert.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        key_file.touch(mode=0o600)
        key_file.write_bytes(pem(private))
        fields: dict[str, object] = {"cert": cert, "key": key_file, "ca": self.file, **parameters}
        return TlsParameters(**fields)  # type: ignore[arg-type]

    def revoke(self, *certificates: Path, since: int = -1, valid_for: int = 7) -> Path:
        """Write a revocation list with these certificates; return its file."""
        begin = _now() + since * DAY
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(begin).next_update(begin + valid_for * DAY)
        for path in certificates:
            serial = x509.load_pem_x509_certificate(path.read_bytes()).serial_number
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(begin)
            builder = builder.add_revoked_certificate(revoked.build())
        file = self.folder / "revoked.pem"
        file.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        return file

    def _builder(self, name: str, private: Key, *, since: int = -2, valid_for: int) -> x509.CertificateBuilder:
        begin = _now() + since * DAY
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(self._name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + valid_for * DAY)
        )


def only_for_servers() -> x509.ExtensionType:
    return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


def fingerprint(tls: TlsParameters) -> str:
    """The SHA-256 of a certificate, with colons, as browsers and `openssl x509 -fingerprint` show it."""
    return x509.load_pem_x509_certificate(tls.cert.read_bytes()).fingerprint(hashes.SHA256()).hex(":").upper()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
