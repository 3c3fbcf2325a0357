"""One end of an IEC 60870-5-104 connection for the tests: blocking sockets, own framing, own judgement.

It shares no code with the package: what it accepts and what it calls a fault is a second opinion on the standard.
A connection has a thread that reads, judges and answers, and one that sends within the window; a test waits on
conditions and never sleeps for a result.
"""

from __future__ import annotations

import contextlib
import queue
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

STARTDT_ACT = bytes.fromhex("680407000000")
STARTDT_CON = bytes.fromhex("68040b000000")
STOPDT_ACT = bytes.fromhex("680413000000")
STOPDT_CON = bytes.fromhex("680423000000")
TESTFR_ACT = bytes.fromhex("680443000000")
TESTFR_CON = bytes.fromhex("680483000000")
END_OF_INITIALISATION = 70
MODULO = 1 << 15
PATIENCE = 8.0


def i_frame(ns: int, nr: int, asdu: bytes) -> bytes:
    numbers = (ns % MODULO << 1 | nr % MODULO << 17).to_bytes(4, "little")
    return bytes((0x68, 4 + len(asdu))) + numbers + asdu


def s_frame(nr: int) -> bytes:
    return bytes((0x68, 4, 1, 0)) + (nr % MODULO << 1).to_bytes(2, "little")


class Supervisory(NamedTuple):
    """An S- or U-frame as received; `at` in monotonic seconds."""

    at: float
    octets: bytes


