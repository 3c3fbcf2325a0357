"""One controlled station without its sockets: ASDUs in, ASDUs out, time as an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Self

from iec104mm2ss.simulator.effect import effect
from iec104mm2ss.simulator.inventory import Inventory
from iec104mm2ss.simulator.point import UNTAGGED_COMMANDS, Control, Point, Reading, pack
from iec104mm2ss.simulator.request import Request
from iec104mm2ss.simulator.selection import Selections
from iec104mm2ss.wire.asdu import (
    BROADCAST_CA,
    build,
    cause,
    common_address,
    fault,
    ioa,
    is_test,
    object_count,
    originator,
    type_id,
    with_common_address,
)
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.elements import GOOD, Qualifier, Quality, encode_objects
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator
    from datetime import datetime

_QOI: Final = range(Cause.INTERROGATED_BY_STATION, Cause.INTERROGATED_BY_GROUP_16 + 1)
"""The qualifiers of station interrogation; the values come with the same number as their cause."""
_RQT: Final = {
    1: Cause.COUNTERS_GROUP_1,
    2: Cause.COUNTERS_GROUP_2,
    3: Cause.COUNTERS_GROUP_3,
    4: Cause.COUNTERS_GROUP_4,
    5: Cause.COUNTERS_GENERAL,
}
"""The qualifiers of counter interrogation that neither freeze nor reset, and the cause of the values."""
_LOCAL_POWER_ON: Final = Qualifier(0)

_FOR_EVERY_CA: Final = frozenset({TypeId.C_IC_NA_1, TypeId.C_CI_NA_1, TypeId.C_CS_NA_1})
_OF_THE_STATION: Final = _FOR_EVERY_CA | {TypeId.C_TS_NA_1, TypeId.C_TS_TA_1}
_COMMANDS: Final = frozenset(UNTAGGED_COMMANDS) | frozenset(UNTAGGED_COMMANDS.values())

_ACTIVATION: Final = frozenset({Cause.ACTIVATION})
_WITH_DEACTIVATION: Final = frozenset({Cause.ACTIVATION, Cause.DEACTIVATION})


class _Service(NamedTuple):
    causes: frozenset[Cause]
    serve: Callable[[Request], list[bytes]]


class Station:
    """The points and controls of one common address and what it answers to requests.

    Serves station and counter interrogations, whole and by group, read, clock synchronisation, test, commands and set
    points, directly or with select before operate; the rest gets the negative confirmations 44 to 47. Counters are
    neither frozen nor reset. The answers to one request come whole, so that a deactivation comes too late here; whether
    answers still wait on the port is for `misbehaviour.Answers` to know. Nothing here sets a clock.

    What a point has reported or was commanded to is remembered and shown by every point of the same address and
    untagged type; only what differs from the beginning takes memory.
    """

    def __init__(self, ca: int, points: Iterable[Point] = (), controls: Iterable[Control] = ()) -> None:
        self.ca = ca
        self.malformed = 0
        self._inventory = Inventory(points, controls)
        self._readings: dict[tuple[int, int], Reading] = {}
        self._selections = Selections()
        self._services = self._make_services()

    @classmethod
    def of(cls, ca: int, inventory: Inventory) -> Self:
        """Return a station that shares its points and controls with others."""
        station = cls(ca)
        station.replace(inventory)
        return station

    def _make_services(self) -> dict[int, _Service]:
        echo = _Service(_ACTIVATION, self._echo)
        return {
            **dict.fromkeys(_COMMANDS, _Service(_WITH_DEACTIVATION, self._command)),
            TypeId.C_IC_NA_1: _Service(_WITH_DEACTIVATION, self._interrogation),
            TypeId.C_CI_NA_1: _Service(_WITH_DEACTIVATION, self._counter_interrogation),
            TypeId.C_RD_NA_1: _Service(frozenset({Cause.REQUEST}), self._read),
            TypeId.C_CS_NA_1: echo,
            TypeId.C_TS_NA_1: echo,
            TypeId.C_TS_TA_1: echo,
        }

    def replace(self, inventory: Inventory) -> None:
        """Have other points and controls from now on; the same ones again change nothing.

        What is remembered stays for points that begin as before.
        """
        if inventory is self._inventory:
            return
        if self._readings:
            before, after = self._inventory.initial(), inventory.initial()
            self._readings = {key: it for key, it in self._readings.items() if before.get(key) == after.get(key)}
        self._inventory = inventory

    @property
    def remembered(self) -> int:
        """How many points say something else than in the beginning."""
        return len(self._readings)

    def reading(self, address: int) -> Reading:
        """What the first point with this IOA says now. Raises KeyError where there is none."""
        return self._reading(self._point(address))

    def initialised(self) -> bytes:
        """Return the end of initialisation, which comes first after STARTDT con."""
        return build(
            TypeId.M_EI_NA_1,
            Cause.INITIALIZED,
            self.ca,
            encode_objects(TypeId.M_EI_NA_1, [(0, _LOCAL_POWER_ON)]),
        )

    def change(
        self,
        address: int,
        value: float,
        wall: datetime,
        *,
        quality: Quality = GOOD,
        cause: Cause = Cause.SPONTANEOUS,
    ) -> bytes:
        """Remember a new value of the first point with this IOA and return its report; `wall` becomes the time tag.

        Raises KeyError for an unknown IOA, ValueError for a value that the point's type cannot carry.
        """
        return self._changed(self._point(address), Reading(value, quality), cause, wall)

    def report(self, point: Point, wall: datetime) -> bytes:
        """Return the spontaneous report of what a point says in the beginning, which it says again from now on."""
        self._remember(point, point.initial)
        return point.report(point.octets, Cause.SPONTANEOUS, self.ca, wall)

    def receive(self, asdu: bytes, session: Hashable, now: float, wall: datetime) -> list[bytes]:
        """Return what a request of this connection is answered with, in order.

        `now` is monotonic seconds, `wall` the time tag of what changes. An ASDU of impossible structure is counted as
        `malformed` and not answered: there is nothing in it to mirror.
        """
        if fault(asdu) is not None:
            self.malformed += 1
            return []
        request = Request(self._addressed(asdu), session, now, wall)
        refusal = self._refusal(request.asdu)
        if refusal is not None:
            return [request.mirror(refusal, negative=True)]
        if object_count(asdu) != 1:
            return [request.confirm(positive=False)]
        return self._services[type_id(asdu)].serve(request)

    def forget(self, session: Hashable) -> None:
        """End the selections of a connection that is gone."""
        self._selections.forget(session)

    def _point(self, address: int) -> Point:
        point = self._inventory.point(address)
        if point is None:
            raise KeyError(address)
        return point

    def _reading(self, point: Point) -> Reading:
        return self._readings.get(point.key) or point.initial

    def _changed(self, point: Point, reading: Reading, why: Cause, wall: datetime) -> bytes:
        report = point.report(point.encode(reading), why, self.ca, wall)
        self._remember(point, reading)
        return report

    def _remember(self, point: Point, reading: Reading) -> None:
        if reading == point.initial and point.key not in self._inventory.contested:
            self._readings.pop(point.key, None)
        else:
            self._readings[point.key] = reading

    def _addressed(self, asdu: bytes) -> bytes:
        if common_address(asdu) == BROADCAST_CA and type_id(asdu) in _FOR_EVERY_CA:
            return with_common_address(asdu, self.ca)
        return asdu

    def _refusal(self, asdu: bytes) -> Cause | None:
        service = self._services.get(type_id(asdu))
        if service is None:
            return Cause.UNKNOWN_TYPE
        if cause(asdu) not in service.causes:
            return Cause.UNKNOWN_CAUSE
        if common_address(asdu) != self.ca:
            return Cause.UNKNOWN_CA
        return None if self._knows(asdu) else Cause.UNKNOWN_IOA

    def _knows(self, asdu: bytes) -> bool:
        number, address = type_id(asdu), ioa(asdu)
        if number in _OF_THE_STATION:
            return address == 0
        if number == TypeId.C_RD_NA_1:
            return self._inventory.point(address) is not None
        return self._inventory.control(address, number) is not None

    def _interrogation(self, request: Request) -> list[bytes]:
        qualifier = request.qualifier
        return self._values_on_request(request, Cause(qualifier) if qualifier in _QOI else None)

    def _counter_interrogation(self, request: Request) -> list[bytes]:
        return self._values_on_request(request, _RQT.get(request.qualifier))

    def _values_on_request(self, request: Request, why: Cause | None) -> list[bytes]:
        points = None if why is None else self._inventory.answering(why)
        if why is None or points is None or cause(request.asdu) == Cause.DEACTIVATION:
            return [request.confirm(positive=False)]
        values = self._untagged(request, points, why)
        return [request.confirm(positive=True), *values, request.mirror(Cause.ACTIVATION_TERM)]

    def _untagged(self, request: Request, points: Iterable[Point], why: Cause) -> Iterator[bytes]:
        objects = ((point, self._octets(point)) for point in points)
        return pack(objects, why, self.ca, originator=originator(request.asdu), test=is_test(request.asdu))

    def _octets(self, point: Point) -> bytes:
        reading = self._readings.get(point.key)
        return point.octets if reading is None else point.encode(reading)

    def _read(self, request: Request) -> list[bytes]:
        return list(self._untagged(request, [self._point(ioa(request.asdu))], Cause.REQUEST))

    @staticmethod
    def _echo(request: Request) -> list[bytes]:
        # A test pattern is for its sender to compare: lib60870 sends CC 55 where the standard has AA 55.
        return [request.confirm(positive=True)]

    def _command(self, request: Request) -> list[bytes]:
        command, address, owner, now = request.command, ioa(request.asdu), request.owner, request.now
        if cause(request.asdu) == Cause.DEACTIVATION:
            return [request.confirm(positive=self._selections.cancel(address, owner, now))]
        control = self._inventory.control(address, type_id(request.asdu))
        assert control is not None  # noqa: S101 - else the IOA was refused as unknown
        changes = self._changes(control, command.value)
        if changes is None:
            return [request.confirm(positive=False)]
        if command.select:
            return [request.confirm(positive=self._selections.select(address, owner, command.value, now))]
        required = control.select_required
        if not self._selections.operate(address, owner, command.value, now, required=required):
            return [request.confirm(positive=False)]
        return [request.confirm(positive=True), *self._operate(request, changes), request.mirror(Cause.ACTIVATION_TERM)]

    def _changes(self, control: Control, order: float) -> list[tuple[Point, Reading]] | None:
        """Return what an order changes, nothing where there is no status; None where it cannot be carried out."""
        status = self._inventory.point(control.status)
        if not control.permits(order):
            return None
        if status is None:
            return []
        reading = effect(control, order, status, self._reading(status))
        return None if reading is None else [(status, reading)]

    def _operate(self, request: Request, changes: Iterable[tuple[Point, Reading]]) -> Iterator[bytes]:
        """Change the status, unless the T bit says that nothing is to move."""
        if not is_test(request.asdu):
            for point, reading in changes:
                yield self._changed(point, reading, Cause.RETURN_REMOTE, request.wall)
