"""Which of an RTU's hosts to try next, and when."""

from collections.abc import Callable, Sequence
from random import uniform

from iec104mm2ss.settings.endpoints import Endpoint

_FIRST_WAIT = 1.0
_LONGEST_WAIT = 10.0
_STABLE = 60.0
_JITTER = 0.2


class Attempts:
    """Hosts in list order; after a round without lasting success a wait, longer each time nobody could be reached.

    Seconds. `spread` turns a wait into a random one near it, so that 200 groups do not knock in step.
    """

    def __init__(
        self,
        hosts: Sequence[Endpoint],
        spread: Callable[[float], float] = lambda wait: wait * uniform(1 - _JITTER, 1 + _JITTER),  # noqa: S311 - no secret
    ) -> None:
        self._hosts = hosts
        self._spread = spread
        self._next = 0
        self._wait = _FIRST_WAIT
        self._reached = False

    def next(self) -> tuple[float, Endpoint]:
        """Return how long to wait and then which host to try."""
        wait = 0.0
        if self._next == len(self._hosts):
            wait = self._end_round()
        host = self._hosts[self._next]
        self._next += 1
        return wait, host

    def connected(self) -> None:
        """Note that the host of the last `next` could be connected."""
        self._reached = True

    def lost(self, lived: float) -> None:
        """Note that the link is gone after `lived` seconds: a stable one is looked for from the first host again."""
        if lived >= _STABLE:
            self._next = 0

    def _end_round(self) -> float:
        if self._reached:
            self._wait = _FIRST_WAIT
        wait = self._wait
        self._wait = min(2 * wait, _LONGEST_WAIT)
        self._reached = False
        self._next = 0
        return self._spread(wait)
