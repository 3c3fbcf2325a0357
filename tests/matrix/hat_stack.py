"""hat-drivers as an RTU and as a master of the matrix."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

from hat.drivers import iec104
from hat.drivers.iec104.encoder import Encoder

from tests.endpoint import PATIENCE
from tests.matrix.hat_peers import HatMaster, HatRtu, Loop, data_message
from tests.matrix.points import (
    COMMANDS,
    HAT_WHEN,
    MARKER,
    MARKER_IOA,
    REFUSED_IOA,
    RTU_CA,
    SELECTED,
    TAGGED_COMMANDS,
    VALUES,
    Control,
    Signal,
)
from tests.program import eventually
from tests.station import ACTCON, initialised, type_and_cause

if TYPE_CHECKING:
    from collections.abc import Iterator

OA = 5
FRAMES = logging.getLogger("hat.drivers.iec60870.apci.transport")
ACTIVATION = iec104.CommandReqCause.ACTIVATION


def encoded(messages: list[Any]) -> list[bytes]:
    """Return the ASDUs that hat makes of messages, one of each: also of those that it has decoded."""
    return [bytes(asdu) for asdu in Encoder().encode(list(messages))]


class Rtu(HatRtu):
    """Tests its connection every second."""

    def __init__(self) -> None:
        super().__init__(RTU_CA, {signal.ioa: signal.hat for signal in VALUES})
        self.commands = {ioa for control in (*COMMANDS, *TAGGED_COMMANDS) for ioa in control.addresses}
        self.refused.add(REFUSED_IOA)
        self._loop = Loop()

    @property
    def heard(self) -> list[bytes]:
        return encoded(self.requests)

    @property
    def said(self) -> list[bytes]:
        return encoded(self.responses)

    def forget(self) -> None:
        self.requests.clear()
        self.responses.clear()

    def start(self) -> None:
        self._loop.__enter__()
        self.listen()

    def close(self) -> None:
        self.silence()
        self._loop.__exit__()

    def listen(self) -> None:
        self._loop.run(self.open(test_timeout=1))

    def silence(self) -> None:
        self._loop.run(self.stop())

    def report(self, signal: Signal) -> None:
        self._spontaneous(signal.ioa, signal)

    def mark(self) -> None:
        self._spontaneous(MARKER_IOA, MARKER)

    def _spontaneous(self, ioa: int, signal: Signal) -> None:
        spontaneous = iec104.DataResCause.SPONTANEOUS
        self._loop.run(self.send(data_message(RTU_CA, ioa, signal.hat, spontaneous, signal.tag)))

    def wait_tested(self) -> None:
        wait_frames(self.port, "send (APDUU function=TESTFR_ACT)", "receive (APDUU function=TESTFR_CON)")


class Master(HatMaster):
    oa = OA

    def __init__(self, port: int, ca: int) -> None:
        super().__init__()
        self.port = port
        self.ca = ca
        self._loop = Loop()
        self._loop.__enter__()

    @property
    def heard(self) -> list[bytes]:
        return encoded(self.messages)

    @property
    def said(self) -> list[bytes]:
        return encoded(self.requests)

    def connect(self) -> None:
        eventually(self._connects, "the hat master is connected")
        eventually(lambda: initialised(self.ca) in self.heard, "M_EI")

    def _connects(self) -> bool:
        with contextlib.suppress(OSError):
            self._loop.run(self.open(self.port))
            return True
        return False

    def disconnect(self) -> None:
        self._loop.run(self.stop())

    def close(self) -> None:
        self.disconnect()
        self._loop.__exit__()

    def _send(self, message: Any) -> None:  # noqa: ANN401  hat has no types
        self._loop.run(self.send(message))

    def interrogate(self) -> None:
        self._send(iec104.InterrogationMsg(False, OA, self.ca, 20, False, ACTIVATION))  # noqa: FBT003  hat's fields

    def interrogate_counters(self) -> None:
        freeze = iec104.FreezeCode.READ
        self._send(iec104.CounterInterrogationMsg(False, OA, self.ca, 5, freeze, False, ACTIVATION))  # noqa: FBT003

    def read(self, signal: Signal) -> None:
        self._send(iec104.ReadMsg(False, OA, self.ca, signal.ioa, iec104.ReadReqCause.REQUEST))  # noqa: FBT003

    def synchronise(self) -> None:
        now = iec104.time_from_datetime(dt.datetime.now(dt.UTC))
        cause = iec104.ClockSyncReqCause.ACTIVATION
        self._send(iec104.ClockSyncMsg(False, OA, self.ca, now, False, cause))  # noqa: FBT003

    def test(self) -> None:
        cause = iec104.ActivationReqCause.ACTIVATION
        self._send(iec104.TestMsg(False, OA, self.ca, 0x1234, HAT_WHEN, cause))  # noqa: FBT003

    def reset(self) -> None:
        cause = iec104.ActivationReqCause.ACTIVATION
        self._send(iec104.ResetMsg(False, OA, self.ca, 1, cause))  # noqa: FBT003

    def set_parameter(self, ioa: int) -> None:
        value = iec104.FloatingParameter(iec104.FloatingValue(1.5), 1)
        cause = iec104.ParameterReqCause.ACTIVATION
        self._send(iec104.ParameterMsg(False, OA, self.ca, ioa, value, cause))  # noqa: FBT003

    def command(self, control: Control, ioa: int) -> None:
        """Send it to this address, after its select where that is the address's mode."""
        if SELECTED < ioa < REFUSED_IOA:
            self._select(control, ioa)
        self._send(self._message(control, ioa))

    def select_and_cancel(self, control: Control, ioa: int) -> None:
        selecting = self._select(control, ioa)
        self._send(selecting._replace(cause=iec104.CommandReqCause.DEACTIVATION))

    def _select(self, control: Control, ioa: int) -> iec104.CommandMsg:
        """Select and wait for the confirmation; return the request."""
        before = len(self.messages)
        request = self._message(control, ioa)
        selecting = request._replace(command=request.command._replace(select=True))
        self._send(selecting)
        confirmed = control.type_id, ACTCON
        eventually(lambda: confirmed in map(type_and_cause, self.heard[before:]), f"{confirmed} in {self.heard}")
        return selecting

    def _message(self, control: Control, ioa: int) -> iec104.CommandMsg:
        return iec104.CommandMsg(False, OA, self.ca, ioa, control.hat, False, control.tag, ACTIVATION)  # noqa: FBT003

    def shows(self, signal: Signal) -> bool:
        """Whether the last message of the value's address means what hat would write."""
        last = next(message for message in reversed(self.messages) if message.io_address == signal.ioa)
        mine = last._replace(data=signal.hat, time=signal.tag)
        return encoded([last]) == encoded([mine])

    def wait_tested(self) -> None:
        wait_frames(self.port, "receive (APDUU function=TESTFR_ACT)", "send (APDUU function=TESTFR_CON)")


def wait_frames(port: int, *frames: str) -> None:
    """Wait until hat has logged these frames on a connection of this port, in this order."""
    with _watched(port) as seen:
        eventually(lambda: [text for text in seen if text in frames][: len(frames)] == [*frames], f"{frames}", PATIENCE)


@contextlib.contextmanager
def _watched(port: int) -> Iterator[list[str]]:
    watch = _Watch(port)
    before = FRAMES.level, FRAMES.propagate
    FRAMES.addHandler(watch)
    FRAMES.setLevel(logging.DEBUG)
    FRAMES.propagate = False
    try:
        yield watch.seen
    finally:
        FRAMES.removeHandler(watch)
        FRAMES.level, FRAMES.propagate = before


class _Watch(logging.Handler):
    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        meta: dict[str, Any] = record.__dict__["meta"]
        if self._port in {meta["local_addr"]["port"], meta["remote_addr"]["port"]}:
            self.seen.append(record.getMessage())
