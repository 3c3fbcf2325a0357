"""What OpenSSL is told for a connection: the rules of IEC 62351-3, and the files as they are now."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from iec104mm2ss.tls.certificates import Validity
from iec104mm2ss.tls.files import TlsFileError, load_authorities, load_own, load_revoked
from iec104mm2ss.tls.parameters import TlsParameters

# Forward secrecy and authenticated encryption only; level 2 refuses RSA below 2048 bits, SHA-1 and what is weaker.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL:!eNULL:!PSK:!DSS:@SECLEVEL=2"
_CONTEXTS_KEPT = 64


def context(tls: TlsParameters, *, server: bool, now: datetime | None = None) -> ssl.SSLContext:
    """Return the context for a new connection; a file that has changed counts. Raises TlsFileError.

    `now` is this machine's clock unless given, with a time zone.
    """
    files = replace(tls, peers=())
    stamps = tuple(map(_stamp, (tls.cert, tls.key, tls.ca, tls.crl)))
    made, own = _context(files, stamps, server=server, names_host=not server and not tls.peers)
    judge(tls.cert, own, now or datetime.now(UTC))
    return made


def judge(path: Path, own: Validity, now: datetime) -> None:
    """Raise TlsFileError where the own certificate is not valid: a peer would only say that it is bad."""
    if now > own.end:
        raise TlsFileError("tls_cert", f"the certificate in {path} expired on {own.end:%Y-%m-%d}")
    if now < own.begin:
        raise TlsFileError("tls_cert", f"the certificate in {path} is not valid before {own.begin:%Y-%m-%d %H:%M} UTC")


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    try:
        status = path.stat() if path is not None else None
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino) if status is not None else None


# Connections share a context as long as the files stay the same: one takes a millisecond to make, and room. A session
# can be resumed only within its context, so never past a new revocation list.
@lru_cache(maxsize=_CONTEXTS_KEPT)
def _context(
    tls: TlsParameters, _stamps: tuple[tuple[int, int, int] | None, ...], *, server: bool, names_host: bool
) -> tuple[ssl.SSLContext, Validity]:
    made = empty(server=server)
    made.check_hostname = names_host
    own = load_own(made, tls)
    load_authorities(made, tls)
    load_revoked(made, tls)
    return made, own


def empty(*, server: bool) -> ssl.SSLContext:
    """Return a context with the rules and without any file."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(_CIPHERS)
    made.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION
    # An authority below the topmost one may be the one that is trusted.
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if server:
        made.num_tickets = 0
    return made
