"""Own certificates, keys and authorities that cannot be used: which file, why, and when that is noticed."""

import os
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from iec104mm2ss.tls import check
from iec104mm2ss.tls.check import complaints
from iec104mm2ss.tls.context import context
from iec104mm2ss.tls.files import TlsFileError
from iec104mm2ss.tls.parameters import TlsParameters
from tests.certificates import Authority, key, pem

NOW = datetime.now(UTC)
Spoil = Callable[[TlsParameters], object]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def tls(authority: Authority) -> TlsParameters:
    return authority.sign("gateway", crl=authority.revoke())


def wrong(tls: TlsParameters, now: datetime = NOW) -> list[tuple[str, str]]:
    """What there is to say, without the folder."""
    return [(option, text.replace(f"{tls.cert.parent}/", "")) for option, text, _ in complaints(tls, now)]


def test_good_files_make_a_context_that_is_kept_while_they_stay_the_same(tls: TlsParameters) -> None:
    first = context(tls, server=True)
    assert context(replace(tls, peers=("scada",)), server=True) is first
    assert context(tls, server=False) is not first
    os.utime(tls.ca, ns=(1, 1))
    assert context(tls, server=True) is not first
    assert wrong(tls) == []


def test_the_rules_of_the_standard_hold_in_both_roles(tls: TlsParameters) -> None:
    for made in (context(tls, server=True), context(tls, server=False)):
        assert made.verify_mode is ssl.CERT_REQUIRED
        assert made.minimum_version is ssl.TLSVersion.TLSv1_2
        assert made.options & ssl.OP_NO_RENEGOTIATION
        assert made.options & ssl.OP_NO_TICKET
        assert made.verify_flags & ssl.VERIFY_CRL_CHECK_LEAF
        suites = {suite["name"] for suite in made.get_ciphers()}
        assert {name for name in suites if not ("GCM" in name or "CHACHA20" in name)} == set()
        assert "ECDHE-RSA-AES128-GCM-SHA256" in suites
    assert context(tls, server=True).num_tickets == 0


def test_only_a_client_without_allowed_peers_looks_at_the_host(tls: TlsParameters) -> None:
    assert context(tls, server=False).check_hostname
    assert not context(replace(tls, peers=("rtu",)), server=False).check_hostname
    assert not context(tls, server=True).check_hostname


