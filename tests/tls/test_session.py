"""Who gets to know whom, and what each end says where it does not (IEC 62351-3; faults G16)."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from cryptography import x509

from iec104mm2ss.tls.parameters import TlsParameters
from iec104mm2ss.tls.session import Session, TlsError
from tests.certificates import LOOPBACK, Authority, fingerprint, key, only_for_servers
from tests.tls.conversation import Outcome, Peer, lax, talk

HOST = "127.0.0.1"
UNKNOWN = "its certificate is from an unknown authority (see tls_ca)"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def gateway(authority: Authority) -> TlsParameters:
    return authority.sign("gateway")


def between(server: TlsParameters, client: TlsParameters, host: str = HOST) -> Outcome:
    return talk(Session(server), Session(client, host))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_are_spoken_and_octets_pass_both_ways(
    authority: Authority, gateway: TlsParameters, version: ssl.TLSVersion
) -> None:
    context = lax(authority.sign("scada"))
    context.maximum_version = context.minimum_version = version
    server, client = Session(gateway), Peer(context, server=False)
    outcome = talk(server, client)
    assert (outcome.server, outcome.client) == ("", "")
    assert (server.version, server.peer) == (version.name.replace("_", "."), "scada")
    assert server.knows_at_once
    assert client.knows_at_once is (version is ssl.TLSVersion.TLSv1_2)
    client.write(bytes(40_000))
    server.feed(memoryview(client.take_output()))
    pieces = []
    while (piece := server.read()) is not None:
        pieces.append(piece)
    assert b"".join(pieces) == bytes(40_000)
    server.end()
    client.feed(memoryview(server.take_output()))
    assert client.read() == b""


def test_what_is_written_after_the_end_is_an_error(authority: Authority, gateway: TlsParameters) -> None:
    server, client = Session(gateway), Session(authority.sign("scada"), HOST)
    talk(server, client)
    server.end()
    with pytest.raises(TlsError, match="protocol is shutdown"):
        server.write(b"late")


def test_an_end_that_cannot_be_told_is_none() -> None:
    client = Peer(lax(None), server=False)
    client.end()
    assert client.take_output() == b""


def test_octets_that_are_no_record_end_a_conversation(authority: Authority, gateway: TlsParameters) -> None:
    server, client = Session(gateway), Session(authority.sign("scada"), HOST)
    talk(server, client)
    server.feed(memoryview(b"\x68\x04\x43\x00\x00\x00\x00\x00"))
    with pytest.raises(TlsError, match="breaks the rules of TLS"):
        server.read()


@pytest.mark.parametrize(
    ("client", "reason", "alert"),
    [
        (
            lambda it: it.sign("old", since=-10, valid_for=5),
            "its certificate has expired",
            "our certificate has expired",
        ),
        (lambda it: it.sign("new", since=2), "its certificate is not valid yet", "does not accept our certificate"),
        (lambda it: Authority(it.folder, "other").sign("x", ca=it.file), UNKNOWN, "does not know the authority"),
        (
            lambda it: it.sign("short", private=key("short", 1024)),
            "the key of its certificate is too short",
            "does not accept our certificate",
        ),
        (
            lambda it: it.sign("server", extensions=(only_for_servers(),)),
            "its certificate was made for another purpose",
            "does not accept our certificate",
        ),
    ],
    ids=["expired", "not yet", "unknown", "short", "purpose"],
)
def test_a_client_is_refused_with_the_reason_and_told_so(
    authority: Authority, gateway: TlsParameters, client: Callable[[Authority], TlsParameters], reason: str, alert: str
) -> None:
    context = lax(None)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    shown = client(authority)
    context.load_cert_chain(shown.cert, shown.key)
    outcome = talk(Session(gateway), Peer(context, server=False))
    assert outcome.server == reason
    assert alert in outcome.client


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_without_a_certificate_is_refused(gateway: TlsParameters, version: ssl.TLSVersion) -> None:
    context = lax(None)
    context.maximum_version = version
    outcome = talk(Session(gateway), Peer(context, server=False))
    assert outcome.server == "it shows no certificate"
    assert outcome.client in ("it wants a certificate of ours", "it accepts none of our cipher suites")


def test_a_server_is_refused_with_the_reason(authority: Authority, gateway: TlsParameters) -> None:
    stranger = Authority(authority.folder, "other").sign("rtu", ca=authority.file)
    assert between(stranger, gateway).client == UNKNOWN
    old = lax(authority.sign("rtu", since=-10, valid_for=5), server=True)
    outcome = talk(Peer(old, server=True), Session(gateway, HOST))
    assert outcome.client == "its certificate has expired"


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", ""),
        (
            "127.0.0.2",
            "its certificate has another address than the host in this row (tls_peers= names who else it may be)",
        ),
        ("rtu.example", ""),
        (
            "rtu2.example",
            "its certificate has another name than the host in this row (tls_peers= names who else it may be)",
        ),
    ],
)
def test_an_rtu_must_have_the_name_of_its_row(
    authority: Authority, gateway: TlsParameters, host: str, reason: str
) -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("rtu.example"), *LOOPBACK])
    assert between(authority.sign("rtu", extensions=(names,)), gateway, host).client == reason


def test_the_zone_of_an_address_is_no_part_of_a_name(authority: Authority, gateway: TlsParameters) -> None:
    assert between(authority.sign("rtu"), gateway, "127.0.0.1%lo").client == ""


@pytest.mark.parametrize(
    ("peers", "known"),
    [
        (("rtu-7",), True),
        (("rtu-8", "rtu7.example"), True),
        (("2001:db8::7",), True),
        (("urn:rtu:7",), True),
        (("RTU-7",), False),  # settings write names in lower case
        (("rtu-70",), False),
        (("other",), False),
    ],
)
def test_allowed_peers_replace_the_look_at_the_host(
    authority: Authority, gateway: TlsParameters, peers: tuple[str, ...], *, known: bool
) -> None:
    names = [
        x509.DNSName("RTU7.example"),
        x509.IPAddress(IPv6Address("2001:db8::7")),
        x509.UniformResourceIdentifier("urn:RTU:7"),
    ]
    rtu = authority.sign("rtu-7", extensions=(x509.SubjectAlternativeName(names),))
    outcome = between(rtu, replace(gateway, peers=peers), "192.0.2.1")
    expected = "" if known else f"rtu-7 is not among the allowed peers (see tls_peers); sha256:{_plain(rtu)}"
    assert outcome.client == expected


def test_a_fingerprint_allows_one_certificate_only(authority: Authority, gateway: TlsParameters) -> None:
    scada = authority.sign("scada")
    limited = replace(gateway, peers=(f"sha256:{_plain(scada)}",))
    assert between(limited, scada).server == ""
    assert "scada is not among the allowed peers" in between(limited, authority.sign("scada")).server


def test_the_name_of_a_peer_is_on_one_line(authority: Authority, gateway: TlsParameters) -> None:
    server = Session(gateway)
    talk(server, Peer(lax(authority.sign("sca\nda\x1b[0m")), server=False))
    assert server.peer == "sca?da?[0m"


def test_a_peer_without_a_common_name_goes_by_another(authority: Authority, gateway: TlsParameters) -> None:
    for extensions, name in (((LOOPBACK,), "127.0.0.1"), ((), "nameless")):
        server = Session(gateway)
        talk(server, Peer(lax(authority.sign("", file="anonymous", extensions=extensions)), server=False))
        assert server.peer == name


def test_a_revoked_certificate_is_refused_as_soon_as_the_list_says_so(authority: Authority) -> None:
    scada = authority.sign("scada")
    gateway = authority.sign("gateway", crl=authority.revoke())
    assert between(gateway, scada).server == ""
    authority.revoke(scada.cert)
    assert between(gateway, scada).server == "its certificate is revoked"
    assert between(scada, replace(gateway, cert=scada.cert, key=scada.key)).client == "its certificate is revoked"


def test_a_list_that_has_expired_or_is_another_authority_s_lets_nobody_in(authority: Authority) -> None:
    scada = authority.sign("scada")
    gateway = authority.sign("gateway", crl=authority.revoke(since=-9, valid_for=5))
    assert between(gateway, scada).server == "the revocation list has expired (see tls_crl)"
    Authority(authority.folder, "other").revoke()
    assert "no revocation list of the authority" in between(gateway, scada).server


@pytest.mark.parametrize(
    ("octets", "what"),
    [(b"\x68\x04\x07\x00\x00\x00", "IEC 104 without TLS"), (b"GET / HTTP/1.1\r\n\r\n", "something else")],
)
def test_a_peer_without_tls_is_named_so(gateway: TlsParameters, octets: bytes, what: str) -> None:
    server = Session(gateway)
    server.feed(memoryview(octets))
    with pytest.raises(TlsError, match=f"it does not speak TLS but {what}"):
        server.shake_hands()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "suites"),
    [
        (ssl.TLSVersion.TLSv1_1, "ALL"),
        (ssl.TLSVersion.TLSv1_2, "AES128-SHA"),
        (ssl.TLSVersion.TLSv1_2, "eNULL"),
        (ssl.TLSVersion.TLSv1_2, "aNULL"),
    ],
)
def test_what_is_weak_is_refused(
    authority: Authority, gateway: TlsParameters, version: ssl.TLSVersion, suites: str
) -> None:
    context = lax(authority.sign("scada"))
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
    context.set_ciphers(f"{suites}:@SECLEVEL=0")
    outcome = talk(Session(gateway), Peer(context, server=False))
    assert outcome.server == "it offers no version of TLS or no cipher suite that is accepted here"
    assert outcome.client in ("it accepts no version of TLS from 1.2 on", "it accepts none of our cipher suites")


def _plain(tls: TlsParameters) -> str:
    return fingerprint(tls).replace(":", "").lower()
