"""A station behind all its redundant ports, which answers from a data file that other stations may have too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from iec104mm2ss.simulator.port import local_time
from iec104mm2ss.simulator.station import Station
from iec104mm2ss.wire.asdu import cause, with_originator
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from datetime import datetime

    from iec104mm2ss.settings.simulation import RtuEntry
    from iec104mm2ss.simulator.database import Database, Signal
    from iec104mm2ss.simulator.files import DataFiles

    class Member(Protocol):
        """One of the ports."""

        entry: RtuEntry

        def send(self, asdus: Iterable[bytes]) -> bool:
            """Send to its master, if there is one that has started."""


class SharedStation:
    """The ports of one RTU number and data file show their masters the same things.

    Before every operation the file is looked at and an edit taken over.
    """

    def __init__(self, ca: int, database: Database, files: DataFiles) -> None:
        self.members: list[Member] = []
        self.database = database
        self._files = files
        self._station = Station.of(ca, database.inventory)

    @property
    def remembered(self) -> int:
        """How many points say something else than the data file."""
        return self._station.remembered

    @property
    def malformed(self) -> int:
        """ASDUs of impossible structure that were received."""
        return self._station.malformed

    def refresh(self) -> None:
        """Take over an edit of the data file, if there was one."""
        self._files.refresh(self.database)
        self._station.replace(self.database.inventory)

    def initialised(self) -> bytes:
        """Return the end of initialisation."""
        return self._station.initialised()

    def receive(self, asdu: bytes, session: Hashable, now: float, wall: datetime, asked: Member) -> list[bytes]:
        """Return the answers to a request that came through the port `asked`; the others report what it changed."""
        self.refresh()
        answers = self._station.receive(asdu, session, now, wall)
        changes = [with_originator(answer, 0) for answer in answers if cause(answer) == Cause.RETURN_REMOTE]
        if changes:
            self._report([member for member in self.members if member is not asked], changes)
        return answers

    def forget(self, session: Hashable) -> None:
        """Know that a connection is gone."""
        self._station.forget(session)

    def change(self, ioa: int, value: float) -> None:
        """Give a point a value and report it on every port.

        Raises KeyError for an unknown IOA, ValueError for a value that the point cannot have.
        """
        self.refresh()
        self._report(self.members, [self._station.change(ioa, value, local_time())])

    def signals(self, index: int) -> tuple[Signal, ...]:
        """Return the signals of an index, all for 0."""
        self.refresh()
        return self.database.of_index(index)

    def reports(self, signals: Iterable[Signal], wall: datetime) -> list[bytes]:
        """Return the spontaneous reports of signals; interrogations show the same from now on."""
        return [self._station.report(signal.point, wall) for signal in signals]

    def comment(self, ioa: int, type_id: int) -> str:
        """Return what the data file says to a point, and to a command by the point that shows its effect."""
        inventory = self.database.inventory
        control = inventory.control(ioa, type_id) if type_id >= TypeId.C_SC_NA_1 else None
        point = inventory.point(ioa if control is None else control.status)
        return point.name if point is not None else ""

    @staticmethod
    def _report(members: Iterable[Member], reports: list[bytes]) -> None:
        for member in members:
            member.send(reports)
