import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iec104mm2ss.wire.apci import UFunction, encode_i, encode_u
from iec104mm2ss.wire.describe import describe, describe_asdu
from iec104mm2ss.wire.types import TypeId, object_size, type_name

TAG56 = "ee a0 03 0c a3 05 18"  # 2024-05-03 12:03:41.198
TAG24 = "ee a0 03"  # minute 3, 41.198 s


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        (
            "68 15 58 06 50 00 1e 01 03 00 20 00 bf 01 00 01" + TAG56,
            "I S=812 R=40  M_SP_TB_1  spont(3)  CA 32  IOA 447  ON  12:03:41.198",
        ),
        (
            "68 0e 18 00 56 06 2e 01 06 01 20 00 09 52 00 02",
            "I S=12 R=811  C_DC_NA_1  act(6)  OA 1  CA 32  IOA 21001  ON  execute  QU 0",
        ),
        (
            "68 0e fe ff fe ff 64 01 06 00 ff ff 00 00 00 14",
            "I S=32767 R=32767  C_IC_NA_1  act(6)  CA 65535  IOA 0  station",
        ),
        ("68 04 01 00 18 00", "S R=12"),
        ("68 04 07 00 00 00", "U STARTDT act"),
        ("68 04 0b 00 00 00", "U STARTDT con"),
        ("68 04 13 00 00 00", "U STOPDT act"),
        ("68 04 23 00 00 00", "U STOPDT con"),
        ("68 04 43 00 00 00", "U TESTFR act"),
        ("68 04 83 00 00 00", "U TESTFR con"),
        ("68 04 17 00 00 00", "U 17"),
    ],
)
def test_one_line_per_frame(octets: str, line: str) -> None:
    assert describe(bytes.fromhex(octets)) == line


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        ("", "no APDU"),
        ("68", "no APDU  68"),
        ("68 04 43 00 00", "no APDU  68 04 43 00 00"),  # one octet missing
        ("68 04 43 00 00 00 00", "no APDU  68 04 43 00 00 00 00"),  # one too many
        ("16 04 43 00 00 00", "no APDU  16 04 43 00 00 00"),
        ("68 05 43 00 00 00 ff", "no APDU  68 05 43 00 00 00 ff"),  # a U-frame with a body
        ("68 05 01 00 00 00 ff", "no APDU  68 05 01 00 00 00 ff"),  # an S-frame with a body
        ("68 06 00 00 00 00 01 02", "I S=0 R=0  FAULT ASDU of 2 octets has no whole header  01 02"),
        ("68 04 00 00 00 00", "I S=0 R=0  FAULT ASDU of 0 octets has no whole header"),
        ("00" * 40, "no APDU  " + " ".join(["00"] * 32) + " +8 octets"),
    ],
)
def test_octets_that_are_no_frame_are_shown(octets: str, line: str) -> None:
    assert describe(bytes.fromhex(octets)) == line


