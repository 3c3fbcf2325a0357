"""Collects what one call of a link has to report: batches, not an object per frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iec104mm2ss.link.events import LinkTested, Received, Tolerated, acknowledged

if TYPE_CHECKING:
    from iec104mm2ss.link.events import Event


class Report:
    """The events of one call, in order; emptied by `take`."""

    __slots__ = ("_acknowledged", "_asdus", "_events", "_tested", "_tolerated")

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._asdus: list[bytes] | None = None
        self._acknowledged = 0
        self._tested = False
        self._tolerated = False

    def add(self, event: Event) -> None:
        """Report an event of its own."""
        self._events.append(event)

    def received(self, asdus: list[bytes]) -> None:
        """Report I-frames where the first one came; the list is taken over."""
        if self._asdus is None:
            self._asdus = asdus
            self._events.append(Received(asdus))
        else:
            self._asdus += asdus

    def acknowledged(self, count: int) -> None:
        """Report I-frames of ours as acknowledged; they were sent before this call, so this can go first."""
        self._acknowledged += count

    def tested(self) -> None:
        """Report a test of the link, once: who measures the period of tests measures it between reads."""
        if not self._tested:
            self._tested = True
            self._events.append(LinkTested())

    def tolerated(self, text: str) -> None:
        """Report the first oddity only: a peer that does it once does it in every frame."""
        if not self._tolerated:
            self._tolerated = True
            self._events.append(Tolerated(text))

    def take(self) -> list[Event]:
        """The events since the last `take`."""
        events = self._events
        if self._acknowledged:
            events.insert(0, acknowledged(self._acknowledged))
        if events:
            self._events = []
            self._asdus = None
            self._acknowledged = 0
            self._tested = False
            self._tolerated = False
        return events
