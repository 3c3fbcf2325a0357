from dataclasses import replace

import pytest

from iec104mm2ss.console.snapshot import Role, State
from iec104mm2ss.gui import columns
from iec104mm2ss.gui.arrangement import Family, Wish, arrange, families
from iec104mm2ss.gui.columns import Row
from tests.gui.fake_line import master, rtu, simulated

SITE = [
    rtu(1, "Liwa"),
    master(1, 1, "ABB"),
    master(1, 2, "OSI", state=State.WAITING, peer=""),
    rtu(2, "Dreez", state=State.RETRYING, peer=""),
    master(2, 1, "ABB", state=State.BLOCKED, peer=""),
    rtu(3, "Madinat", ca=77),
    master(3, 1, "OSI"),
]
FOUND = families(map(Row, SITE))


def keys(found: list[Family]) -> list[list[str]]:
    return [[family.head.entry.key, *(row.entry.key for row in family.masters)] for family in found]


def test_masters_belong_to_the_rtu_of_their_group() -> None:
    assert keys(FOUND) == [["1/S", "1/10011", "1/10012"], ["2/S", "2/10021"], ["3/S", "3/10031"]]


def test_simulated_rtus_stand_alone_even_with_one_number() -> None:
    assert keys(families([Row(simulated(1)), Row(simulated(2, group=1))])) == [["2404"], ["2405"]]


@pytest.mark.parametrize(
    ("wish", "shown"),
    [
        (Wish(), [["1/S", "1/10011", "1/10012"], ["2/S", "2/10021"], ["3/S", "3/10031"]]),
        (Wish(words="dreez"), [["2/S", "2/10021"]]),  # who looks for an RTU wants its masters too
        (Wish(words="OSI"), [["1/S", "1/10012"], ["3/S", "3/10031"]]),
        (Wish(words="osi waiting"), [["1/S", "1/10012"]]),
        (Wish(words="77"), [["3/S", "3/10031"]]),
        (Wish(words="nowhere"), []),
        (Wish(only_abnormal=True), [["1/S", "1/10012"], ["2/S", "2/10021"]]),
        (Wish(tile=(Role.MASTER, State.BLOCKED)), [["2/S", "2/10021"]]),
        (Wish(tile=(Role.RTU, State.RETRYING)), [["2/S"]]),
        (Wish(words="liwa", only_abnormal=True), [["1/S", "1/10012"]]),
        (Wish(abnormal_first=True), [["2/S", "2/10021"], ["1/S", "1/10012", "1/10011"], ["3/S", "3/10031"]]),
        (
            Wish(column=columns.NAME_COLUMN, descending=True),
            [["3/S", "3/10031"], ["2/S", "2/10021"], ["1/S", "1/10012", "1/10011"]],
        ),
    ],
)
def test_what_is_wished_is_shown(wish: Wish, shown: list[list[str]]) -> None:
    assert keys(arrange(FOUND, wish)) == shown


def test_rtus_sort_by_a_column_and_masters_below_them() -> None:
    rows = [Row(replace(it, age=age)) for it, age in zip(SITE, (10, 5, 1, 30, 2, 20, 3), strict=True)]
    shown = keys(arrange(families(rows), Wish(column=columns.SINCE)))
    assert shown == [["1/S", "1/10012", "1/10011"], ["3/S", "3/10031"], ["2/S", "2/10021"]]


@pytest.mark.parametrize("column", [it for it in vars(columns).values() if isinstance(it, columns.Column)])
def test_every_column_can_be_sorted_by(column: columns.Column) -> None:
    rows = [Row(it) for it in (*SITE, simulated(9))]
    assert len(arrange(families(rows), Wish(column=column))) == 4
