"""The command lines of `iec104mm2ssctl` and `iec104rsctl`."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from iec104mm2ss import __version__
from iec104mm2ss.console import address
from iec104mm2ss.console.client import Client, why
from iec104mm2ss.console.plant import RequestError
from iec104mm2ss.ctl import commands
from iec104mm2ss.ctl.commands import RefusedError
from iec104mm2ss.ctl.output import complain
from iec104mm2ss.ctl.parts import split_file
from iec104mm2ss.ctl.tracing import LEVELS, trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Asking = Callable[[argparse.Namespace, Client], int]

EXIT_REFUSED: Final = 1
EXIT_UNREACHABLE: Final = 2
EXIT_INTERRUPTED: Final = 130
EXIT_BROKEN_PIPE: Final = 141

_GATEWAY: Final = "iec104mm2ss"
_SIMULATOR: Final = "iec104rs"
_ENTRY: Final = {
    _GATEWAY: "111/OSI-1, 111/2407 or OSI-1 for a master; 111 or 111/S for the RTU of group 111",
    _SIMULATOR: "the RTU's port, or its name",
}
_STATUS: Final = "; exit status 0: all up, 1: some are not, 2: no RTU is, or the program cannot be reached"


def gateway(arguments: Sequence[str] | None = None) -> int:
    """Run `iec104mm2ssctl`; return its exit status."""
    return _run(_gateway_parser(), arguments)


def simulator(arguments: Sequence[str] | None = None) -> int:
    """Run `iec104rsctl`; return its exit status."""
    return _run(_simulator_parser(), arguments)


def _run(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    options = parser.parse_args(arguments)
    try:
        return int(options.work(options))
    except (RefusedError, RequestError) as error:
        complain(f"{parser.prog}: {error}")
        return EXIT_REFUSED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # What Python would flush at exit has nowhere to go either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE


def _asking(program: str, work: Asking) -> Callable[[argparse.Namespace], int]:
    """Make of a command one that connects first."""

    def connected(options: argparse.Namespace) -> int:
        path = options.ctl or address.likely_path(program)
        try:
            client = Client(path)
        except OSError as error:
            complain(f"{program}ctl: {why(path, error)}; --ctl names another socket")
            return EXIT_UNREACHABLE
        with closing(client):
            if client.greeting.program != program:
                raise RefusedError(f"{path} belongs to {client.greeting.program}: use {client.greeting.program}ctl")
            try:
                return work(options, client)
            except BrokenPipeError:
                raise  # by our own output
            except OSError as error:
                complain(f"{program}ctl: {why(path, error)}")
                return EXIT_UNREACHABLE

    return connected


def _gateway_parser() -> argparse.ArgumentParser:
    parser = _parser(_GATEWAY, "Looks at a running gateway, and changes it.")
    made = _Commands(_GATEWAY, parser)
    made.add_looking()
    made.add_acting()
    made.add_editing()
    split = made.add("split", "cut a site file into several by its groups; needs no running gateway", None)
    split.add_argument("site", metavar="SITE.csv", type=Path)
    split.add_argument("--parts", metavar="N", type=_count, required=True, help="how many files to make")
    split.add_argument("--out", metavar="DIR", type=Path, help="where to; beside the site file unless given")
    split.set_defaults(work=split_file)
    return parser


def _simulator_parser() -> argparse.ArgumentParser:
    parser = _parser(_SIMULATOR, "Looks at running simulated RTUs, lets them send, and changes them.")
    made = _Commands(_SIMULATOR, parser)
    made.add_looking()
    sending = made.add("send", "let every RTU with a master send the signals of an index; 0 sends all", commands.send)
    sending.add_argument("index", metavar="INDEX[:SECONDS]", type=_index, help="SECONDS: again and again for so long")
    sending.add_argument("--wait", action="store_true", help="show how far it is until all is sent")
    made.add("stop", "end what is being sent", commands.stop)
    made.add_acting()
    made.add_editing()
    return parser


def _parser(program: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"{program}ctl", description=description)
    parser.add_argument(
        "--ctl", metavar="PATH", type=Path, help=f"its control socket; /run/{program}/ctl.sock or log/{program}.sock"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


class _Commands:
    """Adds commands to a parser."""

    def __init__(self, program: str, parser: argparse.ArgumentParser) -> None:
        self._program = program
        self._parsers = parser.add_subparsers(metavar="COMMAND", required=True, dest="command")

    def add(self, name: str, text: str, work: Asking | None, *, entry: bool = False) -> argparse.ArgumentParser:
        parser = self._parsers.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if entry:
            parser.add_argument("entry", metavar="ENTRY", help=_ENTRY[self._program])
        if work is not None:
            parser.set_defaults(work=_asking(self._program, work))
        return parser

    def add_looking(self) -> None:
        status = self.add("status", "show every entry" + _STATUS, commands.status)
        status.add_argument("entry", metavar="ENTRY", nargs="?", help="this one only; a group's number: all of it")
        _add_json(status)
        _add_json(self.add("show", "show everything about an entry", commands.show, entry=True))
        log = self.add("log", "show the end of an entry's log", commands.log, entry=True)
        log.add_argument("-n", "--lines", metavar="N", type=int, default=20, help="how many lines (%(default)s)")
        log.add_argument("-f", "--follow", action="store_true", help="go on with what is added")
        self._add_trace()
        top = self.add("top", "show every entry and its frames per second, again and again, until Ctrl-C", _top)
        top.add_argument("--interval", metavar="SEC", type=_seconds, default=1.0, help="seconds (%(default)g)")

    def _add_trace(self) -> None:
        text = "show the frames of an entry's connections as they come; a group's number: of its RTU and masters"
        parser = self.add("trace", text, trace, entry=True)
        parser.add_argument("-f", "--follow", action="store_true", help="does nothing: a trace always goes on")
        parser.add_argument("--count", metavar="N", type=_count, help="end after so many frames")
        parser.add_argument("--seconds", metavar="SEC", type=_seconds, help="end after so long")
        parser.add_argument("--hex", action="store_true", help="show the octets too")
        parser.add_argument(
            "--level", choices=LEVELS, help="data: I-frames only; link: the others only; raw: octets, not decoded"
        )
        parser.add_argument("--pcap", metavar="FILE", help="write a capture file for Wireshark; - is standard output")

    def add_acting(self) -> None:
        text = {
            "restart": "close an entry and open it anew",
            "disconnect": "close an entry's connections; who was there may come back",
            "disable": "close an entry and keep it closed until `enable` or the program's next start",
            "enable": "undo `disable`",
        }
        for name, help_text in text.items():
            self.add(name, help_text, commands.act, entry=True)

    def add_editing(self) -> None:
        text = "change cells of an entry's row and restart that entry only; not saved"
        edit = self.add("set", text, commands.edit, entry=True)
        edit.add_argument(
            "cells", metavar="NAME=VALUE", nargs="+", type=_cell, help="a column or an option; an empty VALUE clears it"
        )
        _add_dry_run(edit)
        self.add("diff", "show the edits that are not saved", commands.diff)
        save = self.add("save", "write the file with its edits, and keep the one before as .bak", commands.save)
        save.add_argument("file", metavar="FILE", nargs="?", default="", help="write a copy beside the file instead")
        text = "read the file again and touch what differs; unsaved edits are given up"
        _add_dry_run(self.add("reload", text, commands.reload))


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def _add_dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what it would do, and do nothing")


def _top(options: argparse.Namespace, client: Client) -> int:
    from iec104mm2ss.ctl.top import top  # noqa: PLC0415 - with rich, for this command alone

    return top(options, client)


def _cell(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} should look like port=2410 or k=20")
    return name.strip(), value


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _index(text: str) -> tuple[int, float | None]:
    index, colon, seconds = text.partition(":")
    if not (index.isascii() and index.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} should look like 301 or 301:10")
    return int(index), _seconds(seconds) if colon else None
