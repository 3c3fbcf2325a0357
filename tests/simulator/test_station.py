import pytest

from iec104mm2ss.simulator.point import Point
from iec104mm2ss.simulator.station import Station
from iec104mm2ss.wire.asdu import MAX_LENGTH, fault, ioas, object_count
from iec104mm2ss.wire.elements import GOOD, Quality
from tests.simulator.bay import CA, TAG, WALL, ask, bay, digits, octets

# Groups: type id, VSQ, cause with P/N and T, OA | CA | IOA | element.
INTERROGATION = "64010600 2000 000000 14"  # C_IC act, the whole station
INTERROGATION_ANSWERS = digits(
    "64010700 2000 000000 14",  # actcon
    "03021400 2000 2d0100 02 2f0100 01",  # M_DP_NA_1 x 2, inrogen: 301 ON, 303 OFF
    "01011400 2000 bf0100 00",  # M_SP_NA_1: 447 OFF
    "0d021400 2000 fa2a00 0000284100 fb2a00 000080bf00",  # M_ME_NC_1 x 2: 11002 10.5, 11003 -1.0
    "64010a00 2000 000000 14",  # actterm
)


def test_an_interrogation_is_answered_in_untagged_types_with_several_objects_each() -> None:
    assert ask(bay(), INTERROGATION) == INTERROGATION_ANSWERS


def test_an_interrogation_of_every_ca_is_answered_with_the_ca_of_the_station() -> None:
    assert ask(bay(), "64010600 ffff 000000 14") == INTERROGATION_ANSWERS


def test_an_interrogation_mirrors_originator_address_and_t_bit_in_everything() -> None:
    answers = bay().receive(octets("64018605 2000 000000 14"), "", 0.0, WALL)  # T, OA 5
    assert [answer[2:4].hex() for answer in answers] == ["8705", "9405", "9405", "9405", "8a05"]


def test_many_points_of_one_type_share_asdus_up_to_their_length() -> None:
    station = Station(CA, [Point(ioa, 36, 1.0) for ioa in range(1, 73)])
    _, *values, _ = station.receive(octets(INTERROGATION), "", 0.0, WALL)
    # 30 objects of 3 + 5 octets are 246 octets with the header; 31 would be 254.
    assert [object_count(asdu) for asdu in values] == [30, 30, 12]
    assert [fault(asdu) for asdu in values] == [None] * 3
    assert max(map(len, values)) == 246 <= MAX_LENGTH
    assert [ioa for asdu in values for ioa in ioas(asdu)] == list(range(1, 73))


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("64010600 2000 000000 15", "64014700 2000 000000 15"),  # group 1: negative actcon
        ("64010800 2000 000000 14", "64014900 2000 000000 14"),  # deact, but none is running: negative deactcon
        ("65010600 2000 000000 01", "65014700 2000 000000 01"),  # counters of group 1: negative actcon
        ("65010600 2000 000000 45", "65014700 2000 000000 45"),  # freeze: negative actcon
        ("65010800 2000 000000 05", "65014900 2000 000000 05"),  # deact: negative deactcon
    ],
)
def test_an_interrogation_that_is_not_served_is_refused(request_: str, answer: str) -> None:
    assert ask(bay(), request_) == digits(answer)


def test_a_counter_interrogation_gives_the_counters_and_nothing_else() -> None:
    assert ask(bay(), "65010603 ffff 000000 05") == digits(
        "65010703 2000 000000 05",  # C_CI actcon, OA 3
        "0f012503 2000 292300 7011010000",  # M_IT_NA_1, reqcogen(37): 9001 70000, sequence 0
        "65010a03 2000 000000 05",
    )


