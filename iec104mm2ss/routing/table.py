"""What an ASDU is, by its type and cause: where one of the RTU goes, what one of a master asks for."""

from enum import Enum, IntEnum
from typing import Final

from iec104mm2ss.wire.asdu import cause, ioas, object_count, type_id

END_OF_INITIALISATION: Final = 70
INTERROGATION: Final = 100
COUNTER_INTERROGATION: Final = 101
READ: Final = 102
CLOCK: Final = 103
RESET_PROCESS: Final = 105
DIRECTORY: Final = 126

ACTIVATION: Final = 6
ACTIVATION_CONFIRMATION: Final = 7
DEACTIVATION: Final = 8
DEACTIVATION_CONFIRMATION: Final = 9
TERMINATION: Final = 10
REQUESTED: Final = 5
UNKNOWN_CAUSE: Final = 45
UNKNOWN_CA: Final = 46

POINT_COMMANDS = frozenset((*range(45, 52), *range(58, 65)))
SWITCHING = frozenset((*range(45, 48), *range(58, 61)))
"""Those of them that switch or step something: single, double and regulating step commands."""
PARAMETERS = frozenset(range(110, 114))
CONTROL_TYPES = POINT_COMMANDS | PARAMETERS | frozenset(range(100, 108))
TIME_TAGGED = frozenset((*range(58, 65), 107))
"""Those of them that end with a CP56Time2a behind something else."""
MONITORING_TYPES = frozenset((*range(1, 41), END_OF_INITIALISATION))
FILE_TYPES = frozenset(range(120, 128))
FIRST_PRIVATE_TYPE: Final = 128
UNKNOWN_CAUSES = frozenset(range(44, 48))
CONFIRMATIONS = UNKNOWN_CAUSES | {ACTIVATION_CONFIRMATION, DEACTIVATION_CONFIRMATION, TERMINATION}

INTERROGATION_CAUSES = range(20, 37)
COUNTER_CAUSES = range(37, 42)
FILE_TRANSFER_CAUSE: Final = 13
_SPONTANEOUS: Final = 3


class Destination(IntEnum):
    """Where an ASDU from the RTU goes."""

    EVERYBODY = 0
    ASKER = 1
    READER = 2
    INTERROGATOR = 3
    TRANSFER = 4
    RESTARTED = 5
    NOBODY = 6


def destination(type_id: int, cause: int) -> Destination:  # noqa: PLR0911 - the table of who gets what, row by row
    """Return where an ASDU of the RTU with this type (0..255) and cause (0..63) goes."""
    if type_id == END_OF_INITIALISATION:
        return Destination.RESTARTED
    if cause == FILE_TRANSFER_CAUSE or (type_id in FILE_TYPES and not _unasked_directory(type_id, cause)):
        return Destination.TRANSFER
    if cause in CONFIRMATIONS or (type_id == READ and cause == REQUESTED):
        return Destination.ASKER
    if type_id in CONTROL_TYPES and not _reports(type_id, cause):
        return Destination.NOBODY
    if cause == REQUESTED:
        return Destination.READER
    if cause in INTERROGATION_CAUSES or cause in COUNTER_CAUSES:
        return Destination.INTERROGATOR
    return Destination.EVERYBODY


def _unasked_directory(type_id: int, cause: int) -> bool:
    return type_id == DIRECTORY and cause != REQUESTED and cause not in CONFIRMATIONS


def _reports(type_id: int, cause: int) -> bool:
    """Whether a controlled station sends this of itself, although masters send the type too (IEC 60870-5-101, 7.3)."""
    if type_id == CLOCK:
        return cause == _SPONTANEOUS
    return type_id in PARAMETERS and (cause == REQUESTED or cause in INTERROGATION_CAUSES)


DESTINATIONS: Final = tuple(destination(type_id, cause) for type_id in range(256) for cause in range(64))
"""Indexed by type << 6 | cause."""


