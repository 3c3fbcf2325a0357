"""ASDUs for the tests, and a controlled station that answers them as real RTUs do, tidy or not."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.endpoint import Connection

ACT, ACTCON, DEACT, DEACTCON, ACTTERM = 6, 7, 8, 9, 10
SPONTANEOUS, REQUESTED, INTERROGATED, COUNTED = 3, 5, 20, 37
UNKNOWN_TYPE, UNKNOWN_CAUSE, UNKNOWN_CA, UNKNOWN_IOA = 44, 45, 46, 47
NEGATIVE, TEST = 0x40, 0x80
SELECT = 0x80
BROADCAST_CA = 65535
TIME_TAGGED_COMMANDS = frozenset(range(58, 65))
COMMANDS = TIME_TAGGED_COMMANDS | set(range(45, 52))
WITHOUT_SELECT = frozenset({51, 64})
TIME = bytes.fromhex("e80300010b0506")  # CP56Time2a 2006-05-11 01:00:01.000


def asdu(type_id: int, cause: int, ca: int, objects: bytes, *, oa: int = 0, vsq: int = 1) -> bytes:
    """Build an ASDU; the cause takes NEGATIVE and TEST, the objects start with their IOA."""
    return bytes((type_id, vsq, cause, oa)) + ca.to_bytes(2, "little") + objects


def address(ioa: int) -> bytes:
    return ioa.to_bytes(3, "little")


def single_point(ca: int, ioa: int, value: int = 1, *, cause: int = SPONTANEOUS, oa: int = 0) -> bytes:
    """M_SP_NA_1, by default spontaneous."""
    return asdu(1, cause, ca, address(ioa) + bytes((value,)), oa=oa)


def interrogation(ca: int, cause: int = ACT, *, qualifier: int = 20, oa: int = 0) -> bytes:
    """C_IC_NA_1, by default of the whole station."""
    return asdu(100, cause, ca, address(0) + bytes((qualifier,)), oa=oa)


def counter_interrogation(ca: int, cause: int = ACT, *, qualifier: int = 5, oa: int = 0) -> bytes:
    """C_CI_NA_1, by default a general read without freeze."""
    return asdu(101, cause, ca, address(0) + bytes((qualifier,)), oa=oa)


def single_command(ca: int, ioa: int, order: int = 1, cause: int = ACT, *, oa: int = 0) -> bytes:
    """C_SC_NA_1; `order` is the SCO octet, so `SELECT | 1` selects ON."""
    return asdu(45, cause, ca, address(ioa) + bytes((order,)), oa=oa)


def clock(ca: int, cause: int = ACT, *, oa: int = 0) -> bytes:
    """C_CS_NA_1."""
    return asdu(103, cause, ca, address(0) + TIME, oa=oa)


def read(ca: int, ioa: int, *, oa: int = 0) -> bytes:
    """C_RD_NA_1."""
    return asdu(102, REQUESTED, ca, address(ioa), oa=oa)


def initialised(ca: int) -> bytes:
    """M_EI_NA_1 with cause initialised and COI 0, as the gateway sends it to a master that starts."""
    return asdu(70, 4, ca, bytes(4))


def with_header(original: bytes, *, cause: int | None = None, oa: int | None = None, ca: int | None = None) -> bytes:
    """Return the ASDU with the given parts of its header replaced."""
    new_cause = original[2] if cause is None else cause
    new_oa = original[3] if oa is None else oa
    new_ca = original[4:6] if ca is None else ca.to_bytes(2, "little")
    return original[:2] + bytes((new_cause, new_oa)) + new_ca + original[6:]


def type_and_cause(octets: bytes) -> tuple[int, int]:
    """Return (type id, cause with its P/N and T bits): what a sequence of answers is compared by."""
    return octets[0], octets[2]


def common_address(octets: bytes) -> int:
    return int.from_bytes(octets[4:6], "little")


def is_select(request: bytes) -> bool:
    """Whether a command selects; the S/E bit is in the last octet before any time tag."""
    octets = request[:-7] if request[0] in TIME_TAGGED_COMMANDS else request
    return request[0] in COMMANDS - WITHOUT_SELECT and bool(octets[-1] & SELECT)


@dataclass
class Station:
    """Answers like an RTU. `requests` has what came, in order.

    `oa_of_confirmations` and `oa_of_data` replace the mirrored originator address; `delay` (s) goes before every
    answer; `one_interrogation` refuses a second one while the first runs; types in `silent_types` get no answer.
    """

    ca: int
    points: dict[int, int] = field(default_factory=lambda: {1: 1, 2: 0, 3: 1})
    counters: dict[int, int] = field(default_factory=lambda: {900: 7, 901: 8})
    oa_of_confirmations: int | None = None
    oa_of_data: int | None = None
    delay: float = 0
    one_interrogation: bool = False
    silent_types: set[int] = field(default_factory=set)
    requests: list[bytes] = field(default_factory=list)
    refused_interrogations: int = 0
    _interrogations: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, link: Connection, request: bytes) -> None:
        """Answer a request on the link; called by the thread that reads it."""
        ours = common_address(request) in {self.ca, BROADCAST_CA}
        if ours and request[0] == 100 and request[2] & 63 == ACT and request[0] not in self.silent_types:
            self._answer_interrogation(link, request)
        elif request[0] not in self.silent_types:
            link.post(self.delay, *self._answers(request))
        self.requests.append(request)

    def wait_idle(self, link: Connection, count: int) -> None:
        """Wait until at least `count` requests have come and everything that answers them has left."""
        link.wait_for(lambda: len(self.requests) >= count, f"{count} requests")
        link.wait_posted()

    def _answer_interrogation(self, link: Connection, request: bytes) -> None:
        with self._lock:
            if self._interrogations and self.one_interrogation:
                self.refused_interrogations += 1
                link.post(self._confirmation(request, ACTCON | NEGATIVE))
                return
            self._interrogations += 1
        values = [single_point(self.ca, ioa, value, cause=INTERROGATED) for ioa, value in self.points.items()]
        link.post(self._confirmation(request, ACTCON), self.delay, *self._data(request, values))
        link.post(self.delay, self._end_interrogation, self._confirmation(request, ACTTERM))

    def _end_interrogation(self) -> None:
        with self._lock:
            self._interrogations -= 1

    def _answers(self, request: bytes) -> list[bytes]:
        type_id, cause = request[0], request[2] & 63
        if common_address(request) not in {self.ca, BROADCAST_CA}:
            return [with_header(request, cause=UNKNOWN_CA | NEGATIVE)]
        if type_id == 102:
            return self._read(request)
        if cause == DEACT:
            return [self._confirmation(request, DEACTCON)]
        if cause != ACT:
            return [self._confirmation(request, UNKNOWN_CAUSE | NEGATIVE)]
        return self._activate(request)

    def _activate(self, request: bytes) -> list[bytes]:
        confirmation, termination = self._confirmation(request, ACTCON), self._confirmation(request, ACTTERM)
        if request[0] == 101:
            return [confirmation, *self._counters(request), termination]
        if request[0] in COMMANDS:
            return [confirmation] if is_select(request) else [confirmation, termination]
        if request[0] in {103, 104, 105, 107, 110, 111, 112, 113}:
            return [confirmation]
        return [self._confirmation(request, UNKNOWN_TYPE | NEGATIVE)]

    def _counters(self, request: bytes) -> Iterable[bytes]:
        values = (
            asdu(15, COUNTED, self.ca, address(ioa) + value.to_bytes(4, "little") + b"\0")
            for ioa, value in self.counters.items()
        )
        return self._data(request, values)

    def _read(self, request: bytes) -> list[bytes]:
        ioa = int.from_bytes(request[6:9], "little")
        if ioa not in self.points:
            return [self._confirmation(request, UNKNOWN_IOA | NEGATIVE)]
        return self._data(request, [single_point(self.ca, ioa, self.points[ioa], cause=REQUESTED)])

    def _confirmation(self, request: bytes, cause: int) -> bytes:
        oa = request[3] if self.oa_of_confirmations is None else self.oa_of_confirmations
        return with_header(request, cause=cause | request[2] & TEST, oa=oa, ca=self.ca)

    def _data(self, request: bytes, values: Iterable[bytes]) -> list[bytes]:
        oa = request[3] if self.oa_of_data is None else self.oa_of_data
        return [with_header(value, oa=oa) for value in values]
