"""An owner that notes what a connection reports, and two ends of one loopback connection."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from iec104mm2ss.link.events import Event
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.tls.parameters import TlsParameters
from iec104mm2ss.transport.client import connect
from iec104mm2ss.transport.connection import Connection
from iec104mm2ss.transport.server import Listener

HOST = "127.0.0.1"


class Recorder:
    def __init__(self, act: Callable[[Event], None] = lambda _: None) -> None:
        self.events: list[Event] = []
        self.reasons: list[str] = []
        self.bugs: list[Exception] = []
        self._act = act

    def on_events(self, connection: Connection, events: list[Event]) -> None:
        self.events += events
        for event in events:
            self._act(event)

    def on_closed(self, connection: Connection, reason: str) -> None:
        self.reasons.append(reason)

    def on_bug(self, connection: Connection, bug: Exception) -> None:
        self.bugs.append(bug)


def free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


async def until(condition: Callable[[], object], patience: float = 5.0) -> None:
    """Wait for a condition that the loop will make true."""
    async with asyncio.timeout(patience):
        while not condition():  # noqa: ASYNC110 - any condition, not one event
            await asyncio.sleep(0.005)


class Port:
    """A listener that keeps what it accepts and refuses."""

    def __init__(
        self,
        parameters: LinkParameters,
        accepts: Callable[[str], bool] = lambda _: True,
        tls: TlsParameters | None = None,
    ) -> None:
        self.number = free_port()
        self.accepted: list[Connection] = []
        self.refused: list[tuple[str, str]] = []
        self.listener = Listener(
            self.number,
            parameters,
            bind=HOST,
            accepts=accepts,
            on_connection=self.accepted.append,
            on_refused=lambda peer, reason: self.refused.append((peer, reason)),
            tls=tls,
        )


def lose_socket(listener: Listener) -> None:
    """Close the socket under a listener."""
    assert listener._server is not None
    (sock,) = listener._server.sockets
    asyncio.get_running_loop().remove_reader(sock.fileno())
    sock._sock.close()  # type: ignore[attr-defined]


@asynccontextmanager
async def pair(
    parameters: LinkParameters, server: Recorder, client: Recorder
) -> AsyncIterator[tuple[Connection, Connection]]:
    """Give the controlled and the controlling end of a connection that has begun."""
    port = Port(parameters)
    await port.listener.open()
    controlling = await connect(HOST, port.number, parameters)
    await until(lambda: port.accepted)
    controlled = port.accepted[0]
    controlled.begin(server)
    controlling.begin(client)
    try:
        yield controlled, controlling
    finally:
        port.listener.close()
        for end in (controlling, controlled):
            end.close("test over")
            await end.gone.wait()
