from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iec104mm2ss.settings.draft import Draft, NoEntryError
from iec104mm2ss.settings.edited_row import joined, options_of, rewritten, separated
from iec104mm2ss.settings.layout import RTUS, SITE
from iec104mm2ss.settings.site import Site
from iec104mm2ss.settings.table import decode, read_rows
from iec104mm2ss.settings.written import Written
from tests.settings.simulated import SEED_RTUS
from tests.settings.test_any_input import PIECES, ROWS
from tests.settings.texts import SEED

ROOT = Path(__file__).parents[2]
SITES = [SEED, (ROOT / "iec104mm2ss.csv").read_text(), (ROOT / "config" / "site-example.csv").read_text()]
SEMICOLONS = SEED.replace(";", "|").replace(",", ";").replace("|", ",")
ENCODINGS = [(b"", "utf-8"), (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
ENDS = ["\n", "\r\n", "\r"]
FILES = st.builds(
    lambda text, encoding, end: encoding[0] + text.replace("\n", end).encode(encoding[1]),
    st.sampled_from([*SITES, SEMICOLONS, SEED.replace(",", "\t")]) | ROWS.map("\n".join),
    st.sampled_from(ENCODINGS),
    st.sampled_from(ENDS),
)
ANYTHING = (
    PIECES | st.text(max_size=8) | st.sampled_from(['"', ";", ",", "\t", "\n", "=1", "x\n!\n", "a\r5,", "!", "#"])
)
HOSTS = st.sampled_from(["h:1", "h:1;[::1]:2", "h:1\n::1", "::1", "10.1.1.0/24; ::1", '127.0.0.1"'])
OPTIONS = st.sampled_from(
    ["", "k=20", "oa=5, k=9", "#x, k=20", '"#a, b",w=2', "stamp=N", "#", ",", "event_age=5, t1=20"]
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": ANYTHING,
        "hosts": HOSTS,
        "options": OPTIONS,
        "port no": st.sampled_from(["2499", "2498", "02500", "2406", ""]),
        "rtu no": st.sampled_from(["1", "65535", " 7 "]),
    },
)
WILD_FIELDS = st.dictionaries(st.sampled_from([*SITE.columns, "options"]), ANYTHING | HOSTS, min_size=1, max_size=3)
FIELD_TEXTS = PIECES.map(str.strip).filter(lambda text: text.isprintable() and text)
PATH = Path("site.csv")


def site(data: bytes) -> Draft[Site]:
    return Draft.of(data, PATH, SITE)


def entries(draft: Draft[Site]) -> list[int]:
    """The lines of the rows that can be edited."""
    return [row.read.line for row in draft.current.rows if can_be_edited(draft, row.read.line)]


def can_be_edited(draft: Draft[Site], line: int) -> bool:
    try:
        draft.fields(line)
    except NoEntryError:
        return False
    return True


def check(before: Draft[Site], after: Draft[Site], place: int) -> None:
    """What holds for every edit that is taken: further rows are as they were, and the octets are those settings."""
    texts = [[row.text for row in draft.current.rows] for draft in (before, after)]
    assert [text for at, text in enumerate(texts[0]) if at != place] == [
        text for at, text in enumerate(texts[1]) if at != place
    ]
    again = site(after.current.octets)
    assert (again.current, again.settings, again.problems) == (after.current, after.settings, after.problems)


@settings(deadline=None)
@given(FILES | st.binary(max_size=300))
def test_what_is_not_edited_is_the_same_file(data: bytes) -> None:
    written = Written.of(data)
    assert written.octets == data
    assert [row.read for row in written.rows] == list(read_rows(decode(data)))
    assert site(data).diff() == ""


@pytest.mark.parametrize(
    "data", [b"\xff\xfe1\0,\0\x00\xd8\n\0x", b"\xfe\xff\0\n\xdc\0\0\r\0\n", b"1\xe2\n\x80,\r\r\n\n\r"]
)
def test_damaged_characters_are_kept(data: bytes) -> None:
    written = Written.of(data)
    assert written.octets == data
    assert [row.read for row in written.rows] == list(read_rows(decode(data)))


@settings(deadline=None)
@given(FILES | st.text(max_size=300).map(lambda text: ("1" + text).encode()), st.integers(0, 8), FIELD_TEXTS)
def test_the_cells_of_a_row_are_told_apart_as_they_are_read(data: bytes, count: int, text: str) -> None:
    for row in Written.of(data).rows:
        if row.read.is_entry and not row.read.fault:
            cells = row.read.cells
            columns = [*cells[:count], *[""] * (count - len(cells))]
            assert rewritten(row, columns, options_of(cells, count)) == row.text
            changed = rewritten(row, columns, [*options_of(cells, count), text])
            (read, *_) = read_rows(decode(b"\xef\xbb\xbf" + changed.encode("utf-8", "replace")))
            assert [*read.cells[:count], *options_of(read.cells, count)] == [
                *columns,
                *options_of(cells, count),
                text,
            ], changed


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_an_edit_changes_its_row_only_and_reads_back(data: st.DataObject) -> None:
    draft = site(data.draw(FILES))
    lines = entries(draft)
    for _ in range(3 if lines else 0):
        line = data.draw(st.sampled_from(lines))
        place = draft._place(line)
        edited = draft.edit(line, data.draw(FIELDS | WILD_FIELDS))
        assert edited.taken or edited.draft is draft
        check(draft, edited.draft, place)
        draft, lines = edited.draft, entries(edited.draft)
    assert draft.unsaved <= 3
    assert draft.discard().current.octets == draft.saved.octets


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_an_edit_that_is_taken_says_what_was_meant_and_can_be_taken_back(data: st.DataObject) -> None:
    draft = site(data.draw(FILES))
    lines = entries(draft)
    line = data.draw(st.sampled_from(lines)) if lines else 0
    fields = data.draw(FIELDS)
    edited = draft.edit(line, fields) if line else None
    if edited is None or not edited.taken:
        return
    now = edited.draft.fields(line)
    assert {name: now[name] for name in fields if name != "options"} == {
        name: one_line(name, text) for name, text in fields.items() if name != "options"
    }
    assert separated(now["options"]) == separated(fields.get("options", now["options"]))
    back = edited.draft.edit(line, draft.fields(line))
    assert back.problems or back.draft.current == draft.current


def one_line(name: str, text: str) -> str:
    return (";" if name == "hosts" else " ").join(" ".join(part.split()) for part in text.splitlines() if part.strip())


@given(st.lists(FIELD_TEXTS))
def test_options_that_were_joined_are_separated_again(options: list[str]) -> None:
    assert separated(joined(options)) == options


@settings(deadline=None)
@given(st.data())
def test_the_simulators_file_is_edited_alike(data: st.DataObject) -> None:
    draft = Draft.of(SEED_RTUS.encode(), Path("rtus.csv"), RTUS)
    fields = data.draw(st.dictionaries(st.sampled_from(RTUS.columns), PIECES | st.text(max_size=5)))
    edited = draft.edit(10, fields)
    assert edited.taken or edited.draft is draft
