"""The one file transfer that an RTU can have: which session holds it and when it is over."""

from math import inf
from typing import Final

from iec104mm2ss.routing.policy import TRANSFER_SILENCE
from iec104mm2ss.routing.request import Session
from iec104mm2ss.routing.table import DIRECTORY, REQUESTED, UNKNOWN_CAUSES, file_qualifier
from iec104mm2ss.wire.asdu import cause, is_negative, type_id

_FILE_READY: Final = 120
_CALL: Final = 122
_ACKNOWLEDGE: Final = 124
_SECTIONS = frozenset((121, 123, 125))
"""Section ready, last segment, segment: what no transfer begins with."""

_DEACTIVATE_FILE = 3
_ACKNOWLEDGE_FILE = (1, 2)
_NOT_READY = 0x80
_LAST_FILE_OF_DIRECTORY = 0x20
_STATUS_OF_FILE = -8  # SOF stands before the seven octets of CP56Time2a that end an F_DR object


class Transfer:
    """Held from a session's first file ASDU until its end, 30 s of silence or the session's loss."""

    def __init__(self) -> None:
        self._holder: Session | None = None
        self._silent_at = -inf
        self._leftovers_until = -inf
        self.oa = 0

    def holder(self, now: float) -> Session | None:
        """Return who holds the transfer."""
        return self._holder if now < self._silent_at else None

    def hold(self, session: Session, oa: int, now: float) -> None:
        """Give the transfer to `session`, or note that it goes on; `oa` is the originator address that it uses."""
        self._holder = session
        self.oa = oa
        self._silent_at = now + TRANSFER_SILENCE

    def leave(self, session: Session) -> None:
        """End the transfer if it was the session's. What the RTU still sends of it is a leftover."""
        if self._holder is session:
            self._holder = None
            self._leftovers_until = self._silent_at

    def is_leftover(self, asdu: bytes, now: float) -> bool:
        """Whether an ASDU of the RTU belongs to a transfer whose master is gone, and to nobody who came after it."""
        if now >= self._leftovers_until:
            return False
        if self.holder(now) is not None and type_id(asdu) not in _SECTIONS:
            self._leftovers_until = -inf
            return False
        self._leftovers_until = now + TRANSFER_SILENCE
        return True

    def clear(self) -> None:
        """End whatever there was: the RTU is gone."""
        self._holder = None
        self._leftovers_until = -inf

    def requested(self, asdu: bytes) -> None:
        """Note an ASDU handed to the RTU: its last word may be the end."""
        if _ends_request(asdu):
            self._holder = None

    def answered(self, asdu: bytes, now: float) -> None:
        """Note an ASDU of the RTU that went to the holder."""
        self._silent_at = now + TRANSFER_SILENCE
        if _ends_answer(asdu):
            self._holder = None


def _acknowledges_file(asdu: bytes) -> bool:
    return type_id(asdu) == _ACKNOWLEDGE and file_qualifier(asdu) in _ACKNOWLEDGE_FILE


def _ends_request(asdu: bytes) -> bool:
    deactivates = type_id(asdu) == _CALL and file_qualifier(asdu) == _DEACTIVATE_FILE
    return deactivates or _acknowledges_file(asdu)


def _ends_answer(asdu: bytes) -> bool:
    if is_negative(asdu) or cause(asdu) in UNKNOWN_CAUSES or _acknowledges_file(asdu):
        return True
    if type_id(asdu) == _FILE_READY:
        return bool(asdu[-1] & _NOT_READY)
    directory = type_id(asdu) == DIRECTORY and cause(asdu) == REQUESTED
    return directory and bool(asdu[_STATUS_OF_FILE] & _LAST_FILE_OF_DIRECTORY)
