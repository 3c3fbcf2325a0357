import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iec104mm2ss.wire import asdu
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
    decode,
    decode_objects,
    encode,
    encode_objects,
)
from iec104mm2ss.wire.time import CP16Time2a, CP24Time2a, CP56Time2a
from iec104mm2ss.wire.types import TypeId, object_size

# 2024-05-03 12:03:41.198, and minute 3, 41.198 s as -101 tags it
CP56 = CP56Time2a(ms=41198, minute=3, hour=12, day=3, month=5, year=24, weekday=5)
CP24 = CP24Time2a(ms=41198, minute=3)
TAG56 = "ee a0 03 0c a3 05 18"
TAG24 = "ee a0 03"

READ_AND_WRITTEN: list[tuple[int, str, Element]] = [
    (1, "01", Monitored(1)),  # ON
    (1, "f0", Monitored(0, Quality.IV | Quality.NT | Quality.SB | Quality.BL)),
    (2, "81" + TAG24, Monitored(1, Quality.IV, CP24)),
    (3, "02", Monitored(2)),  # ON
    (4, "43" + TAG24, Monitored(3, Quality.NT, CP24)),
    (5, "3f 00", Monitored(63)),
    (5, "40 01", Monitored(-64, Quality.OV)),
    (5, "ff 00", Monitored(-1, transient=True)),
    (6, "05 00" + TAG24, Monitored(5, time=CP24)),
    (7, "01 00 00 80 00", Monitored(0x80000001)),
    (8, "01 00 00 00 80" + TAG24, Monitored(1, Quality.IV, CP24)),
    (9, "00 80 00", Monitored(-1.0)),
    (9, "ff 7f 00", Monitored(32767 / 32768)),
    (10, "00 40 10" + TAG24, Monitored(0.5, Quality.BL, CP24)),
    (11, "00 80 01", Monitored(-32768, Quality.OV)),
    (12, "ff 7f 00" + TAG24, Monitored(32767, time=CP24)),
    (13, "00 00 80 3f 20", Monitored(1.0, Quality.SB)),
    (13, "00 00 80 7f 00", Monitored(math.inf)),
    (14, "00 00 80 ff 00" + TAG24, Monitored(-math.inf, time=CP24)),
    (15, "ff ff ff ff 3f", Counter(-1, 31, CounterFlag.CY)),
    (16, "01 00 00 00 c0" + TAG24, Counter(1, 0, CounterFlag.IV | CounterFlag.CA, CP24)),
    (17, "8a e8 03" + TAG24, Protection(2, Quality.IV | Quality.EI, CP16Time2a(1000), CP24)),
    (18, "21 08 e8 03" + TAG24, Protection(0x21, Quality.EI, CP16Time2a(1000), CP24)),
    (19, "0f 00 e8 03" + TAG24, Protection(0x0F, Quality(0), CP16Time2a(1000), CP24)),
    (20, "01 80 02 00 01", StatusChange(0x8001, 0x0002, Quality.OV)),
    (21, "00 c0", Monitored(-0.5)),
    (30, "01" + TAG56, Monitored(1, time=CP56)),
    (31, "01" + TAG56, Monitored(1, time=CP56)),
    (32, "81 10" + TAG56, Monitored(1, Quality.BL, CP56, transient=True)),
    (33, "ff ff ff ff 00" + TAG56, Monitored(0xFFFFFFFF, time=CP56)),
    (34, "00 20 00" + TAG56, Monitored(0.25, time=CP56)),
    (35, "ff ff 00" + TAG56, Monitored(-1, time=CP56)),
    (36, "00 00 c0 bf 00" + TAG56, Monitored(-1.5, time=CP56)),
    (37, "00 00 00 80 00" + TAG56, Counter(-(2**31), time=CP56)),
    (38, "01 ff ff" + TAG56, Protection(1, Quality(0), CP16Time2a(65535), CP56)),
    (39, "3f 00 00 00" + TAG56, Protection(0x3F, Quality(0), CP16Time2a(0), CP56)),
    (40, "01 80 00 00" + TAG56, Protection(1, Quality.IV, CP16Time2a(0), CP56)),
    (45, "81", Command(1, select=True)),
    (45, "0d", Command(1, qualifier=3)),  # persistent output
    (46, "7e", Command(2, qualifier=31)),
    (47, "02", Command(2)),  # next higher step
    (48, "00 40 81", Command(0.5, select=True, qualifier=1)),
    (49, "ff ff 7f", Command(-1, qualifier=127)),
    (50, "00 00 80 3f 00", Command(1.0)),
    (51, "78 56 34 12", Command(0x12345678)),
    (58, "00" + TAG56, Command(0, time=CP56)),
    (59, "85" + TAG56, Command(1, select=True, qualifier=1, time=CP56)),
    (60, "01" + TAG56, Command(1, time=CP56)),
    (61, "00 40 00" + TAG56, Command(0.5, time=CP56)),
    (62, "02 00 80" + TAG56, Command(2, select=True, time=CP56)),
    (63, "00 00 80 3f 00" + TAG56, Command(1.0, time=CP56)),
    (64, "01 00 00 00" + TAG56, Command(1, time=CP56)),
    (70, "82", Qualifier(0x82)),  # remote reset after change of parameters
    (100, "14", Qualifier(20)),  # station interrogation
    (101, "45", Qualifier(0x45)),  # general, freeze without reset
    (102, "", Opaque(b"")),
    (103, TAG56, CP56),
    (104, "aa 55", Qualifier(0x55AA)),
    (105, "01", Qualifier(1)),
    (106, "e8 03", CP16Time2a(1000)),
    (107, "07 01" + TAG56, Qualifier(0x107, CP56)),
    (110, "00 40 01", Parameter(0.5, 1)),
    (111, "0a 00 c4", Parameter(10, 0xC4)),
    (112, "00 00 80 3f 02", Parameter(1.0, 2)),
    (113, "03", Qualifier(3)),
]
ONLY_READ: list[tuple[int, str, Element]] = [
    (120, "01 02 10 00 00 80", File(0x0201, length=16, qualifier=0x80)),
    (121, "01 00 02 00 01 00 00", File(1, section=2, length=256, qualifier=0)),
    (122, "01 00 02 06", File(1, section=2, qualifier=6)),
    (123, "01 00 02 01 7f", File(1, section=2, qualifier=1, checksum=0x7F)),
    (124, "01 00 02 03", File(1, section=2, qualifier=3)),
    (125, "01 00 02 03 aa bb cc", File(1, section=2, length=3, segment=b"\xaa\xbb\xcc")),
    (125, "01 00 02 00", File(1, section=2, length=0, segment=b"")),
    (126, "01 00 10 00 00 20" + TAG56, File(1, length=16, qualifier=0x20, start=CP56)),
    (127, "01 00" + TAG56 + TAG56, File(1, start=CP56, stop=CP56)),
]


