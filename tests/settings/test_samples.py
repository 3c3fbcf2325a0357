from pathlib import Path

import pytest

from iec104mm2ss.settings import load, parse
from iec104mm2ss.settings.options import OPTIONS, SETTINGS

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "iec104mm2ss.csv"
LARGER = ROOT / "config" / "site-example.csv"


def test_the_sample_is_taken_without_a_complaint() -> None:
    loaded = load(SAMPLE)
    assert loaded.problems == ()
    assert [group.number for group in loaded.site.groups] == [111, 555]


def test_the_sample_needs_no_privilege_and_no_network() -> None:
    site = load(SAMPLE).site
    rows = [row for group in site.groups for row in group.masters]
    assert site.ntp_servers == ()
    assert {host.host for group in site.groups for host in group.rtu.hosts} == {"127.0.0.1", "localhost"}
    assert all(row.port > 1024 and row.accept.accepts("127.0.0.1") for row in rows)
    assert not any(row.accept.accepts("192.168.1.16") for row in rows)


@pytest.mark.parametrize("name", sorted({*SETTINGS, *OPTIONS} - {"ntpserver"}))
def test_the_sample_explains_every_setting_and_option(name: str) -> None:
    comments = [line for line in SAMPLE.read_text().splitlines() if line.startswith("#")]
    assert any(f"{name}:" in line or f"{name}=" in line for line in comments)


def test_the_settings_of_the_sample_are_the_defaults() -> None:
    entries = "\n".join(line for line in SAMPLE.read_text().splitlines() if line[:1].isdigit())
    assert load(SAMPLE).site == parse(entries.encode(), SAMPLE).site


def test_the_larger_sample_refuses_nothing() -> None:
    loaded = load(LARGER)
    assert not loaded.refused
    assert [problem.text[:22] for problem in loaded.problems] == ["'!' ends the file here"]
    assert [len(group.masters) for group in loaded.site.groups] == [5, 3, 2]
