from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iec104mm2ss.wire.apci import Framer, UFunction, encode_i, encode_s, encode_u

TESTFR_ACT = bytes.fromhex("68 04 43 00 00 00")
SPONTANEOUS = bytes.fromhex("01 01 03 00 01 00 64 00 00 01")  # M_SP_NA_1, spontaneous, CA 1, IOA 100, on
I_2_5 = bytes.fromhex("68 0e 04 00 0a 00") + SPONTANEOUS  # I-frame, N(S) 2, N(R) 5


def fed(framer: Framer, data: bytes) -> list[tuple[int, bytes]]:
    return list(zip(*framer.feed(data), strict=True))


def frames(data: bytes) -> list[tuple[int, bytes]]:
    return fed(Framer(), data)


def fault(data: bytes) -> str | None:
    framer = Framer()
    framer.feed(data)
    return framer.fault


def test_frame_is_control_octets_and_asdu() -> None:
    assert frames(I_2_5 + TESTFR_ACT) == [(0x000A_0004, SPONTANEOUS), (0x43, b"")]


@pytest.mark.parametrize("stream", [TESTFR_ACT, I_2_5, I_2_5 + TESTFR_ACT + I_2_5])
def test_one_octet_at_a_time_gives_the_same_frames(stream: bytes) -> None:
    framer = Framer()
    one_by_one = [frame for octet in stream for frame in fed(framer, bytes([octet]))]
    assert one_by_one == frames(stream)
    assert framer.pending == 0


@pytest.mark.parametrize("cut", range(1, len(I_2_5)))
def test_incomplete_apdu_is_held(cut: int) -> None:
    framer = Framer()
    assert fed(framer, I_2_5[:cut]) == []
    assert framer.pending == cut
    assert framer.rest == I_2_5[:cut]
    assert framer.fault is None
    assert fed(framer, I_2_5[cut:]) == [(0x000A_0004, SPONTANEOUS)]


def test_longest_apdu_holds_at_most_254_octets() -> None:
    longest = bytes.fromhex("68 fd 00 00 00 00") + bytes(249)
    framer = Framer()
    framer.feed(longest[:-1])
    assert framer.pending == 254
    assert fed(framer, longest[-1:]) == [(0, bytes(249))]


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("00", "octet 0x00 where an APDU starts with 0x68"),
        ("16", "octet 0x16 where an APDU starts with 0x68"),
        ("69", "octet 0x69 where an APDU starts with 0x68"),
        ("01 68 04 43 00 00 00", "octet 0x01 where an APDU starts with 0x68"),
        ("02 02 68 00 12 12", "octet 0x02 where an APDU starts with 0x68"),
        ("68 00", "APDU length 0 outside 4..253"),
        ("68 01 00", "APDU length 1 outside 4..253"),
        ("68 02", "APDU length 2 outside 4..253"),
        ("68 03 01 00 00", "APDU length 3 outside 4..253"),
        ("68 fe", "APDU length 254 outside 4..253"),
        ("68 ff", "APDU length 255 outside 4..253"),
        ("68 08 43", "APDU length 8 in a U-frame"),
        ("68 08 43 00 00 00 ff ff ff ff", "APDU length 8 in a U-frame"),
        ("68 06 01 00 00 00 ff ff", "APDU length 6 in an S-frame"),
        ("68 04 00", "APDU length 4 in an I-frame"),
        ("68 09 02 00 00 00 01 01 03 00 01", "APDU length 9 in an I-frame"),
        ("68 fe 00 00 00 00 01 01 03 00 01 00", "APDU length 254 outside 4..253"),
    ],
)
def test_fault_is_seen_at_the_earliest_octet(octets: str, text: str) -> None:
    assert fault(bytes.fromhex(octets)) == text


@pytest.mark.parametrize("octets", ["68", "68 04", "68 0a", "68 fd", "68 04 01", "68 04 43 00 00", "68 0a 00"])
def test_possible_start_is_no_fault(octets: str) -> None:
    assert fault(bytes.fromhex(octets)) is None


def test_whole_apdu_of_254_octets_behind_the_length_is_refused() -> None:
    assert fault(bytes.fromhex("68 fe 00 00 00 00") + bytes(250)) == "APDU length 254 outside 4..253"


def test_frames_before_a_fault_are_returned_and_none_after_it() -> None:
    framer = Framer()
    assert fed(framer, I_2_5 + bytes.fromhex("69") + TESTFR_ACT) == [(0x000A_0004, SPONTANEOUS)]
    assert framer.fault == "octet 0x69 where an APDU starts with 0x68"
    assert framer.pending == 0
    assert fed(framer, TESTFR_ACT) == []
    assert framer.fault == "octet 0x69 where an APDU starts with 0x68"


def test_encode_s() -> None:
    assert encode_s(0) == bytes.fromhex("68 04 01 00 00 00")
    assert encode_s(5) == bytes.fromhex("68 04 01 00 0a 00")
    assert encode_s(32767) == bytes.fromhex("68 04 01 00 fe ff")


@pytest.mark.parametrize(
    ("function", "octets"),
    [
        (UFunction.STARTDT_ACT, "68 04 07 00 00 00"),
        (UFunction.STARTDT_CON, "68 04 0b 00 00 00"),
        (UFunction.STOPDT_ACT, "68 04 13 00 00 00"),
        (UFunction.STOPDT_CON, "68 04 23 00 00 00"),
        (UFunction.TESTFR_ACT, "68 04 43 00 00 00"),
        (UFunction.TESTFR_CON, "68 04 83 00 00 00"),
    ],
)
def test_encode_u(function: UFunction, octets: str) -> None:
    assert encode_u(function) == bytes.fromhex(octets)


def test_encode_i_counts_and_wraps() -> None:
    first = bytes.fromhex("68 0e fe ff 0a 00") + SPONTANEOUS  # N(S) 32767, N(R) 5
    second = bytes.fromhex("68 0e 00 00 0a 00") + SPONTANEOUS  # N(S) 0, N(R) 5
    assert encode_i(32767, 5, [SPONTANEOUS, SPONTANEOUS]) == first + second
    assert encode_i(0, 0, []) == b""


@pytest.mark.parametrize("size", [0, 5, 250, 1000])
def test_encode_i_refuses_an_asdu_that_no_apdu_can_hold(size: int) -> None:
    with pytest.raises(ValueError, match=rf"ASDU of {size} octets, outside 6..249"):
        encode_i(0, 0, [SPONTANEOUS, bytes(size)])


@given(st.lists(st.binary(min_size=6, max_size=249), max_size=8), st.integers(0, 32767), st.integers(0, 32767))
def test_what_is_encoded_is_framed_again(asdus: list[bytes], first_ns: int, nr: int) -> None:
    expected = [((first_ns + index) % 32768 << 1 | nr << 17, asdu) for index, asdu in enumerate(asdus)]
    assert frames(encode_i(first_ns, nr, asdus)) == expected


STREAMS = st.lists(st.sampled_from([I_2_5, TESTFR_ACT, b"\x68"]) | st.binary(max_size=4), max_size=8).map(b"".join)


@given(STREAMS, st.integers(1, 40))
def test_any_octets_in_any_pieces_give_the_same_frames_and_fault(data: bytes, size: int) -> None:
    whole, pieces = Framer(), Framer()
    expected = fed(whole, data)
    assert [f for at in range(0, len(data), size) for f in fed(pieces, data[at : at + size])] == expected
    assert (pieces.fault, pieces.pending) == (whole.fault, whole.pending)
