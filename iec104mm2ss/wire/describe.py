"""One readable line for one frame, for the log, the trace and the windows. Any octets at all get a line."""

from collections.abc import Callable
from typing import Any, Final

from iec104mm2ss.wire.apci import START, UFunction
from iec104mm2ss.wire.asdu import (
    HEADER_LENGTH,
    cause,
    common_address,
    fault,
    is_negative,
    is_test,
    originator,
    type_id,
)
from iec104mm2ss.wire.causes import cause_label
from iec104mm2ss.wire.elements import (
    Command,
    Counter,
    CounterFlag,
    Element,
    File,
    Monitored,
    Opaque,
    Parameter,
    Protection,
    Qualifier,
    Quality,
    StatusChange,
    Tag,
    decode_objects,
)
from iec104mm2ss.wire.time import CP16Time2a, CP56Time2a
from iec104mm2ss.wire.types import TypeId, type_name

_GAP: Final = "  "
_SHOWN_OBJECTS: Final = 3
_SHOWN_OCTETS: Final = 32
_HEAD_LENGTH: Final = 6

_U_FUNCTIONS: Final[dict[int, str]] = {
    UFunction.STARTDT_ACT: "STARTDT act",
    UFunction.STARTDT_CON: "STARTDT con",
    UFunction.STOPDT_ACT: "STOPDT act",
    UFunction.STOPDT_CON: "STOPDT con",
    UFunction.TESTFR_ACT: "TESTFR act",
    UFunction.TESTFR_CON: "TESTFR con",
}
_SINGLE: Final = ("OFF", "ON")
_DOUBLE: Final = ("INTERMEDIATE", "OFF", "ON", "INDETERMINATE")
_STEP_COMMAND: Final = ("NOT PERMITTED 0", "LOWER", "HIGHER", "NOT PERMITTED 3")
_DOUBLE_COMMAND: Final = ("NOT PERMITTED 0", "OFF", "ON", "NOT PERMITTED 3")

_WORDS: Final[dict[int, tuple[str, ...]]] = {
    TypeId.M_SP_NA_1: _SINGLE,
    TypeId.M_SP_TA_1: _SINGLE,
    TypeId.M_SP_TB_1: _SINGLE,
    TypeId.M_DP_NA_1: _DOUBLE,
    TypeId.M_DP_TA_1: _DOUBLE,
    TypeId.M_DP_TB_1: _DOUBLE,
    TypeId.M_EP_TA_1: _DOUBLE,
    TypeId.M_EP_TD_1: _DOUBLE,
    TypeId.C_SC_NA_1: _SINGLE,
    TypeId.C_SC_TA_1: _SINGLE,
    TypeId.C_DC_NA_1: _DOUBLE_COMMAND,
    TypeId.C_DC_TA_1: _DOUBLE_COMMAND,
    TypeId.C_RC_NA_1: _STEP_COMMAND,
    TypeId.C_RC_TA_1: _STEP_COMMAND,
}
_BIT_NAMES: Final[dict[int, tuple[str, ...]]] = {
    TypeId.M_EP_TB_1: ("GS", "SL1", "SL2", "SL3", "SIE", "SRD"),
    TypeId.M_EP_TC_1: ("GC", "CL1", "CL2", "CL3"),
    TypeId.M_EP_TE_1: ("GS", "SL1", "SL2", "SL3", "SIE", "SRD"),
    TypeId.M_EP_TF_1: ("GC", "CL1", "CL2", "CL3"),
}
_BIT_STRINGS: Final = frozenset(
    {TypeId.M_BO_NA_1, TypeId.M_BO_TA_1, TypeId.M_BO_TB_1, TypeId.C_BO_NA_1, TypeId.C_BO_TA_1}
)
_SET_POINTS: Final = frozenset(
    {
        TypeId.C_SE_NA_1,
        TypeId.C_SE_NB_1,
        TypeId.C_SE_NC_1,
        TypeId.C_SE_TA_1,
        TypeId.C_SE_TB_1,
        TypeId.C_SE_TC_1,
    }
)
_FILE_QUALIFIERS: Final[dict[int, str]] = {
    TypeId.F_FR_NA_1: "FRQ",
    TypeId.F_SR_NA_1: "SRQ",
    TypeId.F_SC_NA_1: "SCQ",
    TypeId.F_LS_NA_1: "LSQ",
    TypeId.F_AF_NA_1: "AFQ",
    TypeId.F_DR_TA_1: "SOF",
}
_PARAMETER_KINDS: Final = {1: "threshold", 2: "smoothing factor", 3: "low limit", 4: "high limit"}
_RESETS: Final = {1: "general reset", 2: "reset of pending time-tagged events"}
_ACTIVATIONS: Final = {1: "loaded parameters", 2: "parameter of the object", 3: "cyclic transmission of the object"}
_RESTARTS: Final = {0: "local power switch on", 1: "local manual reset", 2: "remote reset"}
_FREEZES: Final = ("read", "freeze without reset", "freeze with reset", "reset")


