"""The lines that a user types into the running simulator, as requests; what cannot be understood is a request too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HIGHEST_INDEX: Final = 999_999_999_999
LONGEST_DURATION: Final = 9_999_999.0
_HIGHEST_CA: Final = 65535
_HIGHEST_IOA: Final = 0xFFFFFF

HELP: Final = (
    "send INDEX [SECONDS]  send the signals with this index from every RTU that has a master; 0 sends all;",
    "                      with SECONDS again and again until they are over",
    "stop                  end what is being sent",
    "set RTU IOA VALUE     give a signal of the RTUs with this number a value and report it",
    "status                show every RTU",
    "quit                  end the program",
    "help                  show this",
)


@dataclass(frozen=True, slots=True)
class Send:
    """Send an index, 0 for every signal; once, or for `seconds` above 0."""

    index: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """End every index send."""


@dataclass(frozen=True, slots=True)
class Status:
    """Show every RTU."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """Give a point a value; `ca` is the RTU number."""

    ca: int
    ioa: int
    value: float


@dataclass(frozen=True, slots=True)
class Quit:
    """End the program."""


@dataclass(frozen=True, slots=True)
class Help:
    """Show what can be typed."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that is no request, and what is wrong with it."""

    text: str


Request = Send | Stop | Status | SetValue | Quit | Help | Mistake


class _UnusableError(Exception):
    """A word is not what it should be."""


def parse(line: str) -> Request | None:
    """Return what a typed line asks for, None for one without words. Case and blanks around words do not matter."""
    name, *words = line.split() or [""]
    if not name:
        return None
    if name.lower() not in _READERS:
        return Mistake(f"{name!r} is not known; help shows what is")
    try:
        return _READERS[name.lower()](words)
    except _UnusableError as error:
        return Mistake(str(error))


def parse_send(text: str) -> Send | Mistake:
    """Return what `INDEX` or `INDEX:SECONDS` asks for."""
    try:
        return _send(text.split(":"))
    except _UnusableError as error:
        return Mistake(str(error))


def _send(words: Sequence[str]) -> Send:
    if len(words) not in {1, 2}:
        raise _UnusableError("send takes an index and perhaps seconds: send 301 10")
    index = _whole(words[0], "the index", HIGHEST_INDEX)
    return Send(index, _seconds(words[1]) if words[1:] else None)


def _set(words: Sequence[str]) -> SetValue:
    if len(words) != 3:  # noqa: PLR2004 - the three that the message names
        raise _UnusableError("set takes an RTU number, an IOA and a value: set 32 301 1")
    ca = _whole(words[0], "the RTU number", _HIGHEST_CA)
    return SetValue(ca, _whole(words[1], "the IOA", _HIGHEST_IOA), _number(words[2], "the value"))


def _alone(request: Request) -> Callable[[Sequence[str]], Request]:
    def read(words: Sequence[str]) -> Request:
        if words:
            raise _UnusableError(f"nothing can follow here, not even {words[0]!r}")
        return request

    return read


_READERS: Final[dict[str, Callable[[Sequence[str]], Request]]] = {
    "send": _send,
    "stop": _alone(Stop()),
    "set": _set,
    "status": _alone(Status()),
    "quit": _alone(Quit()),
    "exit": _alone(Quit()),
    "help": _alone(Help()),
    "?": _alone(Help()),
}


def _whole(text: str, what: str, highest: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > highest:
        raise _UnusableError(f"{what} is {text!r} and should be a whole number from 0 to {highest}")
    return int(text)


def _number(text: str, what: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _UnusableError(f"{what} is {text!r} and should be a number")
    return value


def _seconds(text: str) -> float:
    seconds = _number(text, "the time")
    if not 0 < seconds <= LONGEST_DURATION:
        raise _UnusableError(f"the time is {text!r} and should be seconds above 0, at most {LONGEST_DURATION:.0f}")
    return seconds
