"""What a port sends when: answers, reports and a source; and what it does wrong on purpose."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from iec104mm2ss.settings.simulation import Misbehaviour
from iec104mm2ss.simulator import port as port_module
from tests.endpoint import Constants
from tests.peers import RawMaster, started_master
from tests.simulator.bay import CA, bay
from tests.simulator.running import running_port
from tests.station import ACTCON, ACTTERM, initialised, interrogation, read, single_point, type_and_cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

WINDOW = Constants(w=2, gateway_k=3)


class Script:
    """A source that has a number of ASDUs and remembers what it is told."""

    def __init__(self, count: int, *, due: float = math.inf) -> None:
        self.left = [single_point(CA, ioa) for ioa in range(1, count + 1)]
        self.due = due
        self.heards: list[bytes] = []
        self.reasons: list[str] = []
        self.asked: list[int] = []

    def take(self, count: int, now: float) -> Sequence[bytes]:
        self.asked.append(count)
        if now >= self.due:
            self.due, self.left = math.inf, [single_point(CA, 99)]
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def heard(self, asdu: bytes, now: float) -> None:
        self.heards.append(asdu)

    def next_deadline(self) -> float:
        return self.due

    def interrupt(self, reason: str) -> None:
        self.reasons.append(reason)


def test_a_source_is_taken_from_as_the_window_opens() -> None:
    source = Script(20)
    with running_port(bay(), k=3) as running, started_master(running.number, WINDOW) as master:
        running.call(lambda: running.port.run(source))
        assert master.take(20) == [single_point(CA, ioa) for ioa in range(1, 21)]
        assert max(source.asked) <= 3
        assert running.witness.queue == [initialised(CA)]


def test_answers_go_before_reports_and_these_before_a_source() -> None:
    source = Script(20)
    with running_port(bay(), k=1) as running, started_master(running.number, Constants(w=1, gateway_k=1)) as master:
        master.acknowledges = False
        running.call(lambda: running.port.run(source))
        running.send(single_point(CA, 50))
        master.post(read(CA, 301))
        running.witness.wait_request()
        master.acknowledges = True
        kinds = [type_and_cause(asdu) for asdu in master.take(3)]
        assert kinds[:1] == [(1, 3)]
        assert kinds[1:] == [(3, 5), (1, 3)]
        assert master.asdus[3] == single_point(CA, 50)
        assert master.take(19)[0] == single_point(CA, 2)


def test_a_source_hears_every_request_of_a_started_master() -> None:
    source = Script(0)
    with running_port(bay()) as running, started_master(running.number) as master:
        running.call(lambda: running.port.run(source))
        master.post(interrogation(CA), read(CA, 301))
        master.take(6)
        assert source.heards == [interrogation(CA), read(CA, 301)]


def test_a_source_is_asked_again_at_its_deadline() -> None:
    with running_port(bay()) as running, started_master(running.number) as master:
        now = running.call(running.clock)
        running.call(lambda: running.port.run(Script(0, due=now + 0.05)))
        assert master.take(1) == [single_point(CA, 99)]


def test_a_source_is_interrupted_by_a_stop_and_by_a_loss() -> None:
    first, second = Script(0), Script(0)
    with running_port(bay()) as running:
        with started_master(running.number) as master:
            running.call(lambda: running.port.run(first))
            master.stop()
            assert first.reasons == ["the master stopped"]
            master.start()
            running.call(lambda: running.port.run(second))
        running.witness.wait_note("disconnected")
        assert running.call(lambda: second.reasons) == ["the master is gone"]
        assert first.reasons == ["the master stopped"]


class Faulty(Script):
    def take(self, count: int, now: float) -> Sequence[bytes]:
        if now >= self.due:
            raise LookupError("bug")
        return []


def test_a_bug_at_a_deadline_costs_the_connection_and_is_reported() -> None:
    with running_port(bay()) as running:
        with started_master(running.number) as master:
            now = running.call(running.clock)
            running.call(lambda: running.port.run(Faulty(0, due=now + 0.05)))
            master.wait_closed()
        assert [repr(bug) for bug in running.witness.bugs] == ["LookupError('bug')"]
        running.witness.bugs.clear()
        with started_master(running.number):
            pass


def test_the_start_is_told_after_the_end_of_initialisation() -> None:
    queues: list[int] = []
    with running_port(bay(), on_started=lambda: queues.append(len(running.witness.queue))) as running:
        with started_master(running.number) as master:
            master.stop()
            master.start()
        assert queues == [1, 2]


def test_tests_of_the_master_are_noted_with_their_period() -> None:
    with running_port(bay()) as running, started_master(running.number) as master:
        master.test()
        master.test()
        running.witness.wait_note("s after the one before, smallest period")
        tests = running.call(lambda: running.port.tests)
        assert running.witness.notes.count("test frame") == 1
        assert tests.last == tests.smallest


def test_asdus_after_the_stop_are_noted_and_not_executed() -> None:
    with running_port(bay(), k=3) as running, started_master(running.number) as master:
        master.acknowledges = False
        running.send(single_point(CA, 50))
        master.take(1)
        with master.sending():
            stop = bytes.fromhex("680413000000")
            master.send_raw(stop + master.next_i_frame(interrogation(CA)))
        running.witness.wait_note("1 ASDUs sent after STOPDT act are not executed")
        assert running.witness.requests == []


def test_start_and_stop_in_one_segment_leave_it_stopped() -> None:
    with running_port(bay()) as running, RawMaster(running.number) as master:
        master.send_raw(bytes.fromhex("680407000000 680413000000"))
        running.witness.wait_note("stopped")
        assert not running.call(lambda: running.port.started)
        assert running.witness.queue == []


def test_dropped_on_purpose_after_so_many_i_frames() -> None:
    with running_port(bay(), misbehaviour=Misbehaviour(drop_frames=3)) as running:
        for _ in range(2):
            with started_master(running.number) as master:
                master.post(interrogation(CA))
                answers = master.take(2)
                assert type_and_cause(answers[0]) == (100, ACTCON)
                master.wait_closed()
                assert master.received == 3
        running.witness.wait_note("dropped on purpose after 3 I-frames")


def test_dropped_on_purpose_after_so_many_seconds() -> None:
    with running_port(bay(), misbehaviour=Misbehaviour(drop_seconds=0.2)) as running:
        with started_master(running.number) as master:
            took = master.wait_closed() - master.opened_at
        assert took > 0.15
        running.witness.wait_note("dropped on purpose after 0.2 s")


def test_what_follows_a_drop_in_the_same_segment_is_not_executed() -> None:
    dropping = Misbehaviour(drop_frames=2)
    with running_port(bay(), k=1, misbehaviour=dropping) as running:
        with RawMaster(running.number, Constants(w=1, gateway_k=1)) as master:
            master.acknowledges = False
            master.start()
            master.post(read(CA, 301))
            running.witness.wait_request()
            with master.sending():
                master.acknowledges = True
                master.send_raw(master.next_i_frame(read(CA, 301)))
            master.wait_closed()
        assert running.witness.requests == [read(CA, 301)]
        assert running.call(lambda: running.port.answering) == 0


def test_a_drop_is_for_the_connection_whose_time_is_over_only() -> None:
    with running_port(bay(), misbehaviour=Misbehaviour(drop_seconds=3600)) as running:
        with started_master(running.number):
            timers = running.call(_close_timers)
        running.witness.wait_note("disconnected")
        assert [timer.cancelled() for timer in timers] == [True]


def _close_timers() -> list[asyncio.TimerHandle]:
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    return [timer for timer in scheduled if timer.when() > asyncio.get_running_loop().time() + 3000]


def test_delayed_answers_keep_their_order_and_hold_up_no_report() -> None:
    slow = Misbehaviour(answer_delay=0.2, mirror_oa=False, no_actterm=True)
    with running_port(bay(), misbehaviour=slow) as running, started_master(running.number) as master:
        master.post(interrogation(CA, oa=5))
        running.witness.wait_request()
        running.send(single_point(CA, 50))
        answers = master.take(5)
        assert answers[0] == single_point(CA, 50)
        assert [type_and_cause(asdu) for asdu in answers[1:]] == [(100, ACTCON), (3, 20), (1, 20), (13, 20)]
        assert {asdu[3] for asdu in answers} == {0}
        assert (100, ACTTERM) not in [type_and_cause(asdu) for asdu in master.asdus]


def test_answers_beyond_the_limit_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_module, "QUEUE_LIMIT", 4)
    slow = Misbehaviour(answer_delay=0.2)
    with running_port(bay(), misbehaviour=slow) as running, started_master(running.number) as master:
        master.post(interrogation(CA), read(CA, 301))
        assert len(master.take(5)) == 5
        assert running.call(lambda: running.port.lost) == 1
