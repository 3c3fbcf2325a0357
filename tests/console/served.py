"""A control server in a loop of its own thread, and clients that speak to it octet by octet."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any, Self

from iec104mm2ss.console.address import connect
from iec104mm2ss.console.server import ControlServer
from tests.console.plant import GREETING, LOG, Plant, desk_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from iec104mm2ss.console.desk import Desk
    from iec104mm2ss.settings.site import Site

PATIENCE = 20.0


class Served:
    """A desk with a plant behind a control socket. Leaving the context closes it and expects no unheard error."""

    desk: Desk[Site]
    plant: Plant
    server: ControlServer

    def __init__(self, folder: Path, *, tcp: bool = False, program: str = GREETING.program) -> None:
        self.folder = folder
        self.path = folder / "ctl.sock"
        self._tcp = tcp
        self._program = program
        self._errors: list[str] = []

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(lambda _, context: self._errors.append(str(context)))
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        with contextlib.ExitStack() as stack:
            stack.callback(self._end)
            self.run(self._start)
            stack.pop_all()
        return self

    async def _start(self) -> None:
        self.desk, self.plant = desk_of(self.folder)
        greeting = type(GREETING)(self._program, GREETING.version, GREETING.host, GREETING.pid)
        self.server = ControlServer(self.path, self.desk, greeting, LOG)
        await self.server.start(tcp=self._tcp)

    def run(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the work returns
        """Run a function, or a coroutine function, in the loop."""

        async def step() -> Any:  # noqa: ANN401 - likewise
            result = work()
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(step(), self.loop).result(PATIENCE)

    def __exit__(self, *_: object) -> None:
        self.run(self.server.close)
        self._end()
        assert self._errors == [], "\n".join(self._errors)

    def _end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()

    def connect(self) -> Raw:
        return Raw(self.path)


class Raw:
    """A client that may send anything."""

    def __init__(self, path: Path) -> None:
        self.socket = connect(path, PATIENCE)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, octets: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(octets)

    def ask(self, octets: bytes) -> dict[str, Any]:
        self.send(octets)
        return self.line()

    def line(self) -> dict[str, Any]:
        """The next line; empty where the server has ended the connection."""
        line = self._file.readline()
        return json.loads(line) if line else {}
