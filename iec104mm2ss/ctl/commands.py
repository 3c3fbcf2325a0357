"""The commands that ask a running program, each a function of its options and the connection."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from typing import TYPE_CHECKING, Final, TypeVar

from iec104mm2ss.console import codec
from iec104mm2ss.console.names import entries_named
from iec104mm2ss.console.requests import (
    Denied,
    Diff,
    Disable,
    Disconnect,
    Done,
    Edit,
    Edited,
    Enable,
    Lines,
    Log,
    Missed,
    Reload,
    Restart,
    Save,
    Send,
    Show,
    Status,
    StopSending,
    Trace,
)
from iec104mm2ss.console.snapshot import Details, Sending, Snapshot
from iec104mm2ss.console.table import many, show_lines, status_lines
from iec104mm2ss.ctl.output import complain, say, say_in_place, width

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from iec104mm2ss.console.client import Client
    from iec104mm2ss.console.requests import Answer, Item, Request

Kind = TypeVar("Kind", Snapshot, Details, Lines, Done, Edited)

REFUSED: Final = 1
_LOOK: Final = 0.5
_ACTIONS: Final[Mapping[str, type[Restart | Disconnect | Disable | Enable]]] = {
    "restart": Restart,
    "disconnect": Disconnect,
    "disable": Disable,
    "enable": Enable,
}


class RefusedError(Exception):
    """The program did not do what was asked; the text says why."""


def ask(client: Client, request: Request, kind: type[Kind]) -> Kind:
    """Return the answer to a request. Raises RefusedError, and OSError where the connection breaks."""
    answer = client.ask(request)
    if isinstance(answer, kind):
        return answer
    raise RefusedError(answer.text if isinstance(answer, Denied) else f"the program answers {type(answer).__name__}")


def status(options: argparse.Namespace, client: Client) -> int:
    """Print every entry, or those of one group, or one; return the health of what is printed."""
    snapshot = ask(client, Status(), Snapshot)
    if options.entry:
        entries = entries_named(options.entry, snapshot.entries)
        snapshot = dataclasses.replace(snapshot, entries=entries)
    if options.json:
        _say_json(snapshot, health=snapshot.health.name.lower())
    else:
        say(status_lines(snapshot, width()))
    return snapshot.health


def show(options: argparse.Namespace, client: Client) -> int:
    """Print everything about an entry."""
    details = ask(client, Show(options.entry), Details)
    if options.json:
        _say_json(details)
    else:
        say(show_lines(details))
    return 0


def _say_json(answer: Answer, **more: str) -> None:
    content = json.loads(codec.encode(codec.ANSWER, answer))
    del content["answer"]
    say(json.dumps({**content, **more}, indent=2).splitlines())


def log(options: argparse.Namespace, client: Client) -> int:
    """Print the end of an entry's log, and what is added to it."""
    request = Log(options.entry, options.lines)
    if not options.follow:
        found = ask(client, request, Lines).lines
        say(found)
        if not found:
            complain("nothing is logged yet")
        return 0
    for item in items(client, request):
        if isinstance(item, Lines):
            say(item.lines)
    return 0


def items(client: Client, request: Log | Trace) -> Iterator[Item]:
    """Give what comes; what is left out is said, and what cannot be followed raises RefusedError."""
    for item in client.follow(request):
        if isinstance(item, Denied):
            raise RefusedError(item.text)
        if isinstance(item, Missed):
            complain(f"left out, because this command was too slow: {item.count}")
        yield item


def act(options: argparse.Namespace, client: Client) -> int:
    """Restart, disconnect, disable or enable an entry."""
    return _done(client, _ACTIONS[options.command](options.entry))


def edit(options: argparse.Namespace, client: Client) -> int:
    """Change cells of an entry's row, or say what that would do."""
    edited = ask(client, Edit(options.entry, dict(options.cells), check=options.dry_run), Edited)
    for problem in edited.problems:
        where = f"{problem.field}: " if problem.field else ""
        complain(f"{'' if problem.refused else 'warning: '}{where}{problem.text}")
    if any(problem.refused for problem in edited.problems):
        return REFUSED
    say(edited.changes or ["nothing differs"])
    if edited.drops:
        say([f"{'would be disconnected' if options.dry_run else 'disconnected'}: {', '.join(edited.drops)}"])
    if edited.changes and not options.dry_run:
        say(["not saved: `save` writes it to the file"])
    return 0


def diff(_: argparse.Namespace, client: Client) -> int:
    """Print the unsaved edits."""
    return _done(client, Diff())


def save(options: argparse.Namespace, client: Client) -> int:
    """Write the file with its edits, or a copy."""
    return _done(client, Save(options.file))


def reload(options: argparse.Namespace, client: Client) -> int:
    """Let the program read its file again, or say what that would do."""
    return _done(client, Reload(check=options.dry_run))


def stop(_: argparse.Namespace, client: Client) -> int:
    """End every index send."""
    return _done(client, StopSending())


def send(options: argparse.Namespace, client: Client) -> int:
    """Let the RTUs send an index; with `--wait` print how far they are until they are through."""
    index, seconds = options.index
    _done(client, Send(index, seconds))
    if options.wait:
        try:
            _wait(client)
        except KeyboardInterrupt:
            complain("what is being sent goes on; `stop` ends it")
            raise
    return 0


def _wait(client: Client) -> None:
    """Show how far all is: in place on a terminal, else a line whenever an RTU is through."""
    shown = 0
    while sending := _sending(client):
        done, total = sum(it.place for it in sending), sum(it.total for it in sending)
        text = f"{many(len(sending), 'RTU')} sending: {done} of {many(total, 'signal')}"
        if sys.stdout.isatty():
            say_in_place(text)
        elif len(sending) != shown:
            say([text])
        shown = len(sending)
        time.sleep(_LOOK)
    say(["all is sent" if shown else "nothing is being sent"])


def _sending(client: Client) -> list[Sending]:
    entries = ask(client, Status(), Snapshot).entries
    return [entry.sending for entry in entries if entry.sending is not None and entry.sending.total]


def _done(client: Client, request: Request) -> int:
    say(ask(client, request, Done).text.splitlines())
    return 0
