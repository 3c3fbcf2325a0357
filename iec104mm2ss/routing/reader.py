"""One master session's place in the event buffer of its group."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING, Final

from iec104mm2ss.routing.table import CLOCK, CONFIRMATIONS, PARAMETERS, POINT_COMMANDS, RESET_PROCESS
from iec104mm2ss.wire.asdu import cause, type_id, with_originator
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from collections.abc import Collection

    from iec104mm2ss.routing.account import Account
    from iec104mm2ss.routing.buffer import EventBuffer
    from iec104mm2ss.routing.ring import Event, Ring

_URGENT: Final = POINT_COMMANDS | PARAMETERS | {RESET_PROCESS, CLOCK, TypeId.C_TS_NA_1, TypeId.C_TS_TA_1}
# Confirmations that go ahead of a replay are not in the ring and not under its bound; a master that asks without ever
# taking an answer must not fill the memory in that way.
_MOST_AHEAD: Final = 1000
_PROMPT: Final = 0.1
"""Seconds; with k=12 that is at least 120 ASDUs a second."""


def overtakes(asdu: bytes) -> bool:
    """Whether an answer to one session goes ahead of its replay: confirmations and terminations, no values."""
    return type_id(asdu) in _URGENT and cause(asdu) in CONFIRMATIONS


class Reader:
    """What one session has taken, what of that is acknowledged and what it gets next.

    Made by `EventBuffer.reader`. It gets nothing before `start` and after `stop`, and may be started again. `overrun`
    counts the live ASDUs that it lost since its start; the other counters are those of its row, see `Account`.
    What was taken is remembered until acknowledged as runs [position of the first, count, step]; the step is 0 for
    ASDUs without a position (M_EI and those that went ahead of a replay), whose run has the position of what is next.
    """

    __slots__ = (
        "_addressed",
        "_ahead",
        "_backlog",
        "_buffer",
        "_flight",
        "_gone",
        "_lane",
        "_live",
        "_next",
        "_ring",
        "_taken",
        "account",
        "overrun",
        "started",
    )

    def __init__(self, buffer: EventBuffer, ring: Ring, account: Account, ca: int) -> None:
        self.account = account
        self.started = False
        self.overrun = 0
        self._buffer = buffer
        self._ring = ring
        self._lane = ring.lane(ca)
        self._ahead: deque[bytes] = deque()
        self._backlog: deque[Event] = deque()
        self._flight: deque[list[int]] = deque()
        self._taken: deque[float] = deque()
        self._gone: list[int] = []
        self._addressed = 0
        self._live = self._next = ring.tail

    @property
    def appended(self) -> int:
        """ASDUs meant for the row of the session; this and the following are explained at `Account`."""
        return self.account.appended

    @property
    def delivered(self) -> int:
        """ASDUs that the row's master has acknowledged."""
        return self.account.delivered

    @property
    def skipped(self) -> int:
        """ASDUs that the row did not get by rule, the withheld ones included."""
        return self.account.skipped

    @property
    def withheld(self) -> int:
        """ASDUs kept from the row because they carry its CA for another station than the RTU."""
        return self.account.withheld

    @property
    def lost(self) -> int:
        """ASDUs that the row did not get because no place was left for them."""
        return self.account.lost

    @property
    def behind(self) -> int:
        """ASDUs not yet sent; may count withheld ones until `take` comes to them. 0 after `take` gave less than n."""
        marks = self._ring.marks
        addressed = len(marks) - bisect_left(marks, self._next)
        live = self._ring.tail - self._next - addressed + self._addressed if self.started else 0
        return len(self._ahead) + len(self._backlog) + live

    @property
    def has_more(self) -> bool:
        """Whether `take` may have something, if only ASDUs for others to pass over."""
        return bool(self._next != self._ring.tail or self._ahead or self._backlog)

    @property
    def in_flight(self) -> int:
        """ASDUs sent and not acknowledged."""
        return sum(run[1] for run in self._flight)

    @property
    def distance(self) -> int:
        """Places in the buffer from the next ASDU to send to the tail, those for other sessions included."""
        return len(self._backlog) + self._ring.tail - self._next

    def is_prompt(self, now: float) -> bool:
        """Whether it acknowledges what it is sent as fast as a healthy master in a control centre's network does."""
        return not self._taken or now - self._taken[0] < _PROMPT

    @property
    def next_to_send(self) -> int:
        """Position of the first ASDU not yet sent."""
        return self._backlog[0].position if self._backlog else self._next

    @property
    def first_unacknowledged(self) -> int:
        """Position from which on not everything is acknowledged."""
        return self._flight[0][0] if self._flight else self.next_to_send

    @property
    def needs(self) -> int:
        """Position from which on the ring is kept for the session; what it replays may as well lie elsewhere."""
        return max(self.first_unacknowledged, self._live)

    @property
    def judged(self) -> int:
        """Position up to which it has been counted what is withheld from the session."""
        return max(self._live, self._next)

    def start(self, now: float) -> None:
        """Begin at the tail, after those events of the row's absence that are to be replayed.

        What was sent before an earlier stop and is not acknowledged by now counts as not received.
        """
        if self.started:
            return
        self._backlog.extend(self._buffer.admit(self, now))
        self._live = self._next = self._ring.tail
        self.overrun = 0
        self._lane.open()
        self.started = True

    def resume_at(self, position: int) -> None:
        """Have acknowledged everything before a position, and nothing from there on: see `EventBuffer.restore`."""
        self._next = position

    def stop(self, now: float) -> None:
        """End the session: it is gone or has sent STOPDT. What is in flight may still be acknowledged afterwards."""
        if not self.started:
            return
        unfinished = self.behind + self.in_flight
        self.started = False
        self._next = self.next_to_send
        self._addressed = 0
        self._ahead.clear()
        self._backlog.clear()
        self._lane.close()
        self._buffer.dismiss(self, unfinished, now)

    def settle(self) -> None:
        """Give up what is in flight, and count as lost what of it could have been replayed but is not kept any more."""
        first = self.first_unacknowledged
        self.account.lost += sum(position >= first for position in self._gone)
        self.give_up()

    def give_up(self) -> None:
        """Take what is in flight for not received."""
        self._flight.clear()
        self._taken.clear()
        self._gone.clear()

    def withholds(self, event: Event) -> bool:
        """Whether an event carries the CA of the session's row for another station."""
        return self._lane.withholds(event.asdu)

    def prepend(self, asdu: bytes) -> None:
        """Send a finished ASDU before everything else: M_EI, right after the start."""
        if self.expects():
            self._addressed -= 1
            self._ahead.appendleft(asdu)

    def expects(self) -> bool:
        """Count an ASDU for the session, and whether it gets it: only a started one does."""
        if not self.started:
            self.account.dropped += 1
            return False
        self.account.count()
        self._addressed += 1
        return True

    def put_ahead(self, asdu: bytes, oa: int | None) -> bool:
        """Whether an expected ASDU goes ahead of what is replayed; then it is taken care of."""
        if not self._backlog or not overtakes(asdu) or len(self._ahead) >= _MOST_AHEAD:
            return False
        self._addressed -= 1
        finished = self._finished(asdu, oa)
        if finished is not None:
            self._ahead.append(finished)
        return True

    def take(self, n: int, now: float) -> list[bytes]:
        """Return up to `n` (>= 0) ASDUs to send now, CA and OA set: what goes ahead, what is replayed, what is live."""
        if not self.started:
            return []
        ring, lane, first = self._ring, self._lane, self._next
        if first == ring.tail and not self._ahead and not self._backlog:
            return []
        if len(lane.asdus) != len(ring.asdus):
            lane.fill()
        if self._ahead or self._backlog or (lane.marks and lane.marks[-1] >= first):
            return self._take_mixed(n, now)
        start = first - ring.start
        asdus = lane.asdus[start : start + n]
        if asdus:
            count = len(asdus)
            self._next = first + count
            self._flight.append([first, count, 1])
            self._taken.append(now)
        return asdus

    def _take_mixed(self, n: int, now: float) -> list[bytes]:
        asdus = self._take_ahead(n)
        asdus += self._take_backlog(n - len(asdus))
        while len(asdus) < n and self._next < self._ring.tail:
            run = self._run(n - len(asdus), self._ring.tail)
            if run:
                self._flight.append([self._next - len(run), len(run), 1])
                asdus += run
        self._taken.extend([now] * (len(self._flight) - len(self._taken)))
        return asdus

    def _take_ahead(self, n: int) -> list[bytes]:
        asdus = [self._ahead.popleft() for _ in range(min(n, len(self._ahead)))]
        if asdus:
            self._flight.append([self.next_to_send, len(asdus), 0])
        return asdus

    def _take_backlog(self, n: int) -> list[bytes]:
        events = [self._backlog.popleft() for _ in range(min(n, len(self._backlog)))]
        self._flight.extend([event.position, 1, 1] for event in events)
        return [self._lane.readdressed(event.asdu) for event in events]

    def _run(self, n: int, end: int) -> list[bytes]:
        """Move on by up to `n` positions that follow each other; returns nothing where the next one is not for us."""
        position, start, marks = self._next, self._ring.start, self._lane.marks
        addressees, mark = self._ring.addressees, bisect_left(marks, position)
        while position < end and mark < len(marks) and marks[mark] == position:
            if self in addressees.get(position, (self,)):
                self._next = position + 1
                return self._marked(position)
            position, mark = position + 1, mark + 1
        if mark < len(marks):
            end = min(end, marks[mark])
        self._next = min(position + n, end)
        return self._lane.asdus[position - start : self._next - start]

    def _marked(self, position: int) -> list[bytes]:
        addressees = self._ring.addressees.get(position)
        if addressees is None:
            self._withhold()
            return []
        self._addressed -= 1
        finished = self._finished(self._ring.asdus[position - self._ring.start], addressees[self])
        return [] if finished is None else [finished]

    def _finished(self, asdu: bytes, oa: int | None) -> bytes | None:
        if oa is None:
            return asdu
        if self._lane.withholds(asdu):
            self._withhold()
            return None
        return with_originator(self._lane.readdressed(asdu), oa)

    def _withhold(self) -> None:
        self.account.withheld += 1
        self.account.skipped += 1

    def acknowledged(self, n: int) -> None:
        """Note that the master has acknowledged `n` ASDUs more; those taken before the last start do not count."""
        flight = self._flight
        while n and flight:
            run = flight[0]
            count = run[1]
            if count > n:
                run[0] += n * run[2]
                run[1] -= n
                self.account.delivered += n
                return
            flight.popleft()
            self._taken.popleft()
            self.account.delivered += count
            n -= count

    def lose(self, end: int, events: list[Event]) -> bool:
        """Do without everything before position `end`, replayable `events` among it, which is kept no longer.

        Returns whether the session lost live ASDUs, for the first time. Those lost of a replay are counted only: a
        master that reconnects for their sake would find no more of them.
        """
        self._note_gone({event.position for event in events})
        while self._backlog and self._backlog[0].position < end:
            self._backlog.popleft()
            self.account.lost += 1
        live = 0
        self._lane.fill()
        while self._next < end:
            live += len(self._run(end - self._next, end))
        self.account.lost += live
        self.overrun += live
        return 0 < live == self.overrun

    def lose_replay(self, events: list[Event]) -> None:
        """Do without events that are kept no longer while the row is away; those in flight may have arrived."""
        self._note_gone({event.position for event in events})
        unsent = (event for event in events if event.position >= self._next)
        self.account.lost += sum(not self.withholds(event) for event in unsent)

    def _note_gone(self, gone: Collection[int]) -> None:
        first = self.first_unacknowledged
        sent = (range(start, start + count) for start, count, step in self._flight if step)
        self._gone = [position for position in self._gone if position >= first]
        self._gone += [position for run in sent for position in run if position in gone]
