"""What the cells of a signal's row may hold, by type identification."""

import math
import re
from collections.abc import Callable, Mapping

from iec104mm2ss.settings.cells import UnusableError, whole

COMMANDS = frozenset({*range(45, 52), *range(58, 65)})
COUNTERS = frozenset({15, 37})
_POINTS = frozenset({1, 3, 30, 31})
_FLAGS = ("BL", "SB", "NT", "OV", "IV")
_LARGEST_FLOAT = 3.4028234663852886e38  # of IEEE 754 single precision
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"0x[0-9a-f]{1,8}", re.IGNORECASE)


def is_decimal(text: str) -> bool:
    """Whether a cell is a number as a spreadsheet writes it, with a point or a comma."""
    return _NUMBER.fullmatch(text) is not None


def decimal(low: float, high: float) -> Callable[[str], float]:
    """A reader of numbers, both ends included."""

    def read(text: str) -> float:
        value = _number(text)
        if not low <= value <= high:
            raise UnusableError(f"should be a number from {low:.10g} to {high:.10g}")
        return value

    return read


def integer(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers with a sign, both ends included; a spreadsheet's `5.00` is 5."""

    def read(text: str) -> int:
        value = _number(text)
        if not low <= value <= high or not value.is_integer():
            raise UnusableError(f"should be a whole number from {low} to {high}")
        return int(value)

    return read


def any_number(text: str) -> float:
    """A number that is neither infinite nor none."""
    value = _number(text)
    if not math.isfinite(value):
        raise UnusableError("should be a number")
    return value


def _number(text: str) -> float:
    """NaN, which is in no range, for what is no number."""
    return float(text.replace(",", ".")) if is_decimal(text) else math.nan


def _bits(text: str) -> int:
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    try:
        return integer(0, 0xFFFFFFFF)(text)
    except UnusableError as error:
        raise UnusableError(f"{error}, or 0x0 to 0xFFFFFFFF") from None


VALUES: Mapping[int, Callable[[str], float]] = {
    **dict.fromkeys((1, 30), integer(0, 1)),
    **dict.fromkeys((3, 31), integer(0, 3)),
    **dict.fromkeys((5, 32), integer(-64, 63)),
    **dict.fromkeys((7, 33), _bits),
    **dict.fromkeys((9, 34), decimal(-1, 1)),
    **dict.fromkeys((11, 35), integer(-0x8000, 0x7FFF)),
    **dict.fromkeys((13, 36), decimal(-_LARGEST_FLOAT, _LARGEST_FLOAT)),
    **dict.fromkeys(COUNTERS, integer(-0x80000000, 0x7FFFFFFF)),
}
"""The reader of the value of each monitored type that can be simulated."""

_any_type = whole(1, 255)
TYPES = frozenset({*VALUES, *COMMANDS})


def supported_type(text: str) -> int:
    """A type identification that can be simulated."""
    try:
        number = _any_type(text)
    except UnusableError:
        number = 0
    if number not in TYPES:
        raise UnusableError("should be a type that can be simulated: 1 3 5 7 9 11 13 15, 30 to 37, 45 to 51, 58 to 64")
    return number


def quality(type_id: int) -> Callable[[str], tuple[str, ...]]:
    """A reader of quality flags joined by `+`, such as `IV+NT`; they come back in one order, each once."""
    possible = _flags_of(type_id)

    def read(text: str) -> tuple[str, ...]:
        names = {name.strip().upper() for name in text.split("+")}
        if not names <= set(possible):
            flags = f"be one or more of {' '.join(possible)}, joined by +," if possible else "not stand"
            raise UnusableError(f"should {flags} in a row of type {type_id}")
        return tuple(flag for flag in possible if flag in names)

    return read


def group(type_id: int) -> Callable[[str], int]:
    """A reader of interrogation groups: 16 of the station interrogation, or 4 of the counter interrogation."""
    highest = 0 if type_id in COMMANDS else 4 if type_id in COUNTERS else 16

    def read(text: str) -> int:
        try:
            return whole(1, highest)(text)
        except UnusableError as error:
            found = error if highest else "should not stand"
            raise UnusableError(f"{found} in a row of type {type_id}") from None

    return read


def _flags_of(type_id: int) -> tuple[str, ...]:
    """The quality flags that a type carries (IEC 60870-5-101, 7.2.6); a counter's others are not for a file to say."""
    if type_id in COMMANDS:
        return ()
    if type_id in COUNTERS:
        return ("IV",)
    return tuple(flag for flag in _FLAGS if flag != "OV" or type_id not in _POINTS)
