"""What the event buffer should do, said with one list of ASDUs a session in place of positions, lanes and marks."""

from __future__ import annotations

from dataclasses import dataclass, field

from iec104mm2ss.wire.asdu import cause, common_address, type_id, with_common_address, with_originator

RTU = 10
URGENT = {*range(45, 52), *range(58, 65), 105, *range(110, 114), 103, 104, 107}


@dataclass(eq=False)
class Entry:
    """One ASDU; the position is None where the ring does not hold it."""

    asdu: bytes
    position: int | None = None
    stamp: float = 0.0
    broadcast: bool = True
    oa: dict[ModelReader, int | None] = field(default_factory=dict)

    @property
    def at(self) -> int:
        assert self.position is not None
        return self.position

    @property
    def replayable(self) -> bool:
        return self.broadcast and 30 <= type_id(self.asdu) <= 40 and cause(self.asdu) == 3


@dataclass(eq=False)
class ModelRow:
    appended: int = 0
    delivered: int = 0
    skipped: int = 0
    withheld: int = 0
    lost: int = 0
    dropped: int = 0
    sessions: int = 0
    last: ModelReader | None = None

    @property
    def away(self) -> ModelReader | None:
        return self.last if self.sessions == 0 else None


@dataclass(eq=False)
class ModelReader:
    row: ModelRow
    ca: int
    started: bool = False
    live_from: int = 0
    next: int = 0
    ahead: list[Entry] = field(default_factory=list)
    backlog: list[Entry] = field(default_factory=list)
    live: list[Entry] = field(default_factory=list)
    flight: list[tuple[int, Entry]] = field(default_factory=list)
    gone: set[Entry] = field(default_factory=set)
    open: set[Entry] = field(default_factory=set)

    @property
    def next_to_send(self) -> int:
        return self.backlog[0].at if self.backlog else self.next

    @property
    def first_unacknowledged(self) -> int:
        return self.flight[0][0] if self.flight else self.next_to_send

    @property
    def behind(self) -> int:
        return len(self.ahead) + len(self.backlog) + len(self.live)

    @property
    def distance(self) -> int:
        """Places in the buffer still before it, less the tail, which the model adds."""
        return len(self.backlog) - self.next

    def withholds(self, entry: Entry) -> bool:
        return self.ca != RTU and entry.oa.get(self, 0) is not None and common_address(entry.asdu) == self.ca

    def finished(self, entry: Entry) -> bytes:
        oa = entry.oa.get(self, 0)
        if oa is None:
            return entry.asdu
        ours = common_address(entry.asdu) == RTU
        return with_originator(with_common_address(entry.asdu, self.ca) if ours else entry.asdu, oa)

    def add(self, entry: Entry, queue: list[Entry]) -> None:
        self.row.appended += 1
        self.open.add(entry)
        queue.append(entry)

    def withhold(self, entry: Entry) -> bool:
        if not self.withholds(entry):
            return False
        self.open.discard(entry)
        self.row.withheld += 1
        self.row.skipped += 1
        return True

    def lose(self, entry: Entry) -> int:
        self.open.discard(entry)
        self.row.lost += 1
        return 1


