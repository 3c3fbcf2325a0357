"""A window's line to a program in another process, over its control socket."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.client import Client, why
from iec104mm2ss.console.requests import Denied, Lines, changes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from iec104mm2ss.console.requests import Answer, Item, Log, Request, Trace

_PAUSE: Final = 1.0
_CLOSED: Final = "the window is closed"


class RemoteLine:
    """The line of a window on another process; it comes back by itself when the program does.

    While there is no program, what is asked fails at once with ConnectionError and what is followed gives one `Denied`
    for each reason; both are tried again, so the next answer or item tells that the program is back.
    """

    def __init__(self, path: Path, *, may_change: bool) -> None:
        self._path = path
        self._may_change = may_change
        self._lanes = {changing: _Lane(path) for changing in (False, True)}
        self._follows: set[_Follow] = set()

    @property
    def where(self) -> str:
        """The machine and the socket: `opsrv1: /run/iec104mm2ss/ctl.sock`."""
        return f"{socket.gethostname()}: {self._path}"

    @property
    def may_change(self) -> bool:
        """What it was made with."""
        return self._may_change

    def ask(self, request: Request) -> Future[Answer]:
        """Ask the program; what changes something does not hold up what only looks."""
        changing = changes(request)
        if not changing or self._may_change:
            return self._lanes[changing].ask(request)
        refused: Future[Answer] = Future()
        refused.set_result(Denied("this window may only look"))
        return refused

    def follow(self, request: Log | Trace, sink: Callable[[Item], None]) -> Callable[[], None]:
        """Follow, and again after the program was away; a log goes on behind the last line that came."""
        follow = _Follow(self._path, request, sink)
        self._follows.add(follow)
        follow.start()

        def end() -> None:
            self._follows.discard(follow)
            follow.end()

        return end

    def close(self) -> None:
        """End all threads."""
        for lane in self._lanes.values():
            lane.close()
        for follow in tuple(self._follows):
            follow.end()
        self._follows.clear()


class _Lane:
    """A thread with a connection, which asks one request after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._waiting: queue.SimpleQueue[tuple[Request, Future[Answer]] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="control socket", daemon=True).start()

    def ask(self, request: Request) -> Future[Answer]:
        answer: Future[Answer] = Future()
        answer.set_running_or_notify_cancel()
        with self._lock:  # nothing comes behind the end
            if not self._closed:
                self._waiting.put((request, answer))
                return answer
        answer.set_exception(ConnectionError(_CLOSED))
        return answer

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._waiting.put(None)
        client = self._client
        if client is not None:
            client.interrupt()

    def _run(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            request, answer = waiting
            try:
                answer.set_result(self._ask(request))
            except OSError as error:
                self._hang_up()
                answer.set_exception(ConnectionError(why(self._path, error)))
        self._hang_up()

    def _ask(self, request: Request) -> Answer:
        """Ask, by a new connection where the program has ended the old one: nothing is ever asked twice."""
        if self._closed:
            raise ConnectionError(_CLOSED)
        if self._client is not None and self._client.is_over:
            self._hang_up()
        if self._client is None:
            self._client = Client(self._path)
        return self._client.ask(request)

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


class _Follow(threading.Thread):
    """Something that is followed, by a connection of its own."""

    def __init__(self, path: Path, request: Log | Trace, sink: Callable[[Item], None]) -> None:
        super().__init__(name="control socket, following", daemon=True)
        self._path = path
        self._request = request
        self._sink = sink
        self._ended = threading.Event()
        self._client: Client | None = None
        self._complaint = ""
        self._last_line = ""
        self._resumes = False

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                self._follow()
            except OSError as error:
                self._complain(why(self._path, error))
            self._resumes = True
            self._ended.wait(_PAUSE)

    def _follow(self) -> None:
        self._client = client = Client(self._path)
        with contextlib.closing(client):
            if self._ended.is_set():  # before there was a client to interrupt
                return
            for item in client.follow(self._request):
                if self._ended.is_set():
                    return
                self._take(item)

    def _take(self, item: Item) -> None:
        if isinstance(item, Denied):
            self._complain(item.text)
            return
        self._complaint = ""
        if isinstance(item, Lines):
            item = self._unseen(item)
        self._sink(item)

    def _unseen(self, item: Lines) -> Lines:
        """Return lines without those that came before the program was away."""
        lines = item.lines
        if self._resumes and self._last_line in lines:
            lines = lines[len(lines) - lines[::-1].index(self._last_line) :]
        self._resumes = False
        self._last_line = lines[-1] if lines else self._last_line
        return Lines(lines)

    def _complain(self, text: str) -> None:
        if text != self._complaint and not self._ended.is_set():
            self._sink(Denied(text))
        self._complaint = text

    def end(self) -> None:
        self._ended.set()
        client = self._client
        if client is not None:
            client.interrupt()
