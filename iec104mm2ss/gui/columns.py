"""The columns of the list of entries: what they say, how they sort, and what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from iec104mm2ss.console.snapshot import Entry, Role
from iec104mm2ss.console.table import age, why
from iec104mm2ss.gui import words

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "name"
_NUMBERS = re.compile(r"(\d+)")
_BAR = 8


@dataclass(frozen=True, slots=True)
class Row:
    """An entry and its rates, in I-frames per second; None where they are not known yet."""

    entry: Entry
    receiving: float | None = None
    sending: float | None = None

    def later(self, seconds: float) -> Row:
        """Return the row as it is some seconds later if nothing happens."""
        it = self.entry
        return replace(self, entry=replace(it, age=it.age + seconds, event_age=it.event_age + seconds))


Order = tuple[int | float | str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `width` in digits' widths; `order` makes rows comparable; `tip` says what it means."""

    name: str
    heading: str
    width: int
    text: Callable[[Row], str]
    order: Callable[[Row], Order]
    tip: str
    right: bool = False


def natural(text: str) -> Order:
    """Return a key that sorts the numbers in a text by their value: host 9 before host 10."""
    return tuple(
        f"{int(part):012}" if part.isascii() and part.isdigit() else part.lower() for part in _NUMBERS.split(text)
    )


def _name(row: Row) -> str:
    entry = row.entry
    return f"{entry.group}  {entry.name}" if entry.role is Role.RTU else entry.name


def _address(row: Row) -> str:
    """Return the first of several hosts, and how many more there are."""
    first, *others = row.entry.address.split(";")
    return f"{first} +{len(others)}" if others else first


def _window(row: Row) -> str:
    return f"{row.entry.unacknowledged}/{row.entry.k}" if row.entry.peer else ""


def _event(row: Row) -> str:
    return why(row.entry, aged=False) or row.entry.event


def _interrogation(row: Row) -> str:
    return row.entry.sending.interrogation if row.entry.sending else ""


def _index(row: Row) -> str:
    sending = row.entry.sending
    if sending is None:
        return ""
    if sending.text:
        return sending.text
    return "" if sending.index is None else str(sending.index)


def _share(row: Row) -> float:
    sending = row.entry.sending
    return sending.place / sending.total if sending and sending.total else -1.0


def _progress(row: Row) -> str:
    share = _share(row)
    if share < 0:
        return ""
    full = round(share * _BAR)
    return f"{'█' * full}{'░' * (_BAR - full)} {share:.0%}"


def _data(row: Row) -> str:
    return row.entry.sending.data if row.entry.sending else ""


NAME_COLUMN = Column(
    NAME,
    "Entry",
    23,
    _name,
    lambda row: (row.entry.group, *natural(row.entry.name)),
    "An RTU with its id, and below it its masters.",
)
STATE = Column(
    "state",
    "State",
    14,
    lambda row: words.state(row.entry),
    lambda row: (-words.weight(row.entry), row.entry.state),
    "What the entry is about. Grey is normal; what asks for attention has a colour and a sign of its own.",
)
PEER = Column(
    "peer",
    "Peer",
    21,
    lambda row: row.entry.peer,
    lambda row: natural(row.entry.peer),
    "Who is connected, as host:port.",
)
CA = Column(
    "ca",
    "CA",
    6,
    lambda row: str(row.entry.ca),
    lambda row: (row.entry.ca,),
    "The RTU number: the common address of ASDUs on this connection.",
    right=True,
)
ADDRESS = Column(
    "address",
    "Port / hosts",
    22,
    _address,
    lambda row: natural(row.entry.address),
    "Where a master is listened for, and where the RTU is looked for: its first host and how many more there are.",
)
SINCE = Column(
    "since",
    "Since",
    8,
    lambda row: age(row.entry.age),
    lambda row: (row.entry.age,),
    "How long the entry has been in this state.",
    right=True,
)
RECEIVING = Column(
    "rx",
    "Rx/s",
    6,
    lambda row: words.rate(row.receiving) if row.entry.peer else "",
    lambda row: (row.receiving or 0.0,),
    "I-frames received per second, over the last five seconds.",
    right=True,
)
SENDING = Column(
    "tx",
    "Tx/s",
    6,
    lambda row: words.rate(row.sending) if row.entry.peer else "",
    lambda row: (row.sending or 0.0,),
    "I-frames sent per second, over the last five seconds.",
    right=True,
)
WINDOW = Column(
    "window",
    "n/k",
    7,
    _window,
    lambda row: (row.entry.unacknowledged / max(1, row.entry.k) if row.entry.peer else -1,),
    "I-frames sent and not yet acknowledged, of the k that are allowed.",
    right=True,
)
EVENT = Column(
    "event",
    "Reason or last event",
    28,
    _event,
    lambda row: natural(_event(row)),
    "Why the entry is not online, or what hampers it; else the last thing that happened.",
)
EVENT_AGE = Column(
    "event_age",
    "Event ago",
    9,
    lambda row: age(row.entry.event_age) if row.entry.event else "",
    lambda row: (row.entry.event_age,),
    "How long ago the last thing happened.",
    right=True,
)
RECEIVED = Column(
    "received",
    "Received",
    10,
    lambda row: str(row.entry.received),
    lambda row: (row.entry.received,),
    "I-frames received since the program began.",
    right=True,
)
SENT = Column(
    "sent",
    "Sent",
    10,
    lambda row: str(row.entry.sent),
    lambda row: (row.entry.sent,),
    "I-frames sent since the program began.",
    right=True,
)
LINE = Column(
    "line",
    "Row",
    6,
    lambda row: f"{row.entry.line}{' *' if row.entry.edited else ''}",
    lambda row: (row.entry.line,),
    "The row of the file; * where what runs differs from it.",
    right=True,
)
INTERROGATION = Column(
    "gi",
    "GI",
    5,
    _interrogation,
    lambda row: (_interrogation(row),),
    "RUN while an interrogation is answered.",
)
INDEX = Column(
    "index",
    "Last index",
    12,
    _index,
    lambda row: natural(_index(row)),
    "The index that is being sent, or was sent last.",
)
PROGRESS = Column(
    "progress",
    "Progress",
    16,
    _progress,
    lambda row: (_share(row),),
    "How much of the index has been sent.",
)
DATA = Column(
    "data",
    "Data file",
    18,
    _data,
    lambda row: natural(_data(row)),
    "The file of this RTU's signals.",
)
