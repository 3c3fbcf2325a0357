"""The options of a conformance test, and what they make of the station under test."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from iec104mm2ss.conformance.catalogue import CASES
from iec104mm2ss.conformance.subject import Order, Subject
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.wire.asdu import MAX_IOA
from iec104mm2ss.wire.time import CP56Time2a
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from collections.abc import Callable

_PORT: Final = 2404
_HIGHEST_PORT: Final = 65535
_HIGHEST_CA: Final = 65534
_LONGEST: Final = 86400
_COMMANDS: Final = frozenset({*range(TypeId.C_SC_NA_1, TypeId.C_BO_NA_1), *range(TypeId.C_SC_TA_1, TypeId.C_BO_TA_1)})
_ANY_TIME: Final = CP56Time2a(ms=0, minute=0, hour=0, day=1, month=1, year=0)
_LINK: Final = ("k", "w", "t1", "t2", "t3")
_SUBJECT: Final = ("ca", "patience", "tolerance", "quick", "select_timeout", "order", "may_set_clock", "may_take_long")
_OTHERS: Final = ("only", "skip", "output")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options; each is None, or an empty list, where it is not given."""
    group = parser.add_argument_group(
        "conformance test",
        "Tests another controlled station, an RTU or a gateway's port, as its only master. Nothing is operated and no\n"
        "clock is set unless allowed. Exit status: 0 no case failed, 1 one failed or the station cannot be reached,\n"
        "2 wrong usage. See docs/conformance.md.",
    )
    add = group.add_argument
    add("--conformance", metavar="HOST:PORT", type=_address, help="test this station, report, and exit")
    add("--list-cases", action="store_true", default=None, help="show the cases, and exit")
    names = [case.name for case in CASES]
    add("--only", metavar="CASE", action="append", choices=names, default=[], help="run this case; may be repeated")
    add("--skip", metavar="CASE", action="append", choices=names, default=[], help="leave it out; may be repeated")
    add("--output", metavar="FILE", type=Path, help="write the report, with all frames; Markdown, or JSON for *.json")
    add("--ca", metavar="N", type=_whole(1, _HIGHEST_CA), help="common address of the station (1)")
    add("--k", metavar="N", type=_whole(1, 32767), help="the station's k (12)")
    add("--w", metavar="N", type=_whole(1, 32767), help="the station's w (8, at most two thirds of k)")
    add("--t1", metavar="SEC", type=_seconds, help="the station's t1 (15)")
    add("--t2", metavar="SEC", type=_seconds, help="the station's t2 (10)")
    add("--t3", metavar="SEC", type=_seconds_or_none, help="the station's t3 (20); 0 if it sends no test frames")
    add("--patience", metavar="SEC", type=_seconds, help="how long an answer may take (5)")
    add("--reply", dest="quick", metavar="SEC", type=_seconds, help="what a quick confirmation takes at most (2)")
    add(
        "--tolerance",
        metavar="SEC",
        type=_seconds_or_none,
        help="how much a time-out may be missed, beyond 5 %% of it (1)",
    )
    add(
        "--allow-commands",
        dest="order",
        metavar="IOA[:TYPE[:VALUE]]",
        type=_order,
        help="this command may be operated, again and again; by default type 45 with value 1",
    )
    add("--select-timeout", metavar="SEC", type=_seconds, help="how long the station keeps a selection (30)")
    add(
        "--allow-clock",
        dest="may_set_clock",
        action="store_true",
        default=None,
        help="the station's clock may be set to that of this machine",
    )
    add(
        "--long",
        dest="may_take_long",
        action="store_true",
        default=None,
        help="also wrap the sequence numbers, with 32 768 requests",
    )


def given(options: argparse.Namespace) -> bool:
    """Whether an option that only a conformance test has was given without one."""
    return any(getattr(options, name) for name in (*_LINK, *_SUBJECT, *_OTHERS))


def subject(options: argparse.Namespace) -> Subject:
    """Return the station under test. Raises ValueError for constants that cannot stand together."""
    host, port = options.conformance
    fields = {name: value for name in _SUBJECT if (value := getattr(options, name)) is not None}
    return Subject(host=host, port=port, parameters=_parameters(options), **fields)


def _parameters(options: argparse.Namespace) -> LinkParameters:
    fields: dict[str, Any] = {name: value for name in _LINK if (value := getattr(options, name)) is not None}
    if fields.get("t3") == 0:
        fields["t3"] = math.inf
    if "k" in fields and "w" not in fields:
        fields["w"] = min(LinkParameters().w, max(1, 2 * fields["k"] // 3))
    return LinkParameters(**fields)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, str(_PORT)
    host = host.removeprefix("[").removesuffix("]")
    if host and port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT:
        return host, int(port)
    raise argparse.ArgumentTypeError(f"{text!r} should look like 10.1.9.4:2404")


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if text.isascii() and text.isdigit() and lowest <= int(text) <= highest:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {lowest} to {highest}")

    return number


def _seconds_or_none(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds up to {_LONGEST}")
    return value


def _seconds(text: str) -> float:
    value = _seconds_or_none(text)
    if value == 0:
        raise argparse.ArgumentTypeError("should be a number of seconds above 0")
    return value


def _order(text: str) -> Order:
    try:
        ioa, *others = text.split(":")
        order = Order(int(ioa), *_type_and_value(*others))
        order.asdu(1, time=_ANY_TIME)
    except (TypeError, ValueError):
        order = None
    if order is None or not 0 < order.ioa <= MAX_IOA or order.type_id not in _COMMANDS:
        form = "IOA[:TYPE[:VALUE]] with a type from 45 to 50 or 58 to 63, say 21001:46:2"
        raise argparse.ArgumentTypeError(f"{text!r} should be {form}")
    return order


def _type_and_value(type_id: str = "45", value: str = "1") -> tuple[int, float]:
    number = float(value)
    return int(type_id), int(number) if number.is_integer() else number
