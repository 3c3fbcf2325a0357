"""A simulated controlled station: what it has and answers is pure, its port is an asyncio shell around that."""

from iec104mm2ss.simulator.point import Control, Point
from iec104mm2ss.simulator.port import StationPort
from iec104mm2ss.simulator.station import Station

__all__ = ["Control", "Point", "Station", "StationPort"]
