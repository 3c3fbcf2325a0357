"""What a link reports to its shell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Received:
    """I-frames of the peer, in order; at most one per `receive`."""

    asdus: list[bytes]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The peer acknowledged `count` more of our I-frames, oldest first; at most one per `receive`, always the first."""

    count: int


acknowledged = lru_cache(maxsize=64)(Acknowledged)
"""The same for the few counts that come over and over, without making one anew each time."""


@dataclass(frozen=True, slots=True)
class StartRequested:
    """A master sent STARTDT act; `Link.start` confirms it."""


@dataclass(frozen=True, slots=True)
class Started:
    """The RTU confirmed our STARTDT act: the window is open."""


@dataclass(frozen=True, slots=True)
class StopRequested:
    """A master sent STOPDT act: the window is closed, and the link confirms once the master has acknowledged all."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """STOPDT is confirmed, by the RTU or to the master."""


@dataclass(frozen=True, slots=True)
class LinkTested:
    """The peer sent TESTFR act, which the link has confirmed; at most one per `receive`."""


@dataclass(frozen=True, slots=True)
class Tolerated:
    """The peer did something the standard does not allow but that harms nobody; the first one of each `receive`."""

    text: str


@dataclass(frozen=True, slots=True)
class Discarded:
    """I-frames that a master sent after its STOPDT act: acknowledged, but not to be executed."""

    count: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is over, for a reason a reader of the log understands; the last event of a link."""

    reason: str


Event = (
    Received
    | Acknowledged
    | StartRequested
    | Started
    | StopRequested
    | Stopped
    | LinkTested
    | Tolerated
    | Discarded
    | Closed
)
