"""The IEC 60870-5-104 state machine of one connection, for either role; no clock, no socket."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from iec104mm2ss.link.errors import LinkBugError, MisuseError, PeerError
from iec104mm2ss.link.events import Closed, Discarded, Started, StartRequested, Stopped, StopRequested, acknowledged
from iec104mm2ss.link.report import Report
from iec104mm2ss.link.sequence import ReceiveWindow, SendWindow, fifteen_bit
from iec104mm2ss.link.states import TRANSITIONS, Role, State, Trigger
from iec104mm2ss.link.timers import Quota, Timers
from iec104mm2ss.wire.apci import Framer, UFunction, encode_i, encode_s, encode_u, lone_s_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iec104mm2ss.link.events import Event
    from iec104mm2ss.link.parameters import LinkParameters

_TEST_FRAMES_PER_SECOND = 50
_ILLEGAL_U_FRAMES_PER_T1 = 2
_NO_CONTROL = -1
# A name of this module is found in a tenth of the time that a member of an Enum takes.
_STARTED = State.STARTED
_STOPPING = State.STOPPING
_CLOSED = State.CLOSED
_CONTROLLED = Role.CONTROLLED
_RECEIVABLE = {
    Role.CONTROLLED: frozenset(UFunction),
    Role.CONTROLLING: frozenset(UFunction) - {UFunction.STARTDT_ACT, UFunction.STOPDT_ACT},
}


class Link:
    """One connection, from its TCP connect (`now`) to its `Closed` event.

    The shell's step: call `receive` (or `send`, `start`, ..., or `on_deadline` at `next_deadline`), write what
    `take_output` gives, re-arm one timer for `next_deadline`, act on the events. After a `Closed` event it writes the
    rest of the output and closes the connection. `now` is monotonic seconds and never decreases.

    CONTROLLING: `start` and `stop` are answered by the events Started and Stopped. CONTROLLED: StartRequested waits for
    `start`, which confirms at once and has no event; StopRequested needs no answer.

    `withhold` = True makes received I-frames wait for `release` before they are acknowledged; set back to False, those
    received later are released with the last one held. STOPDT act releases all: it must be preceded by the S-frame.

    Methods raise MisuseError where role or state forbid them, and change nothing then. What the peer does wrong never
    raises: it is a Closed event, or a Tolerated one.
    """

    __slots__ = (
        "_framer",
        "_illegal",
        "_output",
        "_receive_window",
        "_report",
        "_send_window",
        "_state",
        "_tests",
        "_timers",
        "close_reason",
        "parameters",
        "role",
        "withhold",
    )

    def __init__(self, role: Role, parameters: LinkParameters, now: float) -> None:
        self.role = role
        self.parameters = parameters
        self.withhold = False
        self.close_reason: str | None = None
        self._state = State.STOPPED
        self._framer = Framer()
        self._report = Report()
        self._output: list[bytes] = []
        self._send_window = SendWindow(parameters.k)
        self._receive_window = ReceiveWindow(parameters.w, parameters.t2)
        self._timers = Timers(parameters, now)
        self._tests = Quota(_TEST_FRAMES_PER_SECOND, 1.0)
        self._illegal = Quota(_ILLEGAL_U_FRAMES_PER_T1, parameters.t1)

    @property
    def state(self) -> State:
        """Where data transfer stands."""
        return self._state

    @property
    def window(self) -> int:
        """I-frames that `send` takes now: 0 unless STARTED, at most k."""
        return self._send_window.free if self._state is _STARTED else 0

    @property
    def heard(self) -> float:
        """When the last complete frame came; the connect if none has."""
        return self._timers.heard

    @property
    def incomplete(self) -> bytes:
        """What has come of an APDU that is not yet whole: whoever starts to listen here needs it to find the next."""
        return self._framer.rest

    @property
    def held(self) -> int:
        """I-frames that wait for `release`."""
        return self._receive_window.held

    @property
    def due(self) -> tuple[float, float, float]:
        """When t1, t2 and t3 run out (monotonic seconds), `math.inf` where they do not run."""
        if self._state is State.CLOSED:
            return math.inf, math.inf, math.inf
        t1 = min(self._send_window.since + self.parameters.t1, self._timers.promised)
        return t1, self._receive_window.due, self._timers.test_due

    @property
    def sent(self) -> int:
        """I-frames sent since the connect."""
        return self._send_window.sent

    @property
    def acknowledged(self) -> int:
        """I-frames of ours that the peer has acknowledged."""
        return self._send_window.acknowledged

    @property
    def outstanding(self) -> int:
        """I-frames of ours that the peer has not acknowledged, 0..k."""
        return self._send_window.outstanding

    @property
    def received(self) -> int:
        """I-frames received, the discarded ones included."""
        return self._receive_window.received

    @property
    def released(self) -> int:
        """Received I-frames that may be acknowledged, counted since the connect."""
        return self._receive_window.released

    @property
    def confirmed(self) -> int:
        """Received I-frames that our N(R) has acknowledged."""
        return self._receive_window.confirmed

    def start(self, now: float) -> None:
        """CONTROLLING, STOPPED: ask for data transfer. CONTROLLED, STARTING: confirm it."""
        self._request(Trigger.START)
        if self.role is Role.CONTROLLING:
            self._emit(encode_u(UFunction.STARTDT_ACT), now)
            self._timers.act_sent("STARTDT act", now)
        else:
            self._emit(encode_u(UFunction.STARTDT_CON), now)

    def stop(self, now: float) -> None:
        """CONTROLLING, STARTED: acknowledge everything and ask to stop; I-frames still come until Stopped."""
        self._request(Trigger.STOP)
        self._acknowledge_everything(now)
        self._emit(encode_u(UFunction.STOPDT_ACT), now)
        self._timers.act_sent("STOPDT act", now)

    def send(self, asdus: Sequence[bytes], now: float) -> None:
        """Send at most `window` ASDUs; ValueError for one that is not 6..249 octets long."""
        if self._state is not _STARTED or len(asdus) > self._send_window.free:
            raise MisuseError(self.role, self._state, f"send() of {len(asdus)} ASDUs, window {self.window}")
        if not asdus:
            return
        window = self._send_window
        octets = encode_i(window.ns, self._receive_window.nr, asdus)
        self._receive_window.confirm()
        window.add(len(asdus), now)
        self._emit(octets, now)

    def test(self, now: float) -> None:
        """Send TESTFR act, unless one is unconfirmed already."""
        if self._state is State.CLOSED:
            raise MisuseError(self.role, self._state, "test()")
        if not self._timers.testing:
            self._emit(encode_u(UFunction.TESTFR_ACT), now)
            self._timers.test_sent(now)

    def release(self, n: int, now: float) -> None:
        """Let the oldest `n` held I-frames be acknowledged, at once if w or t2 have run out; ignored when CLOSED."""
        if self._state is State.CLOSED:
            return
        if not 0 <= n <= self.held:
            raise MisuseError(self.role, self._state, f"release() of {n} I-frames, {self.held} held")
        self._receive_window.release(n)
        self._acknowledge_if_due(now)

    def take_output(self) -> bytes:
        """The octets to write, once."""
        if not self._output:
            return b""
        output = b"".join(self._output)
        self._output.clear()
        return output

    def next_deadline(self) -> float:
        """When `on_deadline` is to be called, `math.inf` = never."""
        if self._state is State.CLOSED:
            return math.inf
        oldest_due = self._send_window.since + self.parameters.t1
        return min(self._timers.earliest(), oldest_due, self._receive_window.due)

    def on_deadline(self, now: float) -> list[Event]:
        """Do everything that is due at `now`, however long ago it fell due."""
        if self._state is State.CLOSED:
            return []
        reason = self._broken_promise(now)
        if reason is not None:
            self._close(reason)
            return self._report.take()
        self._acknowledge_if_due(now)
        if now >= self._timers.test_due:
            self.test(now)
        return []

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what TCP delivered; frames before a fault are processed. Nothing comes back once CLOSED."""
        if self._state is _CLOSED:
            return []
        try:
            if self._state is _STARTED and not self._framer.rest and (nr := lone_s_frame(data)) >= 0:
                return self._take_lone_s_frame(nr, now)
            self._take(data, now)
        except PeerError as fault:
            self._close(str(fault))
        return self._report.take()

    def receive_eof(self, now: float) -> list[Event]:
        """The peer has closed its side; a link has no half-open state."""
        if self._state is State.CLOSED:
            return []
        pending = self._framer.pending
        within = f" within an APDU ({pending} octets of it came)" if pending else ""
        self._close(f"closed by peer{within}, {now - self.heard:.1f} s after the last frame")
        return self._report.take()

    def _take_lone_s_frame(self, nr: int, now: float) -> list[Event]:
        """Go a short way with most of what masters send: it has one outcome, and nothing to collect or to answer."""
        self._timers.frames_received(now)
        count = self._send_window.acknowledge(nr)
        return [acknowledged(count)] if count else []

    def _take(self, data: bytes, now: float) -> None:
        controls, asdus = self._framer.feed(data)
        if controls:
            self._timers.frames_received(now)
            self._accept(controls, asdus, now)
        if self._framer.fault is not None:
            raise PeerError(self._framer.fault)
        self._acknowledge_if_due(now)
        self._timers.framed(self._framer.pending, now, progress=bool(controls))

    def _accept(self, controls: list[int], asdus: list[bytes], now: float) -> None:
        # Nearly all are I-frames in sequence that acknowledge nothing new: their control octets are known beforehand.
        expected = self._expected_control()
        if controls == list(range(expected, expected + 2 * len(controls), 2)):
            self._deliver(asdus, now)
        else:
            self._accept_mixed(controls, asdus, now)

    def _accept_mixed(self, controls: list[int], asdus: list[bytes], now: float) -> None:
        run: list[bytes] = []
        expected = self._expected_control()
        for control, asdu in zip(controls, asdus, strict=True):
            if control == expected:
                run.append(asdu)
                expected += 2  # after 32767 the carry fits no regular frame, so that `_frame` takes the next
                continue
            if run:
                self._deliver(run, now)
                run = []
            self._frame(control, asdu, now)
            expected = self._expected_control()
        if run:
            self._deliver(run, now)

    def _expected_control(self) -> int:
        if not self._carries_data:
            return _NO_CONTROL
        return fifteen_bit(self._receive_window.received) << 1 | fifteen_bit(self._send_window.acknowledged) << 17

    def _frame(self, control: int, asdu: bytes, now: float) -> None:
        if control & 1 == 0:
            self._i_frame(control, asdu, now)
        elif control & 2 == 0:
            self._s_frame(control, now)
        else:
            self._u_frame(control, now)

    def _i_frame(self, control: int, asdu: bytes, now: float) -> None:
        self._expect_data("I-frame")
        ns = (control & 0xFFFF) >> 1
        expected = fifteen_bit(self._receive_window.received)
        if ns != expected:
            raise PeerError(f"N(S) {ns} where {expected} was expected")
        self._acknowledged_by(control)
        self._deliver([asdu], now)
        self._confirm_stop(now)

    def _s_frame(self, control: int, now: float) -> None:
        if control & 0xFF != 0x01:
            raise PeerError(f"S-frame with first octet 0x{control & 0xFF:02X} instead of 0x01")
        self._expect_data("S-frame")
        if control & 0xFF00:
            self._report.tolerated(f"S-frame with second octet 0x{control >> 8 & 0xFF:02X} instead of 0x00")
        self._acknowledged_by(control)
        self._confirm_stop(now)

    def _expect_data(self, name: str) -> None:
        if not self._carries_data:
            raise PeerError(f"{name} while {self._state.name}")

    @property
    def _carries_data(self) -> bool:
        return self._state is _STARTED or self._state is _STOPPING

    def _acknowledged_by(self, control: int) -> None:
        if control & 0x10000:
            self._report.tolerated(f"bit 0 of the N(R) octets set, with N(R) {control >> 17}")
        self._report.acknowledged(self._send_window.acknowledge(control >> 17))

    def _deliver(self, asdus: list[bytes], now: float) -> None:
        stopping = self._state is _STOPPING
        self._receive_window.add(len(asdus), now, hold=self.withhold and not stopping)
        if stopping and self.role is _CONTROLLED:
            self._report.add(Discarded(len(asdus)))
        else:
            self._report.received(asdus)
        if stopping:
            self._acknowledge(now)

    def _u_frame(self, control: int, now: float) -> None:
        octet = control & 0xFF
        if octet not in _RECEIVABLE[self.role]:
            self._illegal_u_frame(octet, now)
            return
        if control > octet:
            self._report.tolerated(f"U-frame 0x{octet:02X} with octets 2 to 4 not zero ({control >> 8:#x})")
        match octet:
            case UFunction.TESTFR_ACT:
                self._test_act(now)
            case UFunction.TESTFR_CON:
                self._test_con()
            case UFunction.STARTDT_ACT:
                self._startdt_act(now)
            case UFunction.STOPDT_ACT:
                self._stopdt_act(now)
            case UFunction.STARTDT_CON:
                self._confirmation(Trigger.STARTDT_CON, Started())
            case _:
                self._confirmation(Trigger.STOPDT_CON, Stopped())

    def _illegal_u_frame(self, octet: int, now: float) -> None:
        text = f"illegal U-frame 0x{octet:02X}"
        if self.role is Role.CONTROLLED:
            raise PeerError(text)
        if self._illegal.exceeded_by(now):
            raise PeerError(f"{text}, the third within t1 ({self.parameters.t1:g} s)")
        self._report.tolerated(text)

    def _test_act(self, now: float) -> None:
        if self._tests.exceeded_by(now):
            raise PeerError(f"more than {_TEST_FRAMES_PER_SECOND} TESTFR act within a second")
        self._emit(encode_u(UFunction.TESTFR_CON), now)
        self._report.tested()

    def _test_con(self) -> None:
        if not self._timers.testing and self.role is Role.CONTROLLING:
            self._report.tolerated("TESTFR con without TESTFR act")
        self._timers.test_confirmed()

    def _startdt_act(self, now: float) -> None:
        if self._state is State.STOPPED:
            self._move(Trigger.STARTDT_ACT)
            self._report.add(StartRequested())
        elif self._state is State.STARTED:
            self._emit(encode_u(UFunction.STARTDT_CON), now)
        elif self._state is State.STOPPING:
            raise PeerError("STARTDT act before the STOPDT act was confirmed")

    def _stopdt_act(self, now: float) -> None:
        if self._state is State.STOPPED:
            self._emit(encode_u(UFunction.STOPDT_CON), now)
        elif self._state is not State.STOPPING:
            self._move(Trigger.STOPDT_ACT)
            self._report.add(StopRequested())
            self._acknowledge_everything(now)
            self._confirm_stop(now)

    def _confirm_stop(self, now: float) -> None:
        if self._state is _STOPPING and self.role is _CONTROLLED and not self._send_window.outstanding:
            self._emit(encode_u(UFunction.STOPDT_CON), now)
            self._move(Trigger.ALL_ACKNOWLEDGED)
            self._report.add(Stopped())

    def _confirmation(self, trigger: Trigger, event: Started | Stopped) -> None:
        if self._allows(trigger):
            self._move(trigger)
            self._timers.act_confirmed()
            self._report.add(event)
        elif self.role is Role.CONTROLLED:
            raise PeerError(f"{trigger.value} without its act")
        else:
            self._report.tolerated(f"{trigger.value} without its act")

    def _acknowledge_if_due(self, now: float) -> None:
        if self._receive_window.must_acknowledge(now):
            self._acknowledge(now)

    def _acknowledge_everything(self, now: float) -> None:
        window = self._receive_window
        window.release(window.held)
        if window.released > window.confirmed:
            self._acknowledge(now)

    def _acknowledge(self, now: float) -> None:
        self._emit(encode_s(self._receive_window.nr), now)
        self._receive_window.confirm()

    def _emit(self, octets: bytes, now: float) -> None:
        self._output.append(octets)
        self._timers.frames_sent(now)

    def _broken_promise(self, now: float) -> str | None:
        window, t1 = self._send_window, self.parameters.t1
        if now >= window.since + t1:
            ns = fifteen_bit(window.acknowledged)
            return f"N(S) {ns} not acknowledged within t1 ({t1:g} s), {window.outstanding} outstanding"
        return self._timers.broken_promise(now)

    def _close(self, reason: str) -> None:
        self._move(Trigger.CLOSE)
        self.close_reason = reason
        self._report.add(Closed(reason))

    def _allows(self, trigger: Trigger) -> bool:
        return trigger in TRANSITIONS[self.role, self._state]

    def _request(self, trigger: Trigger) -> None:
        if not self._allows(trigger):
            raise MisuseError(self.role, self._state, trigger.value)
        self._move(trigger)

    def _move(self, trigger: Trigger) -> None:
        following = TRANSITIONS[self.role, self._state].get(trigger)
        if following is None:
            raise LinkBugError(self.role, self._state, trigger.value)
        self._state = following
