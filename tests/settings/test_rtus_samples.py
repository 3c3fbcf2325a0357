from pathlib import Path

import pytest

from iec104mm2ss.settings.rtu_row import OPTIONS
from iec104mm2ss.settings.rtus import LINK_SETTINGS, PROGRAM_SETTINGS, load_rtus, parse_rtus
from iec104mm2ss.settings.signals import SignalRow, load_signals
from tests.settings.simulated import SEED_RTUS, SEED_SIGNALS, read_rtus, read_signals

CONFIG = Path(__file__).parents[2] / "config"
SAMPLE = CONFIG / "iec104rs.csv"
DATA = CONFIG / "data"
SIGNAL_TYPES = {1, 3, 5, 7, 9, 11, 13, 15, *range(30, 38)}


def signals(name: str) -> tuple[SignalRow, ...]:
    loaded = load_signals(DATA / name)
    assert loaded.problems == ()
    return loaded.rows


def test_the_sample_is_taken_without_a_complaint() -> None:
    loaded = load_rtus(SAMPLE)
    assert loaded.problems == ()
    assert [rtu.id for rtu in loaded.simulation.rtus] == list(range(1, 10))


def test_the_sample_begins_with_the_rtus_of_the_seed(tmp_path: Path) -> None:
    seed = read_rtus(tmp_path, SEED_RTUS).simulation.rtus
    shipped = load_rtus(SAMPLE).simulation.rtus[: len(seed)]
    assert [(rtu.id, rtu.name, rtu.ca, rtu.port, rtu.link, rtu.data.name) for rtu in shipped] == [
        (rtu.id, rtu.name, rtu.ca, rtu.port, rtu.link, rtu.data.name) for rtu in seed
    ]


def test_the_sample_needs_no_privilege_and_no_network() -> None:
    simulation = load_rtus(SAMPLE).simulation
    assert simulation.ntp_servers == ()
    assert all(rtu.port > 1024 and rtu.accept.accepts("127.0.0.1") for rtu in simulation.rtus)


@pytest.mark.parametrize("name", sorted({*PROGRAM_SETTINGS, *LINK_SETTINGS, *OPTIONS} - {"ntpserver"}))
def test_the_sample_explains_every_setting_and_option(name: str) -> None:
    comments = [line for line in SAMPLE.read_text().splitlines() if line.startswith("#")]
    assert any(f"{name}:" in line or f"{name}=" in line for line in comments)


def test_the_settings_of_the_sample_are_the_defaults() -> None:
    entries = "\n".join(line for line in SAMPLE.read_text().splitlines() if line[:1].isdigit())
    assert load_rtus(SAMPLE).simulation == parse_rtus(entries.encode(), SAMPLE).simulation


def test_the_first_data_file_begins_with_the_signals_of_the_seed() -> None:
    seed = read_signals(SEED_SIGNALS).rows
    assert signals("iodata1.csv")[: len(seed)] == seed


def test_the_second_data_file_shows_every_type_and_extension() -> None:
    rows = signals("iodata2.csv")
    assert {row.type_id for row in rows if not row.is_command} == SIGNAL_TYPES
    assert any(row.is_command and row.type_id in {48, 49, 50, 61, 62, 63} for row in rows)
    assert {flag for row in rows for flag in row.quality} == {"BL", "SB", "NT", "OV", "IV"}
    assert {row.group for row in rows} == {None, 1, 2}
    assert {row.rtu for row in rows} == {None, 105}
    assert {row.condition.timeout for row in rows if row.condition} == {20.0, 5.0, 2.5}
    assert [row.index for row in rows if not row.in_gi] == [9100]
