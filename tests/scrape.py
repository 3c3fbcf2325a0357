"""What Prometheus does: asks a metrics server in a test's loop, and understands the answer."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from iec104mm2ss.metrics.figures import Figure
from iec104mm2ss.metrics.server import MetricsServer
from tests.program import free_port
from tests.transport.recorder import HOST

LOG = logging.getLogger("tests.metrics")
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str


def ask(port: int, method: str = "GET", path: str = "/metrics") -> Answer:
    connection = HTTPConnection(HOST, port, timeout=20)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers), response.read().decode())
    finally:
        connection.close()


async def scrape(port: int, method: str = "GET", path: str = "/metrics") -> Answer:
    return await asyncio.to_thread(ask, port, method, path)


@asynccontextmanager
async def serving(collect: Callable[[], Iterable[Figure]]) -> AsyncIterator[int]:
    """Run a server; gives its port."""
    port = free_port()
    server = MetricsServer(HOST, port, collect, loop=asyncio.get_running_loop(), log=LOG)
    server.start()
    try:
        yield port
    finally:
        server.close()


def types(page: str) -> dict[str, str]:
    """The type of each family, by its name without a suffix."""
    return {family.name: family.type for family in text_string_to_metric_families(page)}


def samples(page: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def names(page: str) -> set[str]:
    return {name for name, _ in samples(page)}


def sample(page: str, name: str, /, **labels: str) -> float:
    return samples(page)[(name, frozenset(labels.items()))]
