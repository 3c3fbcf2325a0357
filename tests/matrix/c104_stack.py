"""lib60870 (c104) as an RTU and as a master of the matrix."""

from collections.abc import Callable

import c104

from tests.matrix.c104_peers import TESTFR_ACT, TESTFR_CON, C104Master, C104Rtu
from tests.matrix.objects import objects
from tests.matrix.points import (
    COMMANDS,
    EVENTS,
    MARKER,
    MARKER_IOA,
    REFUSED,
    REFUSED_IOA,
    RTU_CA,
    SELECTED,
    TAGGED_COMMANDS,
    UNKNOWN_IOA,
    VALUES,
    Control,
    Signal,
)
from tests.program import eventually
from tests.station import initialised, is_select

OA = 7
PAIR_IOA = 500
COMMAND_TIMEOUT_MS = 500
MODES = {False: c104.CommandMode.DIRECT, True: c104.CommandMode.SELECT_AND_EXECUTE}


def _sends(attempt: Callable[[], bool]) -> None:
    """Try until it is done: on a busy machine c104 at times says no and has sent nothing."""
    eventually(attempt, "c104 sends")


class Rtu(C104Rtu):
    """Tests an idle connection after a second."""

    def __init__(self) -> None:
        super().__init__(RTU_CA)
        self.server.protocol_parameters.keep_alive_interval = 1
        self._points = {signal.ioa: self.point(signal.ioa, signal.kind) for signal in (*VALUES, *EVENTS)}
        for signal in (*VALUES, *EVENTS):
            self._points[signal.ioa].info = signal.c104
        self._pair = self.point(PAIR_IOA, MARKER.kind)
        self._marker = self.point(MARKER_IOA, MARKER.kind)
        for control in (*COMMANDS, *TAGGED_COMMANDS):
            for ioa in control.addresses:
                self.command(ioa, control.kind, MODES[ioa > SELECTED])
        self.command(REFUSED_IOA, REFUSED.kind, c104.CommandMode.DIRECT)
        self.refused.add(REFUSED_IOA)

    @property
    def heard(self) -> list[bytes]:
        return [single for asdu in self.asdus for single in objects(asdu)]

    @property
    def said(self) -> list[bytes]:
        return [single for asdu in self.sent for single in objects(asdu)]

    def start(self) -> None:
        self.listen()

    def close(self) -> None:
        self.silence()

    def listen(self) -> None:
        self.server.start()

    def silence(self) -> None:
        self.server.stop()

    def report(self, signal: Signal) -> None:
        _sends(lambda: self._points[signal.ioa].transmit(c104.Cot.SPONTANEOUS))

    def report_together(self) -> None:
        """Send two single points in one ASDU."""
        points = [self._points[MARKER.ioa], self._pair]
        _sends(lambda: self.server.transmit_batch(c104.Batch(c104.Cot.SPONTANEOUS, points)))

    def mark(self) -> None:
        _sends(lambda: self._marker.transmit(c104.Cot.SPONTANEOUS))

    def wait_tested(self) -> None:
        self.tests_sent.clear()
        self.tests_heard.clear()
        eventually(lambda: TESTFR_ACT in self.tests_sent and TESTFR_CON in self.tests_heard, "TESTFR con for ours")


class Master(C104Master):
    oa = OA

    def __init__(self, port: int, ca: int) -> None:
        super().__init__(port, ca, command_timeout_ms=COMMAND_TIMEOUT_MS)
        self.client.originator_address = OA
        self._points = {signal.ioa: self.point(signal.ioa, signal.kind) for signal in (*VALUES, *EVENTS)}
        self._controls = {
            ioa: self._control(control, ioa) for control in (*COMMANDS, *TAGGED_COMMANDS) for ioa in control.addresses
        }
        for ioa in (REFUSED_IOA, UNKNOWN_IOA):
            self._controls[ioa] = self._control(REFUSED, ioa)
        self.client.start()

    def _control(self, control: Control, ioa: int) -> c104.Point:
        point = self.point(ioa, control.kind, MODES[SELECTED < ioa < REFUSED_IOA])
        point.info = control.c104
        return point

    @property
    def heard(self) -> list[bytes]:
        return [single for asdu in self.asdus for single in objects(asdu)]

    @property
    def said(self) -> list[bytes]:
        return [single for asdu in self.sent for single in objects(asdu)]

    def connect(self) -> None:
        self.connection.connect()
        eventually(lambda: self.is_open() and initialised(self.ca) in self.asdus, "M_EI")

    def disconnect(self) -> None:
        self.connection.disconnect()

    def close(self) -> None:
        self.client.stop()

    def interrogate(self) -> None:
        _sends(lambda: self.connection.interrogation(self.ca, wait_for_response=False))

    def interrogate_counters(self) -> None:
        _sends(lambda: self.connection.counter_interrogation(self.ca, wait_for_response=False))

    def read(self, signal: Signal) -> None:
        before = len(self.sent)
        _sends(lambda: self._points[signal.ioa].read() or len(self.sent) > before)

    def synchronise(self) -> None:
        _sends(lambda: self.connection.clock_sync(self.ca, wait_for_response=False))

    def test(self) -> None:
        _sends(lambda: self.connection.test(self.ca, wait_for_response=False))

    def command(self, control: Control, ioa: int) -> None:
        """Send it to this address, after its select where that is the address's mode.

        c104 misses an answer that comes before it waits, and then goes without the execute.
        """
        before = len(self.sent)
        point = self._controls[ioa]
        _sends(lambda: point.transmit(c104.Cot.ACTIVATION) or self._has_executed(before))

    def _has_executed(self, since: int) -> bool:
        return any(not is_select(asdu) for asdu in self.sent[since:])

    def shows(self, signal: Signal) -> bool:
        """Whether c104 has understood the value."""
        return str(self._points[signal.ioa].value) == str(signal.c104.value)

    def wait_tested(self) -> None:
        self.tests_sent.clear()
        self.tests_heard.clear()
        eventually(
            lambda: TESTFR_ACT in self.tests_heard and TESTFR_CON in self.tests_sent, "TESTFR act of the gateway"
        )
