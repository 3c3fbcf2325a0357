"""What one connection needs for TLS: frozen data, compared by value."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsParameters:
    """Where the files are, all in PEM form, and who the peer may be.

    `cert` holds the own certificate and those between it and its authority, `key` its private key, `ca` the
    authorities whose certificates are accepted, `crl` their revocation lists. `peers` are names in the peer's
    certificate, in lower case, and fingerprints as `sha256:` and 64 hexadecimal digits; empty: whoever an authority
    has signed, where the peer is an RTU with the name or address by which it is connected.
    """

    cert: Path
    key: Path
    ca: Path
    crl: Path | None = None
    peers: tuple[str, ...] = ()
