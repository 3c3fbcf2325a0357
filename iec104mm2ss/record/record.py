"""What is remembered of one row over all its connections: what happened last, why they ended, and what was counted."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from operator import itemgetter
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from iec104mm2ss.record.refusals import Refusals
from iec104mm2ss.record.taps import Taps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iec104mm2ss.console.snapshot import State
    from iec104mm2ss.logs import ConnectionLog
    from iec104mm2ss.transport.connection import Connection

_ENDINGS: Final = 10
# Type, and cause with its T and P/N bits: at most 65 536 keys, whatever a peer sends.
_KIND: Final = itemgetter(0, 2)


class Ending(NamedTuple):
    """A connection that is over: wall clock seconds, `host:port`, and why."""

    at: float
    peer: str
    reason: str


class Record:
    """Belongs to a row, whatever becomes of its name and its settings.

    `connections` are those that are open, with the monotonic time of their beginning. `kinds` counts received ASDUs by
    type and by the octet of the cause. `event` is the last thing told, at `event_at`;
    the row is in `state` since `since` (monotonic seconds).
    """

    happened: ClassVar[int] = 0
    """Grows with everything that happens to any record of this process: events, states, batches of ASDUs received."""

    def __init__(self, key: str, log: ConnectionLog) -> None:
        self.key = key
        self.log = log
        self.event = ""
        self.event_at = self.since = time.monotonic()
        self.state: State | None = None
        self.endings: deque[Ending] = deque(maxlen=_ENDINGS)
        self.disconnections = 0
        self.kinds: Counter[tuple[int, int]] = Counter()
        self.refusals = Refusals(self)
        self.taps = Taps(self)
        self.connections: dict[Connection, float] = {}
        self._received = 0
        self._sent = 0

    @property
    def received(self) -> int:
        """I-frames received over all connections."""
        total = self._received
        for connection in self.connections:
            total += connection.link.received
        return total

    @property
    def sent(self) -> int:
        """I-frames sent over all connections."""
        total = self._sent
        for connection in self.connections:
            total += connection.link.sent
        return total

    def tell(self, text: str, *, level: int = logging.INFO) -> None:
        """Write a line that is also the row's last event."""
        self.log.log(level, "%s", text)
        self.event, self.event_at = text, time.monotonic()
        Record.happened += 1

    def renamed(self, log: ConnectionLog, name: str) -> None:
        """Go on in the log of another name."""
        self.tell(f"renamed to {name}")
        self.log = log
        self.tell(f"this is {name} from now on")

    def stand(self, state: State) -> None:
        """Note what the row is about now; to be called at least once a second."""
        if state is not self.state:
            self._enter(state)

    def _enter(self, state: State | None) -> None:
        self.state, self.since = state, time.monotonic()
        Record.happened += 1

    def count(self, asdus: Sequence[bytes]) -> None:
        """Count a batch of received ASDUs."""
        self.kinds.update(map(_KIND, asdus))
        Record.happened += 1

    def opened(self, connection: Connection) -> None:
        """Follow a connection that is about to begin."""
        self.connections[connection] = time.monotonic()
        self._enter(None)  # who comes and goes within a second is in the same state, but not for long
        self.taps.attach(connection)

    def closed(self, connection: Connection, reason: str) -> None:
        """Keep what is to be kept of a connection that is over."""
        del self.connections[connection]
        self._received += connection.link.received
        self._sent += connection.link.sent
        self.disconnections += 1
        self._enter(None)
        self.endings.append(Ending(time.time(), connection.peer, reason))
        self.tell(f"disconnected from {connection.peer}: {reason}", level=logging.WARNING)
