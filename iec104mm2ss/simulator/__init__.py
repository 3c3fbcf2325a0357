"""Simulated controlled stations: what they have, send and answer is pure, around it their ports are asyncio."""

from iec104mm2ss.simulator.point import Control, Point
from iec104mm2ss.simulator.port import StationPort
from iec104mm2ss.simulator.station import Station

__all__ = ["Control", "Point", "Station", "StationPort"]
