"""Why a TLS connection did not come about, or broke, in words for those who run the plant."""

import ssl
from collections.abc import Mapping
from typing import Final

# OpenSSL's verification results (X509_V_ERR_...), which Python gives as numbers only.
_ABOUT_THE_PEER: Final[Mapping[int, str]] = {
    **dict.fromkeys((2, 18, 19, 20, 21), "its certificate is from an unknown authority (see tls_ca)"),
    3: "there is no revocation list of the authority that signed its certificate (see tls_crl)",
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    11: "the revocation list is not valid yet (see tls_crl)",
    12: "the revocation list has expired (see tls_crl)",
    23: "its certificate is revoked",
    26: "its certificate was made for another purpose",
    62: "its certificate has another name than the host in this row (tls_peers= names who else it may be)",
    64: "its certificate has another address than the host in this row (tls_peers= names who else it may be)",
    66: "the key of its certificate is too short",
    67: "the key of its authority is too short",
    68: "its certificate is signed with a weak algorithm",
}
_NOT_IN_COMMON: Final = "it offers no version of TLS or no cipher suite that is accepted here"
_OF_THE_CONVERSATION: Final[Mapping[str, str]] = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it shows no certificate",
    **dict.fromkeys(
        ("NO_SHARED_CIPHER", "UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "WRONG_SSL_VERSION", "NO_PROTOCOLS_AVAILABLE"),
        _NOT_IN_COMMON,
    ),
}
_ALERTS: Final[Mapping[str, str]] = {
    "UNKNOWN_CA": "it does not know the authority of our certificate",
    "CERTIFICATE_EXPIRED": "our certificate has expired for it",
    "CERTIFICATE_REVOKED": "our certificate is revoked for it",
    "CERTIFICATE_REQUIRED": "it wants a certificate of ours",
    "HANDSHAKE_FAILURE": "it accepts none of our cipher suites",
    "PROTOCOL_VERSION": "it accepts no version of TLS from 1.2 on",
    "ACCESS_DENIED": "it does not let us in",
    **dict.fromkeys(
        ("BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "UNSUPPORTED_CERTIFICATE", "DECRYPT_ERROR"),
        "it does not accept our certificate",
    ),
}


def in_words(error: ssl.SSLError) -> str:
    """Why a conversation failed; what OpenSSL says where nobody has found better words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _ABOUT_THE_PEER.get(error.verify_code, f"its certificate is not accepted: {error.verify_message}")
    reason = error.reason or str(error)
    _, is_alert, alert = reason.partition("_ALERT_")
    if is_alert:
        return _ALERTS.get(alert, f"it ended the connection: {_plain(alert)}")
    return _OF_THE_CONVERSATION.get(reason, f"it breaks the rules of TLS: {_plain(reason)}")


def _plain(name: str) -> str:
    return name.lower().replace("_", " ")
