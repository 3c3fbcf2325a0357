"""Who gets an ASDU of the RTU, by type and cause."""

import pytest

from iec104mm2ss.routing.notes import Tally
from iec104mm2ss.routing.table import DESTINATIONS, Destination, destination
from tests.routing.bench import GI_VALUE, SPONTANEOUS, Bench, octets, patched

EVERYBODY = Destination.EVERYBODY
ASKER = Destination.ASKER
READER = Destination.READER
INTERROGATOR = Destination.INTERROGATOR
TRANSFER = Destination.TRANSFER
RESTARTED = Destination.RESTARTED
NOBODY = Destination.NOBODY

MONITORING = range(1, 41)
COMMANDS = (*range(45, 52), *range(58, 65))
PARAMETERS = range(110, 114)
SYSTEM = range(100, 108)
FILES_WITHOUT_DIRECTORY = (120, 121, 122, 123, 124, 125, 127)
UNKNOWN = (0, 41, 44, 52, 57, 65, 69, 71, 99, 108, 109, 114, 119, 128, 255)
ALL_TYPES = range(256)


@pytest.mark.parametrize(
    ("types", "causes", "expected"),
    [
        (MONITORING, (1, 2, 3, 11, 12), EVERYBODY),
        (UNKNOWN, (1, 2, 3, 11, 12), EVERYBODY),
        # Reserved, private and impossible causes of a value: status is never thrown away.
        ((*MONITORING, *UNKNOWN), (0, 4, 6, 8, *range(14, 20), 42, 43, *range(48, 64)), EVERYBODY),
        ((126,), (1, 2, 3), EVERYBODY),
        ((126,), (5, 7, 13, 44, 45, 46, 47), TRANSFER),
        ((*MONITORING, *UNKNOWN), (5,), READER),
        ((*MONITORING, *UNKNOWN), range(20, 42), INTERROGATOR),
        (
            (*MONITORING, *UNKNOWN, *COMMANDS, *PARAMETERS, *SYSTEM),
            (7, 9, 10, 44, 45, 46, 47),
            ASKER,
        ),
        (set(ALL_TYPES) - {70}, (13,), TRANSFER),
        (FILES_WITHOUT_DIRECTORY, range(64), TRANSFER),
        ((70,), range(64), RESTARTED),
        # A clock that the RTU set itself, and parameters that it was interrogated for.
        ((103,), (3,), EVERYBODY),
        (PARAMETERS, (5,), READER),
        (PARAMETERS, range(20, 37), INTERROGATOR),
        # The mirror of a read that finds no object.
        ((102,), (5,), ASKER),
        (COMMANDS, (1, 2, 3, 5, 6, 8, 11, 12, 20), NOBODY),
        ((100, 101, 104, 105, 106, 107), (3, 5, 6, 8, 20, 37), NOBODY),
        ((103,), (1, 2, 5, 6, 20), NOBODY),
        (PARAMETERS, (3, 6, 8, 37), NOBODY),
    ],
)
def test_type_and_cause_decide(types: range, causes: range, expected: Destination) -> None:
    found = {(number, cause): destination(number, cause) for number in types for cause in causes}
    assert {where: target for where, target in found.items() if target is not expected} == {}


def test_the_table_is_indexed_by_type_and_cause() -> None:
    assert DESTINATIONS[1 << 6 | 3] is EVERYBODY
    assert DESTINATIONS[100 << 6 | 7] is ASKER
    assert len(DESTINATIONS) == 256 * 64


@pytest.mark.parametrize(
    "asdu",
    [
        "01 01 03 00 01 00 07 00 00 01",  # M_SP_NA_1 spont, IOA 7, on
        "01 01 83 00 01 00 07 00 00 01",  # the same with the T bit
        "01 01 43 00 01 00 07 00 00 01",  # the same with the P/N bit
        "01 82 02 00 01 00 07 00 00 01 00",  # M_SP_NA_1 back, SQ, IOA 7 on, IOA 8 off
        "0d 01 03 00 01 00 07 00 00 00 00 c0 7f 00",  # M_ME_NC_1 spont, IOA 7, NaN
        "1e 01 03 00 01 00 07 00 00 81 ff ff bd ff ff 0d ff",  # M_SP_TB_1 spont, IV, an impossible time tag
        "2c 01 0b 00 01 00 07 00 00 ff ff",  # type 44 retrem: not in the standard
        "c8 00 03 00 01 00",  # type 200 without objects
        "7e 01 03 00 01 00 01 00 00 02 00 10 00 00 20 10 27 1e 0c 15 0b 1a",  # F_DR_TA_1 spont, one file, the last
        "67 01 03 00 01 00 00 00 00 10 27 1e 0c 15 0b 1a",  # C_CS_NA_1 spont: the RTU reports its clock
        "01 01 03 00 4d 00 07 00 00 01",  # M_SP_NA_1 spont, CA 77: another station behind the same RTU
    ],
)
def test_what_nobody_asked_for_goes_to_all_bit_by_bit(asdu: str) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    bench.rtu_sends(octets(asdu))
    assert first.gets() == second.gets() == [octets(asdu)]


