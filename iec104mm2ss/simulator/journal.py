"""What happens on a simulated RTU as rows of its log, which is a table for a spreadsheet."""

import math
from collections.abc import Callable, Iterator
from typing import Final

from iec104mm2ss.logs import cell
from iec104mm2ss.simulator.database import Signal
from iec104mm2ss.simulator.point import UNTAGGED
from iec104mm2ss.wire.asdu import cause, fault, is_negative, is_test, originator, type_id
from iec104mm2ss.wire.causes import Cause, cause_label
from iec104mm2ss.wire.describe import describe_asdu
from iec104mm2ss.wire.elements import (
    Command,
    Counter,
    CounterFlag,
    Element,
    Monitored,
    Qualifier,
    Quality,
    decode_objects,
)
from iec104mm2ss.wire.time import CP56Time2a
from iec104mm2ss.wire.types import type_name

COLUMNS: Final = ("event", "type", "IOA", "value", "quality", "cause", "time tag", "comment")
"""What follows the time."""

_SPONTANEOUS: Final = cause_label(Cause.SPONTANEOUS)


def rows_of(event: str, asdu: bytes, comment: Callable[[int, int], str]) -> Iterator[str]:
    """Give a row for every object of an ASDU; `comment` knows those of the data file by IOA and type.

    One whose structure is impossible is one row that shows its octets.
    """
    number = type_id(asdu)
    if fault(asdu) is not None:
        yield _row(event, "", "", "", "", "", "", describe_asdu(asdu))
        return
    kind, why = type_label(number), _cause(asdu)
    for address, element in decode_objects(asdu):
        value, quality, tag, remark = _parts(element)
        yield _row(event, kind, str(address), value, quality, why, tag, _joined(remark, comment(address, number)))


def row_of_signal(event: str, signal: Signal, tag: str) -> str:
    """Return the row of a signal that an index send sends with the time tag `tag`."""
    row = signal.row
    shown = tag if row.type_id in UNTAGGED else ""
    kind, quality = type_label(row.type_id), _flags(signal.point.quality)
    return _row(event, kind, str(row.ioa), number_text(row.value), quality, _SPONTANEOUS, shown, row.comment)


def row_of_skipped(event: str, signal: Signal, reason: str) -> str:
    """Return the row of a signal that an index send leaves out."""
    row = signal.row
    kind, comment = type_label(row.type_id), _joined("not sent", reason, row.comment)
    return _row(event, kind, str(row.ioa), number_text(row.value), "", "", "", comment)


def type_label(number: int) -> str:
    """Return a type as a test protocol needs it: its name and the number that data files have."""
    return f"{type_name(number)}({number})"


def number_text(value: float) -> str:
    """Return a number as a spreadsheet reads it, and as a text what is none: NaN, infinity."""
    if not math.isfinite(value):
        return cell(str(value))
    return str(int(value)) if value == int(value) else f"{value:.7g}"


def _row(event: str, kind: str, ioa: str, value: str, quality: str, why: str, tag: str, comment: str) -> str:
    return f"{cell(event)},{kind},{ioa},{value},{quality},{why},{tag},{cell(comment)}"


def _parts(element: Element) -> tuple[str, str, str, str]:
    """Return value, quality, time tag and what else is to be said."""
    match element:
        case Monitored(value, quality, tag):
            return number_text(value), _flags(quality), str(tag or ""), ""
        case Counter(reading, _, flags, tag):
            return str(reading), _flags(flags), str(tag or ""), ""
        case Command(value, select, qualifier, tag):
            return number_text(value), "", str(tag or ""), f"{'select' if select else 'execute'}, qualifier {qualifier}"
        case Qualifier(value, tag):
            return str(value), "", str(tag or ""), ""
        case CP56Time2a():
            return "", "", str(element), ""
    return "", "", "", ""


def _flags(flags: Quality | CounterFlag) -> str:
    return " ".join(str(flag.name) for flag in sorted(flags, reverse=True))


def _cause(asdu: bytes) -> str:
    signs = "".join((" negative" * is_negative(asdu), " test" * is_test(asdu)))
    return f"{cause_label(cause(asdu))}{signs}{f' OA {originator(asdu)}' if originator(asdu) else ''}"


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))
