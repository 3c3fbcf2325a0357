"""What a running program shows: frozen, made of plain values, so that it can cross threads and sockets."""

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Role(StrEnum):
    """What an entry stands for."""

    RTU = "RTU"
    MASTER = "master"


class State(StrEnum):
    """What an entry is about; the word is the same in `status`, window and log."""

    ONLINE = "ONLINE"
    """Connected and started: data flows."""
    CONNECTED = "CONNECTED"
    """Connected, not started."""
    WAITING = "WAITING"
    """The port listens and nobody is there."""
    BLOCKED = "BLOCKED"
    """The port is closed because the RTU is not connected."""
    RETRYING = "RETRYING"
    """The RTU cannot be connected; tried again and again."""
    DISABLED = "DISABLED"
    """Switched off by an operator."""
    FAULT = "FAULT"
    """Something on this machine must be mended: a port in use, a certificate that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a simulated RTU does besides being connected.

    `interrogation` is `RUN` while an interrogation is answered. `index` is the last index sent, None before the first;
    `place` of `total` signals of it are done, both 0 when nothing is being sent. `data` is its file of signals.
    """

    interrogation: str
    index: int | None
    place: int
    total: int
    text: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the file at one moment.

    `key` names it in requests: `111/S`, `111/2407`; the port for a simulated RTU. `group` is the group's number, the
    row's id for a simulated RTU. `reason` says why it is not ONLINE,
    or what hampers it though it is. `age` is seconds in this state. `peer` is `host:port` of who is connected, several
    joined by `, `. `address` is what the row says: an RTU's hosts, a master's port. `received` and `sent` are I-frames
    since the program began, over all connections. `unacknowledged` of `k` is the window of what we send.
    `event` is the last thing that happened, `event_age` seconds ago. `attempt` counts tries to connect since the last
    success. `line` is the row's place in the file, `edited` whether it differs from the file.
    """

    key: str
    group: int
    name: str
    role: Role
    state: State
    reason: str
    age: float
    peer: str
    address: str
    ca: int
    received: int
    sent: int
    unacknowledged: int
    k: int
    event: str
    event_age: float
    attempt: int = 0
    line: int = 0
    edited: bool = False
    sending: Sending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """What the time servers make of this machine's clock; `text` is a sentence of the seed, `short` fits a line."""

    text: str
    short: str
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A whole program at one moment: `at` and `started` are wall clock seconds, `uptime` and `lag` seconds.

    `entries` are in file order, an RTU before its masters. `unsaved` is how many rows differ from the file, `refused`
    how many the file has that cannot be used. `lag` is the longest delay of the event loop of late.
    `mark` is another one for every snapshot that differs by more than ages and countdowns.
    """

    program: str
    version: str
    host: str
    pid: int
    file: str
    at: float
    started: float
    uptime: float
    entries: tuple[Entry, ...]
    clock: ClockState | None = None
    unsaved: int = 0
    refused: int = 0
    lag: float = 0.0
    mark: str = ""

    @property
    def totals(self) -> Counter[tuple[Role, State]]:
        """How many entries there are of each role and state."""
        return Counter((entry.role, entry.state) for entry in self.entries)

    @property
    def health(self) -> "Health":
        """The whole in one word. Entries that an operator disabled do not count."""
        counted = [entry for entry in self.entries if entry.state is not State.DISABLED]
        if all(entry.state is State.ONLINE for entry in counted):
            return Health.UP
        rtus = [entry for entry in counted if entry.role is Role.RTU]
        return Health.DEGRADED if any(entry.state is State.ONLINE for entry in rtus) else Health.DOWN


class Health(IntEnum):
    """The exit status of `status`."""

    UP = 0
    DEGRADED = 1
    DOWN = 2


@dataclass(frozen=True, slots=True)
class Section:
    """A titled list of names and values, ready to be read."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPeer:
    """A host that an entry turned away `count` times, the last time `age` seconds ago, because of `reason`."""

    host: str
    count: int
    age: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A cell of an entry that can be edited: its column's name, what it says now and what the file says."""

    name: str
    value: str
    saved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Everything about one entry: the sections are made for people, the other parts for forms.

    `drops` says what a restart would end: the names of the entries that are connected and would lose their connection.
    """

    entry: Entry
    sections: tuple[Section, ...]
    fields: tuple[Field, ...]
    refused: tuple[RefusedPeer, ...]
    drops: tuple[str, ...]
    log_file: str
