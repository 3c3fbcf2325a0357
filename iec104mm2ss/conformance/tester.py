"""One connection with the station under test: sends what a case wants, right or wrong, and accuses the station.

It knows no state machine that would keep it from breaking the rules. Of itself it does no more than a case lets it:
acknowledge what comes (`acknowledges`) and confirm TESTFR act (`confirms_tests`).
"""

from __future__ import annotations

import contextlib
import math
import socket
import struct
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from iec104mm2ss.conformance.evidence import Happening
from iec104mm2ss.conformance.verdict import FailedError
from iec104mm2ss.trace.frames import FrameTrace
from iec104mm2ss.wire.apci import SEQUENCE_MODULO, Framer, UFunction, encode_i, encode_s, encode_u
from iec104mm2ss.wire.asdu import fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.conformance.evidence import Evidence
    from iec104mm2ss.link.parameters import LinkParameters

_READ_OCTETS: Final = 65536
_SHORTEST_WAIT: Final = 0.001
_CLOSING: Final = 3.0
_SENDING: Final = 15.0
_RESET_AT_CLOSE: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Arrival(NamedTuple):
    """A frame of the station; `at` in monotonic seconds, `control` and `asdu` as in `wire.apci.Frame`."""

    at: float
    control: int
    asdu: bytes

    @property
    def function(self) -> int | None:
        """The first control octet of a U-frame, None for others."""
        return self.control & 0xFF if self.control & 3 == 3 else None  # noqa: PLR2004 - both bits set

    @property
    def is_data(self) -> bool:
        """Whether it is an I-frame."""
        return self.control & 1 == 0


def name_of(function: UFunction) -> str:
    """Return a U-function as the standard writes it: `STARTDT act`."""
    what, _, which = function.name.partition("_")
    return f"{what} {which.lower()}"


