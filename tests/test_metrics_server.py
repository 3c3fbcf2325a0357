"""The page over HTTP: who gets it, who does not, and that nobody is held up by it."""

import asyncio
import contextlib
import logging
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from iec104mm2ss.metrics import server as server_module
from iec104mm2ss.metrics.figures import Figure, Kind, Measure
from iec104mm2ss.metrics.server import MetricsServer
from tests.gateway.scene import play
from tests.program import free_port
from tests.scrape import LOG, scrape, serving
from tests.transport.recorder import HOST, until


def one(value: float = 1.0) -> list[Figure]:
    return [Measure("state", "text", Kind.GAUGE, (), {(): value})]


class Counted:
    """Gives how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> list[Figure]:
        self.times += 1
        return one(self.times)


def serve(scenario: Callable[[int], Coroutine[Any, Any, None]], collect: Callable[[], Any] = one) -> None:
    """Run a scenario with the port of a server."""

    async def with_server() -> None:
        async with serving(collect) as port:
            await scenario(port)

    play(with_server)


def listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex((HOST, port)) == 0


@asynccontextmanager
async def client(port: int, octets: bytes = b"") -> AsyncIterator[asyncio.StreamReader]:
    """Connect and say these octets and no more."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(octets)
    try:
        yield reader
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Whatever still comes, to the end."""
    with contextlib.suppress(ConnectionError):
        return await reader.read()
    return b""


@pytest.mark.parametrize("path", ["/metrics", "/metrics?name[]=up"])
def test_the_page_is_served(path: str) -> None:
    async def scenario(port: int) -> None:
        answer = await scrape(port, path=path)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert "iec104mm2ss_state 1.0" in answer.text.splitlines()
        assert "process_cpu_seconds_total" in answer.text

    serve(scenario)


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_nobody_can_do_anything_but_look(method: str) -> None:
    async def scenario(port: int) -> None:
        answer = await scrape(port, method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")

    serve(scenario)


@pytest.mark.parametrize("path", ["/", "/metrics/", "/metric", "/favicon.ico", "/../metrics"])
def test_there_is_no_other_page(path: str) -> None:
    async def scenario(port: int) -> None:
        answer = await scrape(port, path=path)
        assert (answer.status, answer.text) == (404, "there is nothing but /metrics\n")

    serve(scenario)


@pytest.mark.parametrize("octets", [b"\r\n\r\n", b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET /metrics/../x\r\n\r\n"])
def test_what_is_no_request_is_refused(octets: bytes) -> None:
    async def scenario(port: int) -> None:
        async with client(port, octets) as reader:
            assert (await rest(reader)).startswith(b"HTTP/1.1 40")
        assert (await scrape(port)).status == 200

    serve(scenario)


@pytest.mark.parametrize("octets", [b"GET /" + 100_000 * b"a", b"GET /metrics HTTP/1.1\r\n" + 5000 * b"a: b\r\n"])
def test_a_request_without_end_is_left(octets: bytes) -> None:
    async def scenario(port: int) -> None:
        async with client(port, octets) as reader:
            assert await rest(reader) == b""
        assert (await scrape(port)).status == 200

    serve(scenario)


def test_who_says_nothing_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_SERVED_WITHIN", 0.2)

    async def scenario(port: int) -> None:
        async with client(port) as silent, client(port, b"GET /metrics HTTP/1.1\r\n") as slow:
            assert await rest(silent) == b""
            assert await rest(slow) == b""

    serve(scenario)


def test_who_does_not_read_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_SERVED_WITHIN", 0.5)
    huge = [Measure("state", "text", Kind.GAUGE, ("name",), {(f"{number}" * 1000,): 1.0 for number in range(9000)})]

    async def scenario() -> None:
        server = MetricsServer(HOST, free_port(), lambda: huge, loop=asyncio.get_running_loop(), log=LOG)
        server.start()
        with socket.create_connection((HOST, server._port)) as stuck:
            await asyncio.to_thread(stuck.sendall, b"GET /metrics HTTP/1.1\r\n\r\n")
            await until(lambda: server._clients == 1)
            await until(lambda: server._clients == 0)
        server.close()

    play(scenario)


def test_so_many_clients_and_no_more() -> None:
    async def scenario(port: int) -> None:
        async with contextlib.AsyncExitStack() as silent:
            for _ in range(8):
                await silent.enter_async_context(client(port))
            async with client(port) as ninth:
                assert await rest(ninth) == b""
        async with asyncio.timeout(10):
            while await _is_refused(port):  # noqa: ASYNC110 - no event tells it
                await asyncio.sleep(0.01)

    serve(scenario)


async def _is_refused(port: int) -> bool:
    async with client(port, b"GET /metrics HTTP/1.1\r\n\r\n") as reader:
        return not await rest(reader)


def test_however_many_ask_the_program_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_FRESH", 3600.0)
    collect = Counted()

    async def scenario(port: int) -> None:
        answers = await asyncio.gather(*(scrape(port) for _ in range(5)))
        assert len({answer.text for answer in answers}) == 1
        assert collect.times == 1

    serve(scenario, collect)


def test_a_page_is_not_served_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_FRESH", 0.0)
    collect = Counted()

    async def scenario(port: int) -> None:
        for number in (1, 2, 3):
            assert f"iec104mm2ss_state {number}.0" in (await scrape(port)).text

    serve(scenario, collect)


def test_the_program_goes_on_while_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_TURN", 0.0)
    seen: list[str] = []

    def collect() -> Iterator[Figure]:
        loop = asyncio.get_running_loop()
        for name in ("a", "b", "c"):
            loop.call_soon(seen.append, f"after {name}")
            seen.append(name)
            yield Measure(name, "text", Kind.GAUGE, (), {(): 1.0})

    async def scenario(port: int) -> None:
        assert (await scrape(port)).status == 200
        assert seen == ["a", "after a", "b", "after b", "c", "after c"]

    serve(scenario, collect)


def test_a_blocked_loop_is_said_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_COLLECTED_WITHIN", 0.2)
    monkeypatch.setattr(server_module, "_FRESH", 0.0)

    async def scenario(port: int) -> None:
        asked = asyncio.create_task(scrape(port))
        await asyncio.sleep(0)
        time.sleep(1.0)  # noqa: ASYNC251 - this is the fault
        answer = await asked
        assert answer.status == 503
        assert "it is blocked or overloaded" in answer.text
        assert (await scrape(port)).status == 200

    serve(scenario)


def test_a_loop_that_has_ended_is_like_a_blocked_one() -> None:
    ended = asyncio.new_event_loop()
    ended.close()

    async def scenario() -> None:
        port = free_port()
        server = MetricsServer(HOST, port, one, loop=ended, log=LOG)
        server.start()
        assert (await scrape(port)).status == 503
        server.close()

    play(scenario)


def test_a_bug_is_logged_once_and_costs_the_answer_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server_module, "_FRESH", 0.0)

    def collect() -> Iterator[Figure]:
        yield from one()
        raise KeyError("a bug")

    async def scenario(port: int) -> None:
        for _ in range(3):
            assert (await scrape(port)).status == 500
        (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
        assert record.exc_text is not None
        assert "a bug" in record.exc_text

    serve(scenario, collect)


def test_to_close_is_to_wait_for_nobody() -> None:
    async def scenario() -> None:
        port = free_port()
        server = MetricsServer(HOST, port, one, loop=asyncio.get_running_loop(), log=LOG)
        server.start()
        thread = server._thread
        assert thread is not None
        async with client(port) as silent, client(port, b"GET /metr") as slow:
            await until(lambda: server._clients == 2)
            server.close()
            assert not thread.is_alive()
            assert await rest(silent) == await rest(slow) == b""
        assert not listens(port)
        server.close()

    play(scenario)


def test_closing_does_not_wait_for_a_page_of_a_blocked_loop() -> None:
    async def scenario() -> None:
        port = free_port()
        server = MetricsServer(HOST, port, one, loop=asyncio.get_running_loop(), log=LOG)
        server.start()
        asked = asyncio.create_task(asyncio.to_thread(socket.create_connection, (HOST, port)))
        with await asked as sock:
            sock.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            give_up = time.monotonic() + 10
            while server._page is None and time.monotonic() < give_up:
                time.sleep(0.01)  # noqa: ASYNC251 - the loop is blocked
            server.close()
            assert not listens(port)

    play(scenario)


def test_what_is_in_use_or_elsewhere_is_said_with_a_remedy() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        text = f"no metrics on {HOST} port {port}: Address already in use; choose another address or port"
        assert refusal(HOST, port) == text
    assert refusal("192.0.2.1", port) == (
        f"no metrics on 192.0.2.1 port {port}: Cannot assign requested address; choose another address or port"
    )


def refusal(address: str, port: int) -> str:
    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(OSError, match="no metrics") as caught:
            MetricsServer(address, port, one, loop=loop, log=LOG).start()
        return str(caught.value)
    finally:
        loop.close()


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "iec104mm2ss.metrics.page", raising=False)
    monkeypatch.delattr("iec104mm2ss.metrics.page", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert refusal(HOST, free_port()).endswith("install the Python package prometheus-client")
