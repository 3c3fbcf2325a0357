import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iec104mm2ss.tls.certificates import CERTIFICATE, REVOCATION_LIST, Validity, names, validities
from tests.certificates import Authority


def test_every_certificate_of_a_file_is_read(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = authority.sign("rtu")
    text = f"a remark\n{tls.cert.read_text()}{authority.file.read_text()}"
    assert len(validities(text, CERTIFICATE)) == 2
    assert validities(text, REVOCATION_LIST) == []


# The validity of a certificate that ends after 2049 is in the longer form (RFC 5280, 4.1.2.5).
@pytest.mark.parametrize(("days", "year"), [(365, 0), (36500, 99)])
def test_both_forms_of_time_are_read(tmp_path: Path, days: int, year: int) -> None:
    tls = Authority(tmp_path).sign("rtu", valid_for=days)
    (found,) = validities(tls.cert.read_text(), CERTIFICATE)
    assert found.begin.tzinfo is UTC
    assert (found.end - found.begin).days == days
    assert found.end.year - found.begin.year in (year, year + 1)


def test_a_revocation_list_without_an_end_is_valid_for_ever() -> None:
    item = b"\x17\x0d260101000000Z"
    signed = b"\x30" + bytes([len(item)]) + item
    der = b"\x30" + bytes([len(signed)]) + signed
    assert validities(_pem(der), REVOCATION_LIST) == [Validity(datetime(2026, 1, 1, tzinfo=UTC))]


def _pem(der: bytes) -> str:
    return f"-----BEGIN {REVOCATION_LIST}-----\n{base64.b64encode(der).decode()}\n-----END {REVOCATION_LIST}-----\n"


@given(st.binary(min_size=1, max_size=80))
def test_any_octets_have_a_validity_or_are_refused(der: bytes) -> None:
    try:
        (found,) = validities(_pem(der), REVOCATION_LIST)
    except ValueError:
        return
    assert found.begin


@pytest.mark.parametrize("text", ["A", "====", "AB=C"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)padding|base64|validity|character"):
        validities(f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n", CERTIFICATE)


def test_a_certificate_without_any_name_has_none() -> None:
    assert names({}) == set()


def test_an_address_that_openssl_could_not_read_is_a_name_like_others() -> None:
    assert names({"subjectAltName": (("IP Address", "<invalid>"), ("DirName", "x"))}) == {"<invalid>"}
