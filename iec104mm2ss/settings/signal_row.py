"""One row of a data file becomes a signal or a command; everything wrong in it is reported at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from iec104mm2ss.settings.cells import UnusableError, nearest, seconds, shown, whole
from iec104mm2ss.settings.options import LONGEST_TIME, Convert
from iec104mm2ss.settings.row_reader import RowReader
from iec104mm2ss.settings.signal_cells import (
    COMMANDS,
    VALUES,
    any_number,
    decimal,
    group,
    is_decimal,
    quality,
    supported_type,
)

T = TypeVar("T")

INDEX, GI, TYPE, IOA, VALUE, WAIT, RTU, IF_TYPE, IF_IOA, IF_VALUE, TIMEOUT, FIRST_COMMENT = range(12)
LONGEST_COMMENT = 53
DEFAULT_TIMEOUT = 5.0
_SHORTEST, _LONGEST = 0.1, 600.0  # seconds; a T-out beyond them is probably in the other unit

_index = whole(0, 999_999_999_999)
_ioa = whole(0, 0xFFFFFF)
_wait = seconds(LONGEST_TIME, zero=True)
_OPTIONS: Mapping[str, Callable[[int], Convert]] = {"quality": quality, "group": group}


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be received from a master before a signal of an index send goes out; None stands for anything.

    At least one of `type_id`, `ioa` and `value` is given. `timeout` is seconds, above 0, after which the signal is
    left out.
    """

    type_id: int | None
    ioa: int | None
    value: float | None
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """One signal, or a command with the signal that answers it.

    `index` is the number under which an index send finds it. `type_id` is one of 1, 3, 5, 7, 9, 11, 13, 15, 30-37
    (signals) or 45-51, 58-64 (commands). `ioa` is 0..0xFFFFFF. `value` is in the range of the type (an int for all but
    normalized values and floats; 1 is OFF and 2 is ON of a double point) and 0 for a command, which has in
    `status_ioa` the address of the signal that shows its effect. `quality` holds names out of BL SB NT OV IV.

    Interrogations include the row if `gi` (column B is Y) and `in_gi` (no row above begins with `!`) hold; `group` is
    the interrogation group that includes it besides, 1..16 (of a counter 1..4). Index sends use every row of a signal,
    also those after `!`, but where `rtu` is given only for the RTUs with that number; then they wait for `condition`
    before the row and `wait` seconds after it. Interrogations and answers to commands look at none of the three.

    `comment` is one line of at most 53 characters. `line` is the row's place in the file.
    """

    index: int
    gi: bool
    in_gi: bool
    type_id: int
    ioa: int
    value: float = 0
    status_ioa: int | None = None
    wait: float = 0.0
    rtu: int | None = None
    condition: Condition | None = None
    quality: tuple[str, ...] = ()
    group: int | None = None
    comment: str = ""
    line: int = field(default=0, compare=False)

    @property
    def is_command(self) -> bool:
        """Whether a master sends it and the RTU only answers."""
        return self.status_ioa is not None

    @property
    def interrogated(self) -> bool:
        """Whether an interrogation of the whole station includes it."""
        return self.gi and self.in_gi and not self.is_command


def read_signal(reader: RowReader, *, timeout_unit: float, in_gi: bool) -> SignalRow | None:
    """The signal of a row; None after a refusal. `timeout_unit` is what a T-out of 1 means, in seconds."""
    type_id = reader.value(TYPE, "type id", supported_type, 0)
    fields: dict[str, Any] = {
        "index": reader.value(INDEX, "index", _index, 0),
        "ioa": reader.value(IOA, "IOA", _ioa, 0),
        "wait": _if_filled(reader, WAIT, "wait sec", _wait, 0.0),
        "rtu": _if_filled(reader, RTU, "rtu no", whole(1, 65535), None),
        "condition": _condition(reader, timeout_unit),
        **_value(reader, type_id),
        **_remarks(reader, type_id),
    }
    gi = _gi(reader)
    if reader.refused:
        return None
    return SignalRow(gi=gi, in_gi=in_gi, type_id=type_id, line=reader.row.line, **fields)


def _if_filled(reader: RowReader, column: int, label: str, convert: Convert, otherwise: T) -> T:
    return reader.value(column, label, convert, otherwise) if reader.text(column) else otherwise


