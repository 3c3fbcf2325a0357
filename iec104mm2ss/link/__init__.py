"""The IEC 60870-5-104 state machine of one connection, either role; time is an argument, octets go in and out."""

from iec104mm2ss.link.errors import LinkBugError, MisuseError
from iec104mm2ss.link.events import (
    Acknowledged,
    Closed,
    Discarded,
    Event,
    LinkTested,
    Received,
    Started,
    StartRequested,
    Stopped,
    StopRequested,
    Tolerated,
)
from iec104mm2ss.link.link import Link
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.link.states import Role, State

__all__ = [
    "Acknowledged",
    "Closed",
    "Discarded",
    "Event",
    "Link",
    "LinkBugError",
    "LinkParameters",
    "LinkTested",
    "MisuseError",
    "Received",
    "Role",
    "StartRequested",
    "Started",
    "State",
    "StopRequested",
    "Stopped",
    "Tolerated",
]
