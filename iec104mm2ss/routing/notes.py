"""What the router has to say: lines for a log and numbers for a counter."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from iec104mm2ss.routing.request import Session


class Tally(StrEnum):
    """What the router counts; the value is the counter's text."""

    MALFORMED = "malformed ASDUs of the RTU dropped"
    END_OF_INITIALISATION = "end of initialisation of the RTU not forwarded"
    UNASKED = "answers of the RTU that nobody asked for"
    SWALLOWED = "answers of the RTU to masters that are gone"
    MISPLACED = "ASDUs of the RTU that only a master may send"
    PRIVATE = "private ASDUs of the RTU dropped"
    MONITORING = "monitoring ASDUs of masters dropped"
    WRONG_CA = "requests to another station's common address answered with cause 46"
    WRONG_CAUSE = "requests with an impossible cause answered with cause 45"
    REFUSED = "requests refused"
    OVERFLOW = "requests refused because too many wait"
    EXPIRED = "commands too old to be handed on"
    UNANSWERED = "requests that the RTU did not answer in time"
    MERGED = "interrogations served together with another"
    WALK = "alarms because a master commanded, or was refused, too many points in a short time"
    LOST = "requests given up with their master or the RTU"
    DONE = "requests of which the RTU owes nothing more"


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log of `session`, or for the RTU's log where that is None."""

    session: Session | None
    text: str
    warning: bool = False


class Notes:
    """Lines since they were last taken, and counters for good."""

    def __init__(self) -> None:
        self.tally: Counter[Tally] = Counter()
        self._lines: list[Note] = []

    def count(self, what: Tally, text: str = "", session: Session | None = None) -> None:
        """Count one more of `what`; `text`, if any, goes into the log as a warning."""
        self.tally[what] += 1
        if text:
            self._lines.append(Note(session, text, warning=True))

    def tell(self, session: Session | None, text: str) -> None:
        """Say `text` in a session's log, or in the RTU's."""
        self._lines.append(Note(session, text))

    def take(self) -> list[Note]:
        """Return the lines since the last call."""
        if not self._lines:
            return []
        lines, self._lines = self._lines, []
        return lines