@pytest.mark.parametrize(("type_id", "octets", "element"), READ_AND_WRITTEN + ONLY_READ)
def test_decode(type_id: int, octets: str, element: Element) -> None:
    assert decode(type_id, bytes.fromhex(octets)) == element


@pytest.mark.parametrize(("type_id", "octets", "element"), READ_AND_WRITTEN)
def test_encode(type_id: int, octets: str, element: Element) -> None:
    assert encode(type_id, element) == bytes.fromhex(octets)


def test_the_examples_are_all_types() -> None:
    assert {type_id for type_id, _, _ in READ_AND_WRITTEN + ONLY_READ} == set(TypeId)


def test_not_a_number_is_decoded() -> None:
    element = decode(13, bytes.fromhex("00 00 c0 7f 80"))
    assert isinstance(element, Monitored)
    assert math.isnan(element.value)
    assert element.quality == Quality.IV


@pytest.mark.parametrize(
    ("type_id", "octets"),
    [(1, ""), (1, "00 00"), (30, "01"), (102, "00"), (125, "01 00 02"), (126, "00"), (200, "01 02"), (0, "")],
)
def test_octets_of_another_length_or_an_unknown_type_are_opaque(type_id: int, octets: str) -> None:
    assert decode(type_id, bytes.fromhex(octets)) == Opaque(bytes.fromhex(octets))


def test_opaque_octets_are_encoded_as_they_are() -> None:
    assert encode(200, Opaque(b"\x01\x02")) == b"\x01\x02"


@given(st.sampled_from(sorted(TypeId)), st.binary(min_size=16, max_size=16))
def test_any_octets_of_a_type_come_back_but_for_reserved_bits(type_id: TypeId, octets: bytes) -> None:
    element = decode(type_id, octets[: object_size(type_id)])
    if not isinstance(element, File):
        once = encode(type_id, element)
        assert len(once) == object_size(type_id)
        assert encode(type_id, decode(type_id, once)) == once


@given(st.integers(0, 255), st.binary(max_size=20))
def test_decode_takes_any_octets(type_id: int, octets: bytes) -> None:
    assert isinstance(decode(type_id, octets), Element)


@given(st.floats(width=32))
def test_short_float_round_trip(value: float) -> None:
    element = decode(13, encode(13, Monitored(value)))
    assert isinstance(element, Monitored)
    assert element.value == value or math.isnan(value)


@given(st.floats(-1, 1))
def test_normalized_value_is_sent_to_the_nearest_step(value: float) -> None:
    element = decode(9, encode(9, Monitored(value)))
    assert isinstance(element, Monitored)
    assert abs(element.value - value) <= 1 / 32768


def test_full_scale_is_sent_as_the_largest_normalized_value() -> None:
    assert encode(9, Monitored(1)) == bytes.fromhex("ff 7f 00")


