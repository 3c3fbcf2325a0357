"""A plant without a network: a site's rows as entries, and a record of what was done to it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from iec104mm2ss.console.desk import Desk, Head
from iec104mm2ss.console.names import lines
from iec104mm2ss.console.plant import Change, RequestError
from iec104mm2ss.console.requests import Greeting
from iec104mm2ss.console.snapshot import Entry, RefusedPeer, Role, Section, State
from iec104mm2ss.settings.draft import Draft
from iec104mm2ss.settings.layout import SITE
from iec104mm2ss.settings.site import MasterRow, RtuRow, Site
from iec104mm2ss.trace import TracedFrame

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = """\
# two stations
idletime,60
111,RTU-ABB,,32,N,127.0.0.1:2404
111,ABB-1,2406,32,Y,127.0.0.1
# the spare one
111,OSI-1,2407,32,Y,127.0.0.1,k=20
112,Liwa,,95,N,127.0.0.1:2405
112,OSI-1,2507,95,Y,127.0.0.1
"""
GREETING = Greeting("iec104mm2ss", "1.2.3", "opsrv1", 4711)
LOG = logging.getLogger("tests.console")


class Plant:
    """Everything is ONLINE until the test changes `states`; `done` is what was asked for, in order."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.done: list[str] = []
        self.adopted: list[Site] = []
        self.states: dict[str, tuple[State, str]] = {}
        self.sinks: dict[str, list[Callable[[TracedFrame], None]]] = {}
        self.bug: Exception | None = None

    def entries(self) -> tuple[Entry, ...]:
        if self.bug is not None:
            raise self.bug
        rows = rows_of(self.site)
        return tuple(entry(row, *self.states.get(key, (State.ONLINE, ""))) for key, row in rows.items())

    def entry(self, key: str) -> Entry:
        return next(entry for entry in self.entries() if entry.key == key)

    def pulse(self) -> int:
        return hash((*self.states.items(), *self.done))

    def sections(self, key: str) -> tuple[Section, ...]:
        return (Section("Connection", (("V(S)", "12"), ("V(R)", "7"))),)

    def refused(self, key: str) -> tuple[RefusedPeer, ...]:
        return (RefusedPeer(host="10.9.9.9", count=3, age=61.0, reason="not in the filter"),)

    def drops(self, key: str) -> tuple[str, ...]:
        return (key.partition("/")[2],)

    def log_file(self, key: str) -> Path:
        return self.folder / f"{key.replace('/', '-')}.log"

    def trace(self, key: str, sink: Callable[[TracedFrame], None]) -> Callable[[], None]:
        self.sinks.setdefault(key, []).append(sink)
        return lambda: self.sinks[key].remove(sink)

    async def restart(self, key: str) -> None:
        self.done.append(f"restart {key}")

    async def disconnect(self, key: str) -> None:
        self.done.append(f"disconnect {key}")

    async def disable(self, key: str) -> None:
        self.done.append(f"disable {key}")

    async def enable(self, key: str) -> None:
        self.done.append(f"enable {key}")

    def changes(self, settings: Site) -> tuple[Change, ...]:
        before, after = rows_of(self.site), rows_of(settings)
        gone = [Change(f"{key} is removed", (key,)) for key in before if key not in after]
        new = [Change(f"{key} is added") for key in after if key not in before]
        other = [Change(f"{key} differs", (key,)) for key in after if key in before and after[key] != before[key]]
        return (*gone, *new, *other)

    async def apply(self, settings: Site) -> None:
        self.done += [change.text for change in self.changes(settings)]
        self.site = settings

    def send(self, index: int, seconds: float | None) -> str:
        raise RequestError("this program simulates no RTUs")

    def stop_sending(self) -> str:
        raise RequestError("this program simulates no RTUs")

    def say(self, key: str, text: str = "TESTFR act", times: int = 1) -> None:
        """Let a frame pass, so many times."""
        frame = TracedFrame(
            moment=1_700_000_000.25,
            entry=key,
            outgoing=True,
            local="127.0.0.1:2406",
            peer="10.1.1.16:53122",
            octets=bytes.fromhex("680443000000"),
            text=text,
            level="link",
        )
        for sink in self.sinks.get(key, []) * times:
            sink(frame)


def rows_of(site: Site) -> dict[str, RtuRow | MasterRow]:
    rows: list[RtuRow | MasterRow] = []
    for group in site.groups:
        rows += [group.rtu, *group.masters]
    return {key_of(row): row for row in rows}


def key_of(row: RtuRow | MasterRow) -> str:
    return f"{row.group}/{row.key[1]}"


def entry(row: RtuRow | MasterRow, state: State, reason: str) -> Entry:
    is_rtu = isinstance(row, RtuRow)
    return Entry(
        key=key_of(row),
        group=row.group,
        name=row.name[2:],
        role=Role.RTU if is_rtu else Role.MASTER,
        state=state,
        reason=reason,
        age=131.0,
        peer="10.1.1.16:53122" if state is State.ONLINE else "",
        address=str(row.hosts[0]) if isinstance(row, RtuRow) else str(row.port),
        ca=row.ca,
        received=1_234_567,
        sent=4_100,
        unacknowledged=2,
        k=row.link.k,
        event="connected",
        event_age=131.0,
    )


def draft_of(folder: Path, text: str = TEXT) -> Draft[Site]:
    path = folder / "site.csv"
    path.write_text(text, encoding="utf-8")
    return Draft.read(path, SITE)


def head() -> Head:
    return Head(
        program="iec104mm2ss", version="1.2.3", host="opsrv1", pid=4711, started=1_700_000_000.0, uptime=273_600.0
    )


def desk_of(folder: Path, text: str = TEXT) -> tuple[Desk[Site], Plant]:
    """A desk with its plant; built in a running loop."""
    draft = draft_of(folder, text)
    plant = Plant(draft.settings, folder)
    assert lines(draft.settings)
    return Desk(plant, draft, head=head, log=LOG, adopted=plant.adopted.append), plant
