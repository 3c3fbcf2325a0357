"""A station's port in an event loop of its own thread, so that blocking peers can talk to it."""

from __future__ import annotations

import asyncio
import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.simulator.port import Answering, StationPort
from tests.program import eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Result = TypeVar("_Result")


class Witness:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.requests: list[bytes] = []
        self.queue: list[bytes] = []
        self.bugs: list[Exception] = []
        self.note = self.notes.append
        self.received = self.requests.append
        self.queued = self.queue.append
        self.failed = self.bugs.append

    def wait_note(self, text: str) -> None:
        eventually(lambda: any(text in note for note in self.notes), f"{text!r} among {self.notes}")


class Running:
    """A port that listens."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: StationPort, number: int, witness: Witness) -> None:
        self.port = port
        self.number = number
        self.witness = witness
        self._loop = loop

    def call(self, function: Callable[[], _Result]) -> _Result:
        """Run a function in the port's thread; return its result."""

        async def run() -> _Result:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(5)

    def send(self, *asdus: bytes) -> bool:
        return self.call(lambda: self.port.send(asdus))


@contextmanager
def running_port(
    station: Answering, *, k: int = 12, accepts: Callable[[str], bool] = lambda _: True
) -> Iterator[Running]:
    """Listen until the context ends; the port must then have met no bug."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="station")
    thread.start()
    number, witness = free_port(), Witness()
    parameters = LinkParameters(t3=math.inf, k=k, w=max(1, 2 * k // 3))
    port = StationPort(station, number, parameters, witness, bind="127.0.0.1", accepts=accepts)
    try:
        asyncio.run_coroutine_threadsafe(port.open(), loop).result(5)
        yield Running(loop, port, number, witness)
        assert witness.bugs == []
    finally:
        asyncio.run_coroutine_threadsafe(port.close("test over"), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
