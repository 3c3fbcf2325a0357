from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iec104mm2ss.wire.time import CP16Time2a, CP24Time2a, CP56Time2a

# 2024-05-03, a Friday, 12:03:41.198
TAG = bytes.fromhex("ee a0 03 0c a3 05 18")
WHEN = datetime(2024, 5, 3, 12, 3, 41, 198_000, tzinfo=UTC)


class SummerTime(tzinfo):
    """A zone that is always one hour ahead of its own winter."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        return timedelta(hours=2)

    def dst(self, when: datetime | None) -> timedelta:
        return timedelta(hours=1)

    def tzname(self, when: datetime | None) -> str:
        return "summer"


def test_cp56_fields() -> None:
    tag = CP56Time2a.decode(TAG)
    assert tag == CP56Time2a(ms=41198, minute=3, hour=12, day=3, month=5, year=24, weekday=5)
    assert tag.encode() == TAG
    assert str(tag) == "2024-05-03 12:03:41.198"
    assert tag.clock() == "12:03:41.198"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("ee a0 83 0c a3 05 18", "2024-05-03 12:03:41.198 IV"),  # bit 7 of the minute
        ("ee a0 43 0c a3 05 18", "2024-05-03 12:03:41.198 substituted"),  # bit 6 of the minute
        ("ee a0 03 8c a3 05 18", "2024-05-03 12:03:41.198 summer"),  # bit 7 of the hour
        ("ee a0 c3 8c a3 05 18", "2024-05-03 12:03:41.198 IV substituted summer"),
        ("00 00 00 00 00 00 00", "2000-00-00 00:00:00.000"),  # never set
        ("ff ff ff ff ff ff ff", "2127-15-31 31:63:65.535 IV substituted summer"),  # no date at all
    ],
)
def test_cp56_says_what_the_bits_say(octets: str, text: str) -> None:
    assert str(CP56Time2a.decode(bytes.fromhex(octets))) == text


def test_cp56_from_and_to_datetime() -> None:
    assert CP56Time2a.from_datetime(WHEN).encode() == TAG
    assert CP56Time2a.decode(TAG).to_datetime(UTC) == WHEN
    assert CP56Time2a.decode(TAG).to_datetime() == WHEN.replace(tzinfo=None)


def test_cp56_is_invalid_where_the_sender_says_so() -> None:
    assert CP56Time2a.from_datetime(WHEN, invalid=True).encode().hex(" ") == "ee a0 83 0c a3 05 18"


def test_cp56_marks_summer_time_of_the_zone() -> None:
    assert CP56Time2a.from_datetime(WHEN.replace(tzinfo=SummerTime())).summer
    assert not CP56Time2a.from_datetime(WHEN.replace(tzinfo=timezone(timedelta(hours=2)))).summer
    assert not CP56Time2a.from_datetime(WHEN.replace(tzinfo=None)).summer


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31, 23, 59, 59, 999_999)))  # noqa: DTZ001 - bounds are naive
def test_cp56_keeps_a_date_to_the_millisecond(when: datetime) -> None:
    tag = CP56Time2a.decode(CP56Time2a.from_datetime(when).encode())
    assert tag.to_datetime() == when.replace(microsecond=when.microsecond // 1000 * 1000)
    assert tag.weekday == when.isoweekday()


@pytest.mark.parametrize("year", [1999, 2100])
def test_cp56_has_no_other_centuries(year: int) -> None:
    with pytest.raises(ValueError, match=f"the year {year} has no place"):
        CP56Time2a.from_datetime(datetime(year, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("octets", ["00 00 00 00 00 00 18", "ee a0 3c 0c a3 05 18", "ee a0 03 0c a3 0d 18"])
def test_cp56_that_is_no_date_has_no_datetime(octets: str) -> None:
    tag = CP56Time2a.decode(bytes.fromhex(octets))
    with pytest.raises(ValueError, match=r"must be in|must be between"):
        tag.to_datetime()


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (CP56Time2a(ms=65536, minute=0, hour=0, day=1, month=1, year=0), 65536),
        (CP56Time2a(ms=-1, minute=0, hour=0, day=1, month=1, year=0), -1),
        (CP56Time2a(ms=0, minute=64, hour=0, day=1, month=1, year=0), 64),
        (CP56Time2a(ms=0, minute=0, hour=32, day=1, month=1, year=0), 32),
        (CP56Time2a(ms=0, minute=0, hour=0, day=33, month=1, year=0), 33),
        (CP56Time2a(ms=0, minute=0, hour=0, day=1, month=16, year=0), 16),
        (CP56Time2a(ms=0, minute=0, hour=0, day=1, month=1, year=128), 128),
        (CP56Time2a(ms=0, minute=0, hour=0, day=1, month=1, year=0, weekday=8), 8),
        (CP24Time2a(ms=0, minute=65), 65),
        (CP24Time2a(ms=70000, minute=0), 70000),
        (CP16Time2a(70001), 70001),
    ],
)
def test_field_that_its_bits_do_not_hold_is_not_encoded(tag: CP56Time2a | CP24Time2a | CP16Time2a, value: int) -> None:
    with pytest.raises(ValueError, match=f"{value} does not fit into"):
        tag.encode()


@given(st.binary(min_size=7, max_size=7))
def test_cp56_takes_any_octets_and_drops_only_reserved_bits(octets: bytes) -> None:
    meaning = bytes(octet & mask for octet, mask in zip(octets, b"\xff\xff\xff\x9f\xff\x0f\x7f", strict=True))
    tag = CP56Time2a.decode(octets)
    assert tag.encode() == meaning
    assert len(str(tag)) >= len("2024-05-03 12:03:41.198")


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("ee a0 03", "--:03:41.198"),
        ("ee a0 83", "--:03:41.198 IV"),
        ("ff ff ff", "--:63:65.535 IV substituted"),
    ],
)
def test_cp24_says_what_the_bits_say(octets: str, text: str) -> None:
    assert str(CP24Time2a.decode(bytes.fromhex(octets))) == text


@given(st.binary(min_size=3, max_size=3))
def test_cp24_round_trip(octets: bytes) -> None:
    assert CP24Time2a.decode(octets).encode() == octets


@given(st.binary(min_size=2, max_size=2))
def test_cp16_round_trip(octets: bytes) -> None:
    assert CP16Time2a.decode(octets).encode() == octets


def test_cp16_is_milliseconds() -> None:
    assert str(CP16Time2a.decode(b"\xe8\x03")) == "1000 ms"
