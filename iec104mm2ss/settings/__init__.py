"""The site file: rows of a CSV become frozen data and a list of problems (row, column, text)."""

from iec104mm2ss.settings.endpoints import Endpoint
from iec104mm2ss.settings.filters import HostFilter
from iec104mm2ss.settings.load import Loaded, load, parse
from iec104mm2ss.settings.problems import Problem
from iec104mm2ss.settings.program import SetClock
from iec104mm2ss.settings.site import (
    Clock,
    GroupRow,
    InterrogationData,
    MasterRow,
    RtuRow,
    Site,
    StartDt,
    Takeover,
)

__all__ = [
    "Clock",
    "Endpoint",
    "GroupRow",
    "HostFilter",
    "InterrogationData",
    "Loaded",
    "MasterRow",
    "Problem",
    "RtuRow",
    "SetClock",
    "Site",
    "StartDt",
    "Takeover",
    "load",
    "parse",
]
