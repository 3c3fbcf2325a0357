"""The event buffer against its model, under random schedules."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.wire.asdu import build
from tests.routing.buffer_model import RTU, Model

MASTER, STATION = 11, 99
ROWS = ((RTU, RTU), (MASTER, MASTER), (RTU,), (MASTER,))
READERS = st.integers(0, sum(map(len, ROWS)) - 1)

# Time-tagged and untagged values; as they are, of the station whose number the masters use, of a third one.
values = st.tuples(
    st.sampled_from((1, 30, 30, 36)), st.sampled_from((3, 3, 3, 20)), st.sampled_from((RTU,) * 4 + (MASTER, STATION))
)
# Confirmations and terminations of commands, clock and interrogations, and a requested value.
replies = st.tuples(
    st.sampled_from((45, 103, 100, 13)), st.sampled_from((7, 10, 20)), st.sampled_from((RTU, RTU, MASTER))
)


class BufferMachine(RuleBasedStateMachine):
    @initialize(
        limit=st.sampled_from((1, 3, 8, 20, 150)),
        age=st.sampled_from((0.0, 5.0, 1000.0)),
        there=st.lists(READERS, max_size=10),
    )
    def begin(self, limit: int, age: float, there: list[int]) -> None:
        self.now = 100.0
        self.serial = 0
        self.model = Model(limit, age)
        self.buffer = EventBuffer(RTU, limit=limit, age=age)
        for cas in ROWS:
            self.model.row(*cas)
        self.readers = [self.buffer.reader(row, ca) for row, cas in enumerate(ROWS) for ca in cas]
        for place in there:
            self.start(place)

    def asdu(self, kind: tuple[int, int, int]) -> bytes:
        type_id, cause, ca = kind
        self.serial += 1
        return build(type_id, cause, ca, self.serial.to_bytes(3, "little"))

    @rule(kinds=st.lists(values, max_size=5), repeat=st.sampled_from((1, 1, 1, 20)))
    def append(self, kinds: list[tuple[int, int, int]], repeat: int) -> None:
        asdus = [self.asdu(kind) for kind in kinds * repeat]
        self.buffer.append(asdus, self.now)
        self.model.append(asdus, self.now)

    @rule(addressees=st.dictionaries(READERS, st.integers(0, 255), min_size=1, max_size=2), kind=replies)
    def append_for(self, addressees: dict[int, int], kind: tuple[int, int, int]) -> None:
        asdu = self.asdu(kind)
        self.buffer.append_for({self.readers[place]: oa for place, oa in addressees.items()}, asdu, self.now)
        self.model.append_for({self.model.readers[place]: oa for place, oa in addressees.items()}, asdu, self.now)

    @rule(place=READERS, kind=replies)
    def append_own(self, place: int, kind: tuple[int, int, int]) -> None:
        asdu = self.asdu(kind)
        self.buffer.append_own(self.readers[place], asdu, self.now)
        self.model.append_for({self.model.readers[place]: None}, asdu, self.now)

    @rule(place=READERS)
    def prepend(self, place: int) -> None:
        asdu = self.asdu((70, 4, MASTER))
        self.readers[place].prepend(asdu)
        self.model.prepend(self.model.readers[place], asdu)

    @rule(place=READERS, n=st.sampled_from((0, 1, 2, 3, 12, 100)))
    def take(self, place: int, n: int) -> None:
        assert self.readers[place].take(n, self.now) == self.model.take(self.model.readers[place], n)

    @rule(n=st.sampled_from((3, 12)))
    def pump(self, n: int) -> None:
        for place in range(len(self.readers)):
            self.take(place, n)
            self.acknowledge(place, n)

    @rule(place=READERS, n=st.integers(1, 12))
    def acknowledge(self, place: int, n: int) -> None:
        self.readers[place].acknowledged(n)
        self.model.acknowledged(self.model.readers[place], n)

    @rule(place=READERS)
    def start(self, place: int) -> None:
        self.readers[place].start(self.now)
        self.model.start(self.model.readers[place], self.now)

    @rule(place=READERS)
    def stop(self, place: int) -> None:
        self.readers[place].stop(self.now)
        self.model.stop(self.model.readers[place], self.now)

    @rule()
    def rtu_lost(self) -> None:
        self.buffer.rtu_lost(self.now)
        self.model.rtu_lost(self.now)

    @rule(seconds=st.sampled_from((1.0, 3.0, 6.0)))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def every_session_is_where_it_should_be(self) -> None:
        for reader, model in zip(self.readers, self.model.readers, strict=True):
            assert reader.started == model.started
            assert reader.behind == model.behind
            assert reader.in_flight == len(model.flight)
            assert reader.first_unacknowledged == model.first_unacknowledged

    @invariant()
    def every_asdu_is_accounted_for(self) -> None:
        for number, model in enumerate(self.model.rows):
            account = self.buffer.account(number)
            assert (account.appended, account.delivered, account.skipped, account.lost, account.withheld) == (
                model.appended,
                model.delivered,
                model.skipped,
                model.lost,
                model.withheld,
            )
            assert account.dropped == model.dropped
            sessions = [reader for reader in self.model.readers if reader.row is model]
            assert account.waiting == sum(len(reader.open) for reader in sessions)

    @invariant()
    def the_buffer_is_as_full_as_it_may_be(self) -> None:
        assert self.buffer.tail == self.model.tail
        assert self.buffer.kept <= self.model.limit
        assert self.buffer.all_behind == self.model.all_behind()
        first = min((reader.first_unacknowledged for reader in self.model.started), default=self.model.tail)
        assert self.buffer.first_unacknowledged() == first

    @rule()
    def report_overrun(self) -> None:
        overrun = {self.readers.index(reader) for reader in self.buffer.overrun()}
        assert overrun == {self.model.readers.index(reader) for reader in self.model.overrun}
        self.model.overrun.clear()


BufferMachine.TestCase.settings = settings(stateful_step_count=60)
TestBufferModel = BufferMachine.TestCase
