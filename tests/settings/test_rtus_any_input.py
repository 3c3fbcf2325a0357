from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from iec104mm2ss.settings.rtus import LoadedRtus, parse_rtus
from tests.settings.simulated import SEED_RTUS

MISSING = Path("nowhere") / "rs.csv"
CELLS = ["", "1", "2404", "65536", "A", "::1", "k", "t1", "t3", "12", "iodata1.csv", "..", "x" * 300]
OPTIONS = ["t1=5", "w=9", "t3=never", "mirror_oa=N", "drop_after=3s", "drop_after=x", "bind=*", "zz=1", "="]
MARKS = ["!", "#", '"', '"a"', "\0", "\ufffd"]
PIECES = st.sampled_from(CELLS + OPTIONS + MARKS)
ROWS = st.lists(st.lists(PIECES | st.text(max_size=5), max_size=12).map(",".join), max_size=12)


def check(loaded: LoadedRtus) -> None:
    """What holds for every file: it can be printed, it is unusable only for a reason that is said, ports are unique."""
    assert all(problem.text and "\n" not in str(problem) for problem in loaded.problems)
    assert loaded.usable or loaded.refused
    ports = [rtu.port for rtu in loaded.simulation.rtus]
    assert len(ports) == len(set(ports))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_octets_are_read(data: bytes) -> None:
    check(parse_rtus(data, MISSING))


@settings(deadline=None)
@given(ROWS)
def test_any_rows_are_read(rows: list[str]) -> None:
    check(parse_rtus("\n".join(rows).encode("utf-8", "surrogatepass"), MISSING))


@settings(deadline=None)
@given(st.data())
def test_the_seed_with_a_piece_cut_out_or_put_in_is_read(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SEED_RTUS)))
    end = data.draw(st.integers(start, len(SEED_RTUS)))
    text = SEED_RTUS[:start] + data.draw(PIECES) + SEED_RTUS[end:]
    check(parse_rtus(text.encode("utf-8", "surrogatepass"), MISSING))


GOOD = ["A", "7", "2404", "127.0.0.1", "", "", "iodata1.csv"]


@settings(deadline=None)
@given(rows=st.lists(st.lists(st.sampled_from(GOOD + CELLS), min_size=6, max_size=8), min_size=1, max_size=8))
def test_every_entry_is_taken_or_reported(rows: list[list[str]]) -> None:
    loaded = parse_rtus("\n".join(",".join(("1", *cells)) for cells in rows).encode(), MISSING)
    taken = {rtu.line for rtu in loaded.simulation.rtus}
    refused = {problem.row for problem in loaded.problems if problem.refused}
    assert taken | refused == set(range(1, len(rows) + 1))
    assert not taken & refused
