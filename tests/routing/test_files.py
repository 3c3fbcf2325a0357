"""File transfers: one at a time, its answers to the session that holds it."""

import pytest

from iec104mm2ss.routing.notes import Tally
from tests.routing.bench import SPONTANEOUS, Bench, Seat, octets, patched

CALL_DIRECTORY = octets("7a 01 05 0a 01 00 00 00 00 00 00 00 00")  # F_SC_NA_1 req
SELECT_FILE = octets("7a 01 0d 0a 01 00 01 00 00 02 00 00 01")  # F_SC_NA_1 select file 2
REQUEST_FILE = octets("7a 01 0d 0a 01 00 01 00 00 02 00 00 02")  # F_SC_NA_1 request file 2
DEACTIVATE_FILE = octets("7a 01 0d 0a 01 00 01 00 00 02 00 00 03")  # F_SC_NA_1 deactivate file 2
QUERY_LOG = octets("7f 01 0d 0a 01 00 01 00 00 02 00") + bytes(14)  # F_SC_NB_1 query log, whole range
READY = octets("78 01 0d 00 01 00 01 00 00 02 00 03 00 00 00")  # F_FR_NA_1 file 2 ready, 3 octets
NOT_READY = octets("78 01 0d 00 01 00 01 00 00 02 00 00 00 00 80")  # F_FR_NA_1 file 2 not ready
SECTION_READY = octets("79 01 0d 00 01 00 01 00 00 02 00 01 03 00 00 00")  # F_SR_NA_1 section 1 ready
SEGMENT = octets("7d 01 0d 00 01 00 01 00 00 02 00 01 03 aa bb cc")  # F_SG_NA_1 section 1, three octets
LAST_SEGMENT = octets("7b 01 0d 00 01 00 01 00 00 02 00 01 03 31")  # F_LS_NA_1 section 1, checksum
ACCEPT_SECTION = octets("7c 01 0d 0a 01 00 01 00 00 02 00 01 03")  # F_AF_NA_1 positive, section 1
ACCEPT_FILE = octets("7c 01 0d 0a 01 00 01 00 00 02 00 00 01")  # F_AF_NA_1 positive, file
REJECT_FILE = octets("7c 01 0d 0a 01 00 01 00 00 02 00 00 02")  # F_AF_NA_1 negative, file
OFFER = octets("78 01 0d 0a 01 00 01 00 00 05 00 03 00 00 00")  # F_FR_NA_1: a file 5 for the RTU
MORE_FILES = octets("7e 01 05 00 01 00 01 00 00 02 00 03 00 00 00 10 27 1e 0c 15 0b 1a")  # F_DR_TA_1 req, file 2
LAST_FILE = octets("7e 01 05 00 01 00 01 00 00 03 00 03 00 00 20 10 27 1e 0c 15 0b 1a")  # F_DR_TA_1 req, file 3, last
NEGATIVE = 0x4D  # cause 13, P/N


def holds(bench: Bench, seat: Seat, *, now: float = 0.0) -> bool:
    """Whether `seat` may have the transfer, by asking for a file."""
    seat.sends(SELECT_FILE, now=now)
    bench.rtu_gets(now=now)
    return seat.gets() == []


@pytest.mark.parametrize("oa", [0, 1, 2, 0x63])
def test_the_answers_go_to_the_one_who_holds_it(oa: int) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    conversation = [
        (SELECT_FILE, READY),
        (REQUEST_FILE, SECTION_READY),
        (patched(REQUEST_FILE, element="02 00 01 06"), SEGMENT),
        (None, LAST_SEGMENT),
    ]
    for request, answer in conversation:
        if request is not None:
            first.sends(request)
            assert bench.rtu_gets() == [patched(request, oa=1)]
        bench.rtu_sends(patched(answer, oa=oa))
        assert first.gets() == [patched(answer, oa=0x0A)]
    assert second.gets() == []


@pytest.mark.parametrize("request_", [SELECT_FILE, CALL_DIRECTORY, QUERY_LOG, OFFER, DEACTIVATE_FILE])
def test_a_second_masters_transfer_is_refused_meanwhile(request_: bytes) -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(SELECT_FILE)
    bench.rtu_gets()
    second.sends(request_)
    negative = request_[2] | 0x40
    assert second.gets() == [second.answer(request_, negative)]
    assert bench.rtu_gets() == []
    assert bench.router.tally == {Tally.REFUSED: 1}
    (line,) = bench.lines()
    assert line.endswith("another master's file transfer is under way")


