import asyncio
import errno
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from tests.simulation.loop import VirtualLoop
from tests.simulation.network import GATEWAY, Conditions, Network, Transport
from tests.simulation.trace import Trace

HOST = ("10.1.1.1", 2404)
PLAIN = Conditions(delay=(0.01, 0.01), cut=0.0)


class End(asyncio.Protocol):
    """Keeps what came, with the times."""

    transport: Transport

    def __init__(self) -> None:
        self.octets: list[tuple[float, bytes]] = []
        self.ended: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.octets.append((round(asyncio.get_running_loop().time() - 1000, 6), data))

    def eof_received(self) -> bool:
        self.ended.append("end")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.append(f"lost: {exc}")

    @property
    def all(self) -> bytes:
        return b"".join(octets for _, octets in self.octets)


@pytest.fixture
def network() -> Iterator[Network]:
    loop = VirtualLoop()
    made = Network(loop, Random(1), Trace(loop.time))
    made.conditions = PLAIN
    yield made
    loop.abandon()


def play(network: Network, scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    network.loop.run_until_complete(scenario())


async def pair(network: Network) -> tuple[End, End]:
    """A connection that was made at 0.02 s: the station's end and this program's."""
    stations = list[End]()

    def accept() -> End:
        stations.append(End())
        return stations[0]

    network.serve(*HOST, accept)
    _, ours = await network.connect(End, *HOST)
    return stations[0], ours


def test_octets_arrive_after_the_delay_in_their_order(network: Network) -> None:
    async def scenario() -> None:
        station, ours = await pair(network)
        station.transport.write(b"one")
        station.transport.write(b"two")
        await asyncio.sleep(1)
        assert ours.octets == [(0.03, b"one"), (0.03, b"two")]

    play(network, scenario)


def test_octets_stay_in_order_however_they_are_cut_and_delayed(network: Network) -> None:
    async def scenario() -> None:
        network.conditions = Conditions(delay=(0.0, 1.0), cut=0.9)
        station, ours = await pair(network)
        for number in range(50):
            station.transport.write(bytes(range(number, number + 20)))
        await asyncio.sleep(100)
        assert ours.all == b"".join(bytes(range(number, number + 20)) for number in range(50))
        assert len(ours.octets) > 150

    play(network, scenario)


def test_a_writer_keeps_what_the_kernels_have_no_place_for(network: Network) -> None:
    async def scenario() -> None:
        network.conditions.capacity = 10
        station, ours = await pair(network)
        ours.transport.pause_reading()
        for _ in range(5):
            station.transport.write(b"12345")
        await asyncio.sleep(1)
        assert (ours.octets, station.transport.get_write_buffer_size()) == ([], 15)
        ours.transport.resume_reading()
        await asyncio.sleep(1)
        assert (ours.all, station.transport.get_write_buffer_size()) == (b"12345" * 5, 0)

    play(network, scenario)


def test_closing_waits_for_a_reader_and_aborting_does_not(network: Network) -> None:
    async def scenario() -> None:
        network.conditions.capacity = 5
        station, ours = await pair(network)
        station.transport.pause_reading()
        ours.transport.write(b"12345")
        ours.transport.write(b"67890")
        ours.transport.close()
        await asyncio.sleep(1)
        assert ours.ended == []
        ours.transport.abort()
        await asyncio.sleep(1)
        assert ours.ended == ["lost: None"]
        station.transport.resume_reading()
        await asyncio.sleep(1)
        assert (station.all, station.ended) == (b"12345", ["end", "lost: None"])

    play(network, scenario)


def test_a_close_with_octets_unread_is_a_reset(network: Network) -> None:
    async def scenario() -> None:
        station, ours = await pair(network)
        ours.transport.pause_reading()
        station.transport.write(b"unread")
        await asyncio.sleep(1)
        ours.transport.close()
        await asyncio.sleep(1)
        assert station.ended == ["lost: [Errno 104] Connection reset by peer"]

    play(network, scenario)


def test_a_connection_cut_off_brings_everything_later(network: Network) -> None:
    async def scenario() -> None:
        station, ours = await pair(network)
        ours.transport.freeze(1010.0)
        station.transport.write(b"late")
        await asyncio.sleep(60)
        assert ours.octets == [(10.0, b"late")]

    play(network, scenario)


def test_who_has_vanished_answers_nothing(network: Network) -> None:
    async def scenario() -> None:
        station, ours = await pair(network)
        station.transport.vanish()
        ours.transport.write(b"hello")
        await asyncio.sleep(1000)
        assert ours.ended == []

    play(network, scenario)


def test_who_has_closed_resets_what_still_comes(network: Network) -> None:
    async def scenario() -> None:
        station, ours = await pair(network)
        station.transport.abort()
        await asyncio.sleep(0.001)
        ours.transport.write(b"hello")
        await asyncio.sleep(1)
        assert ours.ended == ["end", "lost: None"]

    play(network, scenario)


def test_a_port_that_nobody_listens_on_refuses(network: Network) -> None:
    async def scenario() -> None:
        with pytest.raises(ConnectionRefusedError):
            await network.connect(End, *HOST)

    play(network, scenario)


def test_a_dark_host_leaves_a_connection_unanswered(network: Network) -> None:
    async def scenario() -> None:
        network.serve(*HOST, End)
        network.dark.add(HOST[0])
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                await network.connect(End, *HOST)
        assert network.loop.time() == 1030.0

    play(network, scenario)


def test_a_port_belongs_to_one_program_at_a_time(network: Network) -> None:
    assert network.steal(2404)
    with pytest.raises(OSError, match="in use") as taken:
        network.socket(None, 2404)
    assert taken.value.errno == errno.EADDRINUSE
    network.give_back(2404)
    sock = network.socket(None, 2404)
    assert not network.steal(2404)
    sock.close()
    assert (sock.fileno(), network.listening) == (-1, [])


def test_a_server_accepts_until_it_is_closed(network: Network) -> None:
    async def scenario() -> None:
        server = network.server(End, network.socket(None, 2404))
        await server.start_serving()
        answer: asyncio.Future[Transport] = network.loop.create_future()
        network.dial("10.2.1.1", (GATEWAY, 2404), answer)
        assert (await answer).get_extra_info("peername") == (GATEWAY, 2404)
        server.close()
        answer = network.loop.create_future()
        network.dial("10.2.1.1", (GATEWAY, 2404), answer)
        with pytest.raises(ConnectionRefusedError):
            await answer

    play(network, scenario)


def test_who_writes_can_know_when_it_is_read(network: Network) -> None:
    async def scenario() -> None:
        station, ours = await pair(network)
        read = list[float]()
        ours.transport.freeze(1005.0)
        station.transport.write_marked(b"hello", read.append)
        await asyncio.sleep(10)
        assert read == [1005.0]
        assert ours.transport.written == 1000.02

    play(network, scenario)
