"""The one file transfer that an RTU can have: which session holds it and when it is over."""

from math import inf

from iec104mm2ss.routing.policy import TRANSFER_SILENCE
from iec104mm2ss.routing.request import Session
from iec104mm2ss.routing.table import DIRECTORY, REQUESTED, file_qualifier
from iec104mm2ss.wire.asdu import cause, is_negative, type_id

_CALL = 122
_ACKNOWLEDGE = 124
_DEACTIVATE_FILE = 3
_ACKNOWLEDGE_FILE = (1, 2)
_LAST_FILE_OF_DIRECTORY = 0x20
_STATUS_OF_FILE = -8  # SOF stands before the seven octets of CP56Time2a that end an F_DR object


class Transfer:
    """Held from a session's first file ASDU until its end, 30 s of silence or the session's loss."""

    def __init__(self) -> None:
        self._holder: Session | None = None
        self._silent_at = inf
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
        """End the transfer if it was this session's."""
        if self._holder is session:
            self._holder = None

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
    if is_negative(asdu) or _acknowledges_file(asdu):
        return True
    directory = type_id(asdu) == DIRECTORY and cause(asdu) == REQUESTED
    return directory and bool(asdu[_STATUS_OF_FILE] & _LAST_FILE_OF_DIRECTORY)
