"""Requests become answers: where a plant, the file it runs and the people who look at it meet."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from iec104mm2ss.console import editing
from iec104mm2ss.console.names import entries_named, entry_named, lines
from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.console.requests import (
    Denied,
    Diff,
    Disable,
    Disconnect,
    Done,
    Edit,
    Edited,
    Enable,
    Frame,
    Lines,
    Log,
    Reload,
    Restart,
    Save,
    Send,
    Show,
    Status,
    StopSending,
    Trace,
    Unchanged,
    changes,
)
from iec104mm2ss.console.snapshot import ClockState, Details, Entry, Field, Snapshot
from iec104mm2ss.console.table import many
from iec104mm2ss.console.tail import Tail, last_lines
from iec104mm2ss.console.threads import in_thread
from iec104mm2ss.settings.cells import UnusableError
from iec104mm2ss.settings.draft import Draft, NoEntryError
from iec104mm2ss.settings.program import ProgramSettings
from iec104mm2ss.settings.saving import NotSavedError, is_same

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from pathlib import Path

    from iec104mm2ss.console.plant import Plant
    from iec104mm2ss.console.requests import Answer, Item, Request
    from iec104mm2ss.trace import TracedFrame

Settings = TypeVar("Settings", bound=ProgramSettings)

WINDOW: Final = "window"
"""Who asks through the program's own window."""
_MOST_LINES: Final = 10_000
_TAIL_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a `Snapshot` says of the program itself; the same names and units."""

    program: str
    version: str
    host: str
    pid: int
    started: float
    uptime: float
    clock: ClockState | None = None
    lag: float = 0.0


class Desk(Generic[Settings]):
    """Answers the requests of windows, commands and signals, one change at a time. Belongs to one event loop.

    `adopted` gets the settings after each reload and save, for what in them is about no entry.
    """

    def __init__(
        self,
        plant: Plant[Settings],
        draft: Draft[Settings],
        *,
        head: Callable[[], Head],
        log: logging.Logger,
        adopted: Callable[[Settings], None] = lambda _: None,
    ) -> None:
        self._plant = plant
        self._head = head
        self._log = log
        self._adopted = adopted
        self._changing = asyncio.Lock()
        self._tails: set[asyncio.Task[None]] = set()
        self._drafts = 0
        self._take(draft)

    def _take(self, draft: Draft[Settings]) -> None:
        self._draft = draft
        self._drafts += 1
        self._lines = lines(draft.settings)
        self._edited = draft.edited
        self._refused = len({problem.row for problem in draft.problems if problem.refused})

    @property
    def refused(self) -> int:
        """Rows of the file that cannot be used."""
        return self._refused

    async def answer(self, request: Request, who: str) -> Answer:
        """Answer a request of `who`, under whose name a change is logged. Never raises."""
        try:
            return await self._answer(request, who)
        except (RequestError, NoEntryError, UnusableError, NotSavedError) as error:
            if changes(request):
                self._log.info("%s: %s: not done: %s", who, editing.described(request), error)
            return Denied(str(error))
        except Exception as bug:  # noqa: BLE001 - the boundary: who asks is told, and the plant goes on
            self._log.error("%s: %s: internal error", who, editing.described(request), exc_info=bug)
            return Denied(f"internal error: {bug!r}; the program's log has more")

    async def _answer(self, request: Request, who: str) -> Answer:
        if not changes(request):
            return await self._look(request)
        async with self._changing:
            answer = await self._change(request, who)
        self._log.info("%s: %s: %s", who, editing.described(request), editing.outcome(answer))
        return answer

    async def _look(self, request: Request) -> Answer:
        match request:
            case Status(known):
                return self._status(known)
            case Show(key):
                return self._details(self._entry(key))
            case Log(key, count):
                return await _last_lines(self._plant.log_file(self._entry(key).key), count)
            case Diff():
                return Done(self._draft.diff())
            case Edit():
                return await self._edit(request)
            case Reload():
                return await self._reload(request)
        raise RequestError("a trace can only be followed")

    def _status(self, known: str) -> Snapshot | Unchanged:
        mark = f"{self._plant.pulse()}/{self._drafts}"
        return Unchanged() if mark == known else self._snapshot(mark)

    def _snapshot(self, mark: str) -> Snapshot:
        head = self._head()
        return Snapshot(
            program=head.program,
            version=head.version,
            host=head.host,
            pid=head.pid,
            file=str(self._draft.path),
            at=time.time(),
            started=head.started,
            uptime=head.uptime,
            entries=tuple(map(self._in_file, self._plant.entries())),
            clock=head.clock,
            unsaved=len(self._edited),
            refused=self._refused,
            lag=head.lag,
            mark=mark,
        )

    def _in_file(self, entry: Entry) -> Entry:
        """Return an entry with its place in the file: a row may have moved without having changed."""
        line = self._lines.get(entry.key, 0)
        edited = line in self._edited
        if (entry.line, entry.edited) == (line, edited):
            return entry
        return dataclasses.replace(entry, line=line, edited=edited)

    def _entry(self, name: str) -> Entry:
        is_key = name in self._lines
        return self._in_file(self._plant.entry(name) if is_key else entry_named(name, self._plant.entries()))

    def _details(self, entry: Entry) -> Details:
        return Details(
            entry=entry,
            sections=self._plant.sections(entry.key),
            fields=self._fields(entry.line) if entry.line else (),
            refused=self._plant.refused(entry.key),
            drops=self._plant.drops(entry.key),
            log_file=str(self._plant.log_file(entry.key)),
        )

    def _fields(self, line: int) -> tuple[Field, ...]:
        saved = self._draft.saved_fields(line)
        return tuple(
            Field(name=name, value=value, saved=saved[name]) for name, value in self._draft.fields(line).items()
        )

    async def _change(self, request: Request, who: str) -> Answer:
        match request:
            case Restart(key) | Disconnect(key) | Disable(key) | Enable(key):
                return await self._act(type(request), self._entry(key))
            case Edit():
                return await self._edit(request)
            case Save(path):
                return await self._save(path, who)
            case Reload():
                return await self._reload(request)
            case Send(index, seconds):
                return Done(self._plant.send(index, seconds))
            case StopSending():
                return Done(self._plant.stop_sending())
        raise AssertionError(request)

    async def _act(self, action: type[Restart | Disconnect | Disable | Enable], entry: Entry) -> Done:
        drops = () if action is Enable else self._plant.drops(entry.key)
        plant = self._plant
        act, done = {
            Restart: (plant.restart, "restarted"),
            Disconnect: (plant.disconnect, "disconnected"),
            Disable: (plant.disable, "disabled"),
            Enable: (plant.enable, "enabled"),
        }[action]
        await act(entry.key)
        return Done(f"{entry.key} {entry.name} is {done}{editing.lost(drops)}")

    async def _edit(self, request: Edit) -> Edited:
        line = self._entry(request.key).line
        wanted = editing.fields(self._draft, line, request.cells)
        edited = await in_thread(self._draft.edit, line, wanted)
        found = self._plant.changes(edited.draft.settings) if edited.taken else ()
        drops = tuple(dict.fromkeys(name for change in found for name in change.drops))
        answer = Edited(editing.field_problems(edited), drops, tuple(change.text for change in found))
        if edited.taken and not request.check:
            await self._apply(edited.draft)
        return answer

    async def _apply(self, draft: Draft[Settings]) -> None:
        await self._plant.apply(draft.settings)
        self._take(draft)

    async def _save(self, path: str, who: str) -> Done:
        file = self._draft.path
        target = file.parent / path if path else file
        if who != WINDOW and not is_same(target.parent, file.parent):
            # Who may use the control socket need not be allowed to write wherever this process may.
            raise RequestError(f"a copy can be saved beside {file} only; give a name without a folder")
        edits = len(self._edited)
        self._take(await in_thread(self._draft.save, target))
        self._adopted(self._draft.settings)
        return Done(f"{target} is written, with {many(edits, 'edit')}")

    async def _reload(self, request: Reload) -> Done:
        draft = await in_thread(Draft.read, self._draft.path, self._draft.layout)
        problems = [str(problem) for problem in draft.problems]
        if not lines(draft.settings):
            raise RequestError("\n".join([f"{draft.path}: nothing in it can run, so nothing is changed", *problems]))
        found = self._plant.changes(draft.settings)
        given_up = [key for key, line in self._lines.items() if line in self._edited]
        if not request.check:
            await self._apply(draft)
            self._adopted(draft.settings)
        return Done("\n".join(editing.reload_report(found, problems, given_up, check=request.check)))

    def follow(self, request: Log | Trace, sink: Callable[[Item], None]) -> Callable[[], None]:
        """Call `sink`, in the loop's thread, with what comes until what is returned is called; raises RequestError."""
        if isinstance(request, Log):
            return self._follow_log(request, sink)
        return self._follow_frames(request, sink)

    def _follow_log(self, request: Log, sink: Callable[[Item], None]) -> Callable[[], None]:
        tail = Tail(self._plant.log_file(self._entry(request.key).key), _bounded(request.lines))
        task = asyncio.create_task(_read_on(tail, sink), name="follows a log")
        self._tails.add(task)
        task.add_done_callback(self._tail_ended)

        def end() -> None:
            task.cancel()

        return end

    def _tail_ended(self, task: asyncio.Task[None]) -> None:
        self._tails.discard(task)
        if not task.cancelled() and (bug := task.exception()):
            self._log.error("internal error: a log is no longer followed", exc_info=bug)

    def _follow_frames(self, request: Trace, sink: Callable[[Item], None]) -> Callable[[], None]:
        ends: list[Callable[[], None]] = []

        def end() -> None:
            while ends:
                ends.pop()()

        try:
            ends.extend(
                self._plant.trace(entry.key, partial(_pass_on, entry.key, sink))
                for entry in entries_named(request.key, self._plant.entries())
            )
        except RequestError:
            end()
            raise
        return end


async def _last_lines(path: Path, count: int) -> Lines:
    try:
        return Lines(tuple(await in_thread(last_lines, path, _bounded(count))))
    except OSError as error:
        raise RequestError(f"the log cannot be read: {error}") from None


async def _read_on(tail: Tail, sink: Callable[[Item], None]) -> None:
    complaint = ""
    while True:
        try:
            found = await in_thread(tail.read)
        except OSError as error:
            found = []
            if complaint != str(error):
                complaint = str(error)
                sink(Denied(f"the log cannot be read: {error}; tried again and again"))
        if found:
            complaint = ""
            sink(Lines(tuple(found)))
        await asyncio.sleep(0 if tail.is_behind else _TAIL_PAUSE)


def _pass_on(key: str, sink: Callable[[Item], None], frame: TracedFrame) -> None:
    sink(
        Frame(
            moment=frame.moment,
            key=key,
            outgoing=frame.outgoing,
            local=frame.local,
            peer=frame.peer,
            octets=frame.octets.hex(),
            text=frame.text,
            level=frame.level,
        )
    )


def _bounded(count: int) -> int:
    return max(0, min(count, _MOST_LINES))
