import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from iec104mm2ss.wire import asdu
from iec104mm2ss.wire.types import TypeId, object_size

# C_DC_NA_1, one object, actcon negative test, OA 9, CA 0x1234, IOA 0x030201, DCO 2
CONFIRMATION = bytes.fromhex("2e 01 c7 09 34 12 01 02 03 02")
# M_SP_NA_1, SQ, three elements, inrogen, OA 0, CA 10, IOA 100: on, off, on
SEQUENCE = bytes.fromhex("01 83 14 00 0a 00 64 00 00 01 00 01")
# M_ME_NB_1, two objects, spont, CA 1, IOA 5: 1, IOA 9: 2
TWO_OBJECTS = bytes.fromhex("0b 02 03 00 01 00 05 00 00 01 00 00 09 00 00 02 00 00")
# type 200, count 0, spont, CA 1, four octets
PRIVATE = bytes.fromhex("c8 00 03 00 01 00 de ad be ef")
# F_SG_NA_1, file 1, section 1, three octets of segment
SEGMENT = bytes.fromhex("7d 01 0d 00 01 00 00 00 00 01 00 01 03 aa bb cc")


def test_header_fields() -> None:
    assert asdu.type_id(CONFIRMATION) == 46
    assert not asdu.is_sequence(CONFIRMATION)
    assert asdu.object_count(CONFIRMATION) == 1
    assert asdu.cause(CONFIRMATION) == 7
    assert asdu.is_negative(CONFIRMATION)
    assert asdu.is_test(CONFIRMATION)
    assert asdu.originator(CONFIRMATION) == 9
    assert asdu.common_address(CONFIRMATION) == 0x1234
    assert asdu.ioa(CONFIRMATION) == 0x030201


def test_header_fields_of_a_sequence() -> None:
    assert asdu.is_sequence(SEQUENCE)
    assert asdu.object_count(SEQUENCE) == 3
    assert not asdu.is_negative(SEQUENCE)
    assert not asdu.is_test(SEQUENCE)


@pytest.mark.parametrize("length", [6, 7, 8])
def test_ioa_of_an_asdu_that_ends_before_it(length: int) -> None:
    assert asdu.ioa(bytes.fromhex("c8 01 03 00 01 00 00 00")[:length]) == 0
    assert asdu.ioas(CONFIRMATION[:length]) == ()


def test_with_originator_changes_one_octet() -> None:
    assert asdu.with_originator(CONFIRMATION, 255).hex(" ") == "2e 01 c7 ff 34 12 01 02 03 02"
    assert asdu.with_originator(CONFIRMATION, 9) is CONFIRMATION


def test_with_common_address_changes_two_octets() -> None:
    assert asdu.with_common_address(CONFIRMATION, 0xFFFE).hex(" ") == "2e 01 c7 09 fe ff 01 02 03 02"


@pytest.mark.parametrize(
    ("cause", "negative", "octet"),
    [(7, True, 0xC7), (10, False, 0x8A), (46, True, 0xEE), (63, False, 0xBF)],
)
def test_with_cause_keeps_the_test_bit(cause: int, octet: int, *, negative: bool) -> None:
    changed = asdu.with_cause(CONFIRMATION, cause, negative=negative)
    assert changed == CONFIRMATION[:2] + bytes([octet]) + CONFIRMATION[3:]


def test_with_cause_sets_no_test_bit() -> None:
    assert asdu.with_cause(SEQUENCE, 7, negative=True)[2] == 0x47


@given(st.binary(min_size=6, max_size=249), st.integers(0, 255), st.integers(0, 65535), st.integers(0, 63))
def test_replacing_fields_replaces_only_them(octets: bytes, oa: int, ca: int, cause: int) -> None:
    changed = asdu.with_cause(asdu.with_common_address(asdu.with_originator(octets, oa), ca), cause, negative=False)
    assert (asdu.originator(changed), asdu.common_address(changed), asdu.cause(changed)) == (oa, ca, cause)
    assert asdu.is_test(changed) == asdu.is_test(octets)
    assert changed[:2] + changed[6:] == octets[:2] + octets[6:]


@pytest.mark.parametrize(
    ("octets", "addresses"),
    [
        (CONFIRMATION, (0x030201,)),
        (SEQUENCE, (100, 101, 102)),
        (TWO_OBJECTS, (5, 9)),
        (TWO_OBJECTS[:-1], (5, 9)),  # the second value is cut short, its address is not
        (TWO_OBJECTS[:13], (5,)),  # the second address is cut short
        (TWO_OBJECTS + TWO_OBJECTS[6:], (5, 9)),  # more octets than the count says
        (PRIVATE, (0xBEADDE,)),
        (SEGMENT, (0,)),
        (bytes.fromhex("01 00 03 00 01 00 05 00 00"), ()),  # count 0
        (bytes.fromhex("66 02 05 00 01 00 07 00 00 08 00 00"), (7, 8)),  # C_RD_NA_1: addresses and nothing else
        (bytes.fromhex("01 82 03 00 01 00 ff ff ff 00 00"), (0xFFFFFF, 0x1000000)),  # counted on, not wrapped
    ],
)
def test_ioas(octets: bytes, addresses: tuple[int, ...]) -> None:
    assert asdu.ioas(octets) == addresses


