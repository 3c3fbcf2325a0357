"""What is believed of a time server's octets, by literal times."""

import struct
from datetime import UTC, datetime
from typing import Any

import ntplib
import pytest

from iec104mm2ss.ntp.answer import Answer, ImplausibleError, judged, question
from iec104mm2ss.ntp.clock import Reading
from tests.time_server import T, reply, stamp

YEAR = 365 * 86_400


def answer_to(asked_at: float, arrived: Reading, **answer: Any) -> Answer:  # noqa: ANN401 - reply's keywords
    asked = question(asked_at)
    return judged(reply(asked.to_data(), **answer), asked, arrived)


def test_the_question_is_a_clients_and_carries_its_time() -> None:
    octets = question(T).to_data()
    assert len(octets) == 48
    assert octets[0] == 0b00_011_011  # leap 0, version 3, mode 3
    assert octets[40:48] == stamp(T)


def test_a_clock_is_behind_by_what_the_server_is_ahead() -> None:
    # Sent at T, 0.25 s each way, 0.5 s in the server, which is 3 s ahead: back at T + 1.
    answer = answer_to(T, Reading(T + 1, 51.0), received=T + 3.25, sent=T + 3.75)
    assert answer == Answer(time=T + 4, at=51.0, delay=0.5)
    assert answer.offset(Reading(T + 1, 51.0)) == 3.0


def test_an_answer_stays_true_when_somebody_sets_the_clock_meanwhile() -> None:
    answer = Answer(time=T + 3600, at=50.0, delay=0.0)
    assert answer.offset(Reading(T + 2, 52.0)) == 3600.0
    assert answer.offset(Reading(T + 3600 + 3, 53.0)) == 0.0


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"mode": 3}, "its answer has mode 3 instead of 4 (server)"),
        ({"mode": 5}, "its answer has mode 5 instead of 4 (server)"),
        ({"stratum": 0}, "it refuses to serve (stratum 0)"),
        ({"stratum": 0, "reference": b"DENY"}, "it refuses to serve (stratum 0, DENY)"),
        ({"stratum": 16}, "its clock is not synchronised (stratum 16)"),
        ({"stratum": 255}, "its clock is not synchronised (stratum 255)"),
        ({"leap": 3}, "its clock is not synchronised (leap 3)"),
        ({"origin": stamp(T + 2**-20)}, "its answer is to another question (origin time stamp)"),
        ({"origin": bytes(8)}, "its answer is to another question (origin time stamp)"),
        ({"received": T + 0.021, "sent": T + 0.25}, "its answer took less than no time"),
        ({"received": T + 10, "sent": T + 8}, "its answer took longer than 1 s"),
    ],
)
def test_what_cannot_be_true_is_refused(fault: dict[str, Any], reason: str) -> None:
    with pytest.raises(ImplausibleError) as caught:
        answer_to(T, Reading(T + 0.2, 50.0), **{"received": T + 0.1} | fault)
    assert str(caught.value) == reason


def test_a_delay_above_a_second_is_refused() -> None:
    assert answer_to(T, Reading(T + 1, 50.0), received=T + 0.5).delay == 1.0
    with pytest.raises(ImplausibleError, match="longer than 1 s"):
        answer_to(T, Reading(T + 1.001, 50.0), received=T + 0.5)


def test_a_clock_set_between_question_and_answer_makes_the_answer_worthless() -> None:
    for step in (3600, -3600):
        with pytest.raises(ImplausibleError, match="its answer took"):
            answer_to(T, Reading(T + step, 50.0), received=T)


def test_the_coarse_clock_of_a_windows_server_is_no_fault() -> None:
    answer = answer_to(T, Reading(T + 0.001, 50.0), received=T, sent=T + 0.0156)
    assert answer.delay == 0.0


@pytest.mark.parametrize("leap", [0, 1, 2])
@pytest.mark.parametrize("stratum", [1, 2, 15])
def test_a_coming_leap_second_and_every_synchronised_stratum_are_fine(leap: int, stratum: int) -> None:
    assert answer_to(T, Reading(T, 50.0), received=T, leap=leap, stratum=stratum).offset(Reading(T, 50.0)) == 0.0


def test_what_a_windows_domain_controller_says_of_its_dispersion_is_no_fault() -> None:
    asked = question(T)
    octets = bytearray(reply(asked.to_data(), received=T))
    octets[8:12] = struct.pack("!I", 10 << 16)
    assert judged(bytes(octets), asked, Reading(T, 50.0)).time == T


@pytest.mark.parametrize("length", [0, 1, 10, 47])
def test_a_short_answer_is_refused_in_words(length: int) -> None:
    asked = question(T)
    with pytest.raises(ImplausibleError, match=f"its answer has {length} octets instead of 48"):
        judged(reply(asked.to_data(), received=T)[:length], asked, Reading(T, 50.0))


def test_octets_after_the_48th_are_a_signature_that_is_not_ours_to_check() -> None:
    asked = question(T)
    assert judged(reply(asked.to_data(), received=T) + bytes(20), asked, Reading(T, 50.0)).time == T


def test_48_zero_octets_are_refused() -> None:
    with pytest.raises(ImplausibleError, match="mode 0"):
        judged(bytes(48), question(T), Reading(T, 50.0))


def test_an_answer_without_a_time_is_refused() -> None:
    asked = question(T)
    octets = reply(asked.to_data(), received=T)[:40] + bytes(8)
    with pytest.raises(ImplausibleError, match="its answer holds no time"):
        judged(octets, asked, Reading(T, 50.0))


def test_ten_years_are_an_answer_like_another() -> None:
    assert answer_to(T, Reading(T, 50.0), received=T + 10 * YEAR).offset(Reading(T, 50.0)) == 10 * YEAR


SECONDS_END = datetime(2036, 2, 7, 6, 28, 16, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("ahead", [0.0, 3.0, -3.0, 0.375, -0.375])
def test_the_seconds_of_ntp_begin_again_in_2036(ahead: float) -> None:
    # Asked half a second before the end, answered half a second after it; then both after it, as in every year since.
    for asked in (SECONDS_END - 0.5, SECONDS_END + 0.5, SECONDS_END + 30 * YEAR):
        arrived = Reading(asked + 0.75, 50.0)
        middle = asked + 0.375 + ahead
        assert answer_to(asked, arrived, received=middle).offset(arrived) == ahead


def test_a_clock_that_lost_its_battery_learns_the_year() -> None:
    arrived = Reading(100.0, 50.0)
    assert answer_to(100.0, arrived, received=T).offset(arrived) == T - 100.0


def test_every_answer_of_48_octets_can_be_read() -> None:
    """What `judged` takes for granted of ntplib: it complains of length alone."""
    for octets in (bytes(48), b"\xff" * 48, bytes(range(48))):
        ntplib.NTPStats().from_data(octets)
    with pytest.raises(ntplib.NTPException):
        ntplib.NTPStats().from_data(bytes(47))
