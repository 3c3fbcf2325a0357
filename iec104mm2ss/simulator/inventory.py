"""Everything that a station has, in the order of its file; stations with the same file share it."""

from collections.abc import Iterable, Mapping
from typing import Final

from iec104mm2ss.simulator.point import UNTAGGED_COMMANDS, Control, Point, Reading
from iec104mm2ss.wire.causes import Cause

_WHOLE: Final = frozenset({Cause.INTERROGATED_BY_STATION, Cause.COUNTERS_GENERAL})


class Inventory:
    """Points and controls, never changed. Of several controls with one address and type the first counts.

    `contested` has the keys of points that begin differently although a master cannot tell them apart.
    """

    def __init__(self, points: Iterable[Point] = (), controls: Iterable[Control] = ()) -> None:
        self.points = tuple(points)
        self.contested = _contested(self.points)
        self._first = {point.ioa: point for point in reversed(self.points)}
        self._controls = {(control.ioa, control.type_id): control for control in reversed(tuple(controls))}
        self._answering = _answering(self.points)

    def point(self, ioa: int) -> Point | None:
        """Return the first point with this address."""
        return self._first.get(ioa)

    def control(self, ioa: int, type_id: int) -> Control | None:
        """Return the control that a command of this type, with or without time tag, operates."""
        return self._controls.get((ioa, UNTAGGED_COMMANDS.get(type_id, type_id)))

    def answering(self, cause: int) -> tuple[Point, ...] | None:
        """Return the points that answer an interrogation with this cause, 20 to 41; None for a group without any."""
        return self._answering.get(cause)

    def initial(self) -> dict[tuple[int, int], tuple[Reading, ...]]:
        """Return what each key says in the beginning, point by point."""
        return _initial(self.points)


def _initial(points: Iterable[Point]) -> dict[tuple[int, int], tuple[Reading, ...]]:
    found: dict[tuple[int, int], tuple[Reading, ...]] = {}
    for point in points:
        found[point.key] = (*found.get(point.key, ()), point.initial)
    return found


def _contested(points: Iterable[Point]) -> frozenset[tuple[int, int]]:
    return frozenset(key for key, readings in _initial(points).items() if len(set(readings)) > 1)


def _answering(points: Iterable[Point]) -> Mapping[int, tuple[Point, ...]]:
    found: dict[int, list[Point]] = {cause: [] for cause in _WHOLE}
    for point in points:
        whole = Cause.COUNTERS_GENERAL if point.is_counter else Cause.INTERROGATED_BY_STATION
        if point.interrogated:
            found[whole].append(point)
        if point.group is not None:
            found.setdefault(whole + point.group, []).append(point)
    return {cause: tuple(members) for cause, members in found.items()}
