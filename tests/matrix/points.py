"""The same values and commands as both stacks write them. A type's object address is its type id."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import c104
from hat.drivers import iec104

if TYPE_CHECKING:
    from collections.abc import Iterator

RTU_CA = 32
SELECTED = 1000
"""Added to the type id: the address of the same command with select before operate."""
REFUSED_IOA, UNKNOWN_IOA = 2045, 3045
"""Single commands: one that the RTU has and refuses, one that it does not have."""
MARKER_IOA = 9999
COUNTERS = frozenset({15, 37})
WITHOUT_SELECT = frozenset({51, 64})

WHEN = dt.datetime(2026, 5, 11, 1, 2, 3, 456000, tzinfo=dt.UTC)
HAT_WHEN = iec104.Time(iec104.TimeSize.SEVEN, 3456, False, False, 2, False, 1, 0, 11, 5, 26)  # noqa: FBT003  hat's fields

_INDICATION = iec104.IndicationQuality(*[False] * 4)
_MEASUREMENT = iec104.MeasurementQuality(*[False] * 5)
_PROTECTION = iec104.ProtectionQuality(*[False] * 5)
_COUNTER = iec104.CounterQuality(invalid=False, adjusted=False, overflow=False, sequence=3)
_BITS = bytes.fromhex("0102a5c3")


@dataclass(frozen=True, eq=False)
class Information:
    """A type's name as in the standard, and c104's and hat's information of it."""

    name: str
    c104: Any
    hat: Any

    @property
    def kind(self) -> c104.Type:
        return c104.Type.__members__[self.name]

    @property
    def type_id(self) -> int:
        return int(self.kind.value)

    @property
    def tag(self) -> iec104.Time | None:
        return HAT_WHEN if self.c104.recorded_at else None


class Signal(Information):
    """A value in monitoring direction."""

    @property
    def ioa(self) -> int:
        return self.type_id


class Control(Information):
    """A command; hat's is without select."""

    @property
    def addresses(self) -> tuple[int, ...]:
        """Of the direct command, and where there is one of that with select."""
        return (self.type_id,) if self.type_id in WITHOUT_SELECT else (self.type_id, SELECTED + self.type_id)


class _Name:
    """Chooses between a type without and the same with time tag, and gives c104's argument for the tag."""

    def __init__(self, when: dt.datetime | None, direction: str = "M") -> None:
        self.tag: dict[str, Any] = {"recorded_at": when}
        self._direction = direction

    def __call__(self, untagged: str, tagged: str) -> str:
        return f"{self._direction}_{tagged if self.tag['recorded_at'] else untagged}_1"


def _values(when: dt.datetime | None) -> Iterator[Signal]:
    name = _Name(when)
    single, double = iec104.SingleData, iec104.DoubleData
    yield Signal(name("SP_NA", "SP_TB"), c104.SingleInfo(True, **name.tag), single(iec104.SingleValue.ON, _INDICATION))  # noqa: FBT003
    on = c104.DoubleInfo(c104.Double.ON, **name.tag)
    yield Signal(name("DP_NA", "DP_TB"), on, double(iec104.DoubleValue.ON, _INDICATION))
    step = c104.StepInfo(c104.Int7(-5), True, **name.tag)  # noqa: FBT003  transient
    position = iec104.StepPositionValue(value=-5, transient=True)
    yield Signal(name("ST_NA", "ST_TB"), step, iec104.StepPositionData(position, _MEASUREMENT))
    bits = iec104.BitstringData(iec104.BitstringValue(_BITS), _MEASUREMENT)
    yield Signal(name("BO_NA", "BO_TB"), c104.BinaryInfo(c104.Byte32(_BITS), **name.tag), bits)
    half = iec104.NormalizedData(iec104.NormalizedValue(0.5), _MEASUREMENT)
    yield Signal(name("ME_NA", "ME_TD"), c104.NormalizedInfo(c104.NormalizedFloat(0.5), **name.tag), half)
    scaled = iec104.ScaledData(iec104.ScaledValue(-1234), _MEASUREMENT)
    yield Signal(name("ME_NB", "ME_TE"), c104.ScaledInfo(c104.Int16(-1234), **name.tag), scaled)
    short = iec104.FloatingData(iec104.FloatingValue(12.5), _MEASUREMENT)
    yield Signal(name("ME_NC", "ME_TF"), c104.ShortInfo(12.5, **name.tag), short)
    total = c104.BinaryCounterInfo(70000, c104.UInt5(3), c104.BinaryCounterQuality(), **name.tag)
    counter = iec104.BinaryCounterData(iec104.BinaryCounterValue(70000), _COUNTER)
    yield Signal(name("IT_NA", "IT_TB"), total, counter)


