"""One line of the control socket is one JSON object: a tag with the message's name, and the message's fields.

`{"ask": "Show", "key": "111/S"}` is answered by `{"answer": "Details", "entry": {...}, ...}`. The messages are the
frozen dataclasses of `requests` and `snapshot`; nothing else can be made of a line.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, Final, cast

from iec104mm2ss.console.requests import Answer, Greeting, Item, Log, Request, Trace

Message = Request | Answer | Item | Greeting

_HIGHEST: Final = 2**63 - 1
_SHOWN: Final = 60


class CodecError(ValueError):
    """A line that is no message; the text says what is wrong with it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Tag:
    """What a line can be, and the messages that are it."""

    name: str
    messages: Mapping[str, type]


def _tag(name: str, kind: object) -> Tag:
    return Tag(name, {message.__name__: message for message in typing.get_args(kind) or (kind,)})


ASK: Final = _tag("ask", Request)
FOLLOW: Final = _tag("follow", Log | Trace)
ANSWER: Final = _tag("answer", Answer)
ITEM: Final = _tag("item", Item)
GREETING: Final = _tag("greeting", Greeting)


def encode(tag: Tag, message: Message) -> bytes:
    """Return a line, in ASCII, with its line feed. Raises ValueError for a number that is none, which is a bug."""
    return (
        json.dumps({tag.name: type(message).__name__} | plain(message), default=_plain, allow_nan=False).encode()
        + b"\n"
    )


def plain(message: Message) -> dict[str, Any]:
    """Return a message's fields as what JSON knows, one level deep."""
    return _plain(message)


def _plain(value: Any) -> dict[str, Any]:  # noqa: ANN401 - json's hook for whatever it does not know
    if dataclasses.is_dataclass(value):
        return {name: getattr(value, name) for name in _names(cast("type", type(value)))}
    return dict(cast("Mapping[str, Any]", value))


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def decode(line: bytes, *tags: Tag) -> tuple[Tag, Any]:
    """Return the message of a line and which of the tags it has. Raises CodecError."""
    content = _json(line)
    for tag in tags:
        if tag.name in content:
            name = content.pop(tag.name)
            message = tag.messages.get(name) if isinstance(name, str) else None
            if message is None:
                raise CodecError(f"{tag.name} is {_shown(name)} and should be one of {', '.join(tag.messages)}")
            return tag, _reader(message)(content)
    raise CodecError(f"a line needs {' or '.join(tag.name for tag in tags)}")


def _json(line: bytes) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except RecursionError:
        raise CodecError("the line is nested too deeply") from None
    except ValueError as error:
        raise CodecError(f"the line is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise CodecError("the line is no JSON object")
    return content


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - a type, or what typing makes of one
    """Return what reads a field of this type; it raises CodecError."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if dataclasses.is_dataclass(kind):
        return _object_reader(cast("type", kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum_reader(kind)
    return _composed_reader(kind)


def _composed_reader(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - likewise
    match typing.get_origin(kind), typing.get_args(kind):
        case origin, (inner, outer) if origin is tuple and outer is ...:
            return _list_reader(_reader(inner))
        case origin, arguments if origin is tuple:
            return _tuple_reader([_reader(argument) for argument in arguments])
        case origin, (inner, other) if origin is types.UnionType and other is types.NoneType:
            read = _reader(inner)
            return lambda value: None if value is None else read(value)
        case origin, arguments if origin is Mapping and arguments == (str, str):
            return _cells
    raise TypeError(f"{kind} has no form on the control socket")


def _object_reader(kind: type) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind)
    readers = {name: _reader(hints[name]) for name in _names(kind)}
    required = {
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    def read(value: Any) -> Any:  # noqa: ANN401 - from JSON to the dataclass that `kind` is
        if not isinstance(value, dict):
            raise CodecError(f"{_shown(value)} should be an object")
        if not required <= value.keys() <= readers.keys():
            raise CodecError(f"{kind.__name__} {_misfit(value, required, readers)}")
        return kind(**{name: _field(name, readers[name], given) for name, given in value.items()})

    return read


def _misfit(value: dict[str, Any], required: set[str], known: Mapping[str, object]) -> str:
    missing = sorted(required - value.keys())
    if missing:
        return f"needs {', '.join(missing)}"
    unknown = next(name for name in value if name not in known)
    return f"has no {_shown(unknown)}; it has {', '.join(known) or 'no fields'}"


def _field(name: str, read: Callable[[Any], Any], value: object) -> Any:  # noqa: ANN401 - whatever the field holds
    try:
        return read(value)
    except CodecError as error:
        raise CodecError(f"{name}: {error}") from None


def _enum_reader(kind: type[Enum]) -> Callable[[Any], Any]:
    known = {member.value: member for member in kind}

    def read(value: Any) -> Enum:  # noqa: ANN401 - from JSON
        if not isinstance(value, str) or value not in known:
            raise CodecError(f"{_shown(value)} should be one of {', '.join(known)}")
        return known[value]

    return read


def _list_reader(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read_all(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - from JSON
        if not isinstance(value, list):
            raise CodecError(f"{_shown(value)} should be a list")
        return tuple(map(read, value))

    return read_all


def _tuple_reader(readers: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def read_each(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - from JSON
        if not isinstance(value, list) or len(value) != len(readers):
            raise CodecError(f"{_shown(value)} should be a list of {len(readers)}")
        return tuple(read(given) for read, given in zip(readers, value, strict=True))

    return read_each


def _cells(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise CodecError(f"{_shown(value)} should be an object of texts")
    return {name: _text(cell) for name, cell in value.items()}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise CodecError(f"{_shown(value)} should be a text")


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise CodecError(f"{_shown(value)} should be true or false")


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _HIGHEST:
        return value
    raise CodecError(f"{_shown(value)} should be a whole number of at most 63 bits")


def _number(value: object) -> float:
    if isinstance(value, float) and math.isfinite(value):
        return value
    try:
        return float(_whole(value))
    except CodecError:
        raise CodecError(f"{_shown(value)} should be a number") from None


_SIMPLE: Final[Mapping[Any, Callable[[Any], Any]]] = {str: _text, bool: _truth, int: _whole, float: _number}


def _shown(value: object) -> str:
    """What was given, short: it may be megabytes, or a number of more digits than Python prints."""
    if isinstance(value, int) and abs(value) > _HIGHEST:
        return "a number with too many digits"
    text = ascii(value) if isinstance(value, str | int | float | None) else type(value).__name__
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
