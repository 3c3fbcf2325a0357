"""Who follows the APDUs of a row's connections."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from iec104mm2ss.trace import FrameTrace

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from iec104mm2ss.logs import ConnectionLog
    from iec104mm2ss.trace import TracedFrame
    from iec104mm2ss.transport.connection import Connection

    Sink = Callable[[TracedFrame], None]

    class Record(Protocol):
        """The row that is followed."""

        key: str
        log: ConnectionLog
        connections: dict[Connection, float]


class Taps:
    """Sets and takes away the taps of present and later connections: without a sink there is none."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._sinks: list[Sink] = []

    def add(self, sink: Sink) -> Callable[[], None]:
        """Give `sink` every APDU from now on, until what is returned is called (once or more)."""
        self._sinks.append(sink)
        self._renew()

        def end() -> None:
            if sink in self._sinks:
                self._sinks.remove(sink)
                self._renew()

        return end

    def attach(self, connection: Connection) -> None:
        """Follow a connection that has not begun, if anybody follows the row."""
        if self._sinks:
            connection.tap = self._tap(connection, b"")

    def _renew(self) -> None:
        for connection in self._record.connections:
            if not self._sinks:
                connection.tap = None
            elif connection.tap is None:
                connection.tap = self._tap(connection, connection.link.incomplete)

    def _tap(self, connection: Connection, incomplete: bytes) -> Callable[[bool, bytes], None]:
        trace = FrameTrace(self._record.key, connection.local, connection.peer, incomplete)

        def tap(outgoing: bool, octets: bytes) -> None:  # noqa: FBT001 - the signature of a tap
            try:
                for frame in trace.feed(outgoing, octets, time.time()):
                    for sink in tuple(self._sinks):
                        sink(frame)
            except Exception:
                self._record.log.exception("internal error: this connection is no longer traced")
                connection.tap = None

        return tap
