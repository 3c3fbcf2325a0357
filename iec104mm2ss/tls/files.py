"""The files of a connection: read, and loaded into an `ssl.SSLContext`, or it is said which is wrong and why."""

import ssl
import stat
from pathlib import Path

from iec104mm2ss.tls.certificates import CERTIFICATE, REVOCATION_LIST, Validity, validities
from iec104mm2ss.tls.parameters import TlsParameters

_LARGEST = 10_000_000  # octets
_TOO_WEAK = frozenset({"EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK"})


class TlsFileError(OSError):
    """A file cannot be used; the message says which and why, `option` names the one that it was given in."""

    def __init__(self, option: str, text: str) -> None:
        super().__init__(text)
        self.option = option


def load_own(context: ssl.SSLContext, tls: TlsParameters) -> Validity:
    """Load the own certificate and its key; return when the certificate is valid. Raises TlsFileError."""
    own, *_ = read("tls_cert", tls.cert, CERTIFICATE)
    key = _text("tls_key", tls.key)
    if "PRIVATE KEY-----" not in key:
        raise TlsFileError("tls_key", f"{tls.key} holds no private key in PEM form")
    if "ENCRYPTED" in key:
        raise TlsFileError("tls_key", f"{tls.key} is encrypted and nobody can be asked; store it without a pass phrase")
    try:
        context.load_cert_chain(tls.cert, tls.key, password="")
    except OSError as error:
        raise _own_error(tls, getattr(error, "reason", None) or str(error)) from None
    return own


def _own_error(tls: TlsParameters, reason: str) -> TlsFileError:
    if reason == "KEY_VALUES_MISMATCH":
        return TlsFileError("tls_key", f"{tls.key} is not the key of the certificate in {tls.cert}")
    if reason in _TOO_WEAK:
        return TlsFileError("tls_cert", f"{tls.cert} has a key that is too short, or a weak signature")
    return TlsFileError("tls_key", f"{tls.key} and {tls.cert} cannot be used: {reason}")


def load_authorities(context: ssl.SSLContext, tls: TlsParameters) -> None:
    """Load the authorities whose certificates are accepted. Raises TlsFileError."""
    _load(context, "tls_ca", tls.ca, CERTIFICATE)


def load_revoked(context: ssl.SSLContext, tls: TlsParameters) -> None:
    """Load the revocation lists, if there are any, and have peers looked up in them. Raises TlsFileError."""
    if tls.crl is not None:
        _load(context, "tls_crl", tls.crl, REVOCATION_LIST)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF


def _load(context: ssl.SSLContext, option: str, path: Path, kind: str) -> None:
    read(option, path, kind)
    try:
        context.load_verify_locations(path)
    except OSError as error:
        raise TlsFileError(option, f"{path} is damaged: {getattr(error, 'reason', None) or error}") from None


def read(option: str, path: Path, kind: str) -> list[Validity]:
    """Return the validity of everything of a kind in a file, at least one. Raises TlsFileError."""
    try:
        found = validities(_text(option, path), kind)
    except ValueError as error:
        raise TlsFileError(option, f"{path} is damaged: {error}") from None
    if not found:
        what = "certificate" if kind == CERTIFICATE else "revocation list"
        raise TlsFileError(option, f"{path} holds no {what} in PEM form")
    return found


def _text(option: str, path: Path) -> str:
    try:
        status = path.stat()
        # Reading a pipe would stop the program until somebody writes into it.
        usable = stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST
        text = path.read_text(encoding="ascii", errors="replace") if usable else None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise TlsFileError(option, f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if text is None:
        raise TlsFileError(option, f"{path} is no file, or one that is too large")
    return text