def _gi(reader: RowReader) -> bool:
    text = reader.text(GI)
    if text.lower() not in ("", "y", "n", "no"):
        reader.warn(GI, f"GI {shown(text)} is not Y, so interrogations leave the row out; it should be Y or N")
    return text.lower() == "y"


def _value(reader: RowReader, type_id: int) -> dict[str, float]:
    """The field that column E fills; none where the type is not known."""
    if type_id in COMMANDS:
        return {"status_ioa": reader.value(VALUE, "IOA of the status", _ioa, 0)}
    return {"value": reader.value(VALUE, "value", VALUES[type_id], 0)} if type_id else {}


def _condition(reader: RowReader, unit: float) -> Condition | None:
    type_id = _if_filled(reader, IF_TYPE, "type id of the filter", whole(1, 255), None)
    ioa = _if_filled(reader, IF_IOA, "IOA of the filter", _ioa, None)
    value = _if_filled(reader, IF_VALUE, "value of the filter", any_number, None)
    if not any(map(reader.text, (IF_TYPE, IF_IOA, IF_VALUE))):
        return None
    return Condition(type_id, ioa, value, _timeout(reader, unit))


def _timeout(reader: RowReader, unit: float) -> float:
    """The time to wait for a condition, in seconds."""
    text, name = reader.text(TIMEOUT), "seconds" if unit == 1 else "milliseconds"
    if not is_decimal(text):
        # The comment may begin here: rows without a filter are often one column short.
        found = f"{shown(text)} is a comment and there is no T-out" if text else "T-out is empty"
        reader.warn(TIMEOUT, f"{found}; the filter waits {DEFAULT_TIMEOUT:g} s. It should be {name}")
        return DEFAULT_TIMEOUT
    timeout = reader.value(TIMEOUT, f"T-out in {name}", decimal(0, LONGEST_TIME / unit), 0.0) * unit
    doubt = _doubtful(timeout, unit)
    if doubt and not reader.refused:
        reader.warn(TIMEOUT, f"T-out {text} {doubt}")
    return timeout or DEFAULT_TIMEOUT


def _doubtful(timeout: float, unit: float) -> str | None:
    """Why a time to wait is hardly what was meant: files are around whose rows and titles differ in the unit."""
    if not timeout:
        return f"leaves no time for the filter; it waits {DEFAULT_TIMEOUT:g} s"
    if unit < 1 and timeout < _SHORTEST:
        return f"is milliseconds, {timeout:g} s; the title of the column should say T-out(s) if it is seconds"
    if unit == 1 and timeout > _LONGEST:
        return "is seconds; the title of the column should say T-out(ms) if it is milliseconds"
    return None


def _remarks(reader: RowReader, type_id: int) -> dict[str, Any]:
    """The options and the comment out of the cells after the filter."""
    first = FIRST_COMMENT if is_decimal(reader.text(TIMEOUT)) else TIMEOUT
    options: dict[str, Any] = {}
    words: list[str] = []
    for column in range(first, len(reader.row.cells)):
        name, equals, text = (part.strip() for part in reader.text(column).partition("="))
        if not equals or name.lower() not in _OPTIONS:
            words.append(_word(reader, column, name if equals else ""))
        elif name.lower() in options:
            reader.refuse(column, f"{name.lower()} is given twice in this row")
        else:
            options[name.lower()] = _option(reader, column, name.lower(), text, type_id)
    return {**options, "comment": _one_line(words)}


def _word(reader: RowReader, column: int, name: str) -> str:
    """A cell of the comment; `name` is what stands before its `=`, perhaps an option with a slip."""
    meant = nearest(name, _OPTIONS) if name else None
    if meant:
        reader.warn(column, f"{shown(reader.text(column))} is taken as a comment; the option is called {meant}")
    return reader.text(column)


def _one_line(words: list[str]) -> str:
    text = " ".join(" ".join(words).split())[:LONGEST_COMMENT].rstrip()
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def _option(reader: RowReader, column: int, name: str, text: str, type_id: int) -> object:
    """An option's value; what it may be depends on the type, and is not looked at where that is not known."""
    try:
        return _OPTIONS[name](type_id)(text) if type_id else None
    except UnusableError as error:
        reader.refuse(column, f"{shown(f'{name}={text}')} {error}")
        return None