class Model:
    def __init__(self, limit: int, age: float) -> None:
        self.limit = limit
        self.age = age
        self.tail = 0
        self.kept: list[Entry] = []
        self.rows: list[ModelRow] = []
        self.readers: list[ModelReader] = []
        self.started: list[ModelReader] = []
        self.behind = False
        self.fallen: set[ModelReader] = set()
        self.overrun: list[ModelReader] = []

    def row(self, *cas: int) -> None:
        row = ModelRow()
        self.rows.append(row)
        self.readers += [ModelReader(row, ca) for ca in cas]

    def is_young(self, entry: Entry, now: float) -> bool:
        return self.age > 0 and now - entry.stamp <= self.age

    def keep(self, entry: Entry) -> None:
        entry.position = self.tail
        self.tail += 1
        self.kept.append(entry)

    def append(self, asdus: list[bytes], now: float) -> None:
        for asdu in asdus:
            entry = Entry(asdu, stamp=now)
            self.keep(entry)
            for reader in self.started:
                reader.add(entry, reader.live)
            for row in self.rows:
                if row.away:
                    row.appended += 1
                    row.away.open.add(entry)
        self.trim(now)

    def append_for(self, addressees: dict[ModelReader, int | None], asdu: bytes, now: float) -> None:
        present = {reader: oa for reader, oa in addressees.items() if reader.started}
        for reader in addressees.keys() - present.keys():
            reader.row.dropped += 1
        entry = Entry(asdu, broadcast=False, oa=present)
        if len(present) == 1 and type_id(asdu) in URGENT and cause(asdu) in {7, 9, 10, 44, 45, 46, 47}:
            (reader,) = present
            if reader.backlog:
                reader.add(entry, reader.ahead)
                if reader.withhold(entry):
                    reader.ahead.remove(entry)
                return
        if present:
            self.keep(entry)
            for reader in present:
                reader.add(entry, reader.live)
            self.trim(now)

    def prepend(self, reader: ModelReader, asdu: bytes) -> None:
        if not reader.started:
            reader.row.dropped += 1
            return
        first: list[Entry] = []
        reader.add(Entry(asdu, oa={reader: None}), first)
        reader.ahead[:0] = first

    def take(self, reader: ModelReader, n: int) -> list[bytes]:
        taken: list[bytes] = []
        place = reader.next_to_send
        while reader.started and len(taken) < n and reader.behind:
            queue = reader.ahead or reader.backlog or reader.live
            entry = queue[0]
            if queue is reader.live:
                reader.next = entry.at + 1
            del queue[0]
            if not reader.withhold(entry):
                reader.flight.append((place if entry.position is None else entry.position, entry))
                taken.append(reader.finished(entry))
        if reader.started and len(taken) < n:
            reader.next = self.tail
        return taken

    def acknowledged(self, reader: ModelReader, n: int) -> None:
        for _, entry in reader.flight[:n]:
            reader.open.discard(entry)
            reader.row.delivered += 1
        del reader.flight[:n]

    def start(self, reader: ModelReader, now: float) -> None:
        if reader.started:
            return
        last = reader.row.away
        if last:
            self.settle(reader, last, now)
        reader.next = reader.live_from = self.tail
        reader.started = True
        self.started.append(reader)
        reader.row.sessions += 1

    def settle(self, reader: ModelReader, last: ModelReader, now: float) -> None:
        first, missed, gone = last.first_unacknowledged, last.open, last.gone
        events = [e for e in self.kept if e.replayable and e.at >= first and self.is_young(e, now)]
        last.flight, last.open, last.gone = [], set(), set()
        reader.backlog = [event for event in events if not reader.withholds(event)]
        reader.row.withheld += sum(event in missed for event in events if reader.withholds(event))
        reader.open = set(reader.backlog)
        for entry in missed - reader.open:
            if entry in gone:
                reader.row.lost += 1
            else:
                reader.row.skipped += 1

    def stop(self, reader: ModelReader, now: float) -> None:
        if not reader.started:
            return
        reader.started = False
        self.started.remove(reader)
        reader.next = reader.next_to_send
        reader.ahead, reader.backlog, reader.live = [], [], []
        reader.row.sessions -= 1
        if reader.row.sessions:
            reader.row.skipped += len(reader.open)
            reader.flight, reader.open, reader.gone = [], set(), set()
        else:
            reader.row.last = reader
        self.fallen.discard(reader)
        self.overrun = [other for other in self.overrun if other is not reader]
        self.trim(now)

    def rtu_lost(self, now: float) -> None:
        for reader in self.started.copy():
            self.stop(reader, now)
        self.trim(now)

    def trim(self, now: float) -> None:
        away = [row.away for row in self.rows if row.away]
        wanted = min((reader.first_unacknowledged for reader in away + self.started), default=self.tail)
        ring = min((max(reader.first_unacknowledged, reader.live_from) for reader in self.started), default=self.tail)
        self.kept = [
            entry
            for entry in self.kept
            if entry.at >= ring or (entry.replayable and entry.at >= wanted and self.is_young(entry, now))
        ]
        while len(self.kept) > self.limit:
            self.drop(self.kept.pop(0), away, now)

    def drop(self, entry: Entry, away: list[ModelReader], now: float) -> None:
        replay = entry.replayable and self.is_young(entry, now)
        for reader in away + self.started:
            if replay and any(entry is sent for _, sent in reader.flight):
                reader.gone.add(entry)
        for reader in away:
            if replay and entry.at >= reader.next and not reader.withholds(entry):
                reader.lose(entry)
        for reader in self.started:
            self.fall(reader, entry)

    def fall(self, reader: ModelReader, entry: Entry) -> None:
        # All before the dropped one is gone as well, also what was too old to be kept for the replay that it is in.
        while reader.backlog and reader.backlog[0].at <= entry.at:
            reader.lose(reader.backlog.pop(0))
        reader.next = max(reader.next, entry.at + 1)
        if reader.live and reader.live[0] is entry:
            del reader.live[0]
            if not reader.withhold(entry):
                reader.lose(entry)
                if reader not in self.fallen:
                    self.fallen.add(reader)
                    self.overrun.append(reader)

    def all_behind(self) -> bool:
        distances = [reader.distance + self.tail for reader in self.started]
        if self.behind:
            self.behind = bool(distances) and min(distances) * 4 >= self.limit
        else:
            self.behind = bool(distances) and min(distances) * 2 > self.limit
        return self.behind
