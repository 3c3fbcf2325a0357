"""Brings answers and what is followed from other threads into Tk's, and questions out of it; nothing waits."""

from __future__ import annotations

from collections import deque
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tkinter as tk
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from iec104mm2ss.console.line import Line
    from iec104mm2ss.console.requests import Answer, Item, Log, Request, Trace

TICK_MS, SOON_MS = 100, 30
"""How often is looked at what came from other threads, and how often while an answer is waited for."""
KEPT = 5000
"""How many items wait for the window at most; the oldest go first."""


class Relay:
    """One for each window. Everything but the line's callbacks is called in Tk's thread."""

    def __init__(self, root: tk.Misc, line: Line) -> None:
        self.line = line
        self._root = root
        self._answers: SimpleQueue[tuple[Callable[[], None], Future[Answer]]] = SimpleQueue()
        self._follows: list[Follow] = []
        self._asked = 0
        self._timer: str | None = None
        self.closed = False
        self.on_tick: Callable[[], None] = _nothing
        self._tick()

    def ask(
        self, request: Request, then: Callable[[Answer], None], lost: Callable[[ConnectionError], None] | None = None
    ) -> None:
        """Ask; `then` gets the answer, or `lost` why there is none."""

        def settle() -> None:
            error = answer.exception()
            if error is None:
                then(answer.result())
            elif not isinstance(error, ConnectionError):
                raise error
            elif lost is not None:
                lost(error)

        answer = self.line.ask(request)
        answer.add_done_callback(lambda done: self._answers.put((settle, done)))
        if not self._asked:
            self._tick_in(SOON_MS)
        self._asked += 1

    def follow(self, request: Log | Trace, sink: Callable[[Sequence[Item], int], None]) -> Follow:
        """Follow something; `sink` gets what came since it was called last, and how much was left out before it."""
        follow = Follow(sink)
        self._follows.append(follow)
        follow.begin(self.line, request)
        self._tick_in(SOON_MS)
        return follow

    def _tick_in(self, milliseconds: int) -> None:
        if self._timer is not None:
            self._root.after_cancel(self._timer)
        self._timer = None if self.closed else self._root.after(milliseconds, self._tick)

    def _tick(self) -> None:
        # First of all, so that a bug in what is called now does not end the ticking.
        self._tick_in(SOON_MS if self._asked else TICK_MS)
        self.on_tick()
        self._settle()
        self._hand_on()

    def _hand_on(self) -> None:
        self._follows = [follow for follow in self._follows if not follow.ended]
        for follow in self._follows:
            if not follow.ended:
                follow.hand_on()

    def _settle(self) -> None:
        for _ in range(self._answers.qsize()):
            if self.closed:
                return
            try:
                settle, answer = self._answers.get_nowait()
            except Empty:
                return
            self._asked -= 1
            if not answer.cancelled():
                settle()

    def close(self) -> None:
        """Hand on nothing any more."""
        self.closed = True
        if self._timer is not None:
            self._root.after_cancel(self._timer)
            self._timer = None
        for follow in self._follows:
            follow.end()


class Follow:
    """Something that is followed until `end`."""

    def __init__(self, sink: Callable[[Sequence[Item], int], None]) -> None:
        self._sink = sink
        self._lock = Lock()
        self._came: deque[Item] = deque(maxlen=KEPT)
        self._left_out = 0
        self._end: Callable[[], None] = _nothing
        self.ended = False

    def begin(self, line: Line, request: Log | Trace) -> None:
        """Let items come."""
        self._end = line.follow(request, self._take)

    def _take(self, item: Item) -> None:
        """Keep an item for Tk's thread; called in another one."""
        with self._lock:
            self._left_out += len(self._came) == KEPT
            self._came.append(item)

    def hand_on(self) -> None:
        """Give what came to the sink."""
        with self._lock:
            items, left_out = list(self._came), self._left_out
            self._came.clear()
            self._left_out = 0
        if items:
            self._sink(items, left_out)

    def end(self) -> None:
        """Give nothing to the sink any more."""
        if not self.ended:
            self.ended = True
            self._end()


def _nothing() -> None:
    """Do nothing."""
