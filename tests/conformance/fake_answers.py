"""What the fake station answers to a request, right in everything but the one point that it is named after."""

from __future__ import annotations

import time

from tests.station import (
    ACT,
    ACTCON,
    ACTTERM,
    BROADCAST_CA,
    COUNTED,
    DEACT,
    DEACTCON,
    INTERROGATED,
    NEGATIVE,
    REQUESTED,
    SELECT,
    TEST,
    UNKNOWN_CA,
    UNKNOWN_CAUSE,
    UNKNOWN_IOA,
    UNKNOWN_TYPE,
    address,
    asdu,
    common_address,
    initialised,
    with_header,
)

CA, SWITCH, COUNTER, BREAKER = 32, 1, 900, 100
SELECTED_FOR = 0.5
_GROUP_1 = 21
_SERVED = frozenset({45, 100, 101, 102, 103, 107})


class FakeAnswers:
    """One switch, which is in group 1, one counter, and a command that wants to be selected first."""

    def __init__(self, wrong: str) -> None:
        self._wrong = wrong
        self._selected = 0.0

    def initialised(self) -> bytes:
        return initialised(CA)

    def to(self, request: bytes) -> list[bytes]:
        cause = self._cause_of_refusal(request)
        if cause:
            return [] if self._wrong.startswith("unknown-") else [_mirror(request, cause | NEGATIVE)]
        if request[0] == 102:
            return self._read(request)
        if request[0] == 45:
            return self._command(request)
        if request[0] in {100, 101}:
            return self._interrogation(request)
        return self._confirmed(request)

    def _cause_of_refusal(self, request: bytes) -> int:
        expected = {REQUESTED} if request[0] == 102 else {ACT, DEACT}
        if request[0] not in _SERVED:
            return UNKNOWN_TYPE
        if request[2] & 63 not in expected:
            return UNKNOWN_CAUSE
        if common_address(request) not in {CA, BROADCAST_CA}:
            return UNKNOWN_CA
        known = {102: SWITCH, 45: BREAKER}.get(request[0], 0)
        if request[6:9] != address(known) and self._wrong != "command-unknown-object":
            return UNKNOWN_IOA
        return 0

    def _confirmed(self, request: bytes) -> list[bytes]:
        if self._wrong == "clock" and request[0] == 103:
            return []
        if self._wrong == "test-command" and request[0] == 107:
            request = request[:9] + b"\xff\xff" + request[11:]
        return [_mirror(request, ACTCON)]

    def _interrogation(self, request: bytes) -> list[bytes]:
        qualifier = request[9]
        cause = COUNTED if request[0] == 101 else qualifier
        if qualifier not in {INTERROGATED, _GROUP_1, 5}:
            return [_mirror(request, ACTCON | NEGATIVE)]
        if self._wrong == "interrogation-broadcast":
            return [with_header(request, cause=ACTCON), with_header(request, cause=ACTTERM)]
        if self._wrong == "test-bit":
            request = with_header(request, cause=request[2] & ~TEST)
        values = self._values(request, cause)
        if self._wrong == "interrogation":
            return [_mirror(request, ACTCON), *values]
        return [_mirror(request, ACTCON), *values, _mirror(request, ACTTERM)]

    def _values(self, request: bytes, cause: int) -> list[bytes]:
        oa = 0 if self._wrong == "originator-address" else request[3]
        if request[0] == 101:
            kind = 1 if self._wrong == "counters" else 15
            return [asdu(kind, cause, CA, address(COUNTER) + bytes(1 if kind == 1 else 5), oa=oa)]
        if self._wrong == "interrogation-groups":
            cause = INTERROGATED
        return [asdu(1, cause | request[2] & TEST, CA, address(SWITCH) + bytes(1), oa=oa)]

    def _read(self, request: bytes) -> list[bytes]:
        ioa = SWITCH + (self._wrong == "read")
        return [asdu(1, REQUESTED, CA, address(ioa) + bytes(1), oa=request[3])]

    def _command(self, request: bytes) -> list[bytes]:
        if request[2] & 63 == DEACT:
            if self._wrong != "select-and-cancel":
                self._selected = 0.0
            return [_mirror(request, DEACTCON)]
        if request[9] & SELECT:
            self._selected = time.monotonic()
            return [_mirror(request, ACTCON)]
        if not self._is_selected() and self._wrong != "command-direct":
            return [_mirror(request, ACTCON | NEGATIVE)]
        self._selected = 0.0
        terminated = self._wrong not in {"command-direct", "select-and-execute"}
        return [_mirror(request, ACTCON), *([_mirror(request, ACTTERM)] if terminated else [])]

    def _is_selected(self) -> bool:
        runs_out = self._wrong != "select-times-out"
        return self._selected > 0 and (not runs_out or time.monotonic() < self._selected + SELECTED_FOR)


def _mirror(request: bytes, cause: int) -> bytes:
    """Return the request with another cause, the T bit as it was, and the station's own common address for 65535."""
    ca = CA if common_address(request) == BROADCAST_CA else None
    return with_header(request, cause=cause | request[2] & TEST, ca=ca)
