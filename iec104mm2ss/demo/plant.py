"""The plant of the demonstration: one feeder bay that never stands still, and how its points read."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Final

from iec104mm2ss.simulator.point import Control, Point
from iec104mm2ss.simulator.station import Station
from iec104mm2ss.wire.elements import Counter, Element, Monitored
from iec104mm2ss.wire.types import TypeId

CA: Final = 32
OPEN, CLOSED = 1, 2
BREAKER, BREAKER_CONTROL = 1001, 2001
_ISOLATOR, _EARTHING, _GAS, _DOOR, _TAP = 1002, 1003, 1011, 1012, 1021
_VOLTAGE, _CURRENT, _POWER, _OIL, _ENERGY = 1101, 1102, 1103, 1104, 1201

_SWITCH: Final = ("moving", "OPEN", "CLOSED", "faulty")


@dataclass(frozen=True, slots=True)
class Signal:
    """A point and how people read it: by the names of its states, or with decimals and a unit."""

    point: Point
    states: tuple[str, ...] = ()
    decimals: int = 0
    unit: str = ""

    def text(self, element: Element) -> str:
        """What the element says: `CLOSED`, `110.4 kV`."""
        if isinstance(element, Counter):
            return f"{element.reading} {self.unit}"
        if not isinstance(element, Monitored):
            return str(element)
        if self.states:
            return self.states[int(element.value)]
        return f"{element.value:.{self.decimals}f} {self.unit}".rstrip()


def _signal(
    ioa: int, type_id: TypeId, value: float, name: str, *states: str, decimals: int = 0, unit: str = ""
) -> Signal:
    return Signal(Point(ioa, type_id, value, name), states, decimals, unit)


SIGNALS: Final = {
    signal.point.ioa: signal
    for signal in (
        _signal(BREAKER, TypeId.M_DP_TB_1, CLOSED, "breaker Q0", *_SWITCH),
        _signal(_ISOLATOR, TypeId.M_DP_TB_1, CLOSED, "isolator Q1", *_SWITCH),
        _signal(_EARTHING, TypeId.M_DP_TB_1, OPEN, "earthing Q8", *_SWITCH),
        _signal(_GAS, TypeId.M_SP_TB_1, 0, "SF6 pressure", "normal", "LOW"),
        _signal(_DOOR, TypeId.M_SP_TB_1, 0, "bay door", "shut", "OPEN"),
        _signal(_TAP, TypeId.M_ST_TB_1, 9, "tap position"),
        _signal(_VOLTAGE, TypeId.M_ME_TF_1, 110.0, "voltage", decimals=1, unit="kV"),
        _signal(_CURRENT, TypeId.M_ME_TF_1, 240.0, "current", decimals=1, unit="A"),
        _signal(_POWER, TypeId.M_ME_TF_1, 45.7, "power", decimals=1, unit="MW"),
        _signal(_OIL, TypeId.M_ME_TE_1, 61, "oil temperature", unit="C"),
        _signal(_ENERGY, TypeId.M_IT_TB_1, 48_210, "energy", unit="kWh"),
    )
}
"""Every point by its address."""

INTERROGATED: Final = sum(not signal.point.is_counter for signal in SIGNALS.values())
"""Values that answer a station interrogation."""


def station() -> Station:
    """Return the bay with its breaker closed; the breaker must be selected before it operates."""
    breaker = Control(BREAKER_CONTROL, TypeId.C_DC_NA_1, BREAKER, select_required=True)
    return Station(CA, (signal.point for signal in SIGNALS.values()), [breaker])


class Feeder:
    """What happens in the bay: without end, and the same in every run until somebody operates the breaker."""

    _COURSE: Final = (
        *(_VOLTAGE, _CURRENT, _POWER, _ENERGY),
        *(_CURRENT, _DOOR, _VOLTAGE, _POWER),
        *(_CURRENT, _TAP, _OIL, _GAS),
    )

    def __init__(self, station: Station) -> None:
        self._station = station
        self._random = Random(104)  # noqa: S311 - load and weather, no secret
        self._next: dict[int, Callable[[float], float]] = {
            _VOLTAGE: lambda kilovolts: min(115.0, max(105.0, kilovolts + self._random.uniform(-0.9, 0.9))),
            _CURRENT: lambda _: 240.0 + self._random.uniform(-60, 60) if self._is_closed else 0.0,
            _POWER: lambda _: math.sqrt(3) * self._value(_VOLTAGE) * self._value(_CURRENT) / 1000,
            _ENERGY: lambda kilowatt_hours: kilowatt_hours + round(self._value(_POWER)),
            _OIL: lambda _: self._random.randint(58, 64),
            _TAP: lambda _: self._random.randint(7, 11),
            _DOOR: lambda state: 1 - state,
            _GAS: lambda state: 1 - state,
        }

    def happenings(self) -> Iterator[tuple[int, float]]:
        """Give the address of the next point that reports and its value."""
        for ioa in cycle(self._COURSE):
            yield ioa, self._next[ioa](self._value(ioa))

    @property
    def _is_closed(self) -> bool:
        return self._value(BREAKER) == CLOSED

    def _value(self, ioa: int) -> float:
        return self._station.reading(ioa).value