def _hex(octets: bytes) -> str:
    rest = len(octets) - _SHOWN_OCTETS
    return octets[:_SHOWN_OCTETS].hex(" ") + (f" +{rest} octets" if rest > 0 else "")


def _flags(flags: Quality | CounterFlag) -> str:
    """Names of the flags that are set, in the order of the bits from IV down."""
    return " ".join(str(flag.name) for flag in sorted(flags, reverse=True))


def _clock(tag: Tag | None) -> str:
    return tag.clock() if isinstance(tag, CP56Time2a) else str(tag or "")


def _value(kind: int, value: float) -> str:
    if kind in _WORDS:
        return _WORDS[kind][int(value)]
    if kind in _BIT_STRINGS:
        return f"0x{int(value):08X}"
    return str(value) if isinstance(value, int) else f"{value:.7g}"


def _monitored(kind: int, element: Monitored) -> tuple[str, ...]:
    transient = "transient" * element.transient
    return (_value(kind, element.value), transient, _flags(element.quality), _clock(element.time))


def _counter(_: int, element: Counter) -> tuple[str, ...]:
    return (str(element.reading), f"seq {element.sequence}", _flags(element.flags), _clock(element.time))


def _protection(kind: int, element: Protection) -> tuple[str, ...]:
    names = _BIT_NAMES.get(kind)
    if names is None:
        value = _value(kind, element.value)
    else:
        value = " ".join(name for place, name in enumerate(names) if element.value >> place & 1) or "none"
    return (value, _flags(element.quality), str(element.elapsed), _clock(element.time))


def _status_change(_: int, element: StatusChange) -> tuple[str, ...]:
    return (f"status 0x{element.status:04X}", f"changed 0x{element.changed:04X}", _flags(element.quality))


def _command(kind: int, element: Command) -> tuple[str, ...]:
    value, clock = _value(kind, element.value), _clock(element.time)
    if kind in _BIT_STRINGS:
        return (value, clock)
    phase = "select" if element.select else "execute"
    return (value, phase, f"{'QL' if kind in _SET_POINTS else 'QU'} {element.qualifier}", clock)


def _parameter(kind: int, element: Parameter) -> tuple[str, ...]:
    number = element.qualifier & 0x3F
    changed = "local change" * (element.qualifier & 0x40 != 0)
    idle = "not in operation" * (element.qualifier & 0x80 != 0)
    return (_value(kind, element.value), _PARAMETER_KINDS.get(number, f"KPA {number}"), changed, idle)


def _interrogation(qoi: int) -> str:
    if qoi == 20:  # noqa: PLR2004 - clause 7.2.6.22
        return "station"
    return f"group {qoi - 20}" if 21 <= qoi <= 36 else f"QOI {qoi}"  # noqa: PLR2004


def _counter_interrogation(qcc: int) -> str:
    request, freeze = qcc & 0x3F, qcc >> 6
    who = {5: "general"}.get(request) or (f"group {request}" if 1 <= request <= 4 else f"RQT {request}")  # noqa: PLR2004
    return f"{who} {_FREEZES[freeze]}"


def _restart(coi: int) -> str:
    changed = " after change of parameters" if coi & 0x80 else ""
    return _RESTARTS.get(coi & 0x7F, f"COI {coi & 0x7F}") + changed


_QUALIFIERS: Final[dict[int, Callable[[int], str]]] = {
    TypeId.M_EI_NA_1: _restart,
    TypeId.C_IC_NA_1: _interrogation,
    TypeId.C_CI_NA_1: _counter_interrogation,
    TypeId.C_TS_NA_1: lambda pattern: f"FBP 0x{pattern:04X}",
    TypeId.C_RP_NA_1: lambda qrp: _RESETS.get(qrp, f"QRP {qrp}"),
    TypeId.C_TS_TA_1: lambda counter: f"TSC {counter}",
    TypeId.P_AC_NA_1: lambda qpa: _ACTIVATIONS.get(qpa, f"QPA {qpa}"),
}


