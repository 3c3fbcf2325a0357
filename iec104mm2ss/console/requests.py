"""What can be asked of a running program, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from iec104mm2ss.console.snapshot import Details, Snapshot


@dataclass(frozen=True, slots=True)
class Status:
    """Answered by a `Snapshot`, or by `Unchanged` where nothing has happened since the one whose mark is `known`."""

    known: str = ""


@dataclass(frozen=True, slots=True)
class Show:
    """Answered by the `Details` of an entry."""

    key: str


@dataclass(frozen=True, slots=True)
class Log:
    """Answered by `Lines`: the last `lines` of an entry's log; followed, one `Lines` after the other comes."""

    key: str
    lines: int = 100


@dataclass(frozen=True, slots=True)
class Trace:
    """Followed only: a `Frame` for each APDU of the entries from now on; a group's number means its RTU and masters."""

    key: str


@dataclass(frozen=True, slots=True)
class Restart:
    """Close an entry's connection and open it anew: a listener, or the way to the RTU. Answered by `Done`."""

    key: str


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close an entry's connections; who was there may come back, the RTU is connected again. Answered by `Done`."""

    key: str


@dataclass(frozen=True, slots=True)
class Disable:
    """Close an entry and keep it closed until `Enable` or the program's next start. Answered by `Done`."""

    key: str


@dataclass(frozen=True, slots=True)
class Enable:
    """Undo `Disable`. Answered by `Done`."""

    key: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Change cells of an entry's row, by the names of its columns, and restart that entry; not saved.

    With `check` nothing is changed. Answered by `Edited`.
    """

    key: str
    cells: Mapping[str, str] = field(default_factory=dict)
    check: bool = False


@dataclass(frozen=True, slots=True)
class Diff:
    """Answered by `Done` with the unsaved edits as a unified diff, empty where there are none."""


@dataclass(frozen=True, slots=True)
class Save:
    """Write the file with its unsaved edits, under another name if `path` gives one. Answered by `Done`."""

    path: str = ""


@dataclass(frozen=True, slots=True)
class Reload:
    """Read the file again and touch what differs; with `check` only say what would be. Answered by `Done`."""

    check: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Let the simulated RTUs send an index, again and again for `seconds` if given. Answered by `Done`."""

    index: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StopSending:
    """End every index send. Answered by `Done`."""


Request = (
    Status
    | Show
    | Log
    | Trace
    | Restart
    | Disconnect
    | Disable
    | Enable
    | Edit
    | Diff
    | Save
    | Reload
    | Send
    | StopSending
)


def changes(request: Request) -> bool:
    """Return whether a request does something, rather than only look."""
    if isinstance(request, Edit | Reload):
        return not request.check
    return not isinstance(request, Status | Show | Log | Trace | Diff)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a log, oldest first."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One APDU that an entry's connection received or sent.

    `moment` is wall clock seconds; `level` is `data` for I-frames, `link` for the others; `octets` is hexadecimal.
    """

    moment: float
    key: str
    outgoing: bool
    local: str
    peer: str
    octets: str
    text: str
    level: str


@dataclass(frozen=True, slots=True)
class Missed:
    """So many frames or lines were left out because who follows them did not keep up."""

    count: int


@dataclass(frozen=True, slots=True)
class Done:
    """It was done; `text` says what, and may have several lines."""

    text: str


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with a field of an edited row, or with the row as a whole where `field` is empty."""

    field: str
    text: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Edited:
    """What became, or would become, of an `Edit`: nothing where a problem is `refused`.

    `drops` names the entries whose connections end by it, `changes` says what is different, one line each.
    """

    problems: tuple[FieldProblem, ...]
    drops: tuple[str, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing has happened since the snapshot that is known; ages and countdowns have gone on."""


@dataclass(frozen=True, slots=True)
class Denied:
    """It was not done, and why."""

    text: str


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first thing that a control socket says: which program this is."""

    program: str
    version: str
    host: str
    pid: int


Answer = Snapshot | Unchanged | Details | Lines | Done | Edited | Denied
Item = Lines | Frame | Missed | Denied
"""What comes while something is followed."""
