"""Select before operate across masters: who owns a point."""

from dataclasses import dataclass, replace
from math import inf

from iec104mm2ss.routing.request import Point, Request, Session
from iec104mm2ss.routing.table import Kind


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a point is owned for: the select, later the execute that uses it; `cancel` would end that."""

    request: Request
    until: float
    cancel: Request | None = None


class Ownership:
    """Points owned through a select. The owner's loss does not free a point: the RTU still has its select."""

    def __init__(self, select_timeout: float) -> None:
        self.timeout = select_timeout
        self._claims: dict[Point, _Claim] = {}

    def owner(self, point: Point, now: float) -> Session | None:
        """Return who owns `point`, if anybody still does."""
        claim = self._claims.get(point)
        if claim is None:
            return None
        if now < claim.until:
            return claim.request.asker
        del self._claims[point]
        return None

    def handed_on(self, request: Request, now: float) -> None:
        """Note that the RTU gets a select, its cancel, or the execute that uses it and owns the point until its end."""
        if request.kind is Kind.SELECT:
            self._claims[request.point] = _Claim(request, now + self.timeout)
        elif request.kind is Kind.EXECUTE and self.owner(request.point, now) is request.asker:
            self._claims[request.point] = _Claim(request, inf)
        elif request.kind is Kind.CANCEL and self.owner(request.point, now) is request.asker:
            self._claims[request.point] = replace(self._claims[request.point], cancel=request)

    def cancelled(self, cancel: Request) -> None:
        """Free the point: the RTU has answered the cancel of what it was owned for, and of nothing that came later."""
        claim = self._claims.get(cancel.point)
        if claim is not None and claim.cancel is cancel:
            del self._claims[cancel.point]

    def free(self, request: Request) -> None:
        """Free the point if it is owned for `request`: a select that the RTU refused, an execute that is over."""
        claim = self._claims.get(request.point)
        if claim is not None and claim.request is request:
            del self._claims[request.point]

    def clear(self) -> None:
        """Forget all: the RTU is gone, and its selects with it."""
        self._claims.clear()
