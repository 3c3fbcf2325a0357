"""Time tags: CP56Time2a, CP24Time2a and CP16Time2a of IEC 60870-5-101 clause 7.2.6.18 to 7.2.6.20.

Decoding takes any octets, since RTUs send months of 0 and minutes of 63; only turning them into a date can fail.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import ClassVar, Self

_CENTURY = 2000
_INVALID = 0x80
_SUBSTITUTED = 0x40
_SUMMER = 0x80


def _bits(value: int, width: int) -> int:
    if not 0 <= value < 1 << width:
        raise ValueError(f"{value} does not fit into {width} bits of a time tag")
    return value


def _milliseconds(ms: int) -> bytes:
    return _bits(ms, 16).to_bytes(2, "little")


def _minute_octet(minute: int, *, invalid: bool, substituted: bool) -> int:
    return _bits(minute, 6) | _INVALID * invalid | _SUBSTITUTED * substituted


@dataclass(frozen=True, slots=True)
class CP16Time2a:
    """A span of 0 to 65535 milliseconds: a delay, or how long a protection relay took."""

    SIZE: ClassVar[int] = 2

    ms: int

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """The span in two octets."""
        return cls(int.from_bytes(octets[:2], "little"))

    def encode(self) -> bytes:
        """Two octets. Raises ValueError for a span out of range."""
        return _milliseconds(self.ms)

    def __str__(self) -> str:
        return f"{self.ms} ms"


@dataclass(frozen=True, slots=True)
class CP24Time2a:
    """Minute and milliseconds within the hour, as the tags of -101 give them.

    `ms` counts 0 to 59999 milliseconds of the minute, `minute` 0 to 59. The octets have room for more, and decoding
    keeps what it finds there. `substituted` is the bit that the standard also calls RES1: set by who passed it on.
    """

    SIZE: ClassVar[int] = 3

    ms: int
    minute: int
    invalid: bool = False
    substituted: bool = False

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """The tag in three octets."""
        flags = octets[2]
        return cls(octets[0] | octets[1] << 8, flags & 0x3F, flags & _INVALID != 0, flags & _SUBSTITUTED != 0)

    def encode(self) -> bytes:
        """Three octets. Raises ValueError for a field that its bits do not hold."""
        minute = _minute_octet(self.minute, invalid=self.invalid, substituted=self.substituted)
        return _milliseconds(self.ms) + bytes((minute,))

    def __str__(self) -> str:
        second, ms = divmod(self.ms, 1000)
        return f"--:{self.minute:02}:{second:02}.{ms:03}{' IV' * self.invalid}{' substituted' * self.substituted}"


@dataclass(frozen=True, slots=True)
class CP56Time2a:
    """Date and time to the millisecond; which zone is an agreement of the plant, not part of the tag.

    `ms` counts 0 to 59999 milliseconds of the minute, `weekday` is 1 for Monday to 7, 0 where it is not used, `year`
    counts from 2000, 0 to 99. Decoding keeps whatever the bits say; reserved bits are dropped and encoded as 0.
    """

    SIZE: ClassVar[int] = 7

    ms: int
    minute: int
    hour: int
    day: int
    month: int
    year: int
    weekday: int = 0
    invalid: bool = False
    substituted: bool = False
    summer: bool = False

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """The tag in seven octets."""
        low, high, minute, hour, day, month, year = octets
        return cls(
            ms=low | high << 8,
            minute=minute & 0x3F,
            hour=hour & 0x1F,
            day=day & 0x1F,
            month=month & 0x0F,
            year=year & 0x7F,
            weekday=day >> 5,
            invalid=minute & _INVALID != 0,
            substituted=minute & _SUBSTITUTED != 0,
            summer=hour & _SUMMER != 0,
        )

    @classmethod
    def from_datetime(cls, when: datetime, *, invalid: bool = False) -> Self:
        """The tag of `when`, in the zone it has; summer time is marked where that zone says so.

        Raises ValueError for a year that is not 2000 to 2099.
        """
        if not 0 <= when.year - _CENTURY <= 99:  # noqa: PLR2004 - two digits of a year
            raise ValueError(f"the year {when.year} has no place in a CP56Time2a")
        return cls(
            ms=when.second * 1000 + when.microsecond // 1000,
            minute=when.minute,
            hour=when.hour,
            day=when.day,
            month=when.month,
            year=when.year - _CENTURY,
            weekday=when.isoweekday(),
            invalid=invalid,
            summer=bool(when.dst()),
        )

    def to_datetime(self, zone: tzinfo | None = None) -> datetime:
        """The date and time in `zone`, naive without one. Raises ValueError where the fields are no date."""
        second, ms = divmod(self.ms, 1000)
        year = self.year + _CENTURY
        return datetime(year, self.month, self.day, self.hour, self.minute, second, ms * 1000, tzinfo=zone)

    def encode(self) -> bytes:
        """Seven octets. Raises ValueError for a field that its bits do not hold."""
        minute = _minute_octet(self.minute, invalid=self.invalid, substituted=self.substituted)
        hour = _bits(self.hour, 5) | _SUMMER * self.summer
        day = _bits(self.day, 5) | _bits(self.weekday, 3) << 5
        return _milliseconds(self.ms) + bytes((minute, hour, day, _bits(self.month, 4), _bits(self.year, 7)))

    def clock(self) -> str:
        """The time of day with its flags, without the date: `12:03:41.198`, `12:03:41.198 IV summer`."""
        second, ms = divmod(self.ms, 1000)
        flags = f"{' IV' * self.invalid}{' substituted' * self.substituted}{' summer' * self.summer}"
        return f"{self.hour:02}:{self.minute:02}:{second:02}.{ms:03}{flags}"

    def __str__(self) -> str:
        return f"{_CENTURY + self.year}-{self.month:02}-{self.day:02} {self.clock()}"