@pytest.mark.parametrize(
    ("type_id", "element", "text"),
    [
        (1, Monitored(2), "2 is not an integer within 0 to 1"),
        (1, Monitored(0.5), "0.5 is not an integer within 0 to 1"),
        (1, Monitored(math.nan), "nan is not an integer"),
        (3, Monitored(-1), "-1 is not an integer within 0 to 3"),
        (5, Monitored(64), "64 is not an integer within -64 to 63"),
        (7, Monitored(2**32), "within 0 to 4294967295"),
        (9, Monitored(1.01), "1.01 is not a normalized value"),
        (9, Monitored(math.nan), "nan is not a normalized value"),
        (11, Monitored(32768), "within -32768 to 32767"),
        (11, Monitored(math.inf), "inf is not an integer"),
        (13, Monitored(1e39), "is no short floating point number"),
        (15, Counter(2**31), "within -2147483648 to 2147483647"),
        (15, Counter(0, 32), "32 is not an integer within 0 to 31"),
        (20, StatusChange(0x10000, 0, Quality(0)), "65536 is not an integer within 0 to 65535"),
        (45, Command(1, qualifier=32), "32 is not an integer within 0 to 31"),
        (48, Command(0, qualifier=128), "128 is not an integer within 0 to 127"),
        (100, Qualifier(256), "within 0 to 255"),
        (1, Monitored(1, transient=True), "only a step position can be transient"),
        (1, Monitored(1, Quality.OV), "no place for annotation 0x1"),
        (21, Monitored(0, Quality.IV), "no place for annotation 0x80"),
        (51, Command(1, select=True), "no place for annotation 0x80"),
        (1, Monitored(1, time=CP56), "no place for annotation 0x0 or time tag 2024-05-03"),
        (2, Monitored(1, time=CP56), "no place for annotation 0x0 or time tag 2024-05-03"),
        (30, Monitored(1), "no place for annotation 0x0 or time tag None"),
        (45, Monitored(1), "C_SC_NA_1 does not carry Monitored"),
        (120, File(1), "F_FR_NA_1 does not carry File"),
        (200, Qualifier(1), "type 200 does not carry Qualifier"),
    ],
)
def test_what_a_type_cannot_say_is_not_encoded(type_id: int, element: Element, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        encode(type_id, element)


@pytest.mark.parametrize(
    ("octets", "objects"),
    [
        # M_SP_NA_1, SQ, three elements from IOA 100
        (
            "01 83 14 00 0a 00 64 00 00 01 00 81",
            [(100, Monitored(1)), (101, Monitored(0)), (102, Monitored(1, Quality.IV))],
        ),
        # M_ME_NB_1, two objects
        ("0b 02 03 00 01 00 05 00 00 01 00 00 09 00 00 02 00 00", [(5, Monitored(1)), (9, Monitored(2))]),
        # the same, cut short in the second value
        ("0b 02 03 00 01 00 05 00 00 01 00 00 09 00 00 02 00", [(5, Monitored(1))]),
        # M_SP_NA_1, SQ, three elements announced and one there
        ("01 83 14 00 0a 00 64 00 00 01", [(100, Monitored(1))]),
        # C_RD_NA_1: an address and nothing else
        ("66 01 05 00 01 00 07 00 00", [(7, Opaque(b""))]),
        # type 200, two objects or however its owner counts them
        ("c8 02 03 00 01 00 05 00 00 aa bb", [(5, Opaque(b"\xaa\xbb"))]),
        ("c8 82 03 00 01 00 05 00 00 aa bb", [(5, Opaque(b"\xaa\xbb"))]),
        # no room for an address
        ("01 01 03 00 01 00 05 00", []),
        ("c8 01 03 00 01 00", []),
    ],
)
def test_decode_objects(octets: str, objects: list[tuple[int, Element]]) -> None:
    assert decode_objects(bytes.fromhex(octets)) == objects


def test_encode_objects_gives_what_build_takes() -> None:
    objects: list[tuple[int, Element]] = [(5, Monitored(1)), (0xFFFFFF, Monitored(2, Quality.IV))]
    octets = asdu.build(11, 3, 1, encode_objects(11, objects), count=2)
    assert octets.hex(" ") == "0b 02 03 00 01 00 05 00 00 01 00 00 ff ff ff 02 00 80"
    assert decode_objects(octets) == objects


@pytest.mark.parametrize("address", [-1, 0x1000000])
def test_address_has_three_octets(address: int) -> None:
    with pytest.raises(ValueError, match=f"IOA {address} is not within 0 to 16777215"):
        encode_objects(1, [(address, Monitored(1))])


@given(st.binary(min_size=6, max_size=249))
def test_decode_objects_takes_any_asdu(octets: bytes) -> None:
    addresses = [address for address, _ in decode_objects(octets)]
    assert tuple(addresses) == asdu.ioas(octets)[: len(addresses)]
