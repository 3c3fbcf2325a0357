"""A station's port, or the whole simulator, in a loop of its own thread, so that blocking peers can talk to it."""

from __future__ import annotations

import asyncio
import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from iec104mm2ss.console.snapshot import State
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.logs import ConnectionLogs
from iec104mm2ss.settings.rtus import load_rtus
from iec104mm2ss.settings.simulation import Misbehaviour
from iec104mm2ss.simulator.port import Answering, StationPort
from iec104mm2ss.simulator.simulation import Simulator
from tests.logfiles import Console
from tests.program import eventually, free_port
from tests.simulator.program import logged

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from iec104mm2ss.console.snapshot import Entry
    from iec104mm2ss.settings.simulation import Simulation
    from iec104mm2ss.simulator.commands import Send
    from iec104mm2ss.transport.connection import Connection
    from tests.simulator.program import RtuFile

GOOD = Misbehaviour()
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

    def opened(self, connection: Connection) -> None:
        self.note(f"connected from {connection.peer}")

    def closed(self, connection: Connection, reason: str) -> None:
        self.note(f"disconnected from {connection.peer}: {reason}")

    def refused(self, peer: str, reason: str) -> None:
        self.note(f"refused {peer}: {reason}")

    def wait_note(self, text: str) -> None:
        eventually(lambda: any(text in note for note in self.notes), f"{text!r} among {self.notes}")

    def wait_request(self) -> None:
        eventually(lambda: bool(self.requests), "a request")


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="loop")
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine in the loop; return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(5)

    def call(self, function: Callable[[], _Result]) -> _Result:
        """Run a function in the loop; return its result."""

        async def run() -> _Result:
            return function()

        return self.run(run())

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


class Running:
    """A port that listens."""

    def __init__(self, thread: LoopThread, port: StationPort, number: int, witness: Witness) -> None:
        self.port = port
        self.number = number
        self.witness = witness
        self.call = thread.call
        self.clock = thread.loop.time

    def send(self, *asdus: bytes) -> bool:
        return self.call(lambda: self.port.send(asdus))


@contextmanager
def running_port(
    station: Answering,
    *,
    k: int = 12,
    accepts: Callable[[str], bool] = lambda _: True,
    misbehaviour: Misbehaviour = GOOD,
    on_started: Callable[[], None] = lambda: None,
) -> Iterator[Running]:
    """Listen until the context ends; the port must then have met no bug."""
    thread, number, witness = LoopThread(), free_port(), Witness()
    parameters = LinkParameters(t3=math.inf, k=k, w=max(1, 2 * k // 3))
    port = StationPort(
        station,
        number,
        parameters,
        witness,
        bind="127.0.0.1",
        accepts=accepts,
        misbehaviour=misbehaviour,
    )
    port.on_started = on_started
    try:
        thread.run(port.open())
        yield Running(thread, port, number, witness)
        assert witness.bugs == []
    finally:
        thread.run(port.close("test over"))
        thread.end()


class RunningSimulator:
    """A simulator that listens, with its files and logs in `folder`."""

    def __init__(self, thread: LoopThread, simulator: Simulator, folder: Path, console: Console) -> None:
        self.simulator = simulator
        self.folder = folder
        self.console = console
        self.call = thread.call
        self.run = thread.run

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.call(self.simulator.entries)

    def simulation(self, file: RtuFile) -> Simulation:
        """Write the file of the RTUs anew and read it; nothing of it may be refused."""
        loaded = load_rtus(file.write(self.folder / "iec104rs.csv"))
        assert not loaded.refused, loaded.problems
        return loaded.simulation

    def log(self, port: int, part: str = "") -> list[list[str]]:
        """Return the rows of an RTU's log without their times."""
        return logged(self.folder / "log", port, part)

    def wait_log(self, port: int, event: str, part: str = "") -> None:
        """Wait for a row whose first cell has this text in it."""
        eventually(lambda: any(event in row[0] for row in self.log(port, part)), f"{event!r} in {self.log(port, part)}")


@contextmanager
def running_simulator(folder: Path, file: RtuFile, *sends: Send) -> Iterator[RunningSimulator]:
    """Run the RTUs of a file until the context ends; none of them may have met a bug."""
    loaded = load_rtus(file.write(folder / "iec104rs.csv"))
    assert not loaded.refused, loaded.problems
    console, thread = Console(), LoopThread()
    logs = ConnectionLogs(folder / "log", size=1_000_000, files=2, console=console)
    logs.start()
    simulator = thread.call(lambda: Simulator(loaded.simulation, logs, console, sends))

    running = thread.call(lambda: asyncio.create_task(simulator.run()))
    try:
        made = RunningSimulator(thread, simulator, folder, console)
        eventually(lambda: State.BLOCKED not in [entry.state for entry in made.entries], "every port is tried")
        yield made
        assert [line for line in console.lines if "internal error" in line] == []
    finally:
        thread.call(running.cancel)
        thread.run(asyncio.wait([running]))
        thread.end()
        logs.stop()
