"""What a case works with: the station under test, connections with it, and the evidence that they leave."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Final

from iec104mm2ss.conformance.evidence import Evidence
from iec104mm2ss.conformance.tester import Tester
from iec104mm2ss.conformance.verdict import FailedError, InconclusiveError
from iec104mm2ss.wire.apci import UFunction

if TYPE_CHECKING:
    from iec104mm2ss.conformance.subject import Subject

_BETWEEN_TRIES: Final = 0.1


class Bench:
    """The connections of one case; `close` ends them all."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.evidence = Evidence()
        self._testers: list[Tester] = []

    def connect(self) -> Tester:
        """Return a new connection, on which data transfer is stopped; tries again for a while where it is refused."""
        subject, deadline = self.subject, time.monotonic() + self.subject.patience
        while True:
            try:
                tester = self._dialled()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise InconclusiveError(f"no connection to {subject.where}: {error.strerror or error}") from None
                time.sleep(_BETWEEN_TRIES)
            else:
                self._testers.append(tester)
                return tester

    def _dialled(self) -> Tester:
        subject = self.subject
        sock = socket.create_connection((subject.host, subject.port), timeout=subject.patience)
        try:
            return Tester(sock, f"#{len(self._testers) + 1}", subject.parameters, self.evidence)
        except OSError:
            sock.close()
            raise

    def started(self, *, acknowledges: bool = True) -> Tester:
        """Return a new connection on which data transfer is started; that it can be is for another case to judge."""
        tester = self.connect()
        tester.acknowledges = acknowledges
        try:
            start(tester, self.subject.patience)
        except FailedError as error:
            raise InconclusiveError(f"data transfer cannot be started: {error}") from None
        return tester

    def close(self) -> None:
        """End the connections that are left."""
        for tester in self._testers:
            tester.close()


def start(tester: Tester, within: float) -> None:
    """STARTDT act and its confirmation."""
    tester.send_u(UFunction.STARTDT_ACT)
    tester.take_u(UFunction.STARTDT_CON, within)


def stop(tester: Tester, within: float) -> None:
    """STOPDT act and its confirmation; everything received is acknowledged first."""
    if tester.confirmed < tester.received:
        tester.acknowledge()
    tester.send_u(UFunction.STOPDT_ACT)
    tester.take_u(UFunction.STOPDT_CON, within)


def probe(tester: Tester, within: float) -> float:
    """TESTFR act and its confirmation; return the seconds between them."""
    began = time.monotonic()
    tester.send_u(UFunction.TESTFR_ACT)
    return tester.take_u(UFunction.TESTFR_CON, within).at - began
