"""Select before operate: who may operate a control, and for how long."""

from collections.abc import Hashable
from dataclasses import dataclass

SELECT_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Owner:
    """Who selects: a connection and the originator address that it used, 0 to 255."""

    session: Hashable
    originator: int


@dataclass(frozen=True, slots=True)
class _Selection:
    owner: Owner
    order: float
    until: float


class Selections:
    """The selected controls by address; each belongs to one owner until it operates, cancels, goes or 30 s pass.

    `now` is monotonic seconds. The methods say whether the station confirms.
    """

    def __init__(self) -> None:
        self._selected: dict[int, _Selection] = {}

    def select(self, ioa: int, owner: Owner, order: float, now: float) -> bool:
        """Select, or renew the owner's own selection."""
        holder = self._live(ioa, now)
        if holder is not None and holder.owner != owner:
            return False
        self._selected[ioa] = _Selection(owner, order, now + SELECT_TIMEOUT)
        return True

    def operate(self, ioa: int, owner: Owner, order: float, now: float, *, required: bool) -> bool:
        """End the owner's selection; it must have been for the same order. Without one only where none is required."""
        holder = self._live(ioa, now)
        if holder is None:
            return not required
        if holder.owner != owner:
            return False
        del self._selected[ioa]
        return holder.order == order

    def cancel(self, ioa: int, owner: Owner, now: float) -> bool:
        """End the owner's selection."""
        holder = self._live(ioa, now)
        if holder is None or holder.owner != owner:
            return False
        del self._selected[ioa]
        return True

    def forget(self, session: Hashable) -> None:
        """End every selection of a connection that is gone."""
        self._selected = {ioa: it for ioa, it in self._selected.items() if it.owner.session != session}

    def _live(self, ioa: int, now: float) -> _Selection | None:
        holder = self._selected.get(ioa)
        return holder if holder is not None and now < holder.until else None
