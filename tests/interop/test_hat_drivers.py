"""hat-drivers, a second foreign stack, as the RTU and as a master, with the program between."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from hat.drivers import iec104, net

from tests.peers import RawRtu, started_master
from tests.program import Gateway, Site, eventually, free_port
from tests.station import (
    ACTCON,
    ACTTERM,
    INTERROGATED,
    SELECT,
    Station,
    clock,
    initialised,
    interrogation,
    single_command,
    single_point,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

RTU_CA, MASTER_CA = 32, 33
ON = iec104.SingleData(iec104.SingleValue.ON, iec104.IndicationQuality(*[False] * 4))


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


def data(ioa: int, cause: iec104.DataResCause) -> iec104.DataMsg:
    return iec104.DataMsg(False, 0, RTU_CA, ioa, ON, None, cause)  # noqa: FBT003  hat's field is_test


class HatRtu:
    """Interrogation of one point, single commands and clock, OA always 0; `requests` has what came."""

    def __init__(self) -> None:
        self.port = free_port()
        self.requests: list[Any] = []
        self._connections: list[iec104.Connection] = []

    async def open(self) -> None:
        self._server = await iec104.listen(self._serve, net.TcpAddress("127.0.0.1", self.port))

    async def close(self) -> None:
        await self._server.async_close()

    async def transmit(self, ioa: int) -> None:
        await self._connections[-1].send([data(ioa, iec104.DataResCause.SPONTANEOUS)])

    async def _serve(self, connection: iec104.Connection) -> None:
        self._connections.append(connection)
        with suppress(ConnectionError):
            while True:
                for request in await connection.receive():
                    self.requests.append(request)
                    await connection.send(self._answers(request))

    def _answers(self, request: Any) -> list[Any]:  # noqa: ANN401  hat has no types
        causes = iec104.CommandResCause
        if isinstance(request, iec104.ClockSyncMsg):
            confirmed = iec104.ClockSyncResCause.ACTIVATION_CONFIRMATION
            return [request._replace(cause=confirmed, originator_address=0)]
        confirmation = request._replace(cause=causes.ACTIVATION_CONFIRMATION, originator_address=0)
        termination = request._replace(cause=causes.ACTIVATION_TERMINATION, originator_address=0)
        if isinstance(request, iec104.InterrogationMsg):
            return [confirmation, data(1, iec104.DataResCause.INTERROGATED_STATION), termination]
        return [confirmation] if request.command.select else [confirmation, termination]


@contextmanager
def running_rtu(loop: Loop) -> Iterator[HatRtu]:
    rtu = HatRtu()
    loop.run(rtu.open())
    try:
        yield rtu
    finally:
        loop.run(rtu.close())


def test_hat_rtu_with_raw_masters(tmp_path: Path) -> None:
    with Loop() as loop, running_rtu(loop) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        ports = [site.master(111, "M-1", MASTER_CA), site.master(111, "M-2", MASTER_CA + 1)]
        with Gateway(tmp_path, site), started_master(ports[0]) as first, started_master(ports[1]) as second:
            first.post(interrogation(33))
            assert first.take(3) == [
                interrogation(33, ACTCON),
                single_point(33, 1, cause=INTERROGATED),
                interrogation(33, ACTTERM),
            ]
            second.post(single_command(34, 100, SELECT | 1, oa=7), single_command(34, 100, 1, oa=7))
            assert second.take(3) == [
                single_command(34, 100, SELECT | 1, ACTCON, oa=7),
                single_command(34, 100, 1, ACTCON, oa=7),
                single_command(34, 100, 1, ACTTERM, oa=7),
            ]
            first.post(clock(33))
            assert first.take(1) == [clock(33, ACTCON)]
            loop.run(rtu.transmit(5))
            assert first.take_until(single_point(33, 5)) == []
            assert second.take_until(single_point(34, 5)) == []
        assert [type(request) for request in rtu.requests] == [
            iec104.InterrogationMsg,
            iec104.CommandMsg,
            iec104.CommandMsg,
            iec104.ClockSyncMsg,
        ]


class HatMaster:
    """Collects every message that comes."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def open(self, port: int, **options: Any) -> None:  # noqa: ANN401  asyncio's, such as ssl
        self._connection = await iec104.connect(net.TcpAddress("127.0.0.1", port), **options)
        self._connection.async_group.spawn(self._collect)

    async def close(self) -> None:
        await self._connection.async_close()

    async def send(self, message: Any) -> None:  # noqa: ANN401  hat has no types
        await self._connection.send([message])

    async def _collect(self) -> None:
        with suppress(ConnectionError):
            while True:
                self.messages += await self._connection.receive()


@contextmanager
def running_master(loop: Loop, port: int, **options: Any) -> Iterator[HatMaster]:  # noqa: ANN401  asyncio's
    master = HatMaster()
    loop.run(master.open(port, **options))
    try:
        yield master
    finally:
        loop.run(master.close())


def test_hat_master_with_a_raw_rtu(tmp_path: Path) -> None:
    with Loop() as loop, RawRtu(Station(RTU_CA, points={1: 1}, oa_of_confirmations=0, oa_of_data=0)) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port, other_port = site.master(111, "HAT", MASTER_CA), site.master(111, "RAW", MASTER_CA + 1)
        with Gateway(tmp_path, site), started_master(other_port) as other, running_master(loop, port) as master:
            eventually(lambda: len(master.messages) == 1, "M_EI")
            assert isinstance(master.messages[0], iec104.InitializationMsg)
            loop.run(master.send(_interrogation()))
            loop.run(master.send(_command()))
            eventually(lambda: len(master.messages) == 6, f"the answers among {master.messages}")
            rtu.link.post(single_point(RTU_CA, 9))
            eventually(lambda: len(master.messages) == 7, f"the event among {master.messages}")
            assert _kinds(master.messages[1:]) == [
                ("InterrogationMsg", "ACTIVATION_CONFIRMATION"),
                ("DataMsg", "INTERROGATED_STATION"),
                ("InterrogationMsg", "ACTIVATION_TERMINATION"),
                ("CommandMsg", "ACTIVATION_CONFIRMATION"),
                ("CommandMsg", "ACTIVATION_TERMINATION"),
                ("DataMsg", "SPONTANEOUS"),
            ]
            assert {message.asdu_address for message in master.messages} == {MASTER_CA}
            assert {message.originator_address for message in master.messages[1:6]} == {0, 4}
            assert other.take_until(single_point(34, 9)) == []
            assert other.asdus[0] == initialised(34)


def _interrogation() -> iec104.InterrogationMsg:
    cause = iec104.CommandReqCause.ACTIVATION
    return iec104.InterrogationMsg(False, 0, MASTER_CA, 20, False, cause)  # noqa: FBT003  hat's fields


def _command() -> iec104.CommandMsg:
    order = iec104.SingleCommand(iec104.SingleValue.ON, select=False, qualifier=0)
    return iec104.CommandMsg(False, 4, MASTER_CA, 100, order, False, None, iec104.CommandReqCause.ACTIVATION)  # noqa: FBT003


def _kinds(messages: list[Any]) -> list[tuple[str, str]]:
    return [(type(message).__name__, message.cause.name) for message in messages]
