"""The two windows of a link: unbounded totals inside, fifteen-bit numbers on the wire (IEC 60870-5-104, clause 5.1)."""

from __future__ import annotations

import math
from collections import deque

from iec104mm2ss.link.errors import PeerError
from iec104mm2ss.wire.apci import SEQUENCE_MODULO


def fifteen_bit(total: int) -> int:
    """An unbounded total, or the difference of a number and a total, as N(S) and N(R) carry it: 0..32767."""
    return total % SEQUENCE_MODULO


class _Open:
    """When the oldest I-frame that still waits was sent or received: one mark per batch, not per frame."""

    __slots__ = ("_marks", "since")

    def __init__(self) -> None:
        self._marks: deque[tuple[int, float]] = deque()
        self.since = math.inf
        """Monotonic time of the oldest one, `math.inf` if none waits."""

    def add(self, total: int, now: float) -> None:
        """Everything up to `total` that was not there before waits since `now`."""
        self._marks.append((total, now))
        self.since = self._marks[0][1]

    def settle(self, total: int) -> None:
        """Everything up to `total` waits no longer."""
        marks = self._marks
        while marks and marks[0][0] <= total:
            marks.popleft()
        self.since = marks[0][1] if marks else math.inf


class SendWindow:
    """Our I-frames: V(S) is `sent`, what the peer's N(R) has settled `acknowledged`; `free` may be sent now."""

    __slots__ = ("_open", "acknowledged", "free", "sent")

    def __init__(self, k: int) -> None:
        self.sent = 0
        self.acknowledged = 0
        self.free = k
        self._open = _Open()

    @property
    def ns(self) -> int:
        """The N(S) of the next I-frame."""
        return self.sent % SEQUENCE_MODULO

    @property
    def outstanding(self) -> int:
        """I-frames sent and not acknowledged, 0..k."""
        return self.sent - self.acknowledged

    @property
    def since(self) -> float:
        """When the oldest unacknowledged I-frame was sent, `math.inf` if there is none."""
        return self._open.since

    def add(self, count: int, now: float) -> None:
        """Count I-frames as sent; at most `free`."""
        self.sent += count
        self.free -= count
        self._open.add(self.sent, now)

    def acknowledge(self, nr: int) -> int:
        """Settle what the peer's N(R) acknowledges and say how many these are; PeerError if it cannot be."""
        count = (nr - self.acknowledged) % SEQUENCE_MODULO
        if count > self.sent - self.acknowledged:
            lowest, highest = fifteen_bit(self.acknowledged), fifteen_bit(self.sent)
            raise PeerError(f"N(R) {nr} where {lowest} to {highest} can be acknowledged")
        if count:
            self.acknowledged += count
            self.free += count
            self._open.settle(self.acknowledged)
        return count


class ReceiveWindow:
    """The peer's I-frames: V(R) is `received`, what may be acknowledged `released`, what our N(R) told `confirmed`."""

    __slots__ = ("_held_to", "_open", "_t2", "_w", "confirmed", "received", "released")

    def __init__(self, w: int, t2: float) -> None:
        self.received = 0
        self.released = 0
        self.confirmed = 0
        self._w = w
        self._t2 = t2
        self._held_to = 0
        self._open = _Open()

    @property
    def held(self) -> int:
        """I-frames that wait for their release."""
        return max(self._held_to - self.released, 0)

    @property
    def due(self) -> float:
        """When an acknowledgement is due: t2 after the first unacknowledged I-frame, unless that one is still held."""
        return self._open.since + self._t2 if self.released > self.confirmed else math.inf

    def must_acknowledge(self, now: float) -> bool:
        """Whether w or t2 demand an acknowledgement now."""
        waiting = self.released - self.confirmed
        return waiting > 0 and (waiting >= self._w or now >= self.due)

    def add(self, count: int, now: float, *, hold: bool) -> None:
        """Count I-frames as received; those not to be held are released as soon as none before them is held."""
        self.received += count
        self._open.add(self.received, now)
        if hold:
            self._held_to = self.received
        elif self.released >= self._held_to:
            self.released = self.received

    def release(self, count: int) -> None:
        """Release the oldest `count` of those held, and with the last one all that came after it."""
        self.released += count
        if self.released >= self._held_to:
            self.released = self.received

    @property
    def nr(self) -> int:
        """The N(R) that acknowledges all that is released."""
        return self.released % SEQUENCE_MODULO

    def confirm(self) -> None:
        """Note that this N(R) is sent."""
        if self.confirmed != self.released:
            self.confirmed = self.released
            self._open.settle(self.confirmed)