def test_everybody_gets_originator_address_0() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    bench.rtu_sends(patched(SPONTANEOUS, oa=1), patched(SPONTANEOUS, oa=0x63))
    assert first.gets() == second.gets() == [SPONTANEOUS, SPONTANEOUS]


@pytest.mark.parametrize(
    "asdu",
    [
        "01 01 05 01 01 00 07 00 00 01",  # M_SP_NA_1 req, OA 1, IOA 7
        "01 01 14 01 01 00 07 00 00 01",  # M_SP_NA_1 inrogen, OA 1, IOA 7
        "0f 01 25 01 01 00 07 00 00 05 00 00 00 00",  # M_IT_NA_1 reqcogen, OA 1, IOA 7, 5 counts
        "6e 01 14 01 01 00 09 00 00 00 40 01",  # P_ME_NA_1 inrogen, OA 1, IOA 9: a parameter's value
        "c8 01 05 01 01 00 07 00 00 01",  # type 200 req
    ],
)
def test_values_that_nobody_could_have_asked_for_go_to_all(asdu: str) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    bench.rtu_sends(octets(asdu))
    assert first.gets() == second.gets() == [patched(octets(asdu), oa=0)]


@pytest.mark.parametrize(
    ("asdu", "tally"),
    [
        ("64 01 07 01 01 00 00 00 00 14", Tally.UNASKED),  # C_IC_NA_1 actcon, OA 1
        ("64 01 0a 01 01 00 00 00 00 14", Tally.UNASKED),  # C_IC_NA_1 actterm, OA 1
        ("2d 01 07 01 01 00 07 00 00 01", Tally.UNASKED),  # C_SC_NA_1 actcon, OA 1
        ("2d 01 09 00 01 00 07 00 00 01", Tally.UNASKED),  # C_SC_NA_1 deactcon
        ("c8 01 6c 00 01 00 07 00 00 01", Tally.UNASKED),  # type 200, unknown type, negative
        ("66 01 05 00 01 00 07 00 00", Tally.UNASKED),  # C_RD_NA_1 req: the mirror of a read
        ("7d 01 0d 00 01 00 01 00 00 02 00 01 03 aa bb cc", Tally.UNASKED),  # F_SG_NA_1 file, three octets
        ("01 01 0d 00 01 00 07 00 00 01", Tally.UNASKED),  # M_SP_NA_1 with the cause of a file transfer
        ("2d 01 06 00 01 00 07 00 00 01", Tally.MISPLACED),  # C_SC_NA_1 act: only a master sends this
        ("64 01 03 00 01 00 00 00 00 14", Tally.MISPLACED),  # C_IC_NA_1 spont
        ("46 01 04 00 01 00 00 00 00 00", Tally.END_OF_INITIALISATION),  # M_EI_NA_1 init, local power on
        ("01 02 03 00 01 00 07 00 00 01", Tally.MALFORMED),  # M_SP_NA_1 announces two objects and has one
        ("01 00 03 00 01 00", Tally.MALFORMED),  # M_SP_NA_1 without objects
        ("01 01 03 00 01 00 07 00 00 01 00", Tally.MALFORMED),  # M_SP_NA_1 with an octet too many
    ],
)
def test_what_is_for_nobody_is_logged_and_counted(asdu: str, tally: Tally) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    bench.rtu_sends(octets(asdu))
    assert first.gets() == second.gets() == []
    assert bench.router.tally == {tally: 1}
    (line,) = bench.lines()
    assert line.startswith("RTU: ")


def test_the_order_of_a_batch_is_kept() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    values = [patched(SPONTANEOUS, ioa=ioa) for ioa in (1, 2, 3, 4)]
    unasked = octets("2d 01 07 00 01 00 07 00 00 01")  # C_SC_NA_1 actcon, IOA 7
    bench.rtu_sends(values[0], values[1], unasked, patched(GI_VALUE, ioa=5), values[2], values[3])
    expected = [values[0], values[1], patched(GI_VALUE, ioa=5), values[2], values[3]]
    assert first.gets() == second.gets() == expected
