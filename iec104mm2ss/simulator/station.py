"""One controlled station without its sockets: ASDUs in, ASDUs out, time as an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from iec104mm2ss.simulator.point import Control, Point, Reading, pack
from iec104mm2ss.simulator.selection import Owner, Selections
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
    with_cause,
    with_common_address,
)
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.elements import GOOD, Command, Qualifier, Quality, decode_objects, encode_objects
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator
    from datetime import datetime

_STATION_INTERROGATION: Final = 20
_GENERAL_COUNTER_READ: Final = 5
"""QCC: all counters, neither frozen nor reset."""
_LOCAL_POWER_ON: Final = Qualifier(0)

_FOR_EVERY_CA: Final = frozenset({TypeId.C_IC_NA_1, TypeId.C_CI_NA_1, TypeId.C_CS_NA_1})
_OF_THE_STATION: Final = _FOR_EVERY_CA | {TypeId.C_TS_NA_1, TypeId.C_TS_TA_1}
_WITHOUT_TAG: Final = {TypeId.C_SC_TA_1: TypeId.C_SC_NA_1, TypeId.C_DC_TA_1: TypeId.C_DC_NA_1}

_ACTIVATION: Final = frozenset({Cause.ACTIVATION})
_WITH_DEACTIVATION: Final = frozenset({Cause.ACTIVATION, Cause.DEACTIVATION})


@dataclass(frozen=True, slots=True)
class _Request:
    asdu: bytes
    session: Hashable
    now: float
    wall: datetime

    @property
    def owner(self) -> Owner:
        return Owner(self.session, originator(self.asdu))

    @property
    def qualifier(self) -> float:
        element = decode_objects(self.asdu)[0][1]
        return element.value if isinstance(element, Qualifier) else 0

    def mirror(self, cause: Cause, *, negative: bool = False) -> bytes:
        """Return the request itself as its answer, so that OA, T bit, object and time tag are those of the master."""
        return with_cause(self.asdu, cause, negative=negative)

    def confirm(self, *, positive: bool) -> bytes:
        deactivation = cause(self.asdu) == Cause.DEACTIVATION
        return self.mirror(Cause.DEACTIVATION_CON if deactivation else Cause.ACTIVATION_CON, negative=not positive)


class _Service(NamedTuple):
    causes: frozenset[Cause]
    serve: Callable[[_Request], list[bytes]]


class Station:
    """The points and controls of one common address and what it answers to requests.

    Serves station and counter interrogations without groups, read, clock synchronisation, test, and single and double
    commands, directly or with select before operate; the rest gets the negative confirmations 44 to 47. The answers to
    one request come whole, so an interrogation is over before it could be deactivated. Nothing here sets a clock.
    """

    def __init__(self, ca: int, points: Iterable[Point], controls: Iterable[Control] = ()) -> None:
        self.ca = ca
        self.points = {point.ioa: point for point in points}
        self.controls = {control.ioa: control for control in controls}
        self.malformed = 0
        self._readings = {point.ioa: point.initial for point in self.points.values()}
        self._selections = Selections()
        self._services = self._make_services()

    def _make_services(self) -> dict[int, _Service]:
        command = _Service(_WITH_DEACTIVATION, self._command)
        echo = _Service(_ACTIVATION, self._echo)
        return {
            TypeId.C_SC_NA_1: command,
            TypeId.C_DC_NA_1: command,
            TypeId.C_SC_TA_1: command,
            TypeId.C_DC_TA_1: command,
            TypeId.C_IC_NA_1: _Service(_WITH_DEACTIVATION, self._interrogation),
            TypeId.C_CI_NA_1: _Service(_WITH_DEACTIVATION, self._counter_interrogation),
            TypeId.C_RD_NA_1: _Service(frozenset({Cause.REQUEST}), self._read),
            TypeId.C_CS_NA_1: echo,
            TypeId.C_TS_NA_1: echo,
            TypeId.C_TS_TA_1: echo,
        }

    def reading(self, address: int) -> Reading:
        """What the point with this IOA says now. Raises KeyError where there is none."""
        return self._readings[address]

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
        """Remember a new value and return its report; `wall` becomes the time tag.

        Raises KeyError for an unknown IOA, ValueError for a value that the point's type cannot carry.
        """
        point, reading = self.points[address], Reading(value, quality)
        report = point.report(reading, cause, self.ca, wall)
        self._readings[address] = reading
        return report

    def receive(self, asdu: bytes, session: Hashable, now: float, wall: datetime) -> list[bytes]:
        """Return what a request of this connection is answered with, in order.

        `now` is monotonic seconds, `wall` the time tag of what changes. An ASDU of impossible structure is counted as
        `malformed` and not answered: there is nothing in it to mirror.
        """
        if fault(asdu) is not None:
            self.malformed += 1
            return []
        request = _Request(self._addressed(asdu), session, now, wall)
        refusal = self._refusal(request.asdu)
        if refusal is not None:
            return [request.mirror(refusal, negative=True)]
        if object_count(asdu) != 1:
            return [request.confirm(positive=False)]
        return self._services[type_id(asdu)].serve(request)

    def forget(self, session: Hashable) -> None:
        """End the selections of a connection that is gone."""
        self._selections.forget(session)

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
            return address in self.points
        control = self.controls.get(address)
        return control is not None and control.type_id == _WITHOUT_TAG.get(TypeId(number), number)

    def _interrogation(self, request: _Request) -> list[bytes]:
        served = request.qualifier == _STATION_INTERROGATION
        points = (point for point in self.points.values() if point.interrogated and not point.is_counter)
        return self._values_on_request(request, points, Cause.INTERROGATED_BY_STATION, served=served)

    def _counter_interrogation(self, request: _Request) -> list[bytes]:
        served = request.qualifier == _GENERAL_COUNTER_READ
        points = (point for point in self.points.values() if point.is_counter)
        return self._values_on_request(request, points, Cause.COUNTERS_GENERAL, served=served)

    def _values_on_request(
        self, request: _Request, points: Iterable[Point], why: Cause, *, served: bool
    ) -> list[bytes]:
        if not served or cause(request.asdu) == Cause.DEACTIVATION:
            return [request.confirm(positive=False)]
        values = self._untagged(request, points, why)
        return [request.confirm(positive=True), *values, request.mirror(Cause.ACTIVATION_TERM)]

    def _untagged(self, request: _Request, points: Iterable[Point], why: Cause) -> Iterator[bytes]:
        objects = ((point, self._readings[point.ioa]) for point in points)
        return pack(objects, why, self.ca, originator=originator(request.asdu), test=is_test(request.asdu))

    def _read(self, request: _Request) -> list[bytes]:
        return list(self._untagged(request, [self.points[ioa(request.asdu)]], Cause.REQUEST))

    @staticmethod
    def _echo(request: _Request) -> list[bytes]:
        # A test pattern is for its sender to compare: lib60870 sends CC 55 where the standard has AA 55.
        return [request.confirm(positive=True)]

    def _command(self, request: _Request) -> list[bytes]:
        address, command = decode_objects(request.asdu)[0]
        assert isinstance(command, Command)  # noqa: S101 - the types of this service carry nothing else
        control, owner, now = self.controls[address], request.owner, request.now
        if cause(request.asdu) == Cause.DEACTIVATION:
            return [request.confirm(positive=self._selections.cancel(address, owner, now))]
        if not control.permits(command.value):
            return [request.confirm(positive=False)]
        if command.select:
            return [request.confirm(positive=self._selections.select(address, owner, command.value, now))]
        required = control.select_required
        if not self._selections.operate(address, owner, command.value, now, required=required):
            return [request.confirm(positive=False)]
        return [
            request.confirm(positive=True),
            *self._operate(control, command.value, request),
            request.mirror(Cause.ACTIVATION_TERM),
        ]

    def _operate(self, control: Control, order: float, request: _Request) -> Iterator[bytes]:
        """Change the status, unless the T bit says that nothing is to move."""
        if control.status in self.points and not is_test(request.asdu):
            yield self.change(control.status, order, request.wall, cause=Cause.RETURN_REMOTE)
