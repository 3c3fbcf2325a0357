import asyncio
import errno
import os
import socket
import threading
from typing import Any

import pytest

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.transport.client import connect, reason
from iec104mm2ss.transport.connection import Connection
from tests.program import free_port
from tests.transport.recorder import HOST, Port, until

DEFAULTS = LinkParameters()


class Resolver:
    """Stands before the system's resolver: knows names, and may hold its answer back."""

    def __init__(self, **names: list[str]) -> None:
        self.names = names
        self.answers = threading.Event()
        self.asked = threading.Event()
        self._ask = socket.getaddrinfo

    def __call__(self, host: str, port: int | None, **options: Any) -> list[Any]:  # noqa: ANN401 - getaddrinfo's
        if host not in self.names or options.get("flags"):
            return self._ask(host, port, **options)
        self.asked.set()
        self.answers.wait(10)
        if not self.names[host]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in self.names[host]]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    made = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    return made


async def connected(host: str, port: Port) -> None:
    await port.listener.open()
    client = await connect(host, port.number, DEFAULTS)
    await until(lambda: port.accepted)
    port.listener.close()
    for end in (client, *port.accepted):
        end.close("test over")
        await end.gone.wait()


def test_the_addresses_of_a_name_are_tried_in_turn(resolver: Resolver) -> None:
    resolver.names["rtu"] = ["127.0.0.9", HOST]  # the port listens on the second one only
    resolver.answers.set()
    asyncio.run(connected("rtu", Port(DEFAULTS)))


def test_a_name_that_nobody_knows_is_an_error_in_the_resolvers_words(resolver: Resolver) -> None:
    resolver.names["rtu"] = []
    resolver.answers.set()
    with pytest.raises(OSError, match="not known") as caught:
        asyncio.run(connect("rtu", 2404, DEFAULTS))
    assert reason(caught.value) == "Name or service not known"


def test_a_dead_name_server_costs_t0_and_holds_up_neither_others_nor_the_end(resolver: Resolver) -> None:
    resolver.names["rtu"] = [HOST]

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            await connect("rtu", 2404, LinkParameters(t0=0.1))
        await connected(HOST, Port(DEFAULTS))

    asyncio.run(scenario())
    assert resolver.asked.is_set()
    # The answer finds nobody any more, and says nothing.
    resolver.answers.set()
    for thread in threading.enumerate():
        if thread.name == "look up rtu":
            thread.join(5)


def test_a_refused_connection_says_so_and_not_only_where() -> None:
    with pytest.raises(ConnectionRefusedError) as caught:
        asyncio.run(connect(HOST, free_port(), DEFAULTS))
    assert reason(caught.value) == "Connection refused"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.EHOSTUNREACH, "Connect call failed ('10.1.1.1', 2404)"), os.strerror(errno.EHOSTUNREACH)),
        (OSError("Multiple exceptions: a, b"), "Multiple exceptions: a, b"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
    ],
)
def test_the_reason_is_the_systems_words(error: OSError, text: str) -> None:
    assert reason(error) == text


def test_a_stop_while_connecting_leaves_nothing_behind() -> None:
    async def scenario() -> list[Connection]:
        port = Port(DEFAULTS)
        await port.listener.open()
        connecting = asyncio.create_task(connect(HOST, port.number, DEFAULTS))
        await asyncio.sleep(0)
        connecting.cancel()
        await asyncio.wait({connecting})
        assert connecting.cancelled()
        port.listener.close()
        return port.accepted

    assert asyncio.run(scenario()) == []
