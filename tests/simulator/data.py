"""Rows of a data file as a station has them."""

from pathlib import Path

from iec104mm2ss.settings.signals import SignalRow, parse_signals
from iec104mm2ss.simulator.database import Signal, point_of

TITLES = "#index,GI,typeid,IOA,Value,wait sec,rtu no,type id,ioa,value,T-out(ms),Comment"


def rows(*lines: str) -> tuple[SignalRow, ...]:
    """Read rows below the usual titles; all of them must be good."""
    loaded = parse_signals("\n".join((TITLES, *lines)).encode(), Path("iodata.csv"))
    assert not loaded.refused, loaded.problems
    return loaded.rows


def signals(*lines: str) -> list[Signal]:
    """Return the signals of these rows."""
    return [Signal(row, point_of(row)) for row in rows(*lines)]
