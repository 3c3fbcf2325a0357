"""Where Prometheus asks: HTTP in a thread of its own, values from the program's event loop."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from iec104mm2ss.metrics.program import of_process

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Sequence

    from iec104mm2ss.metrics.figures import Figure

PATH: Final = "/metrics"

# How long the event loop may be held at a stretch, in seconds: no link's peer notices that.
_TURN: Final = 0.005
_COLLECTED_WITHIN: Final = 3.0
# By default, Prometheus itself gives up after as many seconds.
_SERVED_WITHIN: Final = 10.0
_FRESH: Final = 1.0
_MOST_CLIENTS: Final = 8
_LONGEST_REQUEST: Final = 8192
_ENDED_WITHIN: Final = 0.5
_BLOCKED: Final = f"no answer of the program's event loop within {_COLLECTED_WITHIN:g} s: it is blocked or overloaded"


class MetricsServer:
    """Answers `GET /metrics`, and nothing else, on one address.

    `address` is an IP address, `port` 1 to 65535. `collect` is called in `loop`, and what it gives is drawn a few
    milliseconds at a time, lest links wait for it; whoever asks within a second gets the same page. Where the loop has
    no answer in 3 s, the client gets 503. A bug in `collect` costs a 500 and is logged once.
    """

    def __init__(
        self,
        address: str,
        port: int,
        collect: Callable[[], Iterable[Figure]],
        *,
        loop: asyncio.AbstractEventLoop,
        log: logging.Logger,
    ) -> None:
        self._address = address
        self._port = port
        self._collect = collect
        self._loop = loop
        self._log = log
        self._failed = False
        self._clients = 0
        self._page: asyncio.Task[bytes] | None = None
        self._fresh_until = 0.0
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closing = asyncio.Event()

    def start(self) -> None:
        """Begin to listen, for once; raises OSError with what hinders it and what can be done."""
        try:
            from iec104mm2ss.metrics import page  # noqa: F401, PLC0415 - with prometheus_client, for this option alone
        except ImportError as error:
            raise OSError(f"no metrics: {error}; install the Python package prometheus-client") from error
        listener = _listen(self._address, self._port)
        self._own_loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(listener, self._own_loop), name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more, and wait for no client."""
        if self._own_loop is not None and self._thread is not None:
            with suppress(RuntimeError):  # closed: it has ended by itself
                self._own_loop.call_soon_threadsafe(self._closing.set)
            self._thread.join(_ENDED_WITHIN)
        self._own_loop = self._thread = None

    def _run(self, listener: socket.socket, own_loop: asyncio.AbstractEventLoop) -> None:
        with asyncio.Runner(loop_factory=lambda: own_loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        server = await asyncio.start_server(self._talk, sock=listener, limit=_LONGEST_REQUEST)
        await self._closing.wait()
        server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request. Who asks or reads too slowly, for too much or among too many, gets no answer."""
        self._clients += 1
        served = False
        try:
            if self._clients <= _MOST_CLIENTS:
                async with asyncio.timeout(_SERVED_WITHIN):
                    writer.write(await self._answer(await reader.readuntil(b"\r\n\r\n")))
                    writer.close()
                    await writer.wait_closed()
                    served = True
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass
        finally:
            self._clients -= 1
            if not served:
                writer.transport.abort()

    async def _answer(self, request: bytes) -> bytes:
        method, _, rest = request.partition(b"\r\n")[0].partition(b" ")
        if method != b"GET":
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, b"only GET is answered\n")
        if rest.partition(b" ")[0].partition(b"?")[0] != PATH.encode():
            return _response(HTTPStatus.NOT_FOUND, f"there is nothing but {PATH}\n".encode())
        return await asyncio.shield(self._current_page())

    def _current_page(self) -> asyncio.Task[bytes]:
        """However many ask at once, the program is asked once."""
        now = time.monotonic()
        if self._page is None or (self._page.done() and now >= self._fresh_until):
            self._page = asyncio.create_task(self._make_page())
            self._fresh_until = now + _FRESH
        return self._page

    async def _make_page(self) -> bytes:
        from iec104mm2ss.metrics.page import CONTENT_TYPE, page  # noqa: PLC0415 - see `start`

        try:
            figures = await self._figures()
            return _response(HTTPStatus.OK, page([*figures, *of_process()]), CONTENT_TYPE)
        except TimeoutError:
            return _response(HTTPStatus.SERVICE_UNAVAILABLE, f"{_BLOCKED}\n".encode())
        except Exception:  # noqa: BLE001 - the boundary: what cannot be measured must cost nothing else
            if not self._failed:
                self._log.exception("internal error in the metrics")
            self._failed = True
            return _response(HTTPStatus.INTERNAL_SERVER_ERROR, b"internal error; the program's log has it\n")

    async def _figures(self) -> Sequence[Figure]:
        work = self._draw()
        try:
            drawn = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as closed:  # the program is at its end
            work.close()
            raise TimeoutError from closed
        return await asyncio.wait_for(asyncio.wrap_future(drawn), _COLLECTED_WITHIN)

    async def _draw(self) -> Sequence[Figure]:
        """Collect; runs in the program's loop."""
        figures: list[Figure] = []
        began = time.perf_counter()
        for figure in self._collect():
            figures.append(figure)
            if time.perf_counter() - began >= _TURN:
                await asyncio.sleep(0)
                began = time.perf_counter()
        return figures


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0]  # what follows is the address, once more
        raise OSError(f"no metrics on {address} port {port}: {reason}; choose another address or port") from error


def _response(status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8") -> bytes:
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append("Allow: GET")
    return "\r\n".join([*lines, "", ""]).encode() + body