class Kind(Enum):
    """What a master asks for, as far as the gateway treats it differently."""

    SELECT = "select"
    EXECUTE = "execute"
    CANCEL = "cancel"
    INTERROGATION = "interrogation"
    READ = "read"
    CLOCK = "clock synchronisation"
    FILE = "file transfer"
    OTHER = "request"


# Where the S/E bit stands in an ASDU with one object: behind the IOA (octets 6-8) and the value, if any.
_SELECT_OCTET = {45: 9, 46: 9, 47: 9, 58: 9, 59: 9, 60: 9, 48: 11, 49: 11, 61: 11, 62: 11, 50: 13, 63: 13}
_SELECT_BIT = 0x80
_QUALIFIER_OCTET = 9
_FREEZE_BITS = 0xC0


def kind(asdu: bytes) -> Kind:
    """Return what a structurally sound ASDU of a master asks for."""
    number = type_id(asdu)
    if number in FILE_TYPES:
        return Kind.FILE
    if cause(asdu) == DEACTIVATION:
        return Kind.CANCEL
    if cause(asdu) == REQUESTED:
        return Kind.READ
    if number in POINT_COMMANDS:
        return Kind.SELECT if _selects(asdu) else Kind.EXECUTE
    return _KINDS.get(number, Kind.OTHER)


_KINDS = {
    INTERROGATION: Kind.INTERROGATION,
    COUNTER_INTERROGATION: Kind.INTERROGATION,
    CLOCK: Kind.CLOCK,
}


def _selects(asdu: bytes) -> bool:
    octet = _SELECT_OCTET.get(type_id(asdu))
    return octet is not None and bool(asdu[octet] & _SELECT_BIT)


def qualifier(asdu: bytes) -> int:
    """Return the qualifier of an interrogation (QOI of type 100, QCC of type 101)."""
    return asdu[_QUALIFIER_OCTET]


def freezes(asdu: bytes) -> bool:
    """Whether a counter interrogation freezes or resets, which changes the RTU (QCC, bits 7 and 8)."""
    return type_id(asdu) == COUNTER_INTERROGATION and bool(qualifier(asdu) & _FREEZE_BITS)


_FILE_CALL: Final = 122
_HARMLESS = frozenset((INTERROGATION, READ, CLOCK, 104, 107, 124, 127))
_DELETE_FILE = 4
_FILE_QUALIFIER_OCTET = 12


def file_qualifier(asdu: bytes) -> int:
    """Return the low four bits of SCQ (type 122) or AFQ (124): behind the IOA, name of file and name of section."""
    return asdu[_FILE_QUALIFIER_OCTET] & 0x0F


def is_command(asdu: bytes) -> bool:
    """Whether this changes something at the RTU: handed on at most once and never late.

    What nobody can tell counts as a command: private and unknown types, and several objects where one tells what is
    meant. The clock has rules of its own.
    """
    number = type_id(asdu)
    if number == COUNTER_INTERROGATION:
        return _has_several_objects(asdu) or freezes(asdu)
    if number == _FILE_CALL:
        return _has_several_objects(asdu) or file_qualifier(asdu) == _DELETE_FILE
    return number not in _HARMLESS


def _has_several_objects(asdu: bytes) -> bool:
    """Whether the first object does not tell everything; the standard allows just one (7.3.4.2 and 7.3.6.3)."""
    return object_count(asdu) != 1


def is_private(asdu: bytes) -> bool:
    """Whether the meaning of this is a matter between its maker and those who know it (IEC 60870-5-101, 7.2.1.1)."""
    return type_id(asdu) >= FIRST_PRIVATE_TYPE


def commanded_ioas(asdu: bytes) -> tuple[int, ...]:
    """Return the IOAs that a command is for; 0 for one that no address limits: reset, freeze, files, unknown types."""
    return ioas(asdu) if type_id(asdu) in POINT_COMMANDS | PARAMETERS else (0,)
