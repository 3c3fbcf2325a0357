"""The options of TLS: a row's own before those of the file, and what keeps a row from running without TLS."""

from pathlib import Path

import pytest

from iec104mm2ss.settings import Loaded, parse
from iec104mm2ss.tls.parameters import TlsParameters
from tests.certificates import Authority, fingerprint, key, pem
from tests.settings.simulated import RTU as ENTRY
from tests.settings.simulated import read_rtus, told
from tests.settings.texts import MASTER, RTU

FILES = ("tls_cert,gateway.pem", "tls_key,gateway.key", "tls_ca,authority.pem")
OWN = "tls=Y,tls_cert=gateway.pem,tls_key=gateway.key,tls_ca=authority.pem"
WAITS = "; what needs it waits until it is mended"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Authority(tmp_path).sign("gateway")
    return tmp_path


def read(folder: Path, *rows: str) -> Loaded:
    return parse("\n".join(rows).encode(), folder / "site.csv")


def said(loaded: Loaded) -> list[str]:
    """The problems without the folder."""
    folder = f"{loaded.site.path.parent}/"
    return [str(problem).replace(folder, "").removeprefix("site.csv:") for problem in loaded.problems]


def both(loaded: Loaded) -> tuple[TlsParameters | None, TlsParameters | None]:
    """The TLS of the first RTU and of its first master."""
    group = loaded.site.groups[0]
    return group.rtu.tls, group.masters[0].tls


def files(folder: Path) -> TlsParameters:
    return TlsParameters(cert=folder / "gateway.pem", key=folder / "gateway.key", ca=folder / "authority.pem")


def test_without_a_word_of_it_there_is_none(folder: Path) -> None:
    loaded = read(folder, RTU, MASTER)
    assert (both(loaded), loaded.problems) == ((None, None), ())


def test_a_row_can_have_its_own(folder: Path) -> None:
    loaded = read(folder, RTU, f"{MASTER},{OWN}")
    assert (both(loaded), loaded.problems) == ((None, files(folder)), ())
    loaded = read(folder, f"{RTU},{OWN}", MASTER)
    assert (both(loaded), loaded.problems) == ((files(folder), None), ())


def test_the_file_s_settings_hold_for_every_row_that_has_no_other(folder: Path) -> None:
    Authority(folder, "second")
    loaded = read(folder, "TLS,yes", *FILES, RTU, f"{MASTER},tls_ca=second.pem", "111,PLAIN,2407,32,Y,::1,tls=N")
    assert loaded.problems == ()
    assert both(loaded)[0] == files(folder)
    master = both(loaded)[1]
    assert master is not None
    assert (master.ca, master.cert) == (folder / "second.pem", folder / "gateway.pem")
    assert loaded.site.groups[0].masters[1].tls is None


def test_the_key_may_be_in_the_file_of_the_certificate_and_names_may_be_absolute(folder: Path, tmp_path: Path) -> None:
    whole = tmp_path / "gateway.pem"
    whole.write_bytes(whole.read_bytes() + pem(key("peer")))
    whole.chmod(0o600)
    loaded = read(folder, RTU, f"{MASTER},tls=Y,tls_cert={whole},tls_ca=authority.pem")
    assert (both(loaded)[1], loaded.problems) == (TlsParameters(cert=whole, key=whole, ca=folder / "authority.pem"), ())


def test_the_simulator_has_the_same_options(folder: Path) -> None:
    loaded = read_rtus(folder, "tls,Y", *FILES, ENTRY, "2,B,32,2405,::1,,,iodata1.csv,tls=N")
    assert loaded.problems == ()
    assert [entry.tls for entry in loaded.simulation.rtus] == [files(folder), None]


def test_the_simulator_s_complaints_have_their_place_too(folder: Path) -> None:
    loaded = read_rtus(folder, *FILES, f"{ENTRY},tls=Y,tls_ca=missing.pem", f"2{ENTRY[1:]},tls_ca=x")
    assert [text.replace(f"{folder}/", "") for text in told(loaded.problems)] == [
        f"4:J: missing.pem cannot be read: No such file or directory{WAITS}",
        "5:I: tls_ca has no use without tls=Y",
    ]


@pytest.mark.parametrize(
    ("cell", "peers"),
    [
        ("tls_peers=SCADA-A; scada-b ;", ("scada-a", "scada-b")),
        ("tls_peers=", ()),
        ("tls_peers=2001:DB8:0:0:0:0:0:7;10.1.1.5", ("2001:db8::7", "10.1.1.5")),
        (f"tls_peers=sha256:{'AB' * 32}", (f"sha256:{'ab' * 32}",)),
        (f"tls_peers={'ab' * 31}", ("ab" * 31,)),
    ],
)
def test_peers_are_names_and_fingerprints(folder: Path, cell: str, peers: tuple[str, ...]) -> None:
    master = both(read(folder, "tls_peers,gateway", RTU, f"{MASTER},{OWN},{cell}"))[1]
    assert master is not None
    assert master.peers == peers


def test_a_fingerprint_can_be_pasted_as_others_show_it(folder: Path) -> None:
    shown = fingerprint(Authority(folder).sign("scada"))
    master = both(read(folder, RTU, f"{MASTER},{OWN},tls_peers={shown}"))[1]
    assert master is not None
    assert master.peers == (f"sha256:{shown.replace(':', '').lower()}",)


