"""Two links back to back over a fake wire that splits and delays octets, on a clock that only this module moves."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from iec104mm2ss.link import Closed, Discarded, Link, LinkParameters, Received, Role, StartRequested

if TYPE_CHECKING:
    from iec104mm2ss.link import Event


MOST_MOMENTS = 100_000


class End:
    """One link, what it reported, and the wire towards it: (time of arrival, octets), oldest first."""

    def __init__(self, role: Role, parameters: LinkParameters) -> None:
        self.link = Link(role, parameters, 0.0)
        self.wire: deque[tuple[float, bytes]] = deque()
        self.events: list[Event] = []
        self.sent: list[bytes] = []
        self.most_outstanding = 0

    def deliver_due(self, now: float) -> None:
        while self.wire and self.wire[0][0] <= now:
            self.note(self.link.receive(self.wire.popleft()[1], now), now)

    def note(self, events: list[Event], now: float) -> None:
        self.events += events
        if StartRequested() in events:
            self.link.start(now)

    def send(self, asdus: list[bytes], now: float) -> None:
        """Send what the window takes; the rest is not sent at all."""
        taken = asdus[: self.link.window]
        self.link.send(taken, now)
        self.sent += taken
        self.most_outstanding = max(self.most_outstanding, self.link.sent - self.link.acknowledged)

    @property
    def delivered(self) -> list[bytes]:
        return [asdu for event in self.events if isinstance(event, Received) for asdu in event.asdus]

    @property
    def discarded(self) -> int:
        return sum(event.count for event in self.events if isinstance(event, Discarded))

    @property
    def closed(self) -> list[Closed]:
        return [event for event in self.events if isinstance(event, Closed)]


class Pair:
    """A master (controlling) and an RTU (controlled); `piece` and `delay` say how the wire cuts and delays octets."""

    def __init__(self, controlling: LinkParameters, controlled: LinkParameters) -> None:
        self.now = 0.0
        self.piece = 1000
        self.delay = 0.0
        self.controlling = End(Role.CONTROLLING, controlling)
        self.controlled = End(Role.CONTROLLED, controlled)

    @property
    def ends(self) -> tuple[End, End]:
        return self.controlling, self.controlled

    def write(self) -> None:
        """Put what both links have to send on the wire."""
        for source, target in (self.ends, self.ends[::-1]):
            octets = source.link.take_output()
            for at in range(0, len(octets), self.piece):
                arrival = max(self.now + self.delay, target.wire[-1][0] if target.wire else 0.0)
                target.wire.append((arrival, octets[at : at + self.piece]))

    def run(self, seconds: float) -> None:
        """Let time pass: every arrival and every deadline at its moment."""
        until = self.now + seconds
        self.write()
        for _ in range(MOST_MOMENTS):
            moment = self._next()
            if moment > until:
                break
            self.now = max(self.now, moment)
            for end in self.ends:
                end.deliver_due(self.now)
                end.note(end.link.on_deadline(self.now), self.now)
            self.write()
        else:
            raise AssertionError(f"{MOST_MOMENTS} moments without an end at {self.now}")
        self.now = until

    def _next(self) -> float:
        arrivals = [end.wire[0][0] for end in self.ends if end.wire]
        return min(*arrivals, *(end.link.next_deadline() for end in self.ends))
