"""What must hold in every schedule, by name."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Invariant(Enum):
    """A promise of the gateway; the value says it in full."""

    DELIVERY = "every master gets every event of the RTU, at least once, or the loss is counted"
    ORDER = "no master gets an ASDU of the RTU before an earlier one, or twice on one connection"
    CONTENT = "nothing of an ASDU changes but its addresses"
    ISOLATION = "an answer reaches only who asked, and once; a station's points are never shown as another's"
    ONCE = "no command reaches the RTU twice, or after it was refused"
    LATE = "no command reaches the RTU later than 5 s, no clock later than 0.1 s after it came"
    SELECTION = "a selected point is operated by nobody but the master that selected it"
    SHIELD = "the RTU has one interrogation of a type at a time"
    MEMORY = "what is kept stays within its bounds"
    ACCOUNT = "of every master what was meant for it is delivered, skipped, lost or waiting"
    PROTOCOL = "sequence numbers, windows and states are those of the standard"
    RECOVERY = "everything is back in time once all faults have ended, and stays"
    NEIGHBOUR = "a group notices nothing of what happens to another one"
    CLOSING = "no task, timer, listener or connection is left after closing"
    NO_BUG = "no step of the program fails"


class BrokenError(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: Invariant, what: str, when: float) -> None:
        super().__init__(invariant, what, when)
        self.invariant = invariant
        self.what = what
        self.when = when

    def __str__(self) -> str:
        return f"{self.invariant.name}: {self.what} (at {self.when:.3f} s); {self.invariant.value}"


class Court:
    """Notes what is broken; the schedule ends with the first."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.broken: BrokenError | None = None
        self._now = now

    def blame(self, invariant: Invariant, what: str) -> None:
        """Note that an invariant does not hold."""
        if self.broken is None:
            self.broken = BrokenError(invariant, what, self._now())

    def expect(self, holds: object, invariant: Invariant, what: str) -> None:
        """Note it unless it does."""
        if not holds:
            self.blame(invariant, what)

    def rule(self) -> None:
        """Raise BrokenError if anything is broken."""
        if self.broken is not None:
            raise self.broken
