from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from iec104mm2ss.settings.signals import LoadedSignals, parse_signals
from tests.settings.simulated import SEED_SIGNALS

PATH = Path("io.csv")
NUMBERS = ["", "0", "1", "-1", "2.5", "1e999", "5000", "30", "31", "46", "36", "37", "16777216"]
CELLS = ["Y", "N", "T-out(s)", "quality=IV", "quality=", "group=3", "group=x", "qualty=1", "=", "x" * 60]
MARKS = ["!", "#", '"', '"a"', "\0", "\ufffd"]
PIECES = st.sampled_from(NUMBERS + CELLS + MARKS)
ROWS = st.lists(st.lists(PIECES | st.text(max_size=5), max_size=14).map(",".join), max_size=12)


def check(loaded: LoadedSignals) -> None:
    """What holds for every file: it can be printed, it is unusable only for a reason that is said, rows are whole."""
    assert all(problem.text and "\n" not in str(problem) for problem in loaded.problems)
    assert loaded.usable or loaded.refused
    for row in loaded.rows:
        assert len(row.comment) <= 53
        assert row.comment.isprintable()
        assert row.is_command == (row.type_id >= 45)
        assert row.condition is None or row.condition.timeout > 0


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_octets_are_read(data: bytes) -> None:
    check(parse_signals(data, PATH))


@settings(deadline=None)
@given(ROWS)
def test_any_rows_are_read(rows: list[str]) -> None:
    check(parse_signals("\n".join(rows).encode("utf-8", "surrogatepass"), PATH))


@settings(deadline=None)
@given(st.data())
def test_the_seed_with_a_piece_cut_out_or_put_in_is_read(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SEED_SIGNALS)))
    end = data.draw(st.integers(start, len(SEED_SIGNALS)))
    text = SEED_SIGNALS[:start] + data.draw(PIECES) + SEED_SIGNALS[end:]
    check(parse_signals(text.encode("utf-8", "surrogatepass"), PATH))


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(NUMBERS + CELLS), min_size=1, max_size=14), min_size=1, max_size=8))
def test_every_signal_is_taken_or_reported(rows: list[list[str]]) -> None:
    loaded = parse_signals("\n".join(",".join(("1", *cells)) for cells in rows).encode(), PATH)
    taken = {row.line for row in loaded.rows}
    refused = {problem.row for problem in loaded.problems if problem.refused}
    assert taken | refused == set(range(1, len(rows) + 1))
    assert not taken & refused
