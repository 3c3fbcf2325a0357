"""How a window reaches a running program: the seam, and the way within one process (`client` has the other one)."""

from __future__ import annotations

import contextlib
from concurrent.futures import Future, InvalidStateError
from typing import TYPE_CHECKING, Protocol

from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.requests import Denied

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from iec104mm2ss.console.requests import Answer, Item, Log, Request, Trace

ENDED = "the program has ended"


class Line(Protocol):
    """A way to a running program. Everything may be called from any thread, and nothing of it blocks or raises."""

    @property
    def where(self) -> str:
        """Which program this is, for people: `opsrv1: /run/iec104mm2ss/ctl.sock`; empty for this very process."""

    @property
    def may_change(self) -> bool:
        """Whether requests that change something are passed on; if not they are answered by `Denied`."""

    def ask(self, request: Request) -> Future[Answer]:
        """Ask for something. The future fails with ConnectionError, which says why, where nobody answers.

        Its callbacks run in another thread.
        """

    def follow(self, request: Log | Trace, sink: Callable[[Item], None]) -> Callable[[], None]:
        """Give `sink`, in another thread, what comes, until what is returned is called.

        What cannot be followed gives a `Denied` with the reason. One item may still come after the end.
        """

    def close(self) -> None:
        """End what is followed; futures that wait fail with ConnectionError."""


class Console(Protocol):
    """What a line leads to; `Desk` is it. Called in the program's loop."""

    async def answer(self, request: Request, who: str) -> Answer:
        """Answer a request of `who`, for the log of changes; never raises."""

    def follow(self, request: Log | Trace, sink: Callable[[Item], None]) -> Callable[[], None]:
        """Follow something until what is returned is called; raises RequestError."""


class LocalLine:
    """The line of a window in the program's own process, whose loop runs in another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, desk: Console) -> None:
        self._loop = loop
        self._desk = desk
        self._waiting: set[Future[Answer]] = set()
        self._tasks: set[asyncio.Task[Answer]] = set()
        self._follows: set[_Follow] = set()

    @property
    def where(self) -> str:
        """Empty: this very process."""
        return ""

    @property
    def may_change(self) -> bool:
        """Whoever sits at the program's own window may."""
        return True

    def ask(self, request: Request) -> Future[Answer]:
        """Ask the desk in the program's loop."""
        answer: Future[Answer] = Future()
        answer.set_running_or_notify_cancel()
        self._waiting.add(answer)
        answer.add_done_callback(self._waiting.discard)
        if not self._call(lambda: self._begin(request, answer)):
            _fail(answer)
        return answer

    def _begin(self, request: Request, answer: Future[Answer]) -> None:
        task = self._loop.create_task(self._desk.answer(request, "window"), name="window's request")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: _settle(answer, done))

    def follow(self, request: Log | Trace, sink: Callable[[Item], None]) -> Callable[[], None]:
        """Follow in the program's loop, whose thread calls `sink`."""
        follow = _Follow(self._desk, request, sink)
        self._follows.add(follow)
        if not self._call(follow.begin):
            sink(Denied(ENDED))

        def end() -> None:
            self._follows.discard(follow)
            self._call(follow.end)

        return end

    def _call(self, step: Callable[[], None]) -> bool:
        """Run a step in the loop; say whether there still is one."""
        try:
            self._loop.call_soon_threadsafe(step)
        except RuntimeError:  # the loop is closed
            return False
        return True

    def close(self) -> None:
        """End what is followed and give up what waits, also where the loop no longer runs."""
        for follow in tuple(self._follows):
            self._call(follow.end)
        self._follows.clear()
        for answer in tuple(self._waiting):
            _fail(answer)


class _Follow:
    """Something that is followed, begun and ended in the loop's thread."""

    def __init__(self, desk: Console, request: Log | Trace, sink: Callable[[Item], None]) -> None:
        self._desk = desk
        self._request = request
        self._sink = sink
        self._end: Callable[[], None] | None = None

    def begin(self) -> None:
        try:
            self._end = self._desk.follow(self._request, self._sink)
        except RequestError as error:
            self._sink(Denied(str(error)))

    def end(self) -> None:
        if self._end is not None:
            self._end()
            self._end = None


def _settle(answer: Future[Answer], task: asyncio.Task[Answer]) -> None:
    with contextlib.suppress(InvalidStateError):  # the line was closed in between
        if task.cancelled():
            answer.set_exception(ConnectionError(ENDED))
        elif (bug := task.exception()) is not None:
            answer.set_exception(bug)
        else:
            answer.set_result(task.result())


def _fail(answer: Future[Answer]) -> None:
    with contextlib.suppress(InvalidStateError):
        answer.set_exception(ConnectionError(ENDED))
