import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iec104mm2ss.settings import GroupRow, parse
from iec104mm2ss.settings.cells import UnusableError
from iec104mm2ss.settings.split import split
from iec104mm2ss.settings.table import decode
from tests.settings.test_any_input import FIELDS, ROWS

PATH = Path("site.csv")
LARGER = Path(__file__).parents[2] / "config" / "site-example.csv"

FILE = """\
# The head.
k,12
# id,name
1,RTU-A,,1,N,a:1
1,A-1,2401,1,Y,::1
1,A-2,2402,1,Y,::1
# The second station
2,RTU-B,,2,N,b:1
2,B-1,2403,2,Y,::1
# for all
t1,20
3,RTU-C,,3,N,c:1
3,C-1,2404,3,Y,::1
1,A-3,2405,1,Y,::1
4,alone,,4,N,d:1
!
5,RTU-E,,5,N,e:1
"""


def cut(text: str, parts: int) -> list[str]:
    return [part.decode() for part in split(text.encode(), PATH, parts)]


def groups(parts: Iterable[bytes]) -> list[GroupRow]:
    return sorted((group for part in parts for group in parse(part, PATH).site.groups), key=lambda group: group.number)


def test_a_file_is_cut_by_groups() -> None:
    assert cut(FILE, 2) == [
        """\
# The head.
k,12
# id,name
1,RTU-A,,1,N,a:1
1,A-1,2401,1,Y,::1
1,A-2,2402,1,Y,::1
# for all
t1,20
1,A-3,2405,1,Y,::1
4,alone,,4,N,d:1
!
5,RTU-E,,5,N,e:1
""",
        """\
# The head.
k,12
# id,name
# The second station
2,RTU-B,,2,N,b:1
2,B-1,2403,2,Y,::1
# for all
t1,20
3,RTU-C,,3,N,c:1
3,C-1,2404,3,Y,::1
""",
    ]


def test_an_entry_that_cannot_be_used_is_in_the_first_part() -> None:
    bad = "9999999999,no group,2409,1,Y,::1\n"
    parts = cut(FILE.replace("3,RTU-C", f"{bad}3,RTU-C"), 2)
    assert [bad in part for part in parts] == [True, False]


def test_one_part_is_the_whole() -> None:
    assert cut(FILE, 1) == [FILE]


def test_the_parts_have_about_as_many_masters_each() -> None:
    rows = [
        f"{group},R,,1,N,h:1\n" + "".join(f"{group},M{n},{group * 10 + n},1,Y,::1\n" for n in range(group))
        for group in range(1, 9)
    ]
    loaded = [parse(part, PATH).site for part in split("".join(rows).encode(), PATH, 3)]
    assert [sum(len(group.masters) for group in site.groups) for site in loaded] == [13, 12, 11]


def test_groups_that_claim_one_port_stay_together() -> None:
    text = "1,R,,1,N,h:1\n1,M,2401,1,Y,\n2,R,,1,N,h:1\n2,M,2401,1,Y,\n2,N,2402,1,Y,\n3,R,,1,N,h:1\n3,M,2403,1,Y,\n"
    parts = split(text.encode(), PATH, 2)
    assert [[group.number for group in parse(part, PATH).site.groups] for part in parts] == [[1, 2], [3]]
    with pytest.raises(UnusableError, match=r"has 2 groups that can run apart from each other: choose .* from 1 to 2"):
        split(text.encode(), PATH, 3)


@pytest.mark.parametrize("parts", [-1, 0, 4])
def test_no_part_is_empty(parts: int) -> None:
    with pytest.raises(UnusableError, match="the file has 3 groups that can run apart from each other: choose"):
        cut(FILE, parts)


@pytest.mark.parametrize("text", ["", "# nothing\n", "1,R,,1,N,h:1\n"])
def test_a_file_without_a_group_is_not_split(text: str) -> None:
    with pytest.raises(UnusableError, match=r"has 0 groups .* correct it first"):
        cut(text, 1)


def test_a_quote_that_finds_its_end_in_another_neighbour_stops_it() -> None:
    far = "# far\n" * 20
    text = f'1,R,,1,N,h:1\n1,M,2401,1,Y,::1\n1,"open\n{far}2,R,,1,N,h:1\n2,M,2402,1,Y,::1\n!\n# end",\n'
    with pytest.raises(UnusableError, match="before it is corrected: row 3: this row has a quote that is opened"):
        cut(text, 2)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_part_is_written_like_the_whole(codec: str, end: str) -> None:
    text = FILE.replace("alone", "Zürich")
    parts = split(text.replace("\n", end).encode(codec), PATH, 2)
    assert [part.decode(codec) for part in parts] == [part.replace("\n", end) for part in cut(text, 2)]
    assert groups(parts) == groups([text.encode()])


def test_the_larger_sample_is_split() -> None:
    data = LARGER.read_bytes()
    parts = split(data, PATH, 3)
    assert groups(parts) == groups([data])
    assert [len(parse(part, PATH).site.groups) for part in parts] == [1, 1, 1]


ENTRIES = st.lists(
    st.builds(
        lambda number, kind, port, more: ",".join((number, f"n{port}", port, "1", kind, "h:1", *more)),
        st.sampled_from("123456"),
        st.sampled_from(["N", "Y", "Y", "y", "?"]),
        st.sampled_from([str(2400 + port) for port in range(12)] + ["", "x", "02400"]),
        st.lists(FIELDS, max_size=2),
    ),
    min_size=1,
    max_size=25,
)
OTHER = st.sampled_from(["# comment", "k,20", "event_age,5", '"open', '#,"open', 'x,"y', "", "remark,1,2,3,Y"])


PAIRS = [f"{number},R{number},,1,N,h:1" for number in range(1, 7)]
PAIRS += [f"{number},M{number},{3000 + number},1,Y,::1" for number in range(1, 7)]


@settings(deadline=None, max_examples=200)
@given(ENTRIES, st.lists(OTHER, max_size=5) | ROWS, st.integers(2, 4), st.randoms(), st.sampled_from([[], ["!", "7"]]))
def test_the_parts_run_the_same_groups_as_the_whole(
    entries: list[str], others: list[str], parts: int, order: random.Random, end: list[str]
) -> None:
    rows = [*PAIRS, *entries, *others]
    order.shuffle(rows)
    data = "\n".join(rows + end).encode()
    try:
        made = split(data, PATH, parts)
    except UnusableError:
        return
    whole = parse(data, PATH).site
    assert groups(made) == sorted(whole.groups, key=lambda group: group.number)
    assert all(parse(part, PATH).usable for part in made)
    assert {line for part in made for line in decode(part).split("\n")} >= {*decode(data).split("\n")}
