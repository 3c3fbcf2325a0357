"""A program that windows can be tried on: groups and masters whose states a test sets, behind a `Line`."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from threading import Thread
from typing import TYPE_CHECKING

from iec104mm2ss.console.requests import (
    Denied,
    Diff,
    Done,
    Edit,
    Edited,
    FieldProblem,
    Lines,
    Log,
    Reload,
    Show,
    Status,
    Trace,
    Unchanged,
    changes,
)
from iec104mm2ss.console.snapshot import (
    ClockState,
    Details,
    Entry,
    Field,
    RefusedPeer,
    Role,
    Section,
    Sending,
    Snapshot,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.console.requests import Answer, Item, Request

STARTED = 1_700_000_000.0


def rtu(group: int, name: str = "", **other: object) -> Entry:
    entry = Entry(
        key=f"{group}/S",
        group=group,
        name=f"S/{name or f'RTU-{group}'}",
        role=Role.RTU,
        state=State.ONLINE,
        reason="",
        age=273_600.0,
        peer=f"10.1.9.{group % 250}:2404",
        address=f"10.1.9.{group % 250}:2404;10.1.8.{group % 250}:2404",
        ca=group,
        received=1000,
        sent=40,
        unacknowledged=0,
        k=12,
        event="started",
        event_age=273_600.0,
        line=group * 10,
    )
    return replace(entry, **other)  # type: ignore[arg-type]


def master(group: int, place: int, name: str = "", **other: object) -> Entry:
    port = 10_000 + group * 10 + place
    entry = Entry(
        key=f"{group}/{port}",
        group=group,
        name=f"M/{name or f'SCADA-{place}'}",
        role=Role.MASTER,
        state=State.ONLINE,
        reason="",
        age=9_300.0,
        peer=f"10.1.1.{place}:5{group:04}",
        address=str(port),
        ca=group,
        received=40,
        sent=1000,
        unacknowledged=2,
        k=12,
        event="started",
        event_age=9_300.0,
        line=group * 10 + place,
    )
    return replace(entry, **other)  # type: ignore[arg-type]


def site(groups: int, masters: int) -> list[Entry]:
    return [
        entry
        for group in range(1, groups + 1)
        for entry in (rtu(group), *(master(group, place) for place in range(1, masters + 1)))
    ]


def simulated(number: int, **other: object) -> Entry:
    port = 2403 + number
    entry = rtu(
        number,
        key=str(port),
        name=f"ABB-{number}",
        address=str(port),
        sending=Sending(interrogation="", index=None, place=0, total=0, text="", data=f"/srv/data/iodata{number}.csv"),
    )
    return replace(entry, **other)  # type: ignore[arg-type]


@dataclass
class FakeLine:
    """Answers at once, in another thread. `asked` are the requests; `sinks` what is followed, each with its request."""

    entries: list[Entry]
    program: str = "iec104mm2ss"
    where: str = ""
    may_change: bool = True
    clock: ClockState | None = None
    unsaved: int = 0
    refused_rows: int = 0
    lag: float = 0.0
    mark: str = ""
    uptime: float = 1000.0
    diff: str = ""
    drops: tuple[str, ...] = ()
    refused: tuple[RefusedPeer, ...] = ()
    sections: tuple[Section, ...] = ()
    log_lines: tuple[str, ...] = ("2026-11-21 12:00:00.000+00:00 started",)
    fields: dict[str, str] = field(default_factory=dict)
    failure: ConnectionError | None = None
    silent: bool = False
    asked: list[Request] = field(default_factory=list)
    sinks: list[tuple[Log | Trace, Callable[[Item], None]]] = field(default_factory=list)
    ended: list[Log | Trace] = field(default_factory=list)
    on_change: Callable[[Request], Answer] | None = None

    def ask(self, request: Request) -> Future[Answer]:
        self.asked.append(request)
        future: Future[Answer] = Future()
        if not self.silent:
            Thread(target=self._settle, args=(future, request), daemon=True).start()
        return future

    def _settle(self, future: Future[Answer], request: Request) -> None:
        if self.failure is not None:
            future.set_exception(self.failure)
        else:
            future.set_result(self.answer(request))

    def answer(self, request: Request) -> Answer:
        if changes(request) and not self.may_change:
            return Denied("read-only")
        if isinstance(request, Status):
            return Unchanged() if request.known and request.known == self.mark else self.snapshot()
        if isinstance(request, Show):
            return self.details(request.key)
        if isinstance(request, Edit):
            return self.edit(request)
        return self.do(request)

    def do(self, request: Request) -> Answer:
        if isinstance(request, Diff):
            return Done(self.diff)
        if isinstance(request, Reload) and request.check:
            return Done("nothing differs")
        return self.on_change(request) if self.on_change else Done(f"{type(request).__name__} done")

    def snapshot(self) -> Snapshot:
        return Snapshot(
            program=self.program,
            version="1.0",
            host="opsrv1",
            pid=4711,
            file=f"/etc/{self.program}/site.csv",
            at=STARTED + self.uptime,
            started=STARTED,
            uptime=self.uptime,
            entries=tuple(self.entries),
            clock=self.clock,
            unsaved=self.unsaved,
            refused=self.refused_rows,
            lag=self.lag,
            mark=self.mark,
        )

    def entry(self, key: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.key == key), None)

    def change(self, key: str, **other: object) -> None:
        self.entries = [replace(it, **other) if it.key == key else it for it in self.entries]  # type: ignore[arg-type]

    def details(self, key: str) -> Details | Denied:
        entry = self.entry(key)
        if entry is None:
            return Denied(f"there is no entry {key}")
        values = {
            "id": str(entry.group),
            "name": entry.name[2:],
            "port no": "" if entry.role is Role.RTU else entry.address,
            "rtu no": str(entry.ca),
            "master": "N" if entry.role is Role.RTU else "Y",
            "hosts": "10.1.1.0/24",
            "options": "",
            **self.fields,
        }
        return Details(
            entry=entry,
            sections=self.sections,
            fields=tuple(Field(name=name, value=value, saved=value) for name, value in values.items()),
            refused=self.refused,
            drops=self.drops,
            log_file=f"/var/log/iec104mm2ss/{entry.group}-{entry.name[2:]}.log",
        )

    def edit(self, request: Edit) -> Edited:
        port = request.cells.get("port no", "1")
        if not port.isdigit() or not 1 <= int(port) <= 65535:
            problem = FieldProblem("port no", f"port {port!r} should be a number from 1 to 65535", refused=True)
            return Edited((problem,), (), ())
        if not request.check:
            self.fields.update(request.cells)
            self.unsaved = 1
        texts = tuple(f"{name}: {text}" for name, text in request.cells.items())
        return Edited((), self.drops, texts)

    def follow(self, request: Log | Trace, sink: Callable[[Item], None]) -> Callable[[], None]:
        followed = (request, sink)
        self.sinks.append(followed)
        if isinstance(request, Log):
            sink(Lines(self.log_lines))

        def end() -> None:
            self.ended.append(request)
            self.sinks.remove(followed)

        return end

    @property
    def followed(self) -> list[Log | Trace]:
        return [request for request, _ in self.sinks]

    def give(self, kind: type[Log | Trace], *items: Item) -> None:
        """Let items come to everybody who follows a log, or a trace."""
        for request, sink in tuple(self.sinks):
            for item in items if isinstance(request, kind) else ():
                sink(item)

    def close(self) -> None:
        """Nothing is held."""
