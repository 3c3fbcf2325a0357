"""Asking one server over a real socket, and not waiting for what does not come."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import iec104mm2ss.ntp.server
from iec104mm2ss.ntp.answer import Answer, ImplausibleError
from iec104mm2ss.ntp.server import FAILURES, TimeServer, reason
from tests.program import free_port
from tests.time_server import FakeClock, FakeTimeServer, T, reply, stamp
from tests.transport.recorder import until

LOCAL = "127.0.0.1"


def right(question: bytes) -> list[bytes]:
    return [reply(question, received=T + 3)]


def silent(_: bytes) -> list[bytes]:
    return []


def asked(port: int, **options: Any) -> Answer:  # noqa: ANN401 - TimeServer's keywords
    return asyncio.run(TimeServer(LOCAL, port=port, clock=FakeClock(), **options).ask())


def failure(port: int, name: str = LOCAL, **options: Any) -> str:  # noqa: ANN401 - TimeServer's keywords
    with pytest.raises(FAILURES) as caught:
        asyncio.run(TimeServer(name, port=port, clock=FakeClock(), **options).ask())
    return reason(caught.value)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iec104mm2ss.ntp.server, "_PATIENCE_PER_ADDRESS", 0.3)


def test_a_server_is_asked_and_believed() -> None:
    with FakeTimeServer(right) as server:
        assert asked(server.port) == Answer(time=T + 3, at=50.0, delay=0.0)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _: b"", "its answer has 0 octets instead of 48"),
        (lambda _: bytes(10), "its answer has 10 octets instead of 48"),
        (lambda _: bytes(48), "its answer has mode 0 instead of 4 (server)"),
        (lambda asked: asked, "its answer has mode 3 instead of 4 (server)"),
        (lambda asked: reply(asked, received=T, origin=stamp(T + 1)), "its answer is to another question"),
        (lambda asked: reply(asked, received=T, stratum=16), "its clock is not synchronised (stratum 16)"),
    ],
)
def test_a_bad_answer_is_a_reason(answer: Callable[[bytes], bytes], why: str) -> None:
    with FakeTimeServer(lambda asked: [answer(asked)]) as server:
        assert failure(server.port).startswith(why)


def test_nobody_there_is_said_at_once() -> None:
    assert failure(free_port()) == "Connection refused"


@pytest.mark.usefixtures("hurry")
def test_a_silent_server_is_no_answer() -> None:
    with FakeTimeServer(silent) as server:
        assert failure(server.port) == "no answer"


@pytest.mark.usefixtures("hurry")
def test_an_answer_from_another_port_is_not_heard() -> None:
    with FakeTimeServer(right, stranger=True) as server:
        assert failure(server.port) == "no answer"
        assert server.asked == 1


def test_a_second_answer_is_not_heard() -> None:
    def twice(question: bytes) -> list[bytes]:
        return [*right(question), reply(question, received=T + 3600)]

    with FakeTimeServer(twice) as server:
        assert [asked(server.port).time for _ in range(3)] == [T + 3] * 3


def test_no_route_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", connect)
    assert failure(free_port()) == "Network is unreachable"


@pytest.mark.parametrize("name", ["a" * 64, "a..b"])
def test_what_cannot_be_a_name_is_a_reason(name: str) -> None:
    assert failure(123, name) == "not a name that can be looked up"


def test_the_addresses_of_a_name_are_asked_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeTimeServer(lambda _: [bytes(48)]) as wrong, FakeTimeServer(right) as server:
        ports = (free_port(), wrong.port, server.port)
        found = [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (LOCAL, port)) for port in ports]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert asked(123).time == T + 3


class NameServer:
    """Stands before the system's resolver and holds its answer back until `answers` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers = threading.Event()
        self.threads: list[threading.Thread] = []
        self._ask = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - getaddrinfo's
        self.threads.append(threading.current_thread())
        self.answers.wait(20)
        return self._ask(*arguments, **options)


def test_a_dead_name_server_costs_the_patience_and_never_a_second_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    names = NameServer(monkeypatch)

    async def scenario(server: FakeTimeServer) -> Answer:
        asking = TimeServer(LOCAL, port=server.port, clock=FakeClock(), patience=0.1)
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await asking.ask()
        assert [thread.daemon for thread in names.threads] == [True]
        names.answers.set()
        while True:
            try:
                return await asking.ask()
            except TimeoutError:
                continue

    with FakeTimeServer(right) as server:
        assert asyncio.run(scenario(server)).time == T + 3
    for thread in names.threads:
        thread.join()


def test_the_end_of_the_loop_waits_for_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    names = NameServer(monkeypatch)

    async def scenario(port: int) -> None:
        asking = asyncio.create_task(TimeServer(LOCAL, port=port, clock=FakeClock()).ask())
        await until(lambda: names.threads)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    with FakeTimeServer(right) as server:
        began = time.monotonic()
        asyncio.run(scenario(server.port))
        assert time.monotonic() - began < 10  # the name server takes 20 s
        assert [thread.is_alive() for thread in names.threads] == [True]
        # The answer finds nobody any more, and says nothing.
        names.answers.set()
        names.threads[0].join()


def test_a_bug_in_the_thread_reaches_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(socket, "getaddrinfo", broken)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(TimeServer(LOCAL).ask())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError("timed out"), "no answer"),
        (TimeoutError(), "no answer"),
        (socket.gaierror(-3, "Temporary failure in name resolution"), "Temporary failure in name resolution"),
        (OSError("no number"), "no number"),
        (ImplausibleError("its answer holds no time"), "its answer holds no time"),
    ],
)
def test_reasons_are_words(error: Exception, words: str) -> None:
    assert reason(error) == words
