"""One cell's text becomes a value, or `UnusableError` says what the cell should hold."""

import difflib
import math
import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeVar

E = TypeVar("E", bound=Enum)

_SHOWN = 40
_NEVER = ("0", "never", "off")
_YES = ("y", "yes")
_NO = ("n", "no")
_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000}


class UnusableError(ValueError):
    """A cell's text cannot be taken; the message goes on from the text: `should be ...`."""


def shown(text: str) -> str:
    """A cell's text for a message: quoted, on one line, control characters escaped, cut when long."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def is_number(text: str) -> bool:
    """Whether a cell is a whole number without a sign."""
    return re.fullmatch(r"\d+", text) is not None


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers, both ends included; leading zeros do not matter."""

    def read(text: str) -> int:
        digits = text.lstrip("0") or text[-1:]
        # The length is looked at first: int() refuses thousands of digits with an error of its own.
        if not is_number(digits) or len(digits) > len(str(high)) or not low <= int(digits) <= high:
            raise UnusableError(f"should be a whole number from {low} to {high}")
        return int(digits)

    return read


def seconds(longest: float, *, zero: bool = False) -> Callable[[str], float]:
    """A reader of seconds above 0 (`zero`: 0 too), decimals allowed with a point or a comma."""

    def read(text: str) -> float:
        match = re.fullmatch(r"\d{1,9}([.,]\d{1,6})?", text)
        value = float(text.replace(",", ".")) if match else math.nan
        if not (0 < value <= longest or (zero and value == 0)):
            raise UnusableError(f"should be seconds, {'from' if zero else 'above'} 0 to {longest:g}")
        return value

    return read


def seconds_or_never(longest: float) -> Callable[[str], float]:
    """A reader of seconds where 0, `never` and `off` mean infinity."""
    read_seconds = seconds(longest)

    def read(text: str) -> float:
        if text.lower() in _NEVER:
            return math.inf
        try:
            return read_seconds(text)
        except UnusableError as error:
            raise UnusableError(f"{error}, or never") from None

    return read


def yes_or_no(text: str) -> bool:
    """Y, yes, N or no, in any case."""
    if text.lower() not in _YES + _NO:
        raise UnusableError("should be Y or N")
    return text.lower() in _YES


def one_of(words: type[E]) -> Callable[[str], E]:
    """A reader of one of an Enum's values, in any case."""

    def read(text: str) -> E:
        try:
            return words(text.lower())
        except ValueError:
            raise UnusableError(f"should be {' or '.join(word.value for word in words)}") from None

    return read


def octets(low: int, high: int) -> Callable[[str], int]:
    """A reader of a size in octets; `k` and `M` multiply by a thousand and a million."""
    read_number = whole(0, high)

    def read(text: str) -> int:
        match = re.fullmatch(r"(\d+) ?([km]?)b?", text.lower())
        try:
            size = read_number(match[1]) * _FACTORS[match[2]] if match else 0
        except UnusableError:
            size = 0
        if not low <= size <= high:
            raise UnusableError(f"should be octets from {low} to {high}, such as 500k or 10M")
        return size

    return read


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be; blanks, `_`, `-` and case do not count."""
    plain = {re.sub(r"[\s_-]", "", name): name for name in known}
    wanted = re.sub(r"[\s_-]", "", word.lower())
    if wanted in plain:
        return plain[wanted]
    if len(wanted) > 2 * max(map(len, plain)):  # comparing a whole paragraph would take long, and finds nothing
        return None
    close = difflib.get_close_matches(wanted, plain, n=1, cutoff=0.75)
    return plain[close[0]] if close else None