def _qualifier(kind: int, element: Qualifier) -> tuple[str, ...]:
    return (_QUALIFIERS[kind](element.value), _clock(element.time))


def _file(kind: int, element: File) -> tuple[str, ...]:
    named = (
        ("file", element.name),
        ("section", element.section),
        ("length", element.length),
        (_FILE_QUALIFIERS.get(kind, ""), element.qualifier),
        ("checksum", element.checksum),
        ("from", element.start),
        ("to", element.stop),
        ("segment", None if element.segment is None else _hex(element.segment)),
    )
    return tuple(f"{name} {field}" for name, field in named if field is not None)


def _itself(_: int, element: CP16Time2a | CP56Time2a) -> tuple[str, ...]:
    return (str(element),)


def _opaque(_: int, element: Opaque) -> tuple[str, ...]:
    return (_hex(element.octets),)


_WRITERS: Final[dict[type[Element], Callable[[int, Any], tuple[str, ...]]]] = {
    Monitored: _monitored,
    Counter: _counter,
    Protection: _protection,
    StatusChange: _status_change,
    Command: _command,
    Parameter: _parameter,
    Qualifier: _qualifier,
    CP16Time2a: _itself,
    CP56Time2a: _itself,
    File: _file,
    Opaque: _opaque,
}


def _object(kind: int, address: int, element: Element, gap: str) -> str:
    words = _WRITERS[type(element)](kind, element)
    return gap.join((str(address), *filter(None, words)))


def _objects(asdu: bytes) -> tuple[str, ...]:
    kind, objects = type_id(asdu), decode_objects(asdu)
    if not objects:
        return ()
    if len(objects) == 1:
        return (f"IOA {_object(kind, *objects[0], _GAP)}",)
    shown = ", ".join(_object(kind, *item, " ") for item in objects[:_SHOWN_OBJECTS])
    rest = len(objects) - _SHOWN_OBJECTS
    return (f"IOA {shown}" + (f" +{rest} more" if rest > 0 else ""),)


def _header(asdu: bytes) -> tuple[str, ...]:
    return (
        type_name(type_id(asdu)),
        cause_label(cause(asdu)),
        "negative" * is_negative(asdu),
        "test" * is_test(asdu),
        f"OA {originator(asdu)}" if originator(asdu) else "",
        f"CA {common_address(asdu)}",
    )


def describe_asdu(asdu: bytes) -> str:
    """One line for an ASDU: type, cause, flags, addresses, what its first objects say, and what is wrong with it."""
    problem = fault(asdu)
    if len(asdu) < HEADER_LENGTH:
        return f"FAULT {problem}{_GAP}{_hex(asdu)}".rstrip()
    complaint = f"FAULT {problem}{_GAP}{_hex(asdu[HEADER_LENGTH:])}".rstrip() if problem else ""
    return _GAP.join(filter(None, (*_header(asdu), *_objects(asdu), complaint)))


def describe(apdu: bytes) -> str:
    """One line for an APDU with its APCI: `I S=812 R=40  M_SP_TB_1  spont(3)  CA 32  IOA 447  ON  12:03:41.198`.

    Octets that are not one whole APDU are shown in hexadecimal.
    """
    if len(apdu) < _HEAD_LENGTH or apdu[0] != START or apdu[1] != len(apdu) - 2:
        return f"no APDU{_GAP}{_hex(apdu)}".rstrip()
    sent, received = apdu[2] >> 1 | apdu[3] << 7, apdu[4] >> 1 | apdu[5] << 7
    if apdu[2] & 0x01 == 0:
        return f"I S={sent} R={received}{_GAP}{describe_asdu(apdu[_HEAD_LENGTH:])}"
    if len(apdu) > _HEAD_LENGTH:
        return f"no APDU{_GAP}{_hex(apdu)}"
    if apdu[2] & 0x02 == 0:
        return f"S R={received}"
    return f"U {_U_FUNCTIONS.get(apdu[2]) or _hex(apdu[2:3])}"
