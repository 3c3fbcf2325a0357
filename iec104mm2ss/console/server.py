"""The control socket of a running program: other programs of this machine ask the desk through it.

Whoever connects is greeted and may then ask, one request after the other, or follow one thing until the next line or
the end. Nothing that a client sends, or does not read, is ever fatal or holds anybody else.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import socket
import struct
import sys
from collections import deque
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console import address, codec
from iec104mm2ss.console.address import SocketError, TakenError
from iec104mm2ss.console.client import Client
from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.requests import Denied, Greeting, Item, Lines, Missed, Unchanged
from iec104mm2ss.console.threads import in_thread

if TYPE_CHECKING:
    import logging
    from pathlib import Path

    from iec104mm2ss.console.line import Console
    from iec104mm2ss.console.requests import Answer, Log, Trace

_LONGEST_LINE: Final = 64 * 1024
_MOST_CLIENTS: Final = 16
_MOST_WAITING: Final = 1000
"""Items that wait for a client that is slow to read."""
_READING_PATIENCE: Final = 5.0
"""Seconds in which a client must take what it is sent."""
_ASKING_PATIENCE: Final = 60.0
"""Seconds without a request, and following nothing, after which a client loses its place."""
_NEIGHBOUR_PATIENCE: Final = 2.0
_CREDENTIALS: Final = struct.Struct("3i")
_UNCHANGED: Final = codec.encode(codec.ANSWER, Unchanged())


class ControlServer:
    """A control socket at `path`; `greeting` says whose."""

    def __init__(self, path: Path, desk: Console, greeting: Greeting, log: logging.Logger) -> None:
        self.path = path
        self._desk = desk
        self._greeting = greeting
        self._log = log
        self._sessions: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._secret = b""

    async def start(self, *, tcp: bool = sys.platform == "win32") -> None:
        """Listen from now on. Raises SocketError, also where another program listens there already."""
        await in_thread(make_way, self.path)
        listening = address.listen(self.path, tcp=tcp)
        self._secret = listening.secret
        self._server = await asyncio.start_server(self._connected, sock=listening.socket, limit=_LONGEST_LINE)

    async def close(self) -> None:
        """End every connection and remove the socket."""
        if self._server is None:
            return
        self._server.close()
        address.remove(self.path)
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.create_task(self._serve(reader, writer), name="control socket")
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session(self._desk, reader, writer)
        try:
            if len(self._sessions) > _MOST_CLIENTS:
                await session.answer(Denied(f"{_MOST_CLIENTS} windows and commands are connected; no more can be"))
            elif await session.knows(self._secret):
                await session.run(self._greeting)
        except OSError:
            writer.transport.abort()  # the client is gone, or takes nothing
        except Exception:  # noqa: BLE001 - the boundary: a bug costs this connection, nothing else
            self._log.exception("control socket: internal error, a connection ends")
        finally:
            writer.close()


def make_way(path: Path) -> None:
    """Remove what a dead program left at `path`. Raises SocketError where one lives, or what is there is no socket."""
    if not os.path.lexists(path):
        return
    try:
        neighbour = Client(path, patience=_NEIGHBOUR_PATIENCE)
    except TimeoutError:
        raise TakenError(f"another program, which does not answer, has the control socket {path}") from None
    except OSError as error:
        if not path.is_socket() or isinstance(error, ConnectionRefusedError):
            address.remove(path)
        if os.path.lexists(path):
            raise SocketError(f"{path} cannot be made the control socket: {error}; name another with --ctl") from None
    else:
        neighbour.close()
        them = neighbour.greeting
        raise TakenError(f"another {them.program} (pid {them.pid}) runs here: its control socket is {path}")


class _Session:
    """One connection."""

    def __init__(self, desk: Console, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._desk = desk
        self._reader = reader
        self._writer = writer
        self._who = _peer(writer.get_extra_info("socket"))
        self._pump: asyncio.Task[None] | None = None
        # So that a drained writer has handed everything to the kernel, and what a client does not take is noticed.
        writer.transport.set_write_buffer_limits(high=0)

    async def knows(self, secret: bytes) -> bool:
        """Return whether the client begins with the secret, where there is one."""
        return not secret or hmac.compare_digest(await self._line(), secret + b"\n")

    async def run(self, greeting: Greeting) -> None:
        """Serve until the client has gone."""
        await self._send(codec.encode(codec.GREETING, greeting))
        try:
            while line := await self._line():
                await self._unfollow()
                await self._handle(line)
        finally:
            await self._unfollow()

    async def _line(self) -> bytes:
        """Return the next line, empty at the end; half a line is none."""
        patience = _ASKING_PATIENCE if self._pump is None else None
        try:
            async with asyncio.timeout(patience):
                line = await self._reader.readline()
        except ValueError:
            await self.answer(Denied(f"a line may have at most {_LONGEST_LINE} octets"))
            return b""
        except TimeoutError:
            return b""
        return line if line.endswith(b"\n") else b""

    async def _handle(self, line: bytes) -> None:
        try:
            tag, request = codec.decode(line, codec.ASK, codec.FOLLOW)
        except codec.CodecError as error:
            await self.answer(Denied(str(error)))
            return
        if tag is codec.ASK:
            await self.answer(await self._desk.answer(request, self._who))
        else:
            self._pump = asyncio.create_task(self._follow(request), name="control socket, following")

    async def answer(self, answer: Answer) -> None:
        """Send an answer, made a line in another thread: a snapshot of 1200 entries takes 10 ms."""
        if isinstance(answer, Unchanged):
            await self._send(_UNCHANGED)
        else:
            await self._send(await in_thread(codec.encode, codec.ANSWER, answer))

    async def _follow(self, request: Log | Trace) -> None:
        outbox = _Outbox()
        try:
            end = self._desk.follow(request, outbox.put)
        except RequestError as error:
            await self._send(codec.encode(codec.ITEM, Denied(str(error))))
            return
        try:
            while True:
                items = await outbox.take()
                await self._send(b"".join(codec.encode(codec.ITEM, item) for item in items))
        except Exception:
            self._writer.transport.abort()  # `run` would wait for the client's next line
            raise
        finally:
            end()

    async def _unfollow(self) -> None:
        pump, self._pump = self._pump, None
        if pump is None:
            return
        pump.cancel()
        await asyncio.wait([pump])
        if not pump.cancelled():
            pump.result()

    async def _send(self, octets: bytes) -> None:
        self._writer.write(octets)
        async with asyncio.timeout(_READING_PATIENCE):
            await self._writer.drain()


class _Outbox:
    """What is followed and not sent yet: bounded, and what did not fit is counted."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._missed = 0
        self._ready = asyncio.Event()

    def put(self, item: Item) -> None:
        """Take an item; never waits."""
        if self._missed or len(self._items) >= _MOST_WAITING:
            self._missed += len(item.lines) if isinstance(item, Lines) else 1
        else:
            self._items.append(item)
        self._ready.set()

    async def take(self) -> list[Item]:
        """Wait for items and return them, behind them how many there was no room for."""
        await self._ready.wait()
        self._ready.clear()
        items, missed = [*self._items], self._missed
        self._items.clear()
        self._missed = 0
        return [*items, Missed(missed)] if missed else items


def _peer(connection: socket.socket) -> str:
    """Return who is at the other end, as the kernel tells it."""
    if sys.platform == "win32" or connection.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return "control socket"
    pid, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return f"control socket, uid {uid}, pid {pid}"
