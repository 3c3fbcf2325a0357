"""A request as a station sees it: the ASDU, who sent it and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iec104mm2ss.simulator.selection import Owner
from iec104mm2ss.wire.asdu import cause, originator, with_cause
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.elements import Command, Element, Qualifier, decode_objects

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Request:
    """An ASDU of sound structure with one information object. `now` is monotonic seconds, `wall` the date and time."""

    asdu: bytes
    session: Hashable
    now: float
    wall: datetime

    @property
    def owner(self) -> Owner:
        """Who selects with it."""
        return Owner(self.session, originator(self.asdu))

    @property
    def qualifier(self) -> int:
        """QOI or QCC of an interrogation."""
        element = self._element
        assert isinstance(element, Qualifier)  # noqa: S101 - interrogations carry nothing else
        return element.value

    @property
    def command(self) -> Command:
        """What a command says."""
        element = self._element
        assert isinstance(element, Command)  # noqa: S101 - commands carry nothing else
        return element

    @property
    def _element(self) -> Element:
        return decode_objects(self.asdu)[0][1]

    def mirror(self, cause: Cause, *, negative: bool = False) -> bytes:
        """Return the request itself as its answer, so that OA, T bit, object and time tag are those of the master."""
        return with_cause(self.asdu, cause, negative=negative)

    def confirm(self, *, positive: bool) -> bytes:
        """Return its confirmation."""
        deactivation = cause(self.asdu) == Cause.DEACTIVATION
        return self.mirror(Cause.DEACTIVATION_CON if deactivation else Cause.ACTIVATION_CON, negative=not positive)
