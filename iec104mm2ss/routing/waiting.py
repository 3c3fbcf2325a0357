"""The requests that wait for the RTU: each session's in its order, those that were held in the order of that."""

from collections import deque

from iec104mm2ss.routing.request import Request, Rivalry, Session


class Waiting:
    """Keeps `Session.waiting` of all sessions, and who is first among requests that go one after another."""

    def __init__(self) -> None:
        self._held: dict[Rivalry, deque[Request]] = {}

    def add(self, request: Request, *, first: bool = False) -> None:
        """Let `request` wait behind its session's others, or as their first."""
        request.asker.waiting.insert(0 if first else len(request.asker.waiting), request)

    def remove(self, request: Request) -> None:
        """Let `request` wait no longer."""
        request.asker.waiting.remove(request)
        if request.held:
            held = self._held[request.rivalry]
            held.remove(request)
            if not held:
                del self._held[request.rivalry]

    def clear(self, session: Session) -> list[Request]:
        """Let nothing of `session` wait; returns what did."""
        requests = session.waiting.copy()
        for request in requests:
            self.remove(request)
        return requests

    def hold(self, request: Request) -> None:
        """Note that `request` had its turn, but the RTU is busy with one of another session like it."""
        if not request.held:
            request.held = True
            self._held.setdefault(request.rivalry, deque()).append(request)

    def is_behind(self, request: Request) -> bool:
        """Whether another session's request like this one was held first.

        Without that, a session that asks again and again would never let another one ask the same.
        """
        held = self._held.get(request.rivalry)
        return held is not None and held[0].asker is not request.asker
