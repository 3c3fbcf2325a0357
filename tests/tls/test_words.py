import ssl

import pytest

from iec104mm2ss.tls.words import in_words


def failed(reason: str | None, text: str = "") -> ssl.SSLError:
    error = ssl.SSLError(1, text)
    error.reason = reason  # type: ignore[assignment]
    return error


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("TLSV1_ALERT_UNKNOWN_CA", "it does not know the authority of our certificate"),
        ("SSLV3_ALERT_CERTIFICATE_REVOKED", "our certificate is revoked for it"),
        ("TLSV1_ALERT_USER_CANCELLED", "it ended the connection: user cancelled"),
        ("NO_SHARED_CIPHER", "it offers no version of TLS or no cipher suite that is accepted here"),
        ("DIGEST_CHECK_FAILED", "it breaks the rules of TLS: digest check failed"),
    ],
)
def test_reasons_are_told_in_words(reason: str, text: str) -> None:
    assert in_words(failed(reason)) == text


def test_an_error_without_a_reason_is_told_as_it_is() -> None:
    assert in_words(failed(None, "EOF occurred")) == "it breaks the rules of TLS: eof occurred"


def test_a_certificate_refused_for_a_rare_reason_keeps_openssl_s_words() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = 24, "invalid CA certificate"
    assert in_words(error) == "its certificate is not accepted: invalid CA certificate"