def _status() -> Signal:
    fields = [[bit == 5 for bit in range(16)], [bit == 1 for bit in range(16)]]
    packed = c104.StatusAndChanged(c104.PackedSingle.I5, c104.PackedSingle.I1)
    return Signal("M_PS_NA_1", packed, iec104.StatusData(iec104.StatusValue(*fields), _MEASUREMENT))


def _protection() -> Iterator[Signal]:
    tagged: dict[str, Any] = {"recorded_at": WHEN}
    event = c104.ProtectionEventInfo(c104.EventState.ON, c104.UInt16(10), **tagged)
    yield Signal("M_EP_TD_1", event, iec104.ProtectionData(iec104.ProtectionValue.ON, _PROTECTION, 10))
    start = c104.ProtectionStartInfo(c104.StartEvents.PhaseL1, c104.UInt16(11), **tagged)
    started = iec104.ProtectionStartValue(general=False, l1=True, l2=False, l3=False, ie=False, reverse=False)
    yield Signal("M_EP_TE_1", start, iec104.ProtectionStartData(started, _PROTECTION, 11))
    circuit = c104.ProtectionCircuitInfo(c104.OutputCircuits.PhaseL1, c104.UInt16(12), **tagged)
    operated = iec104.ProtectionCommandValue(general=False, l1=True, l2=False, l3=False)
    yield Signal("M_EP_TF_1", circuit, iec104.ProtectionCommandData(operated, _PROTECTION, 12))


_NORMALIZED = iec104.NormalizedData(iec104.NormalizedValue(0.5), None)
_WITHOUT_QUALITY = Signal("M_ME_ND_1", c104.NormalizedInfo(c104.NormalizedFloat(0.5)), _NORMALIZED)

VALUES = (*_values(None), _status(), _WITHOUT_QUALITY)
"""Every type without time tag of IEC 60870-5-104."""
EVENTS = (*_values(WHEN), *_protection())
"""Every type with CP56Time2a."""


def _commands(when: dt.datetime | None) -> Iterator[Control]:
    name = _Name(when, "C")
    direct: dict[str, Any] = {"select": False, "qualifier": 0}
    single = iec104.SingleCommand(iec104.SingleValue.ON, **direct)
    yield Control(name("SC_NA", "SC_TA"), c104.SingleCmd(True, **name.tag), single)  # noqa: FBT003
    double = iec104.DoubleCommand(iec104.DoubleValue.ON, **direct)
    yield Control(name("DC_NA", "DC_TA"), c104.DoubleCmd(c104.Double.ON, **name.tag), double)
    higher = iec104.RegulatingCommand(iec104.RegulatingValue.HIGHER, **direct)
    yield Control(name("RC_NA", "RC_TA"), c104.StepCmd(c104.Step.HIGHER, **name.tag), higher)
    half = iec104.NormalizedCommand(iec104.NormalizedValue(0.5), select=False)
    yield Control(name("SE_NA", "SE_TA"), c104.NormalizedCmd(c104.NormalizedFloat(0.5), **name.tag), half)
    scaled = iec104.ScaledCommand(iec104.ScaledValue(-3), select=False)
    yield Control(name("SE_NB", "SE_TB"), c104.ScaledCmd(c104.Int16(-3), **name.tag), scaled)
    short = iec104.FloatingCommand(iec104.FloatingValue(2.25), select=False)
    yield Control(name("SE_NC", "SE_TC"), c104.ShortCmd(2.25, **name.tag), short)
    bits = iec104.BitstringCommand(iec104.BitstringValue(_BITS))
    yield Control(name("BO_NA", "BO_TA"), c104.BinaryCmd(c104.Byte32(_BITS), **name.tag), bits)


COMMANDS, TAGGED_COMMANDS = tuple(_commands(None)), tuple(_commands(WHEN))
REFUSED = COMMANDS[0]
"""The command that is sent to `REFUSED_IOA` and `UNKNOWN_IOA`."""
MARKER = VALUES[0]
"""The value that is sent from `MARKER_IOA`."""
