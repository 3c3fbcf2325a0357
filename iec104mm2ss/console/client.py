"""The other end of a control socket."""

from __future__ import annotations

import contextlib
import select
import socket
from typing import TYPE_CHECKING, Final, cast

from iec104mm2ss.console import address, codec
from iec104mm2ss.console.requests import Denied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from iec104mm2ss.console.codec import Tag
    from iec104mm2ss.console.requests import Answer, Greeting, Item, Log, Request, Trace

_PATIENCE: Final = 30.0
"""Seconds for an answer: a reload may read its file from a slow disk."""
_LONGEST_LINE: Final = 64_000_000


class Client:
    """A connection to a program's control socket, used by one thread. Everything raises OSError where it is broken."""

    greeting: Greeting

    def __init__(self, path: Path, patience: float = _PATIENCE) -> None:
        self._path = path
        self._socket = address.connect(path, patience)
        self._file = self._socket.makefile("rb")
        try:
            self.greeting = cast("Greeting", self._read(codec.GREETING))
        except OSError:
            self.close()
            raise

    def ask(self, request: Request) -> Answer:
        """Ask and wait for the answer."""
        self._send(codec.encode(codec.ASK, request))
        return cast("Answer", self._read(codec.ANSWER))

    def follow(self, request: Log | Trace) -> Iterator[Item]:
        """Give what comes until the connection ends, which raises OSError; it is good for nothing else then."""
        self._send(codec.encode(codec.FOLLOW, request))
        self._socket.settimeout(None)
        while True:
            yield cast("Item", self._read(codec.ITEM))

    def _send(self, line: bytes) -> None:
        try:
            self._socket.sendall(line)
        except BrokenPipeError:
            raise self._ended() from None

    def _ended(self) -> ConnectionError:
        return ConnectionError(f"the program at {self._path} has ended, or ended the connection")

    def _read(self, tag: Tag) -> object:
        line = self._file.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise self._ended()
        try:
            found, message = codec.decode(line, tag, codec.ANSWER)
        except codec.CodecError as error:
            raise ConnectionError(f"{self._path} says what this version does not know: {error}") from None
        if found is not tag:
            raise ConnectionError(message.text if isinstance(message, Denied) else f"{self._path} does not greet")
        return message

    @property
    def is_over(self) -> bool:
        """Whether the program has ended the connection since the last answer."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def interrupt(self) -> None:
        """End the connection from another thread; the one that reads gets OSError."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()


def why(path: Path, error: OSError) -> str:
    """Return why the program at `path` cannot be asked, for people."""
    match error:
        case FileNotFoundError():
            return f"there is no control socket {path}: no program runs there"
        case ConnectionRefusedError():
            return f"nobody answers at {path}: the program has ended"
        case PermissionError():
            return f"this user may not use {path}: it is for the user and the group of the program"
        case TimeoutError():
            return f"the program at {path} does not answer in time"
    return str(error)
