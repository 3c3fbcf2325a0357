"""What is read out of certificates that Python's ssl does not tell: validity, and whom one was made out to."""

import hashlib
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

CERTIFICATE = "CERTIFICATE"
REVOCATION_LIST = "X509 CRL"
FINGERPRINT = "sha256:"
_BLOCK = r"-----BEGIN {0}-----[A-Za-z0-9+/=\s]+-----END {0}-----"
_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0x17, 0x18
_FOR_EVER = datetime.max.replace(tzinfo=UTC)
_TIMES = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}
_NAMES = frozenset({"DNS", "IP Address", "URI", "email"})


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when, in UTC; a revocation list without an end is valid for ever."""

    begin: datetime
    end: datetime = _FOR_EVER


def validities(text: str, kind: str) -> list[Validity]:
    """The validity of every certificate or revocation list in PEM text. Raises ValueError for a broken one."""
    return [_validity(_der(match[0], kind)) for match in re.finditer(_BLOCK.format(kind), text)]


def _der(block: str, kind: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert(block.replace(kind, CERTIFICATE))


def _validity(der: bytes) -> Validity:
    """RFC 5280: a certificate has its two times in a sequence (4.1), a revocation list has one or two (5.1)."""
    try:
        to_be_signed = list(_items(next(_items(next(_items(der))[1]))[1]))
        nested = [item for tag, content in to_be_signed if tag == _SEQUENCE for item in _items(content)]
        times = [_time(*item) for item in to_be_signed if item[0] in _TIMES] or [
            _time(*item) for item in nested if item[0] in _TIMES
        ]
        return Validity(*times[:2])
    except (IndexError, StopIteration, TypeError) as error:
        raise ValueError("it has no validity") from error


def _items(der: bytes) -> Iterator[tuple[int, bytes]]:
    """The tags and contents of DER octets (X.690, 8.1)."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            octets = length & 0x7F
            length, at = int.from_bytes(der[at : at + octets]), at + octets
        yield tag, der[at : at + length]
        at += length


def _time(tag: int, content: bytes) -> datetime:
    return datetime.strptime(content.decode("ascii"), _TIMES[tag]).replace(tzinfo=UTC)


def fingerprint(der: bytes) -> str:
    """How a certificate is written among the allowed peers."""
    return FINGERPRINT + hashlib.sha256(der).hexdigest()


def common_name(certificate: Mapping[str, Any]) -> str:
    """The subject's name in `getpeercert()`, empty where it has none."""
    return next((value for rdn in certificate.get("subject", ()) for name, value in rdn if name == "commonName"), "")


def names(certificate: Mapping[str, Any]) -> set[str]:
    """Every name in `getpeercert()` that may stand among the allowed peers, in lower case."""
    others = (value.strip() for kind, value in certificate.get("subjectAltName", ()) if kind in _NAMES)
    return {plain_name(name) for name in (common_name(certificate), *others) if name}


def plain_name(name: str) -> str:
    """A name as it is compared: in lower case, an address as people write it, not as OpenSSL does."""
    try:
        return str(ip_address(name))
    except ValueError:
        return name.lower()
