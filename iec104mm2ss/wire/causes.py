"""Causes of transmission."""

from enum import IntEnum
from typing import Final


class Cause(IntEnum):
    """Cause of transmission, IEC 60870-5-101 clause 7.2.3; 14 to 16 are those of IEC TS 60870-5-7.

    17-19, 42 and 43 are reserved, 48-63 are for private use; they are legal on the wire but have no member here.
    """

    PERIODIC = 1
    BACKGROUND = 2
    SPONTANEOUS = 3
    INITIALIZED = 4
    REQUEST = 5
    ACTIVATION = 6
    ACTIVATION_CON = 7
    DEACTIVATION = 8
    DEACTIVATION_CON = 9
    ACTIVATION_TERM = 10
    RETURN_REMOTE = 11
    RETURN_LOCAL = 12
    FILE_TRANSFER = 13
    AUTHENTICATION = 14
    SESSION_KEY = 15
    UPDATE_KEY = 16
    INTERROGATED_BY_STATION = 20
    INTERROGATED_BY_GROUP_1 = 21
    INTERROGATED_BY_GROUP_2 = 22
    INTERROGATED_BY_GROUP_3 = 23
    INTERROGATED_BY_GROUP_4 = 24
    INTERROGATED_BY_GROUP_5 = 25
    INTERROGATED_BY_GROUP_6 = 26
    INTERROGATED_BY_GROUP_7 = 27
    INTERROGATED_BY_GROUP_8 = 28
    INTERROGATED_BY_GROUP_9 = 29
    INTERROGATED_BY_GROUP_10 = 30
    INTERROGATED_BY_GROUP_11 = 31
    INTERROGATED_BY_GROUP_12 = 32
    INTERROGATED_BY_GROUP_13 = 33
    INTERROGATED_BY_GROUP_14 = 34
    INTERROGATED_BY_GROUP_15 = 35
    INTERROGATED_BY_GROUP_16 = 36
    COUNTERS_GENERAL = 37
    COUNTERS_GROUP_1 = 38
    COUNTERS_GROUP_2 = 39
    COUNTERS_GROUP_3 = 40
    COUNTERS_GROUP_4 = 41
    UNKNOWN_TYPE = 44
    UNKNOWN_CAUSE = 45
    UNKNOWN_CA = 46
    UNKNOWN_IOA = 47


_ABBREVIATED_AND_WHOLE: Final[dict[int, tuple[str, str]]] = {
    0: ("unused", "not used"),
    Cause.PERIODIC: ("per/cyc", "periodic, cyclic"),
    Cause.BACKGROUND: ("back", "background scan"),
    Cause.SPONTANEOUS: ("spont", "spontaneous"),
    Cause.INITIALIZED: ("init", "initialized"),
    Cause.REQUEST: ("req", "request or requested"),
    Cause.ACTIVATION: ("act", "activation"),
    Cause.ACTIVATION_CON: ("actcon", "activation confirmation"),
    Cause.DEACTIVATION: ("deact", "deactivation"),
    Cause.DEACTIVATION_CON: ("deactcon", "deactivation confirmation"),
    Cause.ACTIVATION_TERM: ("actterm", "activation termination"),
    Cause.RETURN_REMOTE: ("retrem", "return information caused by a remote command"),
    Cause.RETURN_LOCAL: ("retloc", "return information caused by a local command"),
    Cause.FILE_TRANSFER: ("file", "file transfer"),
    Cause.AUTHENTICATION: ("auth", "authentication"),
    Cause.SESSION_KEY: ("seskey", "maintenance of authentication session key"),
    Cause.UPDATE_KEY: ("usrkey", "maintenance of user role and update key"),
    Cause.INTERROGATED_BY_STATION: ("inrogen", "interrogated by station interrogation"),
    **{20 + group: (f"inro{group}", f"interrogated by group {group} interrogation") for group in range(1, 17)},
    Cause.COUNTERS_GENERAL: ("reqcogen", "requested by general counter request"),
    **{37 + group: (f"reqco{group}", f"requested by group {group} counter request") for group in range(1, 5)},
    Cause.UNKNOWN_TYPE: ("unknown-type", "unknown type identification"),
    Cause.UNKNOWN_CAUSE: ("unknown-cause", "unknown cause of transmission"),
    Cause.UNKNOWN_CA: ("unknown-ca", "unknown common address"),
    Cause.UNKNOWN_IOA: ("unknown-ioa", "unknown information object address"),
}

_UNNAMED: Final = ("cause", "reserved")


def cause_name(cause: int) -> str:
    """What a cause means: `spontaneous`; `reserved` for a number without a meaning in the standard."""
    return _ABBREVIATED_AND_WHOLE.get(cause, _UNNAMED)[1]


def cause_label(cause: int) -> str:
    """The standard's abbreviation with the number: `spont(3)`, `cause(48)` where it has none."""
    return f"{_ABBREVIATED_AND_WHOLE.get(cause, _UNNAMED)[0]}({cause})"
