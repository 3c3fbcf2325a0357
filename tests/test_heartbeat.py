"""The beat: by literal readings, then in a loop."""

import asyncio
import logging
import time

import pytest

from iec104mm2ss import heartbeat
from iec104mm2ss.heartbeat import Heartbeat, Pulse, Reading

LOG = logging.getLogger("tests.heartbeat")
WALL = 1_700_000_000.0


class Machine:
    """Three clocks: `passes` moves all of them, and more of one where it is told."""

    def __init__(self) -> None:
        self.now = Reading(monotonic=100.0, boot=500.0, wall=WALL)
        self.pulse = Pulse(self.now)

    def passes(self, seconds: float = 1.0, *, asleep: float = 0.0, set_by: float = 0.0) -> list[str]:
        self.now = Reading(
            self.now.monotonic + seconds,
            self.now.boot + seconds + asleep,
            self.now.wall + seconds + asleep + set_by,
        )
        return self.pulse.beat(self.now)


def test_a_steady_beat_says_nothing() -> None:
    machine = Machine()
    assert [machine.passes() for _ in range(100)] == [[]] * 100
    assert machine.pulse.lag == 0.0
    assert machine.pulse.take_worst() == 0.0


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (1.0, "clock stepped by +1.0 s"),
        (-1.0, "clock stepped by -1.0 s"),  # a leap second, too
        (3600.0, "clock stepped by +3600.0 s"),
        (-3600.0, "clock stepped by -3600.0 s"),
        (3650 * 86_400.0, "clock stepped by +315360000.0 s"),
        (-WALL, "clock stepped by -1700000000.0 s"),  # to 1970
        (0.128, "clock stepped by +0.1 s"),
    ],
)
def test_a_step_of_the_wall_clock_is_said_once_and_is_no_lag(step: float, line: str) -> None:
    machine = Machine()
    machine.passes()
    assert machine.passes(set_by=step) == [line]
    assert machine.passes() == []
    assert machine.pulse.take_worst() == 0.0


@pytest.mark.parametrize("rate", [0.0005, -0.0005, 0.05, -0.05])
def test_slewing_says_nothing_however_long_it_goes_on(rate: float) -> None:
    machine = Machine()
    assert [machine.passes(set_by=rate) for _ in range(1000)] == [[]] * 1000


def test_lag_is_by_how_much_a_beat_was_late() -> None:
    machine = Machine()
    assert machine.passes(1.25) == []
    assert machine.pulse.lag == 0.25
    assert machine.passes(0.999) == []  # a timer may come early by the clock's resolution
    assert machine.pulse.lag == 0.0


def test_the_worst_lag_is_since_it_was_asked() -> None:
    machine = Machine()
    for seconds in (1.25, 1.5, 1.125):
        machine.passes(seconds)
    assert machine.pulse.take_worst() == 0.5
    assert machine.pulse.take_worst() == 0.0
    machine.passes(1.125)
    assert machine.pulse.take_worst() == 0.125


def test_a_stopped_process_is_said_and_no_step() -> None:
    machine = Machine()
    assert machine.passes(5.9) == []
    assert machine.passes(71.0) == ["nothing ran for 70.0 s: the program or its machine was stopped or is overloaded"]


def test_sleep_is_said_and_neither_step_nor_lag() -> None:
    machine = Machine()
    assert machine.passes(asleep=3600.0) == ["this machine slept for 3600.0 s"]
    assert machine.pulse.lag == 0.0


def test_a_clock_that_woke_up_wrong_is_said_too() -> None:
    lines = Machine().passes(8.0, asleep=3600.0, set_by=-2.0)
    assert [line.split()[0] for line in lines] == ["this", "nothing", "clock"]
    assert lines[-1] == "clock stepped by -2.0 s"


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL", 0.01)


def beat_until(beating: Heartbeat, done: asyncio.Event) -> None:
    async def scenario() -> None:
        running = asyncio.create_task(beating.run())
        async with asyncio.timeout(20):
            await done.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scenario())


class Calls:
    """Something to feed: sets `done` at the `last` call, raises one of `faults` at each, if there is one."""

    def __init__(self, last: int, *faults: Exception | None) -> None:
        self.count = 0
        self.done = asyncio.Event()
        self._last = last
        self._faults = iter(faults)

    def __call__(self) -> None:
        self.count += 1
        if self.count == self._last:
            self.done.set()
        fault = next(self._faults, None)
        if fault is not None:
            raise fault


@pytest.mark.usefixtures("fast")
def test_everybody_is_called_at_every_beat() -> None:
    first, second = Calls(1000), Calls(5)
    beat_until(Heartbeat(LOG, first, second), second.done)
    assert first.count == second.count


def test_the_first_call_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL", 3600.0)
    calls = Calls(1)
    beat_until(Heartbeat(LOG, calls), calls.done)


@pytest.mark.usefixtures("fast")
def test_one_that_fails_is_logged_once_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    bug = ZeroDivisionError("a bug")
    broken, healthy = Calls(1000, bug, bug, bug, None, bug), Calls(8)
    beat_until(Heartbeat(LOG, broken, healthy), healthy.done)
    assert broken.count == 8
    assert [record.levelno for record in caplog.records if "internal error" in record.message] == [logging.ERROR] * 2


@pytest.mark.usefixtures("fast")
def test_who_is_fed_starves_while_the_loop_is_blocked() -> None:
    calls = Calls(2)

    async def scenario() -> tuple[int, int]:
        running = asyncio.create_task(Heartbeat(LOG, calls).run())
        await asyncio.wait_for(calls.done.wait(), 20)
        before = calls.count
        time.sleep(0.5)  # noqa: ASYNC251 - this is the fault
        after = calls.count
        running.cancel()
        return before, after

    before, after = asyncio.run(scenario())
    assert before == after


@pytest.mark.usefixtures("fast")
def test_a_blocked_loop_is_a_lag() -> None:
    calls = Calls(3)
    beating = Heartbeat(LOG, calls)

    async def scenario() -> None:
        running = asyncio.create_task(beating.run())
        await asyncio.sleep(0)
        time.sleep(0.5)  # noqa: ASYNC251 - this is the fault
        await asyncio.wait_for(calls.done.wait(), 20)
        running.cancel()

    asyncio.run(scenario())
    assert beating.pulse.take_worst() >= 0.4


@pytest.mark.usefixtures("fast")
def test_a_step_becomes_a_line_in_the_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    calls = Calls(3)
    wall, ahead = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: wall() + ahead[0])

    async def scenario() -> None:
        running = asyncio.create_task(Heartbeat(LOG, calls).run())
        await asyncio.sleep(0)
        ahead[0] = 3600.0
        await asyncio.wait_for(calls.done.wait(), 20)
        running.cancel()

    asyncio.run(scenario())
    assert caplog.messages.count("clock stepped by +3600.0 s") == 1


def test_a_process_that_is_stopped_between_two_clocks_reads_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monotonic, stops = time.monotonic, [70.0]

    def stopped() -> float:
        return monotonic() - (stops.pop() if stops else 0.0)

    monkeypatch.setattr(time, "monotonic", stopped)
    reading = heartbeat.read()
    assert abs(reading.monotonic - monotonic()) < 60
