"""Whatever masters ask and an RTU answers: everybody gets the answers to what they asked, and nothing else."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.routing.bench import (
    ACTCON,
    ACTTERM,
    CANCEL,
    CLOCK,
    DEACT,
    DEACTCON,
    EXECUTE,
    GI,
    GI_GROUP,
    GI_VALUE,
    NEGATIVE_ACTCON,
    NEGATIVE_DEACTCON,
    READ,
    READ_VALUE,
    SELECT,
    SETPOINT,
    SPONTANEOUS,
    TEST,
    Bench,
    Seat,
    patched,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.routing.request import Request

REQUESTS = [
    GI,
    GI_GROUP,
    patched(GI, cause=DEACT),
    READ,
    patched(READ, ioa=8),
    SELECT,
    EXECUTE,
    patched(EXECUTE, element="00"),
    CANCEL,
    patched(SELECT, ioa=8),
    patched(EXECUTE, ioa=8),
    TEST,
    CLOCK,
]
HABITS = ["0", "mirrored", "mirrored in confirmations", "anybody's"]
SPANS = [0.05, 0.2, 0.5, 1.0, 1.0, 2.0, 4.0, 6.0, 11.0, 31.0]
NEGATIVE = 0x40
COMMAND_AGE = 5.0
CLOCK_PATIENCE = 0.1
UNANSWERED_AFTER = 10.0
EXECUTE_LASTS = 30.0
OA = 3  # the octet that says who


def without_oa(asdu: bytes) -> bytes:
    return patched(asdu, oa=0)


def is_interrogation(asdu: bytes) -> bool:
    return asdu[0] == GI[0] and asdu[2] != DEACT


def is_select(asdu: bytes) -> bool:
    return asdu[0] == SELECT[0] and asdu[2] != DEACT and asdu[9] & 0x80 != 0


@dataclass(eq=False)
class Job:
    """A request that the RTU has, and who is waiting for the answer."""

    asdu: bytes
    askers: list[Seat]
    since: float
    confirmed: bool = field(default=False)

    def expires(self) -> float:
        """From when on this RTU says no more about it."""
        return self.since + (EXECUTE_LASTS if self.confirmed else UNANSWERED_AFTER)


class Conversation(RuleBasedStateMachine):
    """Masters A to C and an RTU that does one interrogation at a time and has its own idea of originator addresses."""

    @initialize(
        habit=st.sampled_from(HABITS),
        stamp=st.booleans(),
    )
    def begin(self, habit: str, stamp: bool) -> None:  # noqa: FBT001 - drawn
        self.bench = Bench(stamp=stamp, reserved=frozenset({1, 2, 3}))
        self.seats = self.bench.masters("ABC")
        self.habit = habit
        self.now = 0.0
        self.window = 12
        self.jobs: list[Job] = []
        self.ignored = False
        self.setpoints = 0
        self.sent_setpoints: set[bytes] = set()
        self.selected: dict[int, tuple[Seat, float]] = {}

    # What masters do.

    @rule(asked=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(REQUESTS)), min_size=1, max_size=6))
    def ask(self, asked: list[tuple[int, bytes]]) -> None:
        for seat, request in asked:
            self.send(self.seats[seat], request)

    @rule(seat=st.integers(0, 2))
    def ask_with_a_setpoint_like_no_other(self, seat: int) -> None:
        self.setpoints += 1
        self.send(self.seats[seat], patched(SETPOINT, element=self.setpoints.to_bytes(2, "little").hex() + "00"))

    def send(self, asker: Seat, request: bytes) -> None:
        waited = len(asker.session.waiting)
        asker.sends(request, now=self.now)
        answers = self.collect()
        assert set(answers) <= {asker}
        asked = 1 if request[2] != DEACT else len(asker.session.waiting) - waited + len(answers)
        assert len(asker.session.waiting) - waited + len(answers.get(asker, [])) == asked
        if answers and answers[asker][0][2] == DEACTCON:
            self.no_longer_interrogates(asker, request)

    def no_longer_interrogates(self, asker: Seat, stop: bytes) -> None:
        for job in self.jobs:
            if is_interrogation(job.asdu) and job.asdu[6:] == stop[6:] and asker in job.askers:
                job.askers.remove(asker)

    @rule(seat=st.integers(0, 2))
    def come_back(self, seat: int) -> None:
        gone = self.seats[seat]
        gone.leaves(self.now)
        self.seats[seat] = self.bench.master(gone.name, now=self.now)
        assert self.collect() == {}
        for job in self.jobs:
            job.askers = [asker for asker in job.askers if asker is not gone]

    # What the RTU gets.

    @rule(window=st.sampled_from([0, 1, 2, 12, 12, 12]))
    def windows_open(self, window: int) -> None:
        for _ in range(window):
            self.take_one()

    def take_one(self) -> None:
        waiting = {seat: list(seat.session.waiting) for seat in self.seats}
        taken = self.bench.rtu_gets(now=self.now, window=1)
        refused = self.collect()
        assert all(asdu[2] & NEGATIVE for asdus in refused.values() for asdu in asdus)
        for asdu in taken:
            gone = {seat: [it for it in before if it not in seat.session.waiting] for seat, before in waiting.items()}
            self.handed_on(
                asdu, {seat: self.survivor(requests, refused.get(seat, [])) for seat, requests in gone.items()}
            )

    @staticmethod
    def survivor(gone: list[Request], refused: list[bytes]) -> Request | None:
        """The one of a session's requests that neither waits nor was refused."""
        assert 0 <= len(gone) - len(refused) <= 1
        handed_on = [it for it in gone if all(it.outgoing[6:] != asdu[6:] for asdu in refused)]
        return (handed_on or gone)[-1] if len(gone) > len(refused) else None

    def handed_on(self, asdu: bytes, requests: dict[Seat, Request | None]) -> None:
        served = {seat: request for seat, request in requests.items() if request is not None}
        assert served
        assert len(served) == 1 or is_interrogation(asdu)
        for seat, request in served.items():
            assert without_oa(request.outgoing) == without_oa(asdu)
            age = self.now - request.arrived
            assert not request.command or age < COMMAND_AGE
            assert asdu[0] != CLOCK[0] or age < CLOCK_PATIENCE
            self.check_point(seat, asdu)
        if is_interrogation(asdu):
            assert not any(is_interrogation(job.asdu) for job in self.jobs)
        if asdu[0] == SETPOINT[0]:
            assert asdu[6:] not in self.sent_setpoints
            self.sent_setpoints.add(asdu[6:])
        self.jobs.append(Job(asdu, list(served), self.now))

    def check_point(self, seat: Seat, asdu: bytes) -> None:
        if asdu[0] not in (SELECT[0], SETPOINT[0]):
            return
        owner, until = self.selected.pop(asdu[6], (seat, 0.0))
        assert owner is seat or self.now >= until
        if is_select(asdu):
            self.selected[asdu[6]] = seat, self.now + 30.0

    # What the RTU says.

    @precondition(lambda self: self.jobs)
    @rule(
        answers=st.lists(
            st.tuples(st.integers(0, 100), st.sampled_from([True, True, False]), st.integers(0, 255)),
            min_size=1,
            max_size=8,
        )
    )
    def answer(self, answers: list[tuple[int, bool, int]]) -> None:
        for job, positive, somebody in answers:
            if self.jobs:
                self.answer_one(self.first_like(self.jobs[job % len(self.jobs)]), somebody, positive=positive)

    def first_like(self, job: Job) -> Job:
        """Requests are answered in any order, but equal ones of one master in theirs."""
        like_it = (job.asdu, job.askers, job.confirmed)
        return next(it for it in self.jobs if (it.asdu, it.askers, it.confirmed) == like_it)

    def answer_one(self, chosen: Job, somebody: int, *, positive: bool) -> None:
        if chosen.asdu[0] == READ[0]:
            self.answer_read(chosen, somebody, positive=positive)
        elif chosen.asdu[2] == DEACT:
            self.answer_cancel(chosen, somebody, positive=positive)
        elif not chosen.confirmed:
            self.confirm(chosen, somebody, positive=positive)
        elif is_interrogation(chosen.asdu) and positive:
            value = patched(GI_VALUE, cause=chosen.asdu[9], oa=self.oa(chosen, somebody, confirms=False))
            chosen.since = self.now
            self.say(chosen, value)
        else:
            self.jobs.remove(chosen)
            self.say(chosen, self.mirror(chosen, ACTTERM, somebody))

    def answer_read(self, job: Job, somebody: int, *, positive: bool) -> None:
        self.jobs.remove(job)
        value = patched(READ_VALUE, ioa=job.asdu[6], oa=self.oa(job, somebody, confirms=False))
        self.say(job, value if positive else self.mirror(job, 0x6F, somebody))  # unknown IOA, P/N

    def answer_cancel(self, job: Job, somebody: int, *, positive: bool) -> None:
        place = self.jobs.index(job)
        before, after = self.jobs[:place], self.jobs[place + 1 :]
        self.jobs = [it for it in before if not (positive and self.is_cancelled(it, job))] + after
        self.say(job, self.mirror(job, DEACTCON if positive else NEGATIVE_DEACTCON, somebody))

    @staticmethod
    def is_cancelled(job: Job, cancel: Job) -> bool:
        same_point = job.asdu[0] == cancel.asdu[0] and job.asdu[4:9] == cancel.asdu[4:9] and job.asdu[2] != DEACT
        if is_interrogation(job.asdu) and job.asdu[6:] != cancel.asdu[6:]:
            return False
        return same_point and job.askers == cancel.askers

    def confirm(self, job: Job, somebody: int, *, positive: bool) -> None:
        execute = job.asdu[0] in (EXECUTE[0], SETPOINT[0]) and not is_select(job.asdu)
        if positive and (execute or is_interrogation(job.asdu)):
            job.confirmed, job.since = True, self.now
        else:
            self.jobs.remove(job)
        if not positive and job.asdu[0] == SELECT[0]:
            self.selected.pop(job.asdu[6], None)
        self.say(job, self.mirror(job, ACTCON if positive else NEGATIVE_ACTCON, somebody))

    def mirror(self, job: Job, cause: int, somebody: int) -> bytes:
        return patched(job.asdu, cause=cause, oa=self.oa(job, somebody, confirms=True))

    def oa(self, job: Job, somebody: int, *, confirms: bool) -> int:
        if self.habit == "mirrored" or (self.habit == "mirrored in confirmations" and confirms):
            return job.asdu[OA]
        # Where an earlier request was left unanswered the OA is all that tells; an RTU that lies then cannot be helped.
        return somebody if self.habit == "anybody's" and not self.ignored else 0

    def say(self, job: Job, asdu: bytes) -> None:
        self.bench.rtu_sends(asdu, now=self.now)
        assert self.collect() == {seat: [seat.answer(asdu, asdu[2])] for seat in job.askers}

    @rule(oa=st.integers(0, 255))
    def report(self, oa: int) -> None:
        self.bench.rtu_sends(patched(SPONTANEOUS, oa=oa), now=self.now)
        assert self.collect() == {seat: [SPONTANEOUS] for seat in self.seats}

    @rule(asdu=st.sampled_from([EXECUTE, SELECT, TEST, READ]), cause=st.sampled_from([7, 9, 10, 0x47, 0x6F]))
    def confirm_what_nobody_asked(self, asdu: bytes, cause: int) -> None:
        self.bench.rtu_sends(patched(asdu, cause=cause, oa=1, ca=99), now=self.now)
        assert self.collect() == {}

    # Time.

    @rule(seconds=st.sampled_from(SPANS), in_time=st.booleans())
    def pass_time(self, seconds: float, in_time: bool) -> None:  # noqa: FBT001 - drawn
        self.now += seconds
        ignored = [job for job in self.jobs if job.expires() <= self.now]
        self.ignored = self.ignored or bool(ignored)
        self.jobs = [job for job in self.jobs if job not in ignored]
        if in_time:
            self.fire_timers()

    def fire_timers(self) -> None:
        self.bench.time_is(self.now)
        refused = self.collect()
        assert all(asdu[2] & NEGATIVE for asdus in refused.values() for asdu in asdus)

    def collect(self) -> dict[Seat, list[bytes]]:
        """What masters have got since the last time; whatever is for one master has its own OA."""
        got = {seat: asdus for seat in self.seats if (asdus := seat.gets())}
        for seat, asdus in got.items():
            own = seat.answer(GI, ACTCON)[OA]
            assert all(asdu[OA] == own or asdu == SPONTANEOUS for asdu in asdus)
        return got

    def teardown(self) -> None:
        """Every request ends: with the windows open an RTU that falls silent keeps nobody waiting for ever."""
        self.jobs = []
        while self.bench.router.next_deadline() < float("inf") or any(seat.session.waiting for seat in self.seats):
            self.now += 5.0
            assert self.now < 1e4
            self.fire_timers()
            self.jobs = []
            self.bench.rtu_gets(now=self.now)
            self.collect()
        assert self.bench.router.unanswered == 0


TestConversation = Conversation.TestCase
TestConversation.settings = settings(stateful_step_count=60)


@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("stamp", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_a_long_day(seed: int, stamp: bool, habit: str) -> None:  # noqa: FBT001 - a table's column
    """The same with far more going on at once than hypothesis likes to draw."""
    draw = random.Random(seed)
    day = Conversation()
    day.begin(habit=habit, stamp=stamp)
    steps: dict[Callable[[], None], int] = {
        lambda: day.ask([(draw.randrange(3), draw.choice(REQUESTS))]): 30,
        lambda: day.ask_with_a_setpoint_like_no_other(draw.randrange(3)): 5,
        lambda: day.come_back(draw.randrange(3)): 3,
        lambda: day.windows_open(draw.choice([1, 1, 2, 12])): 25,
        lambda: day.answer([(draw.randrange(100), draw.random() < 0.7, draw.randrange(256))]): 29,
        lambda: day.report(draw.randrange(256)): 2,
        lambda: day.pass_time(draw.choice(SPANS), draw.random() < 0.6): 6,
    }
    for step in draw.choices(list(steps), list(steps.values()), k=400):
        step()
    day.teardown()