class Tester:
    """Raises FailedError as soon as the station does what it never may, whatever the case is about.

    `sent`, `acknowledged`, `received` and `confirmed` count I-frames of this connection without bound: ours, those of
    ours that the station has acknowledged, its own, and those that our N(R) has told it. What a case sends with a
    number of its own is not counted. `last_sent` is when something was last sent; all times are monotonic seconds.
    """

    def __init__(self, sock: socket.socket, name: str, parameters: LinkParameters, evidence: Evidence) -> None:
        self.acknowledges = True
        self.confirms_tests = True
        self.started = False
        self.sent = self.acknowledged = self.received = self.confirmed = 0
        self.closed_at: float | None = None
        self.last_sent = time.monotonic()
        self._socket = sock
        self._name = name
        self._evidence = evidence
        self._w = max(1, 2 * parameters.k // 3)
        self._acknowledge_within = min(1.0, parameters.t1 / 4)
        self._acknowledgement_due = math.inf
        self._framer = Framer()
        self._inbox: deque[Arrival] = deque()
        self._trace = FrameTrace(name, _end(sock.getsockname()), _end(sock.getpeername()))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.note("connected")

    def note(self, text: str) -> None:
        """Add to the evidence what is no frame."""
        self._evidence.add([Happening(time.time(), self._name, text)])

    def send(self, octets: bytes) -> None:
        """Send octets as they are. A connection that the station has closed takes them without a word."""
        self._evidence.add(self._trace.feed(True, octets, time.time()))  # noqa: FBT003 - a tap's argument
        self.last_sent = time.monotonic()
        if self.closed_at is None:
            self._socket.settimeout(_SENDING)
            with contextlib.suppress(ConnectionError):
                self._socket.sendall(octets)

    def send_u(self, function: UFunction) -> None:
        """Send a U-frame."""
        self.send(encode_u(function))

    def acknowledge(self, nr: int | None = None) -> None:
        """Send the S-frame that acknowledges everything received, or one with a number of the case's own."""
        if nr is None:
            self._confirmed_all()
            nr = self.received
        self.send(encode_s(nr % SEQUENCE_MODULO))

    def frame(self, asdu: bytes) -> bytes:
        """Return the I-frame that carries an ASDU next; it counts as sent."""
        if self.acknowledges:
            self._confirmed_all()
        self.sent += 1
        return encode_i((self.sent - 1) % SEQUENCE_MODULO, self.confirmed % SEQUENCE_MODULO, [asdu])

    def ask(self, asdu: bytes) -> None:
        """Send an ASDU in the next I-frame."""
        self.send(self.frame(asdu))

    def send_numbered(self, asdu: bytes, ns: int, nr: int) -> None:
        """Send an ASDU with numbers of the case's own, which are not counted."""
        self.send(encode_i(ns % SEQUENCE_MODULO, nr % SEQUENCE_MODULO, [asdu]))

    def next(self, deadline: float) -> Arrival | None:
        """Return the next frame; None where nothing comes until `deadline`, or nothing can come any more."""
        while not self._inbox:
            if not self._pull(deadline):
                return None
        return self._inbox.popleft()

    def take(self, wanted: Callable[[Arrival], bool], within: float, what: str) -> Arrival:
        """Return the first frame that is wanted and forget those before it; `what` says which in the accusation."""
        deadline = time.monotonic() + within
        while arrival := self.next(deadline):
            if wanted(arrival):
                return arrival
        raise FailedError(f"no {what} {self._until(within)}")

    def take_u(self, function: UFunction, within: float) -> Arrival:
        """Return the first U-frame with this function."""
        return self.take(lambda arrival: arrival.function == function, within, name_of(function))

    def is_closed(self, within: float) -> bool:
        """Whether the station closes until then; what else comes is not looked at."""
        deadline = time.monotonic() + within
        while self.closed_at is None and self._pull(deadline):
            self._inbox.clear()
        return self.closed_at is not None

    def wait_closed(self, within: float) -> str:
        """Wait until the station closes, as it has to; say how long that took."""
        began = time.monotonic()
        if not self.is_closed(within):
            raise FailedError(f"not closed within {within:g} s")
        return f"closed after {time.monotonic() - began:.3f} s"

    def wait_quiet(self, seconds: float) -> list[Arrival]:
        """Listen for a time and return what came."""
        deadline = time.monotonic() + seconds
        arrivals: list[Arrival] = []
        while arrival := self.next(deadline):
            arrivals.append(arrival)
        return arrivals

    def wait_acknowledged(self, within: float) -> float:
        """Wait until everything sent is acknowledged; return the seconds from now to then."""
        began = time.monotonic()
        while self.acknowledged < self.sent:
            if not self._pull(began + within):
                raise FailedError(f"{self.sent - self.acknowledged} I-frames not acknowledged {self._until(within)}")
        return time.monotonic() - began

    def close(self) -> None:
        """Close and wait until the station has noticed: one with room for a single master has it again then."""
        if self.closed_at is None:
            self.note("closed by the tester")
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)
                self._socket.settimeout(_CLOSING)
                while self._socket.recv(_READ_OCTETS):
                    pass
        self._socket.close()

    def reset(self) -> None:
        """Close as a program that crashes: with RST, not FIN."""
        self.note("reset by the tester")
        self.closed_at = time.monotonic()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self._socket.close()

    def _until(self, within: float) -> str:
        return f"within {within:g} s" if self.closed_at is None else "before the station closed the connection"

    def _confirmed_all(self) -> None:
        self.confirmed = self.received
        self._acknowledgement_due = math.inf

    def _pull(self, deadline: float) -> bool:
        """Take what comes next; False where nothing does until `deadline`, or nothing can any more."""
        while self.closed_at is None and (now := time.monotonic()) < deadline:
            if now >= self._acknowledgement_due:
                self.acknowledge()
            octets = self._read(min(deadline, self._acknowledgement_due) - now)
            if octets:
                self._arrived(octets)
                return True
        return False

    def _read(self, within: float) -> bytes:
        self._socket.settimeout(max(within, _SHORTEST_WAIT))
        try:
            octets = self._socket.recv(_READ_OCTETS)
        except TimeoutError:
            return b""
        except ConnectionError:
            octets = b""
        if not octets:
            self.closed_at = time.monotonic()
            self.note("closed by the station")
        return octets

    def _arrived(self, octets: bytes) -> None:
        at = time.monotonic()
        self._evidence.add(self._trace.feed(False, octets, time.time()))  # noqa: FBT003 - a tap's argument
        for control, asdu in zip(*self._framer.feed(octets), strict=True):
            self._inbox.append(Arrival(at, control, asdu))
            self._judge(self._inbox[-1])
        if self._framer.fault is not None:
            raise FailedError(f"the station sent {self._framer.fault}")

    def _judge(self, arrival: Arrival) -> None:
        if arrival.function is not None:
            self._take_function(arrival.function)
            return
        if not self.started:
            raise FailedError(f"{'I' if arrival.is_data else 'S'}-frame though data transfer is not started")
        if arrival.is_data:
            self._take_data(arrival)
        self._take_number(arrival.control >> 17)

    def _take_function(self, function: int) -> None:
        if function == UFunction.TESTFR_ACT and self.confirms_tests:
            self.send_u(UFunction.TESTFR_CON)
        elif function == UFunction.STARTDT_CON:
            self.started = True
        elif function == UFunction.STOPDT_CON:
            self.started = False
        elif function in {UFunction.STARTDT_ACT, UFunction.STOPDT_ACT}:
            raise FailedError(f"{name_of(UFunction(function))} from a controlled station")

    def _take_data(self, arrival: Arrival) -> None:
        ns, expected = arrival.control >> 1 & (SEQUENCE_MODULO - 1), self.received % SEQUENCE_MODULO
        if ns != expected:
            raise FailedError(f"I-frame with N(S) {ns} where {expected} follows")
        problem = fault(arrival.asdu)
        if problem is not None:
            raise FailedError(f"the station sent an impossible ASDU: {problem}")
        self.received += 1
        if not self.acknowledges:
            return
        self._acknowledgement_due = min(self._acknowledgement_due, arrival.at + self._acknowledge_within)
        if self.received - self.confirmed >= self._w:
            self.acknowledge()

    def _take_number(self, nr: int) -> None:
        newly = (nr - self.acknowledged) % SEQUENCE_MODULO
        if newly > self.sent - self.acknowledged:
            raise FailedError(f"N(R) {nr} from the station, which has been sent {self.sent} regular I-frames")
        self.acknowledged += newly


def _end(address: tuple[str | int, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