@pytest.mark.parametrize("octets", [CONFIRMATION, SEQUENCE, TWO_OBJECTS, PRIVATE, SEGMENT])
def test_sound_asdu_has_no_fault(octets: bytes) -> None:
    assert asdu.fault(octets) is None


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"", "ASDU of 0 octets has no whole header"),
        (SEQUENCE[:5], "ASDU of 5 octets has no whole header"),
        (bytes.fromhex("01 00 03 00 01 00"), "M_SP_NA_1 without information objects"),
        (bytes.fromhex("01 80 03 00 01 00 05 00 00"), "M_SP_NA_1 without information objects"),
        (bytes.fromhex("7d 00 0d 00 01 00"), "F_SG_NA_1 without information objects"),
        (bytes.fromhex("01 7f 03 00 01 00 05 00 00 01"), "M_SP_NA_1 with count 127 has 10 octets, not 514"),
        (CONFIRMATION + b"\x00", "C_DC_NA_1 with count 1 has 11 octets, not 10"),
        (SEQUENCE[:-1], "M_SP_NA_1 with count 3 has 11 octets, not 12"),
        (bytes.fromhex("01 82 03 00 01 00 ff ff ff 00 00"), "2 objects from IOA 16777215 pass 16777215"),
    ],
)
def test_impossible_structure_is_named(octets: bytes, text: str) -> None:
    assert asdu.fault(octets) == text


def test_run_of_addresses_may_end_at_the_last_one() -> None:
    assert asdu.fault(bytes.fromhex("01 82 03 00 01 00 fe ff ff 00 00")) is None


@given(st.binary(min_size=6, max_size=40))
def test_fault_and_expected_length_agree(octets: bytes) -> None:
    assume(octets[8:9] != b"\xff")  # a run of addresses could pass the last one
    expected = asdu.EXPECTED_LENGTH[octets[0] << 8 | octets[1]]
    assert (asdu.fault(octets) is None) == (expected in {0, len(octets)})


def test_expected_length_of_every_type_and_count() -> None:
    assert len(asdu.EXPECTED_LENGTH) == 65536
    for type_id in TypeId:
        size = object_size(type_id)
        for count in range(1, 128):
            single, sequence = (asdu.EXPECTED_LENGTH[type_id << 8 | sq | count] for sq in (0, 0x80))
            assert single == (0 if size is None else 6 + count * (3 + size))
            assert sequence == (0 if size is None else 9 + count * size)


@pytest.mark.parametrize("qualifier", [0x00, 0x80])
def test_no_length_suits_no_objects_except_in_private_types(qualifier: int) -> None:
    impossible = {type_id for type_id in range(256) if asdu.EXPECTED_LENGTH[type_id << 8 | qualifier] == -1}
    assert impossible == set(TypeId)


def test_build_gives_the_header_and_the_objects() -> None:
    octets = asdu.build(46, 7, 0x1234, b"\x01\x02\x03\x02", originator=9, negative=True, test=True)
    assert octets == CONFIRMATION
    assert asdu.build(1, 20, 10, SEQUENCE[6:], count=3, sequence=True) == SEQUENCE


def test_build_fills_an_asdu_to_the_last_octet() -> None:
    assert len(asdu.build(1, 20, 10, bytes(243), count=120, sequence=True)) == 249


@pytest.mark.parametrize(
    ("cause", "ca", "count", "objects"),
    [(64, 1, 1, b""), (-1, 1, 1, b""), (3, 65536, 1, b""), (3, -1, 1, b""), (3, 1, 128, b""), (3, 1, 1, bytes(244))],
)
def test_build_refuses_what_does_not_fit(cause: int, ca: int, count: int, objects: bytes) -> None:
    with pytest.raises(ValueError, match=r"out of range|do not fit"):
        asdu.build(1, cause, ca, objects, count=count)


@pytest.mark.parametrize(("type_id", "originator"), [(256, 0), (1, 256), (-1, 0)])
def test_build_refuses_a_type_or_originator_that_is_no_octet(type_id: int, originator: int) -> None:
    with pytest.raises(ValueError, match="range"):
        asdu.build(type_id, 3, 1, b"", originator=originator)
