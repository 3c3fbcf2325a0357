"""What a master's ASDU asks for."""

import pytest

from iec104mm2ss.routing.table import Kind, file_qualifier, freezes, is_command, kind, qualifier
from tests.routing.bench import (
    CANCEL,
    CI,
    CLOCK,
    DOUBLE,
    EXECUTE,
    FREEZE,
    GI,
    PARAMETER,
    READ,
    RESET,
    SELECT,
    SETPOINT,
    TEST,
    octets,
)

TIME = "10 27 1e 0c 15 0b 1a"  # 21.11.26 12:30:10.000


@pytest.mark.parametrize(
    ("asdu", "expected"),
    [
        ("2d 01 06 00 01 00 07 00 00 01", Kind.EXECUTE),  # C_SC_NA_1
        ("2d 01 06 00 01 00 07 00 00 81", Kind.SELECT),
        ("2e 01 06 00 01 00 07 00 00 82", Kind.SELECT),  # C_DC_NA_1
        ("2f 01 06 00 01 00 07 00 00 81", Kind.SELECT),  # C_RC_NA_1
        ("30 01 06 00 01 00 07 00 00 80 80 00", Kind.EXECUTE),  # C_SE_NA_1: the value is no S/E bit
        ("30 01 06 00 01 00 07 00 00 00 00 80", Kind.SELECT),
        ("31 01 06 00 01 00 07 00 00 00 00 80", Kind.SELECT),  # C_SE_NB_1
        ("32 01 06 00 01 00 07 00 00 00 00 00 80 00", Kind.EXECUTE),  # C_SE_NC_1: the value's sign is no S/E bit
        ("32 01 06 00 01 00 07 00 00 00 00 00 00 80", Kind.SELECT),
        ("33 01 06 00 01 00 07 00 00 80 80 80 80", Kind.EXECUTE),  # C_BO_NA_1 knows no select
        (f"3a 01 06 00 01 00 07 00 00 81 {TIME}", Kind.SELECT),  # C_SC_TA_1
        (f"3b 01 06 00 01 00 07 00 00 81 {TIME}", Kind.SELECT),  # C_DC_TA_1
        (f"3c 01 06 00 01 00 07 00 00 01 {TIME}", Kind.EXECUTE),  # C_RC_TA_1
        (f"3d 01 06 00 01 00 07 00 00 00 00 80 {TIME}", Kind.SELECT),  # C_SE_TA_1
        (f"3e 01 06 00 01 00 07 00 00 00 00 80 {TIME}", Kind.SELECT),  # C_SE_TB_1
        (f"3f 01 06 00 01 00 07 00 00 00 00 00 00 80 {TIME}", Kind.SELECT),  # C_SE_TC_1
        (f"40 01 06 00 01 00 07 00 00 80 80 80 80 {TIME}", Kind.EXECUTE),  # C_BO_TA_1
        ("2d 01 08 00 01 00 07 00 00 81", Kind.CANCEL),  # C_SC_NA_1 deact
        ("64 01 08 00 01 00 00 00 00 14", Kind.CANCEL),  # C_IC_NA_1 deact
        ("64 01 06 00 01 00 00 00 00 14", Kind.INTERROGATION),
        ("65 01 06 00 01 00 00 00 00 05", Kind.INTERROGATION),
        ("66 01 05 00 01 00 07 00 00", Kind.READ),
        ("c8 01 05 00 01 00 07 00 00", Kind.READ),  # type 200 req
        (f"67 01 06 00 01 00 00 00 00 {TIME}", Kind.CLOCK),
        ("7a 01 0d 00 01 00 01 00 00 02 00 00 01", Kind.FILE),  # F_SC_NA_1 select file
        ("7a 01 05 00 01 00 00 00 00 00 00 00 00", Kind.FILE),  # F_SC_NA_1 req: call directory
        ("68 01 06 00 01 00 00 00 00 aa 55", Kind.OTHER),  # C_TS_NA_1
        ("69 01 06 00 01 00 00 00 00 01", Kind.OTHER),  # C_RP_NA_1
        ("6e 01 06 00 01 00 09 00 00 00 40 01", Kind.OTHER),  # P_ME_NA_1
        ("c8 01 06 00 01 00 07 00 00 01", Kind.OTHER),  # type 200 act
    ],
)
def test_kind(asdu: str, expected: Kind) -> None:
    assert kind(octets(asdu)) is expected


