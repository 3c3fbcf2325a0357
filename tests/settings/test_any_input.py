import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from iec104mm2ss.settings import Loaded, parse
from tests.settings.texts import SEED, read

NUMBERS = ["111", "5", "0", "2404", "65536"]
CELLS = ["", "Y", "N", "h:1", "[::1]:5", "::1", "127.0.0.1;x"]
NAMES = ["k", "w", "t1", "t2", "nogui", "k=5", "w=9", "t2=99", "max=200", "oa=3", "bind=*", "zz=1"]
MARKS = ["!", "#", '"', '"a"', "\0", "\ufffd"]
PIECES = st.sampled_from(NUMBERS + CELLS + NAMES + MARKS)
ROWS = st.lists(st.lists(PIECES | st.text(max_size=5), max_size=12).map(",".join), max_size=12)


def check(loaded: Loaded) -> None:
    """What holds for every file: it can be printed, it is unusable only for a reason that is said."""
    assert all("\n" not in str(problem) for problem in loaded.problems)
    assert all(problem.text for problem in loaded.problems)
    assert loaded.usable or loaded.refused


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_octets_are_read(data: bytes) -> None:
    check(parse(data, Path("site.csv")))


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    check(parse(text.encode("utf-8", "surrogatepass"), Path("site.csv")))


@settings(deadline=None)
@given(ROWS)
def test_any_rows_are_read(rows: list[str]) -> None:
    check(read(*rows))


@settings(deadline=None)
@given(st.data())
def test_the_seed_with_a_piece_cut_out_or_put_in_is_read(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SEED)))
    end = data.draw(st.integers(start, len(SEED)))
    check(read(SEED[:start] + data.draw(PIECES) + SEED[end:]))


NOT_STARTED = re.compile(r"group (\d+) is not started")
FIELDS = st.sampled_from(["", "1", "2404", "65536", "Y", "N", "x", "h:1", "::1", "k=5", "zz=1", "max=255"])


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("123"), st.lists(FIELDS, min_size=4, max_size=8)), min_size=1, max_size=10))
def test_every_entry_is_taken_or_reported(entries: list[tuple[str, list[str]]]) -> None:
    rows = [",".join((number, *cells)) for number, cells in entries]
    loaded = read(*rows)
    taken = {group.rtu.line for group in loaded.site.groups}
    taken |= {row.line for group in loaded.site.groups for row in group.masters}
    refused = {problem.row for problem in loaded.problems if problem.refused}
    stopped = {match[1] for problem in loaded.problems if (match := NOT_STARTED.match(problem.text))}
    for line, (number, _) in enumerate(entries, start=1):
        assert (line in taken) != (line in refused) or (line not in taken and number in stopped)