def test_the_file_s_revocation_lists_can_be_left_out_in_a_row(folder: Path) -> None:
    Authority(folder).revoke()
    loaded = read(folder, "tls_crl,revoked.pem", RTU, f"{MASTER},{OWN}", f"111,B,2407,32,Y,::1,{OWN},tls_crl=")
    masters = [row.tls for row in loaded.site.groups[0].masters]
    assert [tls and tls.crl for tls in masters] == [folder / "revoked.pem", None]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("tls=maybe", "2:G: 'tls=maybe' should be Y or N"),
        ("tls=Y", "2:G: TLS needs tls_cert= and tls_ca= too, in this row or for the whole file"),
        ("max=2,tls=Y,tls_cert=gateway.pem", "2:H: TLS needs tls_ca= too, in this row or for the whole file"),
        ("tls_cert=gateway.pem", "2:G: tls_cert has no use without tls=Y"),
        ("tls_peers=scada", "2:G: tls_peers has no use without tls=Y"),
        ("tls=Y,tls_cert=", "2:H: 'tls_cert=' should be the name of a file in PEM form, such as certs/gateway.pem"),
        ("tls_=Y", "2:G: the option 'tls_' is unknown; it should probably be tls"),
    ],
)
def test_a_row_that_was_meant_to_be_safe_does_not_run_without_tls(folder: Path, options: str, problem: str) -> None:
    loaded = read(folder, RTU, f"{MASTER},{options}")
    assert said(loaded)[-1] == problem
    assert not loaded.usable


def test_with_tls_n_the_rest_may_stay_in_the_row(folder: Path) -> None:
    loaded = read(folder, RTU, f"{MASTER},{OWN.replace('tls=Y', 'tls=N')}")
    assert (both(loaded), loaded.problems) == ((None, None), ())


def test_a_slip_in_the_file_s_own_word_does_not_switch_it_off(folder: Path) -> None:
    loaded = read(folder, "tls,on", *FILES, RTU, MASTER)
    assert said(loaded) == ["1:B: tls 'on' should be Y or N"]
    assert both(loaded) == (files(folder), files(folder))
    assert not read(folder, "tls,on", RTU, MASTER).usable


UNREADABLE = ['{},"{}', "{},{}\0"]
"""Rows that are reported as a whole, made of a name and a value."""


@pytest.mark.parametrize("row", UNREADABLE)
def test_a_row_that_cannot_be_read_does_not_switch_it_off(folder: Path, row: str) -> None:
    loaded = read(folder, row.format("tls", "Y"), *FILES, RTU, MASTER)
    assert len(loaded.problems) == 1
    assert both(loaded) == (files(folder), files(folder))
    simulated = read_rtus(folder, row.format("tls", "Y"), *FILES, ENTRY)
    assert len(simulated.problems) == 1
    assert [entry.tls for entry in simulated.simulation.rtus] == [files(folder)]


@pytest.mark.parametrize("row", UNREADABLE)
@pytest.mark.parametrize(("name", "value"), [("tls_crl", "revoked.pem"), ("tls_peers", "scada")])
def test_a_row_that_cannot_be_read_does_not_accept_more_peers(folder: Path, row: str, name: str, value: str) -> None:
    Authority(folder).revoke()
    lost = row.format(name, value)
    master = f"111,B,2407,32,Y,::1,{name}={value}"
    loaded = read(folder, lost, "tls,Y", *FILES, f"{RTU},tls=N", MASTER, master)
    assert said(loaded)[1:] == [f"7: TLS needs {name}= too, in this row or for the whole file"]
    assert [row.name for row in loaded.site.groups[0].masters] == ["M/B"]


def test_files_that_no_row_uses_are_noticed(folder: Path) -> None:
    text = "warning: TLS is used by no row; write tls,Y for the whole file, or tls=Y in rows"
    assert said(read(folder, *FILES, RTU, MASTER)) == [f"1:A: {text}"]
    assert said(read(folder, "tls,N", *FILES, RTU, MASTER)) == []
    assert said(read(folder, *FILES, RTU, f"{MASTER},tls=Y")) == []


def test_what_is_wrong_with_a_file_stands_where_it_is_named_and_once(folder: Path) -> None:
    (folder / "authority.pem").unlink()
    text = f"authority.pem cannot be read: No such file or directory{WAITS}"
    loaded = read(folder, *FILES, "tls,Y", RTU, MASTER, "111,B,2407,32,Y,::1,tls_ca=authority.pem")
    assert said(loaded) == [f"3:B: {text}", f"7:G: {text}"]
    assert loaded.usable
    assert not loaded.refused
    assert not any(problem.is_warning for problem in loaded.problems)


def test_a_key_that_is_not_named_is_looked_for_where_the_certificate_is(folder: Path) -> None:
    loaded = read(folder, RTU, f"{MASTER},tls=Y,tls_cert=gateway.pem,tls_ca=authority.pem")
    assert said(loaded) == [f"2:H: gateway.pem holds no private key in PEM form{WAITS}"]
