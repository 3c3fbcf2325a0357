"""All cases, in the order in which they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from iec104mm2ss.conformance import (
    commands,
    connections,
    framing,
    interrogations,
    mirrors,
    start_stop,
    timers,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from iec104mm2ss.conformance.bench import Bench
    from iec104mm2ss.conformance.subject import Subject


def _nothing(_subject: Subject) -> str:
    return ""


def _time(subject: Subject) -> str:
    return "" if subject.may_take_long else "needs --long: it takes 32 768 requests"


def _clock(subject: Subject) -> str:
    return "" if subject.may_set_clock else "needs --allow-clock: it sets the station's clock"


@dataclass(frozen=True, slots=True)
class Case:
    """One requirement.

    `clause` is where it comes from: of IEC 60870-5-104, or of -101 where that is said. `run` returns a remark, or
    raises one of `verdict`. `lacks` says what permission is missing, empty where it may run.
    """

    name: str
    title: str
    clause: str
    run: Callable[[Bench], str]
    lacks: Callable[[Subject], str] = _nothing


CASES: Final = (
    Case("startdt", "STARTDT act is confirmed", "5.3", start_stop.startdt),
    Case("silent-before-start", "No I- or S-frame comes before STARTDT act", "5.3", start_stop.silent_before_start),
    Case("i-before-start", "An I-frame before STARTDT act closes", "5.3", start_stop.i_before_start),
    Case("s-before-start", "An S-frame before STARTDT act closes", "5.3", start_stop.s_before_start),
    Case("stopdt", "STOPDT act is confirmed, and no data comes after it", "5.3", start_stop.stopdt),
    Case("start-again", "A stopped connection starts again, its numbers go on", "5.3", start_stop.start_again),
    Case("i-after-stop", "An I-frame after STOPDT con closes", "5.3", start_stop.i_after_stop),
    Case(
        "stop-acknowledges", "STOPDT con comes after what it stops is acknowledged", "5.3", start_stop.stop_acknowledges
    ),
    Case("stop-waits", "STOPDT con waits for the acknowledgement of what was sent", "5.3", start_stop.stop_waits),
    Case("start-octet", "A start octet other than 68 closes", "5", framing.start_octet),
    Case("length-too-short", "A length below 4 closes", "5", framing.length_too_short),
    Case("length-too-long", "A length above 253 closes", "5", framing.length_too_long),
    Case("i-without-asdu", "An I-frame without ASDU closes", "5", framing.i_without_asdu),
    Case("unknown-function", "An unknown U-function is not acted on", "5", framing.unknown_function),
    Case("frames-in-one-segment", "Frames that come together are served", "5", framing.frames_in_one_segment),
    Case("octet-by-octet", "A frame that comes in pieces is served", "5", framing.octet_by_octet),
    Case("test-while-stopped", "TESTFR act is confirmed before STARTDT", "5.2", timers.test_while_stopped),
    Case("test-while-started", "TESTFR act is confirmed after STARTDT", "5.2", timers.test_while_started),
    Case("t3-while-stopped", "TESTFR act comes after t3 of silence, stopped", "5.2", timers.t3_while_stopped),
    Case("t3-while-started", "TESTFR act comes after t3 of silence, started", "5.2", timers.t3_while_started),
    Case("t3-restarts", "A frame starts t3 anew", "5.2", timers.t3_restarts),
    Case("t1-of-test", "TESTFR act without confirmation closes after t1", "5.2", timers.t1_of_test),
    Case("t1-of-data", "I-frames without acknowledgement close after t1", "5.1", timers.t1_of_data),
    Case("t2", "An I-frame is acknowledged within t2", "5.1", timers.t2),
    Case("w", "The w-th I-frame is acknowledged at once", "5.5", windows.w),
    Case("k", "The station stops at k, goes on when acknowledged", "5.5", windows.k),
    Case("numbers-from-zero", "N(S) starts at 0 and counts", "5.1", windows.numbers_from_zero),
    Case("ns-skipped", "An N(S) too high closes", "5.1", windows.ns_skipped),
    Case("ns-repeated", "An N(S) that was there before closes", "5.1", windows.ns_repeated),
    Case("nr-of-unsent", "An S-frame for what was never sent closes", "5.1", windows.nr_of_unsent),
    Case("nr-of-unsent-in-data", "An I-frame for what was never sent closes", "5.1", windows.nr_of_unsent_in_data),
    Case("nr-falls-back", "An N(R) below an earlier one closes", "5.1", windows.nr_falls_back),
    Case("wrap", "The numbers wrap from 32767 to 0", "5.1", windows.wrap, _time),
    Case("second-connection", "A second connection does not harm the first", "10", connections.second_connection),
    Case("after-fault", "A new connection after a fault starts afresh", "7.1", connections.after_fault),
    Case("after-reset", "A new connection after a reset starts afresh", "7.1", connections.after_reset),
    Case("reply-times", "Confirmations come at once", "9.6", timers.reply_times),
    Case("interrogation", "C_IC_NA_1: confirmation, cause 20, termination", "7.5", interrogations.station),
    Case("interrogation-broadcast", "C_IC_NA_1 to address 65535", "-101 7.2.4", interrogations.broadcast),
    Case("interrogation-groups", "C_IC_NA_1 of the groups 1 to 16", "7.5", interrogations.groups),
    Case("counters", "C_CI_NA_1: confirmation, cause 37, termination", "7.8", interrogations.counters),
    Case("read", "C_RD_NA_1 is answered with cause 5", "7.2", interrogations.read),
    Case("clock", "C_CS_NA_1 is confirmed", "7.6", interrogations.clock, _clock),
    Case("test-command", "C_TS_TA_1 is confirmed with its counter", "7.10", interrogations.link_test),
    Case("unknown-type", "An unknown type is mirrored with cause 44", "-101 7.2.3", mirrors.unknown_type),
    Case("unknown-cause", "An unknown cause is mirrored with cause 45", "-101 7.2.3", mirrors.unknown_cause),
    Case("unknown-ca", "An unknown common address is mirrored with cause 46", "-101 7.2.3", mirrors.unknown_ca),
    Case("unknown-ioa", "An unknown object is mirrored with cause 47", "-101 7.2.3", mirrors.unknown_ioa),
    Case("test-bit", "The T bit comes back", "-101 7.2.3", mirrors.test_bit),
    Case("originator-address", "The originator address comes back", "-101 7.2.3", mirrors.originator_address),
    Case(
        "command-unknown-object",
        "A select of an unknown object is refused",
        "7.7",
        commands.unknown_object,
        commands.permission,
    ),
    Case(
        "command-direct",
        "An execute is confirmed and terminated, or refused",
        "7.7",
        commands.direct,
        commands.permission,
    ),
    Case("select-and-execute", "Select and execute", "7.7", commands.select_and_execute, commands.permission),
    Case("select-and-cancel", "A cancelled select is gone", "7.7", commands.select_and_cancel, commands.permission),
    Case("select-times-out", "A select runs out", "7.7", commands.select_times_out, commands.permission),
)