@pytest.mark.parametrize(
    "asdu",
    [
        *(EXECUTE, SELECT, CANCEL, DOUBLE, SETPOINT, PARAMETER, RESET, FREEZE),
        octets("65 02 06 00 01 00 00 00 00 05 00 00 00 45"),  # C_CI_NA_1 general request, then freeze
        octets("65 82 06 00 01 00 00 00 00 05 45"),  # the same with SQ
        octets("65 02 08 00 01 00 00 00 00 05 00 00 00 45"),  # the same deact
    ],
)
def test_what_changes_something_is_a_command(asdu: bytes) -> None:
    assert is_command(asdu)


@pytest.mark.parametrize("asdu", [GI, CI, READ, TEST, CLOCK, octets("6b 01 06 00 01 00 00 00 00 01 00 " + TIME)])
def test_what_changes_nothing_is_none(asdu: bytes) -> None:
    assert not is_command(asdu)


@pytest.mark.parametrize(
    ("asdu", "expected"),
    [
        ("78 01 0d 00 01 00 01 00 00 02 00 03 00 00 00", True),  # F_FR_NA_1 file ready: a file for the RTU
        ("79 01 0d 00 01 00 01 00 00 02 00 01 03 00 00 00", True),  # F_SR_NA_1 section ready
        ("7a 01 0d 00 01 00 01 00 00 02 00 00 01", False),  # F_SC_NA_1 select file
        ("7a 01 0d 00 01 00 01 00 00 02 00 00 02", False),  # F_SC_NA_1 request file
        ("7a 01 0d 00 01 00 01 00 00 02 00 00 04", True),  # F_SC_NA_1 delete file
        ("7b 01 0d 00 01 00 01 00 00 02 00 01 03 00", True),  # F_LS_NA_1 last segment
        ("7c 01 0d 00 01 00 01 00 00 02 00 01 03", False),  # F_AF_NA_1 acknowledge section
        ("7d 01 0d 00 01 00 01 00 00 02 00 01 01 aa", True),  # F_SG_NA_1 segment
        ("7a 02 0d 00 01 00 01 00 00 02 00 00 01 01 00 00 02 00 00 04", True),  # F_SC_NA_1 select file, delete file
        ("7a 82 0d 00 01 00 01 00 00 02 00 00 01 02 00 00 04", True),  # the same with SQ
        ("7f 01 0d 00 01 00 01 00 00 02 00" + " 00" * 14, False),  # F_SC_NB_1 query log
    ],
)
def test_a_file_for_the_rtu_is_a_command(asdu: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_command(octets(asdu)) is expected


@pytest.mark.parametrize(
    ("asdu", "expected"),
    [
        ("65 01 06 00 01 00 00 00 00 05", False),  # general, read only
        ("65 01 06 00 01 00 00 00 00 45", True),  # freeze without reset
        ("65 01 06 00 01 00 00 00 00 85", True),  # freeze with reset
        ("65 01 06 00 01 00 00 00 00 c5", True),  # reset
        ("64 01 06 00 01 00 00 00 00 ff", False),  # an interrogation's qualifier means something else
    ],
)
def test_only_counters_are_frozen(asdu: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert freezes(octets(asdu)) is expected


def test_qualifiers() -> None:
    assert qualifier(octets("64 01 06 00 01 00 00 00 00 15")) == 21
    assert file_qualifier(octets("7c 01 0d 00 01 00 01 00 00 02 00 01 f3")) == 3
