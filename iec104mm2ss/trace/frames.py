"""Cuts what one connection reads and writes into APDUs and says what each means."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from iec104mm2ss.wire.apci import Framer
from iec104mm2ss.wire.describe import describe

Level = Literal["link", "data"]

_GAP: Final = "  "
_APCI_OCTETS: Final = 6


@dataclass(frozen=True, slots=True)
class TracedFrame:
    """One whole APDU, or octets that can be none.

    `moment` is wall clock seconds; `local` and `peer` are `host:port` or `[host]:port`; `octets` begins with the start
    octet; `text` is one line; `level` is `data` for I-frames and `link` for everything else.
    """

    moment: float
    entry: str
    outgoing: bool
    local: str
    peer: str
    octets: bytes
    text: str
    level: Level


def frame_line(frame: TracedFrame, *, octets: bool = False) -> str:
    """One line, in local time: `12:03:41.220  111/S  <- 10.1.9.4:2404  I S=812 R=40  M_SP_TB_1 ...`.

    `<-` is received from the peer, `->` sent to it. With `octets` all of them follow in hexadecimal and brackets.
    """
    clock = datetime.fromtimestamp(frame.moment, UTC).astimezone().time().isoformat("milliseconds")
    way = f"{'->' if frame.outgoing else '<-'} {frame.peer}"
    return _GAP.join((clock, frame.entry, way, frame.text, *([f"[{frame.octets.hex(' ')}]"] if octets else [])))


class FrameTrace:
    """The APDUs of one connection, each given when it is complete.

    A trace that begins where half an APDU has been read needs that half: `incomplete`, as the link has it. What is
    written is whole APDUs from the first octet.
    """

    def __init__(self, entry: str, local: str, peer: str, incomplete: bytes = b"") -> None:
        self._entry = entry
        self._local = local
        self._peer = peer
        self._received = _Stream()
        self._received.cut(incomplete)
        self._sent = _Stream()

    def feed(self, outgoing: bool, octets: bytes, moment: float) -> list[TracedFrame]:  # noqa: FBT001 - a tap's argument
        """Give the APDUs that these octets complete, read or written at `moment` (wall clock seconds).

        Any octets will do. From where no APDU can be, those of one call are one item that begins with FAULT, also in
        later calls: a link is closed there.
        """
        stream = self._sent if outgoing else self._received
        apdus, junk = stream.cut(octets)
        described: list[tuple[bytes, str, Level]]
        described = [(apdu, describe(apdu), "link" if apdu[2] & 1 else "data") for apdu in apdus]
        if junk:
            described.append((junk, f"FAULT {stream.fault}{_GAP}{describe(junk)}", "link"))
        return [
            TracedFrame(moment, self._entry, outgoing, self._local, self._peer, octets, text, level)
            for octets, text, level in described
        ]


class _Stream:
    """The octets of one direction."""

    def __init__(self) -> None:
        self._framer = Framer()
        self._held = b""

    @property
    def fault(self) -> str | None:
        return self._framer.fault

    def cut(self, octets: bytes) -> tuple[list[bytes], bytes]:
        """Whole APDUs, and what comes from a fault on."""
        held, end, apdus = self._held + octets, 0, []
        for asdu in self._framer.feed(octets)[1]:
            start, end = end, end + _APCI_OCTETS + len(asdu)
            apdus.append(held[start:end])
        rest = held[end:]
        self._held = rest if self.fault is None else b""
        return apdus, b"" if self.fault is None else rest
