"""A controlled station that keeps to the standard in everything but one point, named after the case that is about it.

It shares no code with the package. Its constants are small, so that every time-out can be waited for.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Self

from tests.conformance.fake_answers import FakeAnswers
from tests.endpoint import (
    MODULO,
    STARTDT_ACT,
    STARTDT_CON,
    STOPDT_ACT,
    STOPDT_CON,
    TESTFR_ACT,
    TESTFR_CON,
    i_frame,
    s_frame,
)

T1, T2, T3 = 2.0, 1.5, 1.0
K, W = 12, 8
LATE = 0.4
"""How long a station takes that is slow to confirm a test, once."""
_TICK = 0.02
_LEAST_I_FRAME = 12


class FakeStation:
    """Listens on a port of its own until the context ends.

    `wrong` is the name of a case, or `turns-away`, or empty for a good station.
    """

    def __init__(self, wrong: str = "") -> None:
        self.wrong = wrong
        self.sessions: list[_Session] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for session in self.sessions:
            session.end()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                if self.wrong == "turns-away":
                    sock.close()
                    continue
                if self.wrong == "second-connection":
                    for session in self.sessions:
                        session.closing = True
                first = self.sessions[-1].sent if self.sessions and self.wrong.startswith("after-") else 0
                self.sessions.append(_Session(sock, self.wrong, first))


class _ClosedError(Exception):
    """The station closes the connection."""


class _Session:
    """One connection."""

    def __init__(self, sock: socket.socket, wrong: str, first: int) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.closing = False
        self.sent = first + (wrong == "numbers-from-zero")
        self._acknowledged = self.sent
        self._received = self._confirmed = 0
        self._socket, self._wrong = sock, wrong
        self._answers = FakeAnswers(wrong)
        self._started = self._stopping = self._was_late = False
        self._waiting: list[bytes] = []
        self._rest = b""
        self._heard = time.monotonic()
        self._test_sent = self._oldest_sent = self._oldest_received = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.closing = True
        self._thread.join(5)

    def _is(self, wrong: str) -> bool:
        return self._wrong == wrong

    def _run(self) -> None:
        self._socket.settimeout(_TICK)
        with contextlib.suppress(_ClosedError, OSError):
            if self._is("silent-before-start"):
                self._send(i_frame(0, 0, self._answers.initialised()))
            while not self.closing:
                self._tick(time.monotonic())
                try:
                    octets = self._socket.recv(65536)
                except TimeoutError:
                    continue
                if not octets:
                    break
                self._take(octets)
        self._socket.close()

    def _send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def _tick(self, now: float) -> None:
        if self._oldest_received and now >= self._oldest_received + T2 and not self._is("t2"):
            self._acknowledge()
        if self._oldest_sent and now >= self._oldest_sent + T1:
            raise _ClosedError
        if self._test_sent and now >= self._test_sent + T1 and not self._is("t1-of-test"):
            raise _ClosedError
        untested = "t3-while-started" if self._started else "t3-while-stopped"
        if now >= self._heard + T3 and not self._test_sent and not self._is(untested):
            self._test_sent = now
            self._send(TESTFR_ACT)

    def _take(self, octets: bytes) -> None:
        if not self._is("t3-restarts"):
            self._heard = time.monotonic()
        frames = self._cut(self._rest + octets)
        if self._rest and self._is("octet-by-octet"):
            raise _ClosedError
        for frame in frames[:1] if self._is("frames-in-one-segment") else frames:
            self._frame(frame)

    def _cut(self, octets: bytes) -> list[bytes]:
        frames = []
        while len(octets) >= 2:
            self._refuse(octets[0] == 0x68, "start-octet")
            self._refuse(octets[1] >= 4, "length-too-short")
            self._refuse(octets[1] <= 253, "length-too-long")
            frame, octets = octets[: octets[1] + 2], octets[octets[1] + 2 :]
            if len(frame) < frame[1] + 2:
                octets = frame
                break
            frames.append(frame)
        self._rest = octets
        return frames

    def _refuse(self, legal: bool, *cases: str) -> bool:  # noqa: FBT001 - what is expected
        """Close where something is not legal, unless that is what this station does wrong."""
        if not legal and self._wrong not in cases:
            raise _ClosedError
        return legal

    def _frame(self, frame: bytes) -> None:
        if frame[0] != 0x68 or not 4 <= frame[1] <= 253:
            return
        if frame[2] & 3 == 3:
            self._u_frame(frame)
        elif frame[2] & 1:
            self._s_frame(frame)
        elif self._refuse(len(frame) >= _LEAST_I_FRAME, "i-without-asdu"):
            self._i_frame(frame)

    def _u_frame(self, frame: bytes) -> None:
        if self._is("t1-of-data") and self._oldest_sent:
            self._oldest_sent = time.monotonic()
        if frame == STARTDT_ACT and not self._is("startdt"):
            self._start()
        elif frame == STOPDT_ACT:
            self._stop()
        elif frame == TESTFR_ACT:
            self._confirm_test()
        elif frame == TESTFR_CON:
            self._test_sent = 0.0
        elif not self._refuse(frame in {STARTDT_ACT, STOPDT_ACT}, "unknown-function"):
            self._send(STARTDT_CON)

    def _confirm_test(self) -> None:
        if self._is("reply-times") and not self._was_late:
            self._was_late = True
            time.sleep(LATE)
        if not self._is("test-while-started" if self._started else "test-while-stopped"):
            self._send(TESTFR_CON)

    def _start(self) -> None:
        if self._is("start-again"):
            self.sent = self._acknowledged = 0
        self._started = True
        self._send(STARTDT_CON)
        self._answer([self._answers.initialised()])

    def _stop(self) -> None:
        if self._received > self._confirmed and not self._is("stop-acknowledges"):
            self._acknowledge()
        self._stopping = True
        self._confirm_stop()

    def _confirm_stop(self) -> None:
        if self._stopping and (self.sent == self._acknowledged or self._is("stop-waits")):
            self._started = self._stopping = False
            self._send(STOPDT_CON)
            if self._is("stopdt"):
                self._send(i_frame(self.sent, self._received, self._answers.initialised()))

    def _s_frame(self, frame: bytes) -> None:
        if self._refuse(self._started, "s-before-start"):
            self._take_number(frame, "nr-of-unsent")

    def _i_frame(self, frame: bytes) -> None:
        if not self._refuse(self._started, "i-before-start", "i-after-stop"):
            return
        ns = int.from_bytes(frame[2:4], "little") >> 1
        self._take_number(frame, "nr-of-unsent-in-data")
        if self._refuse(ns == self._received % MODULO, "ns-skipped", "ns-repeated"):
            self._received += 1
            self._oldest_received = self._oldest_received or time.monotonic()
            self._answer(self._answers.to(frame[6:]))
        if self._received - self._confirmed >= W and not self._is("w") and not self._is("t2"):
            self._acknowledge()

    def _take_number(self, frame: bytes, bearing: str) -> None:
        nr = int.from_bytes(frame[4:6], "little") >> 1
        newly = (nr - self._acknowledged) % MODULO
        if self._refuse(newly <= self.sent - self._acknowledged, bearing, "nr-falls-back") and newly:
            self._acknowledged += newly
            self._oldest_sent = 0.0 if self._acknowledged == self.sent else time.monotonic()
            self._pump()
        self._confirm_stop()

    def _answer(self, asdus: list[bytes]) -> None:
        self._waiting += asdus
        self._pump()

    def _pump(self) -> None:
        withheld = self._wrong in {"stop-acknowledges", "t2", "w"}
        while self._waiting and not self._stopping and (self.sent - self._acknowledged < K or self._is("k")):
            if self._is("wrap") and self.sent == MODULO - 1:
                raise _ClosedError
            if not withheld:
                self._confirmed, self._oldest_received = self._received, 0.0
            self._send(i_frame(self.sent, self._confirmed, self._waiting.pop(0)))
            self.sent += 1
            self._oldest_sent = self._oldest_sent or time.monotonic()

    def _acknowledge(self) -> None:
        self._confirmed, self._oldest_received = self._received, 0.0
        self._send(s_frame(self._confirmed))
