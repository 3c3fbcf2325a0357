"""What clock synchronisation tells a station whose own clock nobody sets."""

from datetime import datetime

from iec104mm2ss.wire.elements import decode_objects
from iec104mm2ss.wire.time import CP56Time2a


def ahead(asdu: bytes, wall: datetime) -> float | None:
    """Return by how many seconds the time in a C_CS_NA_1 is ahead of `wall`; None where it states no time.

    The tag is taken to be of the zone of `wall`, as simulated stations tag themselves.
    """
    match decode_objects(asdu):
        case [(_, CP56Time2a() as tag)]:
            return _difference(tag, wall)
    return None


def _difference(tag: CP56Time2a, wall: datetime) -> float | None:
    try:
        return (tag.to_datetime(wall.tzinfo) - wall).total_seconds()
    except ValueError:
        return None