@pytest.mark.parametrize(
    ("request_", "ends"),
    [(ACCEPT_FILE, True), (REJECT_FILE, True), (DEACTIVATE_FILE, True), (ACCEPT_SECTION, False)],
)
def test_the_masters_last_word_ends_it(request_: bytes, ends: bool) -> None:  # noqa: FBT001 - a table's column
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(SELECT_FILE, request_)
    # Waiting for its turn it has ended nothing.
    assert not holds(bench, second) or ends
    assert holds(bench, second) is ends


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        (READY, False),
        (NOT_READY, True),
        (SEGMENT, False),
        (LAST_SEGMENT, False),
        (patched(ACCEPT_SECTION, oa=0), False),
        (patched(ACCEPT_FILE, oa=0), True),  # the RTU took the file that it was sent
        (patched(REJECT_FILE, oa=0), True),
        (patched(SELECT_FILE, cause=NEGATIVE, oa=0), True),
        (patched(SELECT_FILE, cause=0x2F, oa=0), True),  # unknown IOA, without the P/N bit
        (MORE_FILES, False),
        (LAST_FILE, True),
    ],
)
def test_the_rtus_last_word_ends_it(answer: bytes, ends: bool) -> None:  # noqa: FBT001 - a table's column
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(SELECT_FILE)
    bench.rtu_gets()
    bench.rtu_sends(answer)
    assert first.gets() == [patched(answer, oa=0x0A)]
    assert holds(bench, second) is ends


def test_30_s_of_silence_end_it() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    assert holds(bench, first, now=0.0)
    bench.rtu_sends(READY, now=20.0)
    assert not holds(bench, second, now=49.9)
    assert holds(bench, second, now=50.0)


def test_what_the_master_sends_breaks_the_silence_too() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    assert holds(bench, first, now=0.0)
    assert holds(bench, first, now=29.0)
    assert not holds(bench, second, now=58.0)


def test_a_transfer_without_a_holder_is_nobodys() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(SELECT_FILE)
    bench.rtu_gets()
    bench.rtu_sends(SEGMENT, now=30.0)
    assert first.gets() == second.gets() == []
    assert bench.router.tally == {Tally.UNASKED: 1}


def test_a_directory_that_nobody_called_goes_to_all() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    bench.rtu_sends(patched(MORE_FILES, oa=1))
    assert first.gets() == second.gets() == [MORE_FILES]


def test_a_spontaneous_directory_goes_to_all_even_during_a_transfer() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    first.sends(CALL_DIRECTORY)
    bench.rtu_gets()
    bench.rtu_sends(patched(LAST_FILE, cause=3))
    assert first.gets() == second.gets() == [patched(LAST_FILE, cause=3)]
    bench.rtu_sends(LAST_FILE)
    assert first.gets() == [patched(LAST_FILE, oa=0x0A)]
    assert second.gets() == []


def test_the_masters_loss_ends_it() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    assert holds(bench, first)
    first.leaves()
    assert holds(bench, second)


def test_the_loss_of_another_master_does_not() -> None:
    bench = Bench()
    first, second, third = bench.masters("ABC")
    assert holds(bench, first)
    third.leaves()
    assert not holds(bench, second)


def test_what_is_left_of_a_lost_masters_transfer_is_nobodys() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    assert holds(bench, first)
    first.leaves()
    bench.rtu_sends(SEGMENT, now=1.0)
    assert holds(bench, second, now=2.0)
    bench.rtu_sends(SEGMENT, LAST_SEGMENT, now=3.0)
    assert second.gets() == []
    # No transfer begins with a segment: from its first answer on all is the second's.
    bench.rtu_sends(READY, SECTION_READY, SEGMENT, now=4.0)
    assert second.gets() == [patched(asdu, oa=0x0B) for asdu in (READY, SECTION_READY, SEGMENT)]
    assert bench.router.tally == {Tally.SWALLOWED: 3}
    assert bench.lines() == []


def test_leftovers_end_with_30_s_of_silence() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    assert holds(bench, first)
    first.leaves()
    bench.rtu_sends(SEGMENT, now=29.0)
    bench.rtu_sends(SEGMENT, now=58.9)
    assert holds(bench, second, now=70.0)
    bench.rtu_sends(SEGMENT, now=88.9)
    assert second.gets() == [patched(SEGMENT, oa=0x0B)]


def test_the_loss_of_the_rtu_ends_it_with_all_leftovers() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    assert holds(bench, first)
    first.leaves()
    assert holds(bench, second)
    bench.router.rtu_lost(1.0)
    third = bench.master("C", now=1.0)
    assert holds(bench, third, now=1.0)
    bench.rtu_sends(SEGMENT, now=2.0)
    assert third.gets() == [patched(SEGMENT, oa=0x0C)]


def test_a_file_for_the_rtu_grows_old_like_any_command() -> None:
    bench = Bench()
    master = bench.master("A")
    master.sends(OFFER)
    bench.time_is(5.0)
    assert master.gets() == [master.answer(OFFER, NEGATIVE)]
    assert bench.rtu_gets(now=5.0) == []


def test_a_file_that_is_read_waits_as_long_as_it_takes() -> None:
    bench = Bench()
    bench.master("A").sends(SELECT_FILE)
    bench.time_is(20.0)
    assert bench.rtu_gets(now=20.0) == [patched(SELECT_FILE, oa=1)]


def test_values_go_on_during_a_transfer() -> None:
    bench = Bench()
    first, second = bench.masters("AB")
    assert holds(bench, first)
    bench.rtu_sends(READY, SPONTANEOUS)
    assert first.gets() == [patched(READY, oa=0x0A), SPONTANEOUS]
    assert second.gets() == [SPONTANEOUS]
