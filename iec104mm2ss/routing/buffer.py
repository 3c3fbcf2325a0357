"""The event buffer of one group: every ASDU of the RTU once, and every master session's place in it."""

from __future__ import annotations

import math
from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from iec104mm2ss.routing.account import Account
from iec104mm2ss.routing.reader import Reader
from iec104mm2ss.routing.ring import Event, Ring

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

# What all have acknowledged is dropped in chunks: finding out what that is costs more than appending a batch.
_CHUNK: Final = 64
_POSITION: Final = attrgetter("position")
_STAMP: Final = attrgetter("stamp")


class EventBuffer:
    """ASDUs of the RTU from the oldest that a started session has not acknowledged on, and events kept for a return.

    `ca` is the RTU's common address, 1 to 65534. At most `limit` (>= 1) ASDUs are kept; over that the oldest go first,
    each one counted for those who did not get it. The ring holds what started sessions wait for; of what leaves it,
    the time-tagged spontaneous events go to the archive as long as a row that is away, or a session that still
    replays its absence, may want them, up to `age` seconds old (0: no replay).

    A row is away when it was there and has no started session now. It keeps the position of its latest session to stop:
    while a row has another session started (max > 1) that one gets everything, and nothing is kept for the one that
    stopped; its successor starts at the tail.

    `now` is monotonic time in seconds and never decreases.
    """

    def __init__(self, ca: int, *, limit: int, age: float) -> None:
        self._limit = limit
        self._age = age
        self._ring = Ring(ca)
        self._archive: list[Event] = []
        self._accounts: dict[Hashable, Account] = {}
        self._started: list[Reader] = []
        self._overrun: list[Reader] = []
        self._all_behind = False
        self._outrun = False
        self._trim_at = min(limit, _CHUNK)

    def resize(self, *, limit: int, age: float, now: float) -> None:
        """Go on with other bounds; what they have no place for is dropped and counted at once."""
        self._limit = limit
        self._age = age
        self._trim(now)

    def restore(self, events: Sequence[Event], tail: int, rows: Mapping[Hashable, tuple[int, int]], now: float) -> None:
        """Take up what an earlier buffer, now empty of everything else, kept: nothing has been appended to this one.

        `events` are in order and before position `tail`. `rows` gives each row's CA and the position from which on it
        has not acknowledged everything; it is away.
        """
        self._ring.start = self._ring.tail = tail
        self._archive = list(events)
        for row, (ca, position) in rows.items():
            reader = self.reader(row, ca)
            waiting = sum(event.position >= position for event in events)
            reader.account.restored(reader, waiting)
            reader.resume_at(position)
        self._trim(now)

    def replayable(self, first: int) -> list[Event]:
        """Return the replayable ASDUs that are kept from position `first` on, however old they are."""
        archived = self._archive[bisect_left(self._archive, first, key=_POSITION) :]
        return archived + self._ring.events(first, self.tail)

    def positions(self) -> dict[Hashable, int]:
        """Return from which position on each row that was there has not acknowledged everything."""
        first = {reader.account: reader.first_unacknowledged for reader in self._away()}
        for reader in self._started:
            first[reader.account] = min(reader.first_unacknowledged, first.get(reader.account, self.tail))
        return {row: first[account] for row, account in self._accounts.items() if account in first}

    @property
    def oldest(self) -> int:
        """Position before which nothing is kept that a row may still want."""
        kept = self._archive[0].position if self._archive else self._ring.start
        return max(kept, self._wanted())

    @property
    def tail(self) -> int:
        """The position that the next ASDU will have."""
        return self._ring.tail

    @property
    def kept(self) -> int:
        """ASDUs kept, at most `limit`; up to 64 of them may be acknowledged by all and about to go."""
        return len(self._ring.asdus) + len(self._archive)

    @property
    def all_behind(self) -> bool:
        """Whether no started session takes what comes: all were more than half of `limit` behind.

        From then on until one is less than a quarter behind. To be asked once per batch.
        """
        if self.is_roomy:
            self._all_behind = False
            return False
        if self._all_behind:
            behind = all(reader.distance >= self._limit / 4 for reader in self._started)
        else:
            behind = all(reader.distance > self._limit / 2 for reader in self._started)
        self._all_behind = behind and bool(self._started)
        return self._all_behind

    def outruns_prompt_one(self, now: float) -> bool:
        """Whether a session that acknowledges promptly was more than half of `limit` behind, until it is a quarter.

        Sessions that take turns at one processor drift apart while the RTU sends as fast as it can: such a one would
        fall off the end though its master does all it can. One that has stopped reading never counts.
        """
        if self.is_roomy:
            self._outrun = False
            return False
        bound = self._limit / 4 if self._outrun else self._limit / 2
        self._outrun = any(reader.distance > bound and reader.is_prompt(now) for reader in self._started)
        return self._outrun

    @property
    def is_roomy(self) -> bool:
        """Whether so little is kept that nobody can be a quarter of `limit` behind: saves looking at everybody."""
        return len(self._ring.asdus) + len(self._archive) < self._limit / 4

    def first_unacknowledged(self) -> int:
        """Position up to which all started sessions have acknowledged everything; the tail if there is none."""
        return min((reader.first_unacknowledged for reader in self._started), default=self._ring.tail)

    def account(self, row: Hashable) -> Account:
        """Return the counters of a master row, which outlive its sessions."""
        if row not in self._accounts:
            self._accounts[row] = Account(self._ring)
        return self._accounts[row]

    def reader(self, row: Hashable, ca: int) -> Reader:
        """Return a new session of a master row that knows the RTU by the common address `ca`, not yet started."""
        return Reader(self, self._ring, self.account(row), ca)

    def forget(self, row: Hashable) -> None:
        """Keep nothing any more for a row that is no longer configured; sessions of it that are started go on."""
        self._accounts.pop(row, None)

    def append(self, asdus: Sequence[bytes], now: float) -> None:
        """Append ASDUs for everybody, OA 0; they arrived together at `now`."""
        ring = self._ring
        ring.append(asdus, now)
        if len(ring.asdus) + len(self._archive) > self._trim_at:
            self._trim(now)

    def append_for(self, addressees: Mapping[Reader, int], asdu: bytes, now: float) -> None:
        """Append an ASDU of the RTU for some sessions, each with the OA (0 to 255) that it is to get."""
        self._append_for(addressees, asdu, now)

    def append_own(self, reader: Reader, asdu: bytes, now: float) -> None:
        """Append an answer of the gateway for one session, which gets exactly these octets."""
        self._append_for({reader: None}, asdu, now)

    def _append_for(self, addressees: Mapping[Reader, int | None], asdu: bytes, now: float) -> None:
        present = {reader: oa for reader, oa in addressees.items() if reader.expects()}
        alone = next(iter(present.items())) if len(present) == 1 else None
        if not present or (alone and alone[0].put_ahead(asdu, alone[1])):
            return
        self._ring.append_for(present, asdu)
        if self.kept > self._trim_at:
            self._trim(now)

    def overrun(self) -> list[Reader]:
        """Return the started sessions that lost live ASDUs since the last call, each once until it stops.

        They are further behind than there is room; `Reader.overrun` says how much they lost. They may go on, but the
        hole stays.
        """
        if not self._overrun:
            return []
        fallen, self._overrun = self._overrun, []
        return fallen

    def rtu_lost(self, now: float) -> None:
        """Stop all sessions that still are started and drop everything but the replayable events for their return."""
        for reader in self._started.copy():
            reader.stop(now)
        self._trim(now)

    def admit(self, reader: Reader, now: float) -> list[Event]:
        """Let a session take part, which is for `Reader.start` to call; returns the events that it replays."""
        last = reader.account.away
        backlog = self._backlog(reader, last, now) if last else []
        reader.account.session_started()
        self._started.append(reader)
        return backlog

    def _backlog(self, reader: Reader, last: Reader, now: float) -> list[Event]:
        account, first, oldest = reader.account, last.first_unacknowledged, self._oldest(now)
        events = [event for event in self.replayable(first) if event.stamp >= oldest]
        backlog = [event for event in events if not reader.withholds(event)]
        last.settle()
        # Those before had been counted when the former one came to them, or when it began to replay.
        account.withheld += sum(it.position >= last.judged for it in events if reader.withholds(it))
        account.skipped += account.waiting - len(backlog)
        return backlog

    def dismiss(self, reader: Reader, unfinished: int, now: float) -> None:
        """End a session's part, which is for `Reader.stop` to call; `unfinished` ASDUs it did not get or confirm."""
        self._started.remove(reader)
        if reader in self._overrun:
            self._overrun.remove(reader)
        reader.account.session_stopped(reader, unfinished)
        self._trim(now)

    def _oldest(self, now: float) -> float:
        return now - self._age if self._age else math.inf

    def _away(self) -> list[Reader]:
        return [account.away for account in self._accounts.values() if account.away]

    def _trim(self, now: float) -> None:
        """Drop what nobody needs, then what there is no room for."""
        self._trim_archive(now)
        self._trim_ring(now)
        if self.kept > self._limit:
            self._drop(self.kept - self._limit, now)
        self._trim_at = min(self._limit, self.kept + _CHUNK)

    def _wanted(self) -> int:
        return min((reader.first_unacknowledged for reader in self._away() + self._started), default=self._ring.tail)

    def _trim_archive(self, now: float) -> None:
        unwanted = bisect_left(self._archive, self._wanted(), key=_POSITION)
        outdated = bisect_left(self._archive, self._oldest(now), key=_STAMP)
        del self._archive[: max(unwanted, outdated)]

    def _trim_ring(self, now: float) -> None:
        end = min((reader.needs for reader in self._started), default=self._ring.tail)
        if end <= self._ring.start:
            return
        wanted, oldest = self._wanted(), self._oldest(now)
        if wanted < end:
            self._archive += [event for event in self._ring.events(wanted, end) if event.stamp >= oldest]
        self._ring.trim(end - self._ring.start)

    def _drop(self, count: int, now: float) -> None:
        """Drop the `count` oldest ASDUs: the archive's, then the ring's."""
        events = self._archive[:count]
        del self._archive[:count]
        count -= len(events)
        end = self._ring.start + count if count else events[-1].position + 1
        if count:
            events += self._ring.events(self._ring.start, end)
        oldest = self._oldest(now)
        self._count_lost(end, [event for event in events if event.stamp >= oldest])
        self._ring.trim(count)

    def _count_lost(self, end: int, events: list[Event]) -> None:
        for reader in self._away():
            reader.lose_replay(events)
        self._overrun += [reader for reader in self._started if reader.lose(end, events)]
