"""What a connection says, one item for each APDU: as lines to read, and as packets for Wireshark."""

from iec104mm2ss.trace.frames import FrameTrace, TracedFrame, frame_line
from iec104mm2ss.trace.pcap import PcapWriter

__all__ = ["FrameTrace", "PcapWriter", "TracedFrame", "frame_line"]
