"""Which rows of the list are shown, and in which order. Masters stay below their RTU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import Role, State
from iec104mm2ss.gui.words import Weight, weight

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iec104mm2ss.gui.columns import Column, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a user wants to see: all of `words` in a row, a state that asks for attention, one role and state.

    `column` is what rows are sorted by, None for the file's order.
    """

    words: str = ""
    only_abnormal: bool = False
    abnormal_first: bool = False
    tile: tuple[Role, State] | None = None
    column: Column | None = None
    descending: bool = False

    @property
    def narrows(self) -> bool:
        """Whether rows may be left out."""
        return bool(self.words or self.only_abnormal or self.tile)


@dataclass(frozen=True, slots=True)
class Family:
    """An RTU and its masters; a master without an RTU stands alone."""

    head: Row
    masters: tuple[Row, ...]

    @property
    def weight(self) -> Weight:
        """The most attention that one of them asks for."""
        return max(weight(row.entry) for row in (self.head, *self.masters))


def families(rows: Iterable[Row]) -> list[Family]:
    """Put masters below the RTU of their group that stands before them."""
    found: list[tuple[Row, list[Row]]] = []
    for row in rows:
        same = bool(found) and found[-1][0].entry.group == row.entry.group
        if row.entry.role is Role.MASTER and same:
            found[-1][1].append(row)
        else:
            found.append((row, []))
    return [Family(head, tuple(masters)) for head, masters in found]


def arrange(found: Iterable[Family], wish: Wish) -> list[Family]:
    """Return what is shown, in order. An RTU is shown with any of its masters, whatever it is like itself."""
    shown = [kept for family in found if (kept := _narrow(family, wish))]
    if wish.column is not None:
        key = wish.column.order
        shown = [Family(it.head, tuple(sorted(it.masters, key=key, reverse=wish.descending))) for it in shown]
        shown.sort(key=lambda family: key(family.head), reverse=wish.descending)
    if wish.abnormal_first:
        shown = [Family(it.head, tuple(sorted(it.masters, key=_lightness))) for it in shown]
        shown.sort(key=lambda family: -family.weight)
    return shown


def _lightness(row: Row) -> int:
    return -weight(row.entry)


def _narrow(family: Family, wish: Wish) -> Family | None:
    if not wish.narrows:
        return family
    wanted = wish.words.lower().split()
    # Who looks for an RTU wants its masters too.
    words_for_masters = () if _has(family.head, wanted) else wanted
    masters = tuple(row for row in family.masters if _fits(row, wish) and _has(row, words_for_masters))
    if masters or (_fits(family.head, wish) and not words_for_masters):
        return Family(family.head, masters)
    return None


def _fits(row: Row, wish: Wish) -> bool:
    entry = row.entry
    if wish.tile is not None and wish.tile != (entry.role, entry.state):
        return False
    return not wish.only_abnormal or weight(entry) is not Weight.NORMAL


def _has(row: Row, wanted: Sequence[str]) -> bool:
    if not wanted:
        return True
    it = row.entry
    text = f"{it.key} {it.name} {it.state} {it.peer} {it.address} {it.ca} {it.reason} {it.event} {it.role}".lower()
    return all(word in text for word in wanted)
