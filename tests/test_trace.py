import time
from collections.abc import Iterator
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iec104mm2ss.link.link import Link
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.link.states import Role
from iec104mm2ss.trace import FrameTrace, TracedFrame, frame_line

STARTDT_ACT = bytes.fromhex("68 04 07 00 00 00")
STARTDT_CON = bytes.fromhex("68 04 0b 00 00 00")
S_813 = bytes.fromhex("68 04 01 00 5a 06")  # N(R) 813
# I-frame, N(S) 812, N(R) 40; M_SP_NA_1, one object, spontaneous, OA 0, CA 32, IOA 447, ON
I_812_40 = bytes.fromhex("68 0e 58 06 50 00 01 01 03 00 20 00 bf 01 00 01")
# The same, N(S) 0 and 1, N(R) 0. The first is about CA 1128 and IOA 1128, whose octets are those of an S-frame's head.
I_0 = bytes.fromhex("68 0e 00 00 00 00 01 01 03 00 68 04 68 04 00 01")
I_1 = bytes.fromhex("68 0e 02 00 00 00 01 01 03 00 20 00 bf 01 00 00")
MOMENT = 1_700_000_000.0


def trace(incomplete: bytes = b"") -> FrameTrace:
    return FrameTrace("111/S", "10.1.9.1:40001", "10.1.9.4:2404", incomplete)


def received(*reads: bytes, incomplete: bytes = b"") -> list[TracedFrame]:
    under_test = trace(incomplete)
    return [frame for octets in reads for frame in under_test.feed(False, octets, MOMENT)]  # noqa: FBT003


def test_one_item_says_all_there_is_to_say_of_an_apdu() -> None:
    assert trace().feed(True, I_812_40, 1234.5) == [  # noqa: FBT003
        TracedFrame(
            moment=1234.5,
            entry="111/S",
            outgoing=True,
            local="10.1.9.1:40001",
            peer="10.1.9.4:2404",
            octets=I_812_40,
            text="I S=812 R=40  M_SP_NA_1  spont(3)  CA 32  IOA 447  ON",
            level="data",
        )
    ]


@pytest.mark.parametrize(
    ("octets", "text", "level"),
    [
        (STARTDT_ACT, "U STARTDT act", "link"),
        (S_813, "S R=813", "link"),
        (I_812_40, "I S=812 R=40  M_SP_NA_1  spont(3)  CA 32  IOA 447  ON", "data"),
        (bytes.fromhex("68 04 ff 00 00 00"), "U ff", "link"),
    ],
)
def test_supervisory_and_unnumbered_frames_are_of_the_link_and_i_frames_are_data(
    octets: bytes, text: str, level: str
) -> None:
    assert [(frame.text, frame.level) for frame in received(octets)] == [(text, level)]


def test_each_apdu_of_one_read_is_an_item() -> None:
    assert [frame.octets for frame in received(STARTDT_CON + I_0 + S_813 + I_1)] == [STARTDT_CON, I_0, S_813, I_1]


@pytest.mark.parametrize("cut", range(1, len(I_0 + I_1)))
def test_split_apdus_are_given_when_they_are_whole(cut: int) -> None:
    stream = I_0 + I_1
    assert [frame.octets for frame in received(stream[:cut], stream[cut:])] == [I_0, I_1]


def test_the_moment_is_that_of_the_octets_that_complete_an_apdu() -> None:
    under_test = trace()
    assert under_test.feed(False, I_0[:9], 1.0) == []  # noqa: FBT003
    assert [frame.moment for frame in under_test.feed(False, I_0[9:], 2.0)] == [2.0]  # noqa: FBT003


def test_the_directions_are_cut_apart() -> None:
    under_test = trace()
    assert under_test.feed(False, I_0[:9], 1.0) == []  # noqa: FBT003
    assert [frame.octets for frame in under_test.feed(True, S_813, 1.0)] == [S_813]  # noqa: FBT003
    assert [frame.octets for frame in under_test.feed(False, I_0[9:], 1.0)] == [I_0]  # noqa: FBT003


