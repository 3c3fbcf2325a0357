"""hat-drivers, a second foreign stack: an RTU and a master that remember what they hear and say."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from hat.drivers import iec104, net

from tests.endpoint import PATIENCE
from tests.program import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

CAUSES = iec104.CommandResCause


class Loop:
    """An event loop in a thread of its own, for the tests to call into."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  hat has no types
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)


def data_message(
    ca: int, ioa: int, data: iec104.Data, cause: iec104.DataResCause, tag: iec104.Time | None = None
) -> iec104.DataMsg:
    return iec104.DataMsg(False, 0, ca, ioa, data, tag, cause)  # noqa: FBT003  hat's field is_test


class HatRtu:
    """Answers as its `points` (by IOA, untagged), `commands` and `refused` (IOAs) say, always with OA 0.

    `requests` has what came, `responses` what was sent. Without `commands` every IOA is one.
    """

    def __init__(self, ca: int, points: dict[int, iec104.Data] | None = None) -> None:
        self.port = free_port()
        self.ca = ca
        self.points = points or {}
        self.commands: set[int] | None = None
        self.refused: set[int] = set()
        self.requests: list[Any] = []
        self.responses: list[Any] = []
        self._connections: list[iec104.Connection] = []

    async def open(self, **options: Any) -> None:  # noqa: ANN401  hat's, such as test_timeout
        self._server = await iec104.listen(self._serve, net.TcpAddress("127.0.0.1", self.port), **options)

    async def stop(self) -> None:
        await self._server.async_close()

    async def send(self, *messages: Any) -> None:  # noqa: ANN401  hat has no types
        self.responses += messages
        await self._connections[-1].send(list(messages))

    async def _serve(self, connection: iec104.Connection) -> None:
        self._connections.append(connection)
        with suppress(ConnectionError):
            while True:
                for request in await connection.receive():
                    self.requests.append(request)
                    await self.send(*self._answers(request))

    def _answers(self, request: Any) -> list[Any]:  # noqa: ANN401  hat has no types
        request = request._replace(originator_address=0)
        return self._handlers()[type(request)](request)

    def _handlers(self) -> dict[type, Callable[[Any], list[Any]]]:
        return {
            iec104.InterrogationMsg: self._interrogated,
            iec104.CounterInterrogationMsg: self._counters_interrogated,
            iec104.ReadMsg: self._read,
            iec104.ClockSyncMsg: lambda request: [
                request._replace(cause=iec104.ClockSyncResCause.ACTIVATION_CONFIRMATION)
            ],
            iec104.TestMsg: lambda request: [request._replace(cause=iec104.ActivationResCause.ACTIVATION_CONFIRMATION)],
            iec104.ResetMsg: lambda request: [
                request._replace(cause=iec104.ActivationResCause.ACTIVATION_CONFIRMATION)
            ],
            iec104.ParameterMsg: lambda request: [
                request._replace(cause=iec104.ParameterResCause.ACTIVATION_CONFIRMATION)
            ],
            iec104.CommandMsg: self._commanded,
        }

    def _interrogated(self, request: Any) -> list[Any]:  # noqa: ANN401  hat has no types
        cause = iec104.DataResCause.INTERROGATED_STATION
        return _enclosed(request, [self._value(ioa, cause) for ioa in self.points if not self._is_counter(ioa)])

    def _counters_interrogated(self, request: Any) -> list[Any]:  # noqa: ANN401  hat has no types
        cause = iec104.DataResCause.INTERROGATED_COUNTER
        return _enclosed(request, [self._value(ioa, cause) for ioa in self.points if self._is_counter(ioa)])

    def _read(self, request: Any) -> list[Any]:  # noqa: ANN401  hat has no types
        if request.io_address in self.points:
            return [self._value(request.io_address, iec104.DataResCause.REQUEST)]
        return [request._replace(cause=iec104.ReadResCause.UNKNOWN_IO_ADDRESS)]

    def _commanded(self, request: Any) -> list[Any]:  # noqa: ANN401  hat has no types
        if request.io_address in self.refused:
            return [request._replace(cause=CAUSES.ACTIVATION_CONFIRMATION, is_negative_confirm=True)]
        if self.commands is not None and request.io_address not in self.commands:
            return [request._replace(cause=CAUSES.UNKNOWN_IO_ADDRESS, is_negative_confirm=True)]
        if request.cause == iec104.CommandReqCause.DEACTIVATION:
            return [request._replace(cause=CAUSES.DEACTIVATION_CONFIRMATION)]
        answers = _enclosed(request, [])
        return answers[:1] if getattr(request.command, "select", False) else answers

    def _value(self, ioa: int, cause: iec104.DataResCause) -> iec104.DataMsg:
        return data_message(self.ca, ioa, self.points[ioa], cause)

    def _is_counter(self, ioa: int) -> bool:
        return isinstance(self.points[ioa], iec104.BinaryCounterData)


def _enclosed(request: Any, values: list[Any]) -> list[Any]:  # noqa: ANN401  hat has no types
    """Put the confirmation before and the termination after the values."""
    confirmation = request._replace(cause=CAUSES.ACTIVATION_CONFIRMATION)
    return [confirmation, *values, request._replace(cause=CAUSES.ACTIVATION_TERMINATION)]


@contextmanager
def running_rtu(loop: Loop, rtu: HatRtu, **options: Any) -> Iterator[HatRtu]:  # noqa: ANN401  hat's
    loop.run(rtu.open(**options))
    try:
        yield rtu
    finally:
        loop.run(rtu.stop())


class HatMaster:
    """`messages` has everything that came, `requests` what was sent. All of it happens in one event loop."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.requests: list[Any] = []
        self._taken = 0

    async def open(self, port: int, **options: Any) -> None:  # noqa: ANN401  asyncio's, such as ssl
        self._came = asyncio.Condition()
        self._connection = await iec104.connect(net.TcpAddress("127.0.0.1", port), **options)
        self._connection.async_group.spawn(self._collect)

    async def stop(self) -> None:
        await self._connection.async_close()

    async def send(self, message: Any) -> None:  # noqa: ANN401  hat has no types
        self.requests.append(message)
        await self._connection.send([message])

    async def take(self, count: int) -> list[Any]:
        """Wait for the next messages and return them."""
        async with asyncio.timeout(PATIENCE), self._came:
            await self._came.wait_for(lambda: len(self.messages) >= self._taken + count)
        self._taken += count
        return self.messages[self._taken - count : self._taken]

    async def take_to(self, kind: type, cause: str) -> list[Any]:
        """Return all messages up to the first of this kind and cause."""
        taken: list[Any] = []
        while not taken or (type(taken[-1]), taken[-1].cause.name) != (kind, cause):
            taken += await self.take(1)
        return taken

    def forget(self) -> None:
        self.messages.clear()
        self.requests.clear()
        self._taken = 0

    async def _collect(self) -> None:
        with suppress(ConnectionError):
            while True:
                messages = await self._connection.receive()
                async with self._came:
                    self.messages += messages
                    self._came.notify_all()


@contextmanager
def running_master(loop: Loop, port: int, **options: Any) -> Iterator[HatMaster]:  # noqa: ANN401  asyncio's
    master = HatMaster()
    loop.run(master.open(port, **options))
    try:
        yield master
    finally:
        loop.run(master.stop())
