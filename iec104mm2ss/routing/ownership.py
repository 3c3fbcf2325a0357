"""Select before operate across masters: who owns a point."""

from math import inf

from iec104mm2ss.routing.request import Point, Request, Session
from iec104mm2ss.routing.table import Kind


class Ownership:
    """Points owned through a select. The owner's loss does not free a point: the RTU still has its select."""

    def __init__(self, select_timeout: float) -> None:
        self._timeout = select_timeout
        self._owners: dict[Point, tuple[Session, float]] = {}

    def owner(self, point: Point, now: float) -> Session | None:
        """Return who owns `point`, if anybody still does."""
        session, until = self._owners.get(point, (None, inf))
        if now < until:
            return session
        del self._owners[point]
        return None

    def handed_on(self, request: Request, now: float) -> None:
        """Note that the RTU gets a select, or the execute that uses one and owns the point until its own end."""
        if request.kind is Kind.SELECT:
            self._owners[request.point] = request.asker, now + self._timeout
        elif request.kind is Kind.EXECUTE and self.owner(request.point, now) is request.asker:
            self._owners[request.point] = request.asker, inf

    def ended(self, request: Request, *, refused: bool) -> None:
        """Free the asker's point after its execute or cancel, or after a select that the RTU refused."""
        owner, _ = self._owners.get(request.point, (None, inf))
        if owner is request.asker and (refused or request.kind in (Kind.EXECUTE, Kind.CANCEL)):
            del self._owners[request.point]

    def clear(self) -> None:
        """Forget all: the RTU is gone, and its selects with it."""
        self._owners.clear()