@pytest.mark.parametrize("cut", range(len(STARTDT_CON + I_0 + I_1) + 1))
def test_a_trace_begun_at_any_octet_gives_every_apdu_that_was_not_yet_whole(cut: int) -> None:
    stream = STARTDT_CON + I_0 + I_1
    link = Link(Role.CONTROLLING, LinkParameters(), 0.0)
    link.start(0.0)
    link.receive(stream[:cut], 0.0)
    assert link.close_reason is None
    ends = list(accumulate(map(len, (STARTDT_CON, I_0, I_1)), initial=0))
    expected = [stream[start:end] for start, end in pairwise(ends) if end > cut]
    for split in range(cut, len(stream) + 1):
        frames = received(stream[cut:split], stream[split:], incomplete=link.incomplete)
        assert [frame.octets for frame in frames] == expected


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("16 03 01", "FAULT octet 0x16 where an APDU starts with 0x68  no APDU  16 03 01"),
        ("68 ff 00", "FAULT APDU length 255 outside 4..253  no APDU  68 ff 00"),
        (
            "68 04 00 00 00 00",
            "FAULT APDU length 4 in an I-frame  I S=0 R=0  FAULT ASDU of 0 octets has no whole header",
        ),
    ],
)
def test_what_can_be_no_apdu_is_one_item_with_its_octets_and_the_reason(octets: str, text: str) -> None:
    junk = bytes.fromhex(octets)
    frames = received(I_0 + junk)
    assert [(frame.octets, frame.level) for frame in frames] == [(I_0, "data"), (junk, "link")]
    assert frames[1].text == text


def test_a_fault_that_shows_late_has_all_octets_of_that_apdu() -> None:
    assert [frame.octets for frame in received(b"\x68", b"\x04", b"\x00\x01")] == [b"\x68\x04\x00\x01"]


def test_nothing_behind_a_fault_is_taken_for_an_apdu_and_nothing_is_lost() -> None:
    frames = received(b"\x00" + STARTDT_ACT, S_813)
    assert [frame.octets for frame in frames] == [b"\x00" + STARTDT_ACT, S_813]
    assert all(frame.text.startswith("FAULT octet 0x00 where") for frame in frames)


@given(st.lists(st.binary(min_size=1, max_size=300) | st.sampled_from([I_0, I_1, S_813])))
def test_every_octet_is_shown_once_and_in_order_on_one_line_each(reads: list[bytes]) -> None:
    frames = received(*reads)
    shown = b"".join(frame.octets for frame in frames)
    assert b"".join(reads).startswith(shown)
    assert len(b"".join(reads)) - len(shown) <= 254
    assert all(frame_line(frame, octets=True).isprintable() for frame in frames)


@pytest.fixture
def in_nepal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("this system cannot change the time zone of a process")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "NPT-5:45")
        time.tzset()
        yield
    time.tzset()


# 2023-11-14 22:13:20 UTC
@pytest.mark.parametrize(
    ("outgoing", "way", "octets", "end"),
    [
        (False, "<-", False, ""),
        (True, "->", False, ""),
        (True, "->", True, "  [68 0e 58 06 50 00 01 01 03 00 20 00 bf 01 00 01]"),
    ],
)
@pytest.mark.usefixtures("in_nepal")
def test_a_line_has_local_time_entry_way_peer_and_meaning(outgoing: bool, way: str, octets: bool, end: str) -> None:  # noqa: FBT001
    (frame,) = trace().feed(outgoing, I_812_40, MOMENT + 0.2204)
    assert frame_line(frame, octets=octets) == (
        f"03:58:20.220  111/S  {way} 10.1.9.4:2404  I S=812 R=40  M_SP_NA_1  spont(3)  CA 32  IOA 447  ON{end}"
    )
