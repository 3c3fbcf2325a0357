"""Which server is believed, what is done with its answer, and what people read of it."""

import asyncio
import errno
import logging
import socket
import threading
from typing import Any

import pytest

from iec104mm2ss.ntp.answer import Answer, ImplausibleError
from iec104mm2ss.ntp.keeper import SetClock, TimeKeeper
from iec104mm2ss.ntp.server import TimeServer
from iec104mm2ss.ntp.status import ClockStatus, Comparison, iso, local
from tests.time_server import FakeClock, FakeTimeServer, T, reply
from tests.transport.recorder import until

YEAR = 365 * 86_400.0
LOG = logging.getLogger("tests.ntp")
NO_PRIVILEGE = "No root privilege, cannot update time."


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the keeper logged: on a slow machine asyncio logs, too."""
    return [record.message for record in caplog.records if record.name == LOG.name]


class Scripted:
    """A server that is always `ahead` seconds ahead of T, or always fails."""

    def __init__(self, name: str, ahead: float | Exception, delay: float = 0.0) -> None:
        self.name = name
        self.ahead = ahead
        self.delay = delay
        self.asked = 0

    async def ask(self) -> Answer:
        self.asked += 1
        if isinstance(self.ahead, Exception):
            raise self.ahead
        return Answer(T + self.ahead, 50.0, self.delay)


class Keeping:
    """A keeper with a fake clock; `rounds` asks that often."""

    def __init__(self, *servers: Scripted, mode: SetClock = SetClock.AUTO, resolution: float = 0.0) -> None:
        self.clock = FakeClock(resolution=resolution)
        self.keeper = TimeKeeper(servers, interval=900, mode=mode, log=LOG, clock=self.clock)

    def rounds(self, count: int = 1) -> ClockStatus:
        for _ in range(count):
            asyncio.run(self.keeper.check())
        return self.keeper.status


def test_before_the_first_answer_it_tries() -> None:
    status = Keeping(Scripted("a", 0.0)).keeper.status
    assert status == ClockStatus(text="Trying NTP servers to update local time ..", good=False)


@pytest.mark.parametrize("mode", [SetClock.AUTO, SetClock.STEP])
@pytest.mark.parametrize("ahead", [3.0, -3.0, 0.002, 1000.0, -1000.0])
def test_the_clock_is_set_to_the_servers_time(mode: SetClock, ahead: float, caplog: pytest.LogCaptureFixture) -> None:
    keeping = Keeping(Scripted("pool.ntp.org", ahead), mode=mode)
    status = keeping.rounds()
    assert keeping.clock.steps == [pytest.approx(ahead, abs=1e-6)]
    assert keeping.clock.wall == T + ahead
    assert status.text == f"Time updated at: {local(T + ahead)} from pool.ntp.org"
    assert status.good
    assert status.compared == Comparison("pool.ntp.org", offset=0.0, when=T + ahead)
    assert lines(caplog) == [f"clock set by {ahead:+.3f} s: from {iso(T)} to {iso(T + ahead)}, as pool.ntp.org says"]


@pytest.mark.parametrize("ahead", [1001.0, -1001.0, 10 * YEAR])
def test_auto_does_not_set_it_too_far_and_says_how_to_allow_it(ahead: float, caplog: pytest.LogCaptureFixture) -> None:
    keeping = Keeping(Scripted("a", ahead))
    status = keeping.rounds(3)
    assert keeping.clock.steps == []
    assert status.text == "Time not updated: more than 1000 s away (set_clock=step allows it)"
    assert not status.good
    assert status.why == f"a: differs by {ahead:+.0f} s: more than 1000 s need set_clock=step"
    assert lines(caplog) == [f"time server {status.why}"]


def test_auto_asks_the_next_server_when_one_is_too_far_away() -> None:
    keeping = Keeping(Scripted("wrong", 10 * YEAR), Scripted("right", 3.0))
    assert keeping.rounds().text.endswith("from right")
    assert keeping.clock.wall == T + 3


def test_step_sets_it_whatever_the_size() -> None:
    keeping = Keeping(Scripted("a", 10 * YEAR), mode=SetClock.STEP)
    assert keeping.rounds().good
    assert keeping.clock.wall == T + 10 * YEAR


@pytest.mark.parametrize("ahead", [3.0, 10 * YEAR])
def test_never_compares_and_shows(ahead: float, caplog: pytest.LogCaptureFixture) -> None:
    keeping = Keeping(Scripted("a", ahead), mode=SetClock.NEVER)
    status = keeping.rounds(3)
    assert keeping.clock.steps == []
    assert status.text == f"Time compared at: {local(T)} with a: {ahead:+.3f} s, not set"
    assert status.good
    assert status.compared == Comparison("a", ahead, T)
    assert lines(caplog) == [status.text]


@pytest.mark.parametrize(
    ("ahead", "delay", "resolution", "text"),
    [
        (0.0, 0.0, 0.0, "right within 1 ms"),
        (-0.0009, 0.0, 0.0, "right within 1 ms"),
        (0.0149, 0.030, 0.0, "right within 15 ms"),  # half of the round trip
        (0.0149, 0.0, 0.0156, "right within 16 ms"),  # what Windows can read
    ],
)
def test_what_may_be_noise_is_not_followed(
    ahead: float, delay: float, resolution: float, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    keeping = Keeping(Scripted("a", ahead, delay), resolution=resolution)
    status = keeping.rounds(3)
    assert keeping.clock.steps == []
    assert status.text == f"Time compared at: {local(T)} with a: {text}"
    assert status.good
    assert status.compared is not None
    assert status.compared.offset == pytest.approx(ahead, abs=1e-6)
    assert lines(caplog) == [status.text]


@pytest.mark.parametrize(("delay", "resolution"), [(0.030, 0.0), (0.0, 0.0149)])
def test_what_is_no_noise_is_set(delay: float, resolution: float) -> None:
    keeping = Keeping(Scripted("a", 0.0151, delay), resolution=resolution)
    keeping.rounds()
    assert len(keeping.clock.steps) == 1


def test_a_missing_privilege_is_said_once_and_shown_always(caplog: pytest.LogCaptureFixture) -> None:
    keeping = Keeping(Scripted("a", 3.0))
    keeping.clock.refusal = PermissionError(errno.EPERM, "Operation not permitted")
    for _ in range(5):
        status = keeping.rounds()
        assert (status.text, status.good) == (NO_PRIVILEGE, False)
        assert status.compared == Comparison("a", 3.0, keeping.clock.wall)
        assert status.why == "+3.000 s by a"
        keeping.clock.monotonic += 3600
        keeping.clock.wall += 3600
    assert lines(caplog) == [f"{NO_PRIVILEGE} Start the program with that privilege, or with set_clock=never."]


def test_a_privilege_that_comes_and_goes_is_said_each_time(caplog: pytest.LogCaptureFixture) -> None:
    server = Scripted("a", 3.0)
    keeping = Keeping(server)
    for ahead, refusal in ((3.0, PermissionError()), (3.0, None), (4.0, PermissionError()), (4.0, PermissionError())):
        server.ahead, keeping.clock.refusal = ahead, refusal
        keeping.rounds()
    assert [line.split()[0] for line in lines(caplog)] == ["No", "clock", "No"]


def test_a_clock_near_enough_for_a_while_does_not_bring_the_missing_privilege_up_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Scripted("a", 3.0)
    keeping = Keeping(server)
    keeping.clock.refusal = PermissionError()
    for ahead in (3.0, 0.0, 3.0, 0.0):
        server.ahead = ahead
        keeping.rounds()
    assert len(lines(caplog)) == 1
    assert keeping.keeper.status.good


def test_a_time_that_the_system_does_not_take_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    keeping = Keeping(Scripted("a", 3.0))
    keeping.clock.refusal = OSError(errno.EINVAL, "Invalid argument")
    status = keeping.rounds(3)
    assert (status.text, status.good) == ("Time not updated: Invalid argument", False)
    keeping.clock.refusal = None
    assert keeping.rounds().good
    assert [line.split(": ")[0] for line in lines(caplog)] == [
        "this machine's clock",
        "clock set by +3.000 s",
        "this machine's clock",
    ]


def test_the_servers_are_asked_in_turn_until_one_answers() -> None:
    servers = [
        Scripted("a", OSError(errno.ENETUNREACH, "Network is unreachable")),
        Scripted("b", ImplausibleError("its clock is not synchronised (stratum 16)")),
        Scripted("c", 3.0),
        Scripted("d", 4.0),
    ]
    assert Keeping(*servers).rounds().text.endswith("from c")
    assert [server.asked for server in servers] == [1, 1, 1, 0]


def test_when_all_fail_the_text_stays_and_turns_bad() -> None:
    server = Scripted("a", TimeoutError())
    keeping = Keeping(server, Scripted("b", UnicodeError()))
    status = keeping.rounds()
    assert status.text == "Trying NTP servers to update local time .."
    assert status.why == "a: no answer; b: not a name that can be looked up"
    server.ahead = 3.0
    good = keeping.rounds()
    server.ahead = TimeoutError()
    status = keeping.rounds()
    assert (status.text, status.compared) == (good.text, good.compared)
    assert (good.good, status.good) == (True, False)


def test_each_reason_is_said_once_and_the_end_of_it(caplog: pytest.LogCaptureFixture) -> None:
    server = Scripted("a", 0.0)
    keeping = Keeping(server)
    trouble = (
        TimeoutError(),
        TimeoutError(),
        ImplausibleError("its clock is not synchronised (leap 3)"),
        TimeoutError(),
        0.0,
        0.0,
        TimeoutError(),
    )
    for server.ahead in trouble:
        keeping.rounds()
    assert lines(caplog) == [
        "time server a: no answer",
        "time server a: its clock is not synchronised (leap 3)",
        "time server a: no answer",
        "time server a: usable again",
        f"Time compared at: {local(T)} with a: right within 1 ms",
        "time server a: no answer",
    ]


def test_a_day_of_the_same_is_a_line_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    keeping = Keeping(Scripted("a", TimeoutError()))
    for _ in range(24 * 4):
        keeping.rounds()
        keeping.clock.monotonic += 900
    assert lines(caplog) == ["time server a: no answer", *["time server a: still no answer"] * 23]


def test_two_programs_that_hear_the_same_set_the_clock_once() -> None:
    first, second = Keeping(Scripted("a", 500.0)), Keeping(Scripted("a", 500.0))
    second.keeper._clock = second.clock = first.clock
    first.rounds()
    second.rounds()
    assert first.clock.steps == [500.0]


def run_for(keeper: TimeKeeper, done: asyncio.Event) -> None:
    async def scenario() -> None:
        running = asyncio.create_task(keeper.run())
        async with asyncio.timeout(20):
            await done.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scenario())


class Counted(Scripted):
    """Sets `done` when it is asked for the third time."""

    def __init__(self, ahead: float | Exception) -> None:
        super().__init__("a", ahead)
        self.done = asyncio.Event()

    async def ask(self) -> Answer:
        if self.asked == 2:
            self.done.set()
        return await super().ask()


def test_it_asks_again_at_every_interval() -> None:
    server = Counted(3.0)
    run_for(TimeKeeper([server], interval=0.01, mode=SetClock.AUTO, log=LOG, clock=FakeClock()), server.done)


def test_a_bug_is_logged_and_the_next_round_comes(caplog: pytest.LogCaptureFixture) -> None:
    server = Counted(ZeroDivisionError("a bug"))
    keeper = TimeKeeper([server], interval=0.01, mode=SetClock.AUTO, log=LOG, clock=FakeClock())
    run_for(keeper, server.done)
    assert keeper.status == ClockStatus(good=False, why="internal error")
    assert lines(caplog)[0] == "internal error: the time servers are asked again in 0.01 s"
    assert "ZeroDivisionError: a bug" in caplog.text


def test_stopping_does_not_wait_for_a_server_that_hangs() -> None:
    def hold(_: bytes) -> list[bytes]:
        return []

    async def scenario(server: FakeTimeServer) -> None:
        keeper = TimeKeeper(
            [TimeServer("127.0.0.1", port=server.port)], interval=900, mode=SetClock.NEVER, log=LOG, clock=FakeClock()
        )
        running = asyncio.create_task(keeper.run())
        await until(lambda: server.asked)
        running.cancel()
        async with asyncio.timeout(2):
            with pytest.raises(asyncio.CancelledError):
                await running

    with FakeTimeServer(hold) as server:
        asyncio.run(scenario(server))
    # The thread still waits for its answer; it is a daemon.


def test_a_server_that_hangs_does_not_keep_the_next_one_from_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    look_up, answers = socket.getaddrinfo, threading.Event()

    def hang(host: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - getaddrinfo's
        if host == "stuck.example":
            answers.wait(30)
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with FakeTimeServer(lambda asked: [reply(asked, received=T + 3)]) as server:
        servers = [
            TimeServer("stuck.example", patience=0.1),
            TimeServer("127.0.0.1", port=server.port, clock=clock),
        ]
        keeper = TimeKeeper(servers, interval=900, mode=SetClock.AUTO, log=LOG, clock=clock)
        asyncio.run(keeper.check())
    answers.set()
    assert clock.wall == T + 3
    assert keeper.status.text == f"Time updated at: {local(T + 3)} from 127.0.0.1"
