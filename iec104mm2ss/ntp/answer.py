"""What is asked of a time server, and whether its answer can be true (RFC 5905; RFC 4330 section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ntplib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iec104mm2ss.ntp.clock import Reading

_VERSION = 3
_CLIENT, _SERVER = 3, 4
_LENGTH = 48
_UNSYNCHRONISED_LEAP, _UNSYNCHRONISED_STRATUM = 3, 16
_ERA = 2**32
# Half of the delay is what an answer can be wrong by.
_LONGEST_DELAY = 1.0
# A Windows server takes its two time stamps from a clock that ticks every 15.6 ms.
_MOST_NEGATIVE_DELAY = -0.02


class ImplausibleError(Exception):
    """An answer that must not be used; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Answer:
    """It was `time`, seconds since 1970, when the monotonic clock showed `at`; `delay` is the round trip in seconds.

    Bound to the monotonic clock, so that it stays true when somebody else sets this machine's clock meanwhile: two
    programs of one machine that hear at the same time that it is an hour slow must not set it forward twice.
    """

    time: float
    at: float
    delay: float

    def offset(self, now: Reading) -> float:
        """Seconds by which the clock is behind; negative where it is ahead."""
        return self.time + (now.monotonic - self.at) - now.wall


def question(wall: float) -> ntplib.NTPPacket:
    """Return what to send to a server at this time, seconds since 1970. `to_data` gives its octets."""
    return ntplib.NTPPacket(version=_VERSION, mode=_CLIENT, tx_timestamp=_ntp_time(wall))


def judged(reply: bytes, asked: ntplib.NTPPacket, arrived: Reading) -> Answer:
    """Return what the reply to `asked` says; raises ImplausibleError for one that cannot be true.

    Dispersion is no reason: a Windows domain controller, which is what most sites have, owns up to ten seconds.
    """
    if len(reply) < _LENGTH:
        raise ImplausibleError(f"its answer has {len(reply)} octets instead of {_LENGTH}")
    stats = ntplib.NTPStats()
    stats.from_data(reply)
    stats.dest_timestamp = _ntp_time(arrived.wall)
    for objection in _objections(stats, asked):
        raise ImplausibleError(objection)
    _bring_together(stats)
    _refuse_delay(stats.delay)
    return Answer(arrived.wall + stats.offset, arrived.monotonic, max(0.0, stats.delay))


def _objections(stats: ntplib.NTPStats, asked: ntplib.NTPPacket) -> Iterator[str]:
    if stats.mode != _SERVER:
        yield f"its answer has mode {stats.mode} instead of {_SERVER} (server)"
    if stats.stratum == 0:
        yield f"it refuses to serve (stratum 0{_kiss_code(stats.ref_id)})"
    if stats.stratum >= _UNSYNCHRONISED_STRATUM:
        yield f"its clock is not synchronised (stratum {stats.stratum})"
    if stats.leap == _UNSYNCHRONISED_LEAP:
        yield f"its clock is not synchronised (leap {stats.leap})"
    if stats.orig_timestamp != asked.tx_timestamp:
        yield "its answer is to another question (origin time stamp)"
    if not stats.tx_timestamp:
        yield "its answer holds no time"


def _refuse_delay(delay: float) -> None:
    if delay > _LONGEST_DELAY:
        raise ImplausibleError(f"its answer took longer than {_LONGEST_DELAY:g} s")
    if delay < _MOST_NEGATIVE_DELAY:
        raise ImplausibleError("its answer took less than no time")


def _kiss_code(reference: int) -> str:
    """RATE, DENY and the like (RFC 5905 section 7.4), where there is one."""
    code = reference.to_bytes(4, "big").decode("latin-1")
    return f", {code}" if code.isascii() and code.isalpha() else ""


def _ntp_time(wall: float) -> float:
    """In 2036 the seconds of NTP begin again at 0."""
    return float(ntplib.system_to_ntp_time(wall)) % _ERA


def _bring_together(stats: ntplib.NTPStats) -> None:
    """Take times before and after 2036 for what they are: at most 68 years apart (RFC 5905 section 6)."""
    for name in ("recv_timestamp", "tx_timestamp", "dest_timestamp"):
        apart = (getattr(stats, name) - stats.orig_timestamp + _ERA / 2) % _ERA - _ERA / 2
        setattr(stats, name, stats.orig_timestamp + apart)