def split_frames(octets: bytes) -> tuple[list[bytes], bytes]:
    """Cut a stream of well-formed APDUs; the second item is what is left of an incomplete one."""
    frames = []
    start = 0
    while len(octets) - start >= 2:
        if octets[start] != 0x68:
            raise ValueError(f"octet {octets[start]:02x} where an APDU should start")
        end = start + 2 + octets[start + 1]
        if end > len(octets):
            break
        frames.append(octets[start:end])
        start = end
    return frames, octets[start:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """A peer's own k and w, the k that the gateway has been given, and when we acknowledge at the latest (s)."""

    k: int = 12
    w: int = 8
    gateway_k: int = 12
    ack_after: float = 0.2


DEFAULTS = Constants()


class Connection:
    """One end of a TCP connection with the gateway at the other end.

    `received`, `sent`, `acknowledged` and `confirmed` count I-frames without bound: those of the gateway, ours, how
    many of ours it has acknowledged, and how many of its own our N(R) has told it. `fault` is its first offence.
    """

    def __init__(
        self,
        sock: socket.socket,
        constants: Constants = DEFAULTS,
        *,
        on_asdu: Callable[[Connection, bytes], None] | None = None,
        prepare: Callable[[Connection], None] | None = None,
    ) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = sock
        self.constants = constants
        self.on_asdu = on_asdu
        self.started = False
        self.acknowledges = True
        self.answers: dict[bytes, bytes] = {TESTFR_ACT: TESTFR_CON, STARTDT_ACT: STARTDT_CON, STOPDT_ACT: STOPDT_CON}
        self.asdus: list[bytes] = []
        self.supervisory: list[Supervisory] = []
        self.received = self.sent = self.acknowledged = self.confirmed = 0
        self.most_outstanding = 0
        self.fault: str | None = None
        self.ended: str | None = None
        self.ended_at = 0.0
        self.opened_at = time.monotonic()
        self._name = ":".join(map(str, sock.getsockname()))
        self._taken = 0
        self._rest = b""
        self._oldest_unconfirmed = 0.0
        self._reading = threading.Event()
        self._reading.set()
        self._closing = False
        self._changed = threading.Condition()
        self._write_lock = threading.RLock()
        self._outbox: queue.SimpleQueue[list[bytes] | float | Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=step, daemon=True) for step in (self._read_loop, self._write_loop)]
        if prepare:
            prepare(self)
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        if kind is None:
            assert self.fault is None, self.fault

    @property
    def name(self) -> str:
        """Our end as the gateway's log names it."""
        return self._name

    def send_raw(self, octets: bytes) -> None:
        """Send octets as they are: nothing is numbered or counted. A connection already closed is no error."""
        with contextlib.suppress(OSError), self._write_lock:
            self.socket.sendall(octets)

    def send_segments(self, segments: Sequence[bytes], *, pause: float = 0.001) -> None:
        """Send each item as a TCP segment of its own; nothing else is sent in between."""
        with self._write_lock:
            for segment in segments:
                self.send_raw(segment)
                time.sleep(pause)

    def post(self, *items: bytes | list[bytes] | float | Callable[[], None]) -> None:
        """Send ASDUs in order as the window allows; a number is a pause in seconds, a function is called."""
        for item in items:
            self._outbox.put([item] if isinstance(item, bytes) else item)

    def send_s(self) -> None:
        with self._write_lock:
            self.send_raw(self.next_s_frame())

    def next_i_frame(self, asdu: bytes) -> bytes:
        """Return the I-frame that carries the ASDU next, counted as sent; the caller holds `sending`."""
        self._confirm()
        self.sent += 1
        return i_frame(self.sent - 1, self.confirmed, asdu)

    def next_s_frame(self) -> bytes:
        """Return the S-frame that acknowledges everything received; the caller holds `sending`."""
        self._confirm()
        return s_frame(self.confirmed)

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """Keep the acknowledging thread from writing between two parts of a frame."""
        with self._write_lock:
            yield

    def confirm_start(self) -> None:
        """Send the STARTDT con that `answers` held back."""
        self.send_raw(STARTDT_CON)
        self._start()

    def confirm_stop(self) -> None:
        """Send the STOPDT con that `answers` held back."""
        self.send_raw(STOPDT_CON)
        self.started = False

    def fall_silent(self) -> None:
        """Acknowledge what came and then, while still reading, send nothing more of our own accord."""
        self.wait_for(lambda: self.confirmed == self.received, "acknowledgement of ours")
        self.acknowledges = False
        self.answers = {}

    def pause_reading(self) -> None:
        self._reading.clear()

    def resume_reading(self) -> None:
        self._reading.set()

    def wait_for(self, condition: Callable[[], bool], what: str = "condition", within: float = PATIENCE) -> None:
        """Wait until the condition holds; it is looked at whenever something arrives or ends."""
        with self._changed:
            assert self._changed.wait_for(condition, within), f"no {what} within {within} s; {self.summary()}"

    def wait_closed(self, within: float = PATIENCE) -> float:
        """Wait until the gateway has closed the connection; return when it did, in monotonic seconds."""
        self.wait_for(lambda: self.ended is not None, "close", within)
        return self.ended_at

    def wait_frame(self, octets: bytes, *, count: int = 1, within: float = PATIENCE) -> float:
        """Wait for the count-th S- or U-frame with these octets; return when it came."""
        self.wait_for(lambda: self.times_seen(octets) >= count, f"{count} x {octets.hex()}", within)
        return [frame.at for frame in self.supervisory if frame.octets == octets][count - 1]

    def times_seen(self, octets: bytes) -> int:
        return sum(frame.octets == octets for frame in self.supervisory)

    def wait_posted(self, within: float = PATIENCE) -> None:
        """Wait until everything posted so far has been sent."""
        done = threading.Event()
        self.post(done.set)
        assert done.wait(within), f"window did not open; {self.summary()}"

    def wait_acknowledged(self, within: float = PATIENCE) -> None:
        """Wait until everything posted so far has been sent and acknowledged."""
        self.wait_posted(within)
        self.wait_for(lambda: self.acknowledged == self.sent, "acknowledgement", within)

    def take(self, count: int, within: float = PATIENCE) -> list[bytes]:
        """Return the next ASDUs that the test has not looked at yet."""
        self.wait_for(lambda: len(self.asdus) >= self._taken + count, f"{count} ASDUs", within)
        self._taken += count
        return self.asdus[self._taken - count : self._taken]

    def take_until(self, last: bytes, within: float = PATIENCE) -> list[bytes]:
        """Return the ASDUs not looked at yet that came before this one; this one is taken, too."""
        self.wait_for(lambda: last in self.asdus[self._taken :], f"ASDU {last.hex()}", within)
        start, self._taken = self._taken, self.asdus.index(last, self._taken) + 1
        return self.asdus[start : self._taken - 1]

    def summary(self) -> str:
        recent = [asdu.hex() for asdu in self.asdus[-5:]]
        return (
            f"{self.ended or 'open'}, fault {self.fault}, received {self.received}, sent {self.sent}, "
            f"acknowledged {self.acknowledged}, supervisory {[s.octets.hex() for s in self.supervisory[-5:]]}, {recent}"
        )

    def close(self, *, reset: bool = False) -> None:
        """Close our end; with `reset` by RST."""
        self._closing = True
        self._reading.set()
        self._outbox.put(None)
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)
        with self._changed:
            self._changed.notify_all()
        if reset:
            self._join()
        self.socket.close()
        self._join()

    def _join(self) -> None:
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5)

    def _read_loop(self) -> None:
        while not self._closing:
            self._reading.wait()
            try:
                if not select.select([self.socket], [], [], 0.05)[0]:
                    self._acknowledge_when_due()
                    continue
                octets = self.socket.recv(65536)
            except (OSError, ValueError) as error:
                self._end(f"lost: {error}")
                return
            if not octets:
                self._end("closed by the gateway")
                return
            self._judge_and_answer(octets)

    def _end(self, how: str) -> None:
        if self._closing:
            return
        with self._changed:
            self.ended, self.ended_at = how, time.monotonic()
            self._changed.notify_all()

    def _judge_and_answer(self, octets: bytes) -> None:
        frames, self._rest = split_frames(self._rest + octets)
        asdus: list[bytes] = []
        for frame in frames:
            if frame[2] & 1:
                self._take_supervisory(frame)
            else:
                asdus.append(self._take_i_frame(frame))
        with self._changed:
            self.asdus += asdus
            self._changed.notify_all()
        self._acknowledge_when_due()
        if self.on_asdu:
            for asdu in asdus:
                self.on_asdu(self, asdu)

    def _take_i_frame(self, frame: bytes) -> bytes:
        numbers = int.from_bytes(frame[2:6], "little")
        if not self.started:
            self._accuse(f"I-frame while stopped: {frame.hex()}")
        if numbers >> 1 & 0x7FFF != self.received % MODULO:
            self._accuse(f"N(S) {numbers >> 1 & 0x7FFF} instead of {self.received % MODULO}")
        self._take_acknowledgement(numbers >> 17)
        if self.received == self.confirmed:
            self._oldest_unconfirmed = time.monotonic()
        self.received += 1
        self.most_outstanding = max(self.most_outstanding, self.received - self.confirmed)
        if self.received - self.confirmed > self.constants.gateway_k:
            self._accuse(
                f"{self.received - self.confirmed} unacknowledged I-frames where k is {self.constants.gateway_k}"
            )
        if self.acknowledges and self.received - self.confirmed >= self.constants.w:
            self.send_s()
        return frame[6:]

    def _take_supervisory(self, frame: bytes) -> None:
        self.supervisory.append(Supervisory(time.monotonic(), frame))
        if frame[2] & 3 == 1:
            self._take_acknowledgement(int.from_bytes(frame[4:6], "little") >> 1)
            return
        answer = self.answers.get(frame)
        if frame == STOPDT_ACT:
            self.send_s()
        if frame == STOPDT_CON or (frame == STOPDT_ACT and answer):
            self.started = False
        if answer:
            self.send_raw(answer)
        if frame == STARTDT_CON or (frame == STARTDT_ACT and answer):
            self._start()

    def _start(self) -> None:
        with self._changed:
            self.started = True
            self._changed.notify_all()

    def _take_acknowledgement(self, nr: int) -> None:
        newly = (nr - self.acknowledged) % MODULO
        if self.acknowledged + newly > self.sent:
            self._accuse(f"N(R) {nr} while {self.sent} were sent and {self.acknowledged} acknowledged")
            return
        with self._changed:
            self.acknowledged += newly
            self._changed.notify_all()

    @property
    def window(self) -> int:
        """How many I-frames may be sent now."""
        return self.constants.k - (self.sent - self.acknowledged) if self.started else 0

    def _acknowledge_when_due(self) -> None:
        waiting = self.received - self.confirmed
        if self.acknowledges and waiting and time.monotonic() - self._oldest_unconfirmed >= self.constants.ack_after:
            self.send_s()
            with self._changed:
                self._changed.notify_all()

    def _accuse(self, offence: str) -> None:
        self.fault = self.fault or offence

    def _confirm(self) -> None:
        self.confirmed = self.received if self.acknowledges else self.confirmed

    def _write_loop(self) -> None:
        while (item := self._outbox.get()) is not None:
            if isinstance(item, list):
                self._send_within_window(item)
            elif callable(item):
                item()
            else:
                time.sleep(item)

    def _send_within_window(self, asdus: list[bytes]) -> None:
        start = 0
        while start < len(asdus) and (window := self._wait_window()):
            with self._write_lock:
                batch = asdus[start : start + window]
                self.send_raw(b"".join(map(self.next_i_frame, batch)))
            start += len(batch)

    def _wait_window(self) -> int:
        """Wait for free places; 0 when the connection has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or bool(self.ended) or self.window > 0)
        return 0 if self._closing or self.ended else self.window