@pytest.mark.parametrize(
    ("type_id", "octets", "words"),
    [
        (1, "00", "OFF"),
        (1, "f1", "ON  IV NT SB BL"),
        (2, "01" + TAG24, "ON  --:03:41.198"),
        (3, "00", "INTERMEDIATE"),
        (3, "01", "OFF"),
        (3, "02", "ON"),
        (3, "83", "INDETERMINATE  IV"),
        (5, "7f 00", "-1"),
        (5, "85 01", "5  transient  OV"),
        (7, "0f 00 00 00 00", "0x0000000F"),
        (9, "00 e0 00", "-0.25"),
        (11, "d2 04 00", "1234"),
        (13, "c3 f5 48 40 00", "3.14"),
        (13, "00 00 c0 7f 00", "nan"),
        (13, "00 00 80 ff 00", "-inf"),
        (13, "01 00 00 00 00", "1.401298e-45"),  # denormal
        (15, "39 30 00 00 e3", "12345  seq 3  IV CA CY"),
        (17, "02 e8 03" + TAG24, "ON  1000 ms  --:03:41.198"),
        (18, "21 08 e8 03" + TAG24, "GS SRD  EI  1000 ms  --:03:41.198"),
        (19, "00 00 00 00" + TAG24, "none  0 ms  --:03:41.198"),
        (20, "01 80 02 00 00", "status 0x8001  changed 0x0002"),
        (36, "00 00 80 3f 00 ee a0 83 0c a3 05 18", "1  12:03:41.198 IV"),
        (36, "00 00 80 3f 00 ee a0 03 8c a3 05 18", "1  12:03:41.198 summer"),
        (39, "0e 00 00 00" + TAG56, "SL1 SL2 SL3  0 ms  12:03:41.198"),
        (40, "0f 00 00 00" + TAG56, "GC CL1 CL2 CL3  0 ms  12:03:41.198"),
        (45, "85", "ON  select  QU 1"),
        (46, "01", "OFF  execute  QU 0"),
        (46, "03", "NOT PERMITTED 3  execute  QU 0"),
        (47, "01", "LOWER  execute  QU 0"),
        (47, "02", "HIGHER  execute  QU 0"),
        (50, "c3 f5 48 40 82", "3.14  select  QL 2"),
        (51, "01 00 00 00", "0x00000001"),
        (58, "00" + TAG56, "OFF  execute  QU 0  12:03:41.198"),
        (64, "01 00 00 00" + TAG56, "0x00000001  12:03:41.198"),
        (70, "00", "local power switch on"),
        (70, "82", "remote reset after change of parameters"),
        (70, "05", "COI 5"),
        (100, "14", "station"),
        (100, "15", "group 1"),
        (100, "24", "group 16"),
        (100, "00", "QOI 0"),
        (100, "25", "QOI 37"),
        (101, "05", "general read"),
        (101, "44", "group 4 freeze without reset"),
        (101, "81", "group 1 freeze with reset"),
        (101, "c5", "general reset"),
        (101, "06", "RQT 6 read"),
        (102, "", ""),
        (103, TAG56, "2024-05-03 12:03:41.198"),
        (104, "aa 55", "FBP 0x55AA"),
        (105, "01", "general reset"),
        (105, "02", "reset of pending time-tagged events"),
        (105, "00", "QRP 0"),
        (106, "e8 03", "1000 ms"),
        (107, "07 00" + TAG56, "TSC 7  12:03:41.198"),
        (110, "00 40 01", "0.5  threshold"),
        (111, "0a 00 c4", "10  high limit  local change  not in operation"),
        (112, "00 00 80 3f 00", "1  KPA 0"),
        (113, "03", "cyclic transmission of the object"),
        (113, "09", "QPA 9"),
        (120, "01 00 10 00 00 80", "file 1  length 16  FRQ 128"),
        (121, "01 00 02 10 00 00 00", "file 1  section 2  length 16  SRQ 0"),
        (122, "01 00 02 06", "file 1  section 2  SCQ 6"),
        (123, "01 00 02 01 7f", "file 1  section 2  LSQ 1  checksum 127"),
        (124, "01 00 02 03", "file 1  section 2  AFQ 3"),
        (125, "01 00 02 03 aa bb cc", "file 1  section 2  length 3  segment aa bb cc"),
        (126, "01 00 10 00 00 20" + TAG56, "file 1  length 16  SOF 32  from 2024-05-03 12:03:41.198"),
        (127, "01 00" + TAG56 + TAG56, "file 1  from 2024-05-03 12:03:41.198  to 2024-05-03 12:03:41.198"),
        (200, "de ad", "de ad"),
    ],
)
def test_what_an_object_says(type_id: int, octets: str, words: str) -> None:
    asdu = bytes((type_id, 1, 3, 0, 32, 0, 5, 0, 0)) + bytes.fromhex(octets)
    assert describe_asdu(asdu) == f"{type_name(type_id)}  spont(3)  CA 32  IOA 5  {words}".rstrip()


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        # actcon negative, test
        ("2d 01 c7 02 01 00 05 00 00 01", "C_SC_NA_1  actcon(7)  negative  test  OA 2  CA 1  IOA 5  ON  execute  QU 0"),
        # a cause of the private range
        ("66 01 30 00 01 00 05 00 00", "C_RD_NA_1  cause(48)  CA 1  IOA 5"),
        # two objects, then a sequence of three, of four
        ("01 02 03 00 01 00 05 00 00 01 09 00 00 80", "M_SP_NA_1  spont(3)  CA 1  IOA 5 ON, 9 OFF IV"),
        ("01 83 14 00 01 00 64 00 00 01 00 01", "M_SP_NA_1  inrogen(20)  CA 1  IOA 100 ON, 101 OFF, 102 ON"),
        ("01 84 14 00 01 00 64 00 00 01 00 01 00", "M_SP_NA_1  inrogen(20)  CA 1  IOA 100 ON, 101 OFF, 102 ON +1 more"),
        # no object, one octet too many, cut short, cut in the address
        ("01 00 03 00 01 00", "M_SP_NA_1  spont(3)  CA 1  FAULT M_SP_NA_1 without information objects"),
        (
            "01 01 03 00 01 00 05 00 00 01 ff",
            "M_SP_NA_1  spont(3)  CA 1  IOA 5  ON  FAULT M_SP_NA_1 with count 1 has 11 octets, not 10  05 00 00 01 ff",
        ),
        (
            "01 02 03 00 01 00 05 00 00 01",
            "M_SP_NA_1  spont(3)  CA 1  IOA 5  ON  FAULT M_SP_NA_1 with count 2 has 10 octets, not 14  05 00 00 01",
        ),
        (
            "01 01 03 00 01 00 05 00",
            "M_SP_NA_1  spont(3)  CA 1  FAULT M_SP_NA_1 with count 1 has 8 octets, not 10  05 00",
        ),
    ],
)
def test_describe_asdu(octets: str, line: str) -> None:
    assert describe_asdu(bytes.fromhex(octets)) == line


def test_every_u_function_has_words() -> None:
    assert {describe(encode_u(function)) for function in UFunction} == {
        f"U {name} {phase}" for name in ("STARTDT", "STOPDT", "TESTFR") for phase in ("act", "con")
    }


@given(st.binary(max_size=300))
@example(b"\x68\x04\x43\x00\x00\x00")
def test_any_octets_give_one_printable_line(octets: bytes) -> None:
    assert describe(octets).isprintable()
    assert describe_asdu(octets).isprintable()


@given(st.integers(0, 255), st.integers(0, 255), st.binary(min_size=4, max_size=247))
def test_any_asdu_in_a_frame_gives_one_printable_line(type_id: int, qualifier: int, rest: bytes) -> None:
    line = describe(encode_i(1, 2, [bytes((type_id, qualifier)) + rest]))
    assert line.isprintable()
    assert line.startswith(f"I S=1 R=2  {type_name(type_id)}  ")


@given(st.sampled_from(sorted(TypeId)), st.binary(min_size=16, max_size=16))
def test_any_object_of_a_type_gives_words_and_no_fault(type_id: TypeId, octets: bytes) -> None:
    line = describe_asdu(bytes((type_id, 1, 3, 0, 1, 0, 5, 0, 0)) + octets[: object_size(type_id)])
    assert line.startswith(f"{type_id.name}  spont(3)  CA 1  IOA 5")
    assert "FAULT" not in line