def test_a_read_gives_the_value_as_requested() -> None:
    assert ask(bay(), "66010507 2000 fc2a00") == digits("0b010507 2000 fc2a00 f9ff00")  # M_ME_NB_1 req(5): -7


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (f"67010604 2000 000000 {TAG.hex()}", f"67010704 2000 000000 {TAG.hex()}"),  # C_CS, with its time
        (f"67010600 ffff 000000 {TAG.hex()}", f"67010700 2000 000000 {TAG.hex()}"),  # to every CA
        ("68010602 2000 000000 aa55", "68010702 2000 000000 aa55"),  # C_TS, fixed pattern
        ("68010602 2000 000000 cc55", "68010702 2000 000000 cc55"),  # the pattern of lib60870
        (f"6b010600 2000 000000 0700 {TAG.hex()}", f"6b010700 2000 000000 0700 {TAG.hex()}"),  # C_TS_TA, counter 7
    ],
)
def test_clock_and_test_are_confirmed(request_: str, answer: str) -> None:
    assert ask(bay(), request_) == digits(answer)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("69010600 2000 000000 01", "69016c00 2000 000000 01"),  # C_RP is not served: 44 and P/N
        ("01010300 2000 bf0100 01", "01016c00 2000 bf0100 01"),  # a monitored type towards the station: 44
        ("c8010600 2000 bf0100 01", "c8016c00 2000 bf0100 01"),  # a private type: 44
        ("64010500 2000 000000 14", "64016d00 2000 000000 14"),  # C_IC with req(5): 45
        ("66010600 2000 fc2a00", "66016d00 2000 fc2a00"),  # C_RD with act(6): 45
        ("2e010309 2000 095200 82", "2e016d09 2000 095200 82"),  # command with spont(3): 45, OA 9
        ("64010600 2100 000000 14", "64016e00 2100 000000 14"),  # CA 33: 46
        ("2e010600 ffff 095200 82", "2e016e00 ffff 095200 82"),  # a command to every CA: 46
        ("64010600 2000 010000 14", "64016f00 2000 010000 14"),  # C_IC with IOA 1: 47
        ("66010500 2000 095200", "66016f00 2000 095200"),  # read of a control: 47
        ("2e010600 2000 2d0100 82", "2e016f00 2000 2d0100 82"),  # command to a point: 47
        ("2d010600 2000 095200 81", "2d016f00 2000 095200 81"),  # single command to a double one: 47
        ("2e018600 2000 2d0100 82", "2e01ef00 2000 2d0100 82"),  # the T bit stays
        ("2d020600 2000 0a5200 01 0a5200 00", "2d024700 2000 0a5200 01 0a5200 00"),  # two objects: negative actcon
    ],
)
def test_what_is_not_served_is_confirmed_negatively(request_: str, answer: str) -> None:
    assert ask(bay(), request_) == digits(answer)


def test_an_asdu_of_impossible_structure_is_counted_and_not_answered() -> None:
    station = bay()
    assert ask(station, "64010600 2000 000000") == []  # without its QOI
    assert ask(station, "64000600 2000") == []  # without an object
    assert station.malformed == 2


@pytest.mark.parametrize(
    ("ioa", "value", "report"),
    [
        (301, 1, f"1f010300 2000 2d0100 01 {TAG.hex()}"),  # M_DP_TB_1 spont: OFF
        (447, 1, f"1e010300 2000 bf0100 01 {TAG.hex()}"),  # M_SP_TB_1: ON
        (11002, 0.25, f"24010300 2000 fa2a00 0000803e00 {TAG.hex()}"),  # M_ME_TF_1
        (11003, 2.0, "0d010300 2000 fb2a00 0000004000"),  # M_ME_NC_1, which has no time tag
        (11004, -300, f"23010300 2000 fc2a00 d4fe00 {TAG.hex()}"),  # M_ME_TE_1
        (9001, -1, f"25010300 2000 292300 ffffffff00 {TAG.hex()}"),  # M_IT_TB_1
    ],
)
def test_a_change_is_reported_in_the_points_own_type_and_remembered(ioa: int, value: float, report: str) -> None:
    station = bay()
    assert station.change(ioa, value, WALL) == octets(report)
    assert station.reading(ioa).value == value


def test_quality_is_reported_and_stays_until_the_next_change() -> None:
    station = bay()
    # M_SP_TB_1: ON, NT and IV
    assert station.change(447, 1, WALL, quality=Quality.IV | Quality.NT)[9] == 0xC1
    assert ask(station, INTERROGATION)[2] == digits("01011400 2000 bf0100 c1")[0]
    station.change(447, 1, WALL)
    assert station.reading(447).quality == GOOD


def test_an_invalid_counter_says_so() -> None:
    assert bay().change(9001, 5, WALL, quality=Quality.IV | Quality.NT)[9:14] == octets("05000000 80")


def test_a_value_that_its_type_cannot_carry_changes_nothing() -> None:
    station = bay()
    with pytest.raises(ValueError, match="4"):
        station.change(301, 4, WALL)
    assert station.reading(301).value == 2


def test_the_end_of_initialisation() -> None:
    assert bay().initialised() == octets("46010400 2000 000000 00")  # M_EI_NA_1 init, local power on