def _as_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "option", "text"),
    [
        (lambda it: it.cert.unlink(), "tls_cert", "gateway.pem cannot be read: No such file or directory"),
        (lambda it: it.cert.write_text("hello"), "tls_cert", "gateway.pem holds no certificate in PEM form"),
        (lambda it: _as_directory(it.ca), "tls_ca", "authority.pem is no file, or one that is too large"),
        (lambda it: it.key.unlink(), "tls_key", "gateway.key cannot be read: No such file or directory"),
        (lambda it: it.key.write_bytes(b"\xff"), "tls_key", "gateway.key holds no private key in PEM form"),
        (
            lambda it: it.key.write_bytes(pem(key("peer"), b"secret")),
            "tls_key",
            "gateway.key is encrypted and nobody can be asked; store it without a pass phrase",
        ),
        (
            lambda it: it.key.write_bytes(pem(key("another"))),
            "tls_key",
            "gateway.key is not the key of the certificate in gateway.pem",
        ),
        (lambda it: it.ca.unlink(), "tls_ca", "authority.pem cannot be read: No such file or directory"),
        (lambda it: it.ca.write_text(""), "tls_ca", "authority.pem holds no certificate in PEM form"),
        (lambda it: it.crl.unlink(), "tls_crl", "revoked.pem cannot be read: No such file or directory"),
        (
            lambda it: it.crl.write_bytes(it.ca.read_bytes()),
            "tls_crl",
            "revoked.pem holds no revocation list in PEM form",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(
    tls: TlsParameters, spoil: Spoil, option: str, text: str
) -> None:
    spoil(tls)
    with pytest.raises(TlsFileError) as caught:
        context(tls, server=True)
    assert caught.value.option == option
    assert str(caught.value).replace(f"{tls.cert.parent}/", "") == text
    assert wrong(tls) == [(option, text)]


def _damaged(path: Path) -> None:
    """Turn the octets within the PEM block into others."""
    head, *body, tail = path.read_text().splitlines()
    path.write_text("\n".join([head, "MAMCAQE=" if len(body) < 3 else "AAAA", tail, ""]))


@pytest.mark.parametrize("name", ["cert", "ca", "crl"])
def test_a_damaged_file_is_named(tls: TlsParameters, name: str) -> None:
    _damaged(getattr(tls, name))
    with pytest.raises(TlsFileError, match="is damaged: it has no validity"):
        context(tls, server=True)
    assert [option for option, _ in wrong(tls)] == [f"tls_{name}"]


def test_a_damaged_key_is_named(tls: TlsParameters) -> None:
    _damaged(tls.key)
    ((option, text),) = wrong(tls)
    assert option == "tls_key"
    assert text.startswith("gateway.key and gateway.pem cannot be used: ")


def test_what_only_openssl_finds_wrong_is_told_too(tls: TlsParameters) -> None:
    _only_times(tls.ca)
    with pytest.raises(TlsFileError, match=r"authority\.pem is damaged: "):
        context(tls, server=True)


def _only_times(path: Path) -> None:
    time = b"\x17\x0d400101000000Z"
    inner = b"\x30" + bytes([2 * len(time)]) + 2 * time
    signed = b"\x30" + bytes([len(inner)]) + inner
    path.write_text(ssl.DER_cert_to_PEM_cert(b"\x30" + bytes([len(signed)]) + signed))


def test_a_short_key_of_our_own_is_refused(authority: Authority) -> None:
    short = authority.sign("short", private=key("short", 1024))
    ((option, text),) = wrong(short)
    assert (option, text) == ("tls_cert", "short.pem has a key that is too short, or a weak signature")


def test_an_own_certificate_out_of_its_time_makes_no_context(tls: TlsParameters) -> None:
    later, before = NOW + timedelta(days=400), NOW - timedelta(days=30)
    with pytest.raises(TlsFileError, match=f"expired on {NOW + timedelta(days=363):%Y-%m-%d}"):
        context(tls, server=True, now=later)
    with pytest.raises(TlsFileError, match=f"not valid before {NOW - timedelta(days=2):%Y-%m-%d}"):
        context(tls, server=True, now=before)
    assert ("tls_cert", f"the certificate in gateway.pem expired on {NOW + timedelta(days=363):%Y-%m-%d}") in wrong(
        tls, later
    )


def test_the_end_of_a_certificate_is_announced_thirty_days_before(authority: Authority) -> None:
    end = NOW + timedelta(days=20)
    tls = authority.sign("gateway", valid_for=22)
    assert wrong(tls) == [("tls_cert", f"the certificate in gateway.pem expires on {end:%Y-%m-%d}; renew it")]
    assert wrong(authority.sign("gateway", valid_for=33)) == []


def test_the_end_of_an_authority_and_of_its_list_is_told(authority: Authority) -> None:
    tls = authority.sign("gateway", valid_for=9000, crl=authority.revoke())
    end = NOW + timedelta(days=3648)
    assert wrong(tls, end - timedelta(days=20)) == [
        ("tls_ca", f"an authority in authority.pem expires on {end:%Y-%m-%d}"),
        (
            "tls_crl",
            f"a revocation list in revoked.pem expired on {NOW + timedelta(days=6):%Y-%m-%d}; peers will be refused",
        ),
    ]
    assert wrong(tls, end + timedelta(days=1))[0] == (
        "tls_ca",
        f"an authority in authority.pem expired on {end:%Y-%m-%d}",
    )


@pytest.mark.skipif(os.name != "posix", reason="files have no such permissions here")
def test_a_key_that_everybody_can_read_is_told(tls: TlsParameters, monkeypatch: pytest.MonkeyPatch) -> None:
    tls.key.chmod(0o640)
    assert wrong(tls) == []
    tls.key.chmod(0o644)
    text = "gateway.key is open to every user of this machine; let only this program's user read it"
    assert wrong(tls) == [("tls_key", text)]
    monkeypatch.setattr(check, "_ALL_USERS", 0)
    assert wrong(tls) == []


def test_the_key_may_stand_in_the_file_of_the_certificate(tls: TlsParameters) -> None:
    both = tls.cert
    both.write_bytes(tls.cert.read_bytes() + tls.key.read_bytes())
    both.chmod(0o600)
    assert wrong(replace(tls, key=both)) == []


def test_a_name_that_no_file_can_have_is_told(tls: TlsParameters) -> None:
    ((option, text),) = wrong(replace(tls, ca=Path("a\0b")))
    assert option == "tls_ca"
    assert "cannot be read" in text
    assert "embedded null" in text
