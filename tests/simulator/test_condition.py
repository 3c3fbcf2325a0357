import pytest

from iec104mm2ss.settings.signals import Condition
from iec104mm2ss.simulator.condition import describe, is_met
from tests.simulator.bay import octets

SET_NORMALIZED = "30010600 2000 010000"  # C_SE_NA_1 of IOA 1


def met(asdu: str, type_id: int | None = None, ioa: int | None = None, value: float | None = None) -> bool:
    return is_met(Condition(type_id, ioa, value, 5.0), octets(asdu))


COMMAND = "2e010600 2000 095200 02"  # C_DC_NA_1 of 21001, ON


@pytest.mark.parametrize(
    ("type_id", "ioa", "value"),
    [(46, 21001, 2), (46, None, None), (None, 21001, None), (None, None, 2)],
)
def test_what_is_not_given_fits_everything(type_id: int | None, ioa: int | None, value: float | None) -> None:
    assert met(COMMAND, type_id, ioa, value)


@pytest.mark.parametrize(
    ("type_id", "ioa", "value"),
    [(46, 21001, 1), (46, 21002, 2), (45, 21001, 2), (None, None, 1)],
)
def test_every_part_that_is_given_must_match(type_id: int | None, ioa: int | None, value: float | None) -> None:
    assert not met(COMMAND, type_id, ioa, value)


@pytest.mark.parametrize(
    ("asdu", "value"),
    [
        ("2d010600 2000 010000 81", 1),  # single command: S/E is not its value
        ("2e010600 2000 010000 86", 2),  # double command: neither is QU
        ("2f010600 2000 010000 0b", 3),  # regulating step, also a value that is no order
        ("3b010600 2000 010000 01 0102030405061a", 1),  # double command with time tag
        ("31010600 2000 010000 d4fe 80", -300),  # C_SE_NB_1
        ("32010600 2000 010000 3d0a3341 00", 11.19),  # C_SE_NC_1, the nearest short float
        ("33010600 2000 010000 a5a5a5a5", 0xA5A5A5A5),  # C_BO_NA_1
        ("65010600 2000 000000 45", 0x45),  # C_CI: the whole QCC
        ("6e010600 2000 010000 0040 01", 0.5),  # P_ME_NA_1
        ("69010600 2000 000000 02", 2),  # C_RP
        ("01010300 2000 010000 01", 1),  # M_SP_NA_1
        ("0f010300 2000 010000 fbffffff 00", -5),  # M_IT_NA_1
        ("26010300 2000 010000 02 0000 0102030405061a", 2),  # M_EP_TD_1
    ],
)
def test_the_value_is_that_of_the_type(asdu: str, value: float) -> None:
    assert met(asdu, value=value)
    assert not met(asdu, value=value + 0.01)


@pytest.mark.parametrize("number", ["cc4c", "cd4c", "ce4c"])
def test_a_normalized_value_may_have_been_rounded_or_cut_off(number: str) -> None:
    assert met(f"{SET_NORMALIZED} {number} 00", value=0.6)  # 19660 to 19662 of 32768; 0.6 is 19660.8


def test_a_normalized_value_beside_it_does_not_match() -> None:
    assert not met(f"{SET_NORMALIZED} d04c 00", value=0.6)


@pytest.mark.parametrize("asdu", ["64010600 2000 000000 14", "67010600 2000 000000 0102030405061a"])
def test_interrogation_and_clock_match_on_their_type_alone(asdu: str) -> None:
    assert met(asdu, int(asdu[:2], 16), 7, 99)
    assert not met(asdu, None, 7, None)


@pytest.mark.parametrize(
    "asdu",
    [
        "66010500 2000 010000",  # C_RD has no value
        "67010600 2000 000000 0102030405061a",  # nor has C_CS
        "2d000600 2000",  # no object
        "c8010600 2000 010000 01",  # a private type
    ],
)
def test_what_has_no_value_matches_none(asdu: str) -> None:
    assert not met(asdu, value=1)
    assert not met(asdu, value=0)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition(46, 21001, 2, 5.0), "C_DC_NA_1, IOA 21001, value 2 within 5 s"),
        (Condition(103, None, None, 0.25), "C_CS_NA_1 within 0.25 s"),
        (Condition(None, 0, -0.4, 20.0), "IOA 0, value -0.4 within 20 s"),
    ],
)
def test_it_reads_in_words(condition: Condition, text: str) -> None:
    assert describe(condition) == text
