"""What forwarding costs, counted where no clock is needed: function calls of this package, and writes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import Mock

import pytest

import iec104mm2ss
from iec104mm2ss.gateway.group import Group
from iec104mm2ss.gateway.journaling import JOURNALS, Journals
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.link.states import Role
from iec104mm2ss.transport.connection import Connection
from tests.endpoint import STARTDT_ACT, STARTDT_CON, i_frame, s_frame
from tests.gateway.scene import MASTER_CA, RTU_CA, Logs, group_row, master_row, value
from tests.station import ACTCON, INTERROGATED, interrogation, single_point

PACKAGE = str(Path(iec104mm2ss.__file__).parent)
MASTERS, ROUNDS = 5, 20


class Transport(asyncio.Transport):
    """Takes what is written, and counts the writes."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes += 1

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's signature
        return Mock() if name == "socket" else ("127.0.0.1", 2404)

    def pause_reading(self) -> None:
        """Do nothing: what is to be read is fed."""

    resume_reading = close = abort = pause_reading


class End:
    """A connection of the gateway's that gets what the test feeds it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.transport = Transport()
        connection.connection_made(self.transport)

    def feed(self, *frames: bytes) -> None:
        octets = b"".join(frames)
        self.connection.get_buffer(-1)[: len(octets)] = octets
        self.connection.buffer_updated(len(octets))


@dataclass
class Scene:
    """A started group; its RTU sends, its masters acknowledge what they were sent."""

    rtu: End
    masters: list[End]
    sent: int = 0
    calls: int = 0

    def send(self, *asdus: bytes) -> None:
        asked = self.rtu.connection.link.sent
        self.rtu.feed(*(i_frame(self.sent + place, asked, asdu) for place, asdu in enumerate(asdus)))
        self.sent += len(asdus)

    @property
    def writes(self) -> int:
        return sum(end.transport.writes for end in (self.rtu, *self.masters))

    def cost(self, *batch: bytes) -> tuple[float, float]:
        """Calls and writes for a batch of the RTU that all masters acknowledge, once everything has got going."""
        self._round(batch)
        writes = self.writes
        with self._counting():
            for _ in range(ROUNDS):
                self._round(batch)
        return self.calls / ROUNDS, (self.writes - writes) / ROUNDS

    def _round(self, batch: Sequence[bytes]) -> None:
        self.send(*batch)
        for master in self.masters:
            master.feed(s_frame(master.connection.link.sent))

    @contextmanager
    def _counting(self) -> Iterator[None]:
        def count(frame: FrameType, event: str, _: object) -> None:
            self.calls += event == "call" and frame.f_code.co_filename.startswith(PACKAGE)

        self.calls = 0
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            yield
        finally:
            sys.setprofile(before)


@asynccontextmanager
async def scene(k: int, w: int) -> AsyncIterator[Scene]:
    """Every other master knows the RTU by another CA."""
    link = LinkParameters(k=k, w=w)
    rows = [master_row(name=f"M/{n}", link=link, ca=(RTU_CA, MASTER_CA)[n % 2]) for n in range(MASTERS)]
    group = Group(group_row(2404, masters=rows, rtu=link), Logs(), Journals(JOURNALS))
    rtu = End(Connection(Role.CONTROLLING, link, lambda _: None))
    life = asyncio.create_task(group.rtu.serve(rtu.connection))
    await asyncio.sleep(0)
    rtu.feed(STARTDT_CON)
    masters = [End(Connection(Role.CONTROLLED, link, port._on_connection)) for port in group.ports]
    for master in masters:
        master.feed(STARTDT_ACT)
        master.feed(s_frame(1))
    yield Scene(rtu, masters)
    life.cancel()
    with suppress(asyncio.CancelledError):
        await life
    for port in group.ports:
        port.close()
    for end in (rtu, *masters):
        end.connection.close("test over")


def values(count: int) -> list[bytes]:
    return [value(number) for number in range(1, count + 1)]


def answers(count: int) -> list[bytes]:
    return [single_point(RTU_CA, number, cause=INTERROGATED) for number in range(1, count + 1)]


def interrogate(it: Scene) -> None:
    """Let the first master ask, and the RTU begin to answer."""
    it.masters[0].feed(i_frame(0, 1, interrogation(RTU_CA)))
    it.send(interrogation(RTU_CA, ACTCON, oa=1))
    it.masters[0].feed(s_frame(2))


def played(k: int, w: int, scenario: Callable[[Scene], None]) -> None:
    async def play() -> None:
        async with scene(k, w) as it:
            scenario(it)

    asyncio.run(play())


def test_a_batch_is_one_write_for_each_master_and_one_for_the_rtu() -> None:
    def scenario(it: Scene) -> None:
        assert it.cost(*values(12))[1] == MASTERS + 1

    played(12, 8, scenario)


# What is measured and a tenth more. Who exceeds it looks with a profiler, and may find that the new cost is worth it.
@pytest.mark.parametrize(("k", "w", "batch", "bound"), [(12, 8, 1, 275), (12, 8, 12, 310), (4096, 2730, 500, 365)])
def test_a_batch_is_so_many_calls(k: int, w: int, batch: int, bound: float) -> None:
    def scenario(it: Scene) -> None:
        assert it.cost(*values(batch))[0] < bound

    played(k, w, scenario)


def test_no_call_is_made_for_a_single_value_of_a_batch() -> None:
    def scenario(it: Scene) -> None:
        assert it.cost(*values(600))[0] - it.cost(*values(100))[0] < 10

    played(4096, 2730, scenario)


def test_an_answer_to_one_master_is_so_many_calls() -> None:
    def scenario(it: Scene) -> None:
        interrogate(it)
        assert (it.cost(*answers(12))[0] - it.cost(*answers(2))[0]) / 10 < 36

    played(12, 8, scenario)
