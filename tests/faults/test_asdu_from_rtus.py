"""Group B of the faults: what an RTU sends wrongly or strangely, and who gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stage import MASTER_CA, RTU_CA, arrivals
from tests.station import NEGATIVE, TEST, TIME, address, asdu, initialised, single_command, single_point, with_header

if TYPE_CHECKING:
    from tests.stage import Stage

UNKNOWN_TYPES = [
    0,
    *range(41, 45),
    *range(52, 58),
    *range(65, 70),
    *range(71, 100),
    *range(114, 120),
    *range(128, 256),
]
ODD_CAUSES = [0, 4, 6, 8, *range(14, 20), 42, 43, *range(48, 64)]
ONE_POINT = address(700) + b"\1"


def seen_by_both(stage: Stage, *asdus: bytes) -> list[list[bytes]]:
    """Send these from the RTU; return what each of two masters got of them."""
    arrivals(stage.rtu.link, stage.witness, stage.second)
    stage.rtu.link.post(*asdus)
    return arrivals(stage.rtu.link, stage.witness, stage.second)


def assert_reaches_both(stage: Stage, *asdus: bytes) -> None:
    expected = [with_header(item, ca=MASTER_CA) for item in asdus]
    assert seen_by_both(stage, *asdus) == [expected, expected]
    stage.assert_healthy()


def assert_reaches_nobody(stage: Stage, octets: bytes, *reason: str) -> None:
    """Dropped and logged; the RTU's connection goes on."""
    connections = len(stage.rtu.connections)
    since = len(stage.gateway.log("RTU-1"))
    assert seen_by_both(stage, octets) == [[], []]
    stage.gateway.wait_log("RTU-1", *reason, since=since)
    assert (len(stage.rtu.connections), stage.rtu.link.ended) == (connections, None)
    stage.assert_healthy()


def test_b01_count_of_zero_is_dropped(stage: Stage) -> None:
    assert_reaches_nobody(stage, asdu(1, 3, RTU_CA, b"", vsq=0), "dropped")


@pytest.mark.parametrize("vsq", [0x7F, 0xFF, 2])
def test_b02_count_beyond_the_octets_is_dropped(stage: Stage, vsq: int) -> None:
    assert_reaches_nobody(stage, asdu(1, 3, RTU_CA, ONE_POINT, vsq=vsq), "dropped")


def test_b03_sequence_that_passes_the_last_address_does_not_wrap(stage: Stage) -> None:
    """Forwarded untouched or dropped, and nothing else comes of it."""
    odd = asdu(1, 3, RTU_CA, address(0xFFFFFE) + b"\1\1\1\1", vsq=0x84)
    first, second = seen_by_both(stage, odd)
    assert first == second
    assert first in ([], [with_header(odd, ca=MASTER_CA)])
    stage.assert_healthy()


def test_b04_octets_after_the_last_object_are_dropped(stage: Stage) -> None:
    assert_reaches_nobody(stage, asdu(1, 3, RTU_CA, ONE_POINT + b"\0"), "dropped")


def test_b05_types_that_nobody_has_defined_are_forwarded(stage: Stage) -> None:
    short_tag = asdu(2, 3, RTU_CA, ONE_POINT + TIME[:3])  # M_SP_TA_1, which IEC 104 has left out
    assert_reaches_both(stage, short_tag, *(asdu(type_id, 3, RTU_CA, ONE_POINT) for type_id in UNKNOWN_TYPES))


def test_b06_test_and_negative_bits_are_kept(stage: Stage) -> None:
    causes = (3 | TEST, 3 | NEGATIVE, 3 | TEST | NEGATIVE, 1 | TEST, 2, 11, 12)
    assert_reaches_both(stage, *(asdu(1, cause, RTU_CA, ONE_POINT) for cause in causes))


def test_b06_status_with_an_odd_cause_is_not_thrown_away(stage: Stage) -> None:
    assert_reaches_both(stage, *(asdu(1, cause, RTU_CA, ONE_POINT) for cause in ODD_CAUSES))


def test_b07_other_common_addresses_of_the_rtu_pass(stage: Stage) -> None:
    """A station may have several; only the master's own number is withheld from it, because the two would merge."""
    foreign = [single_point(ca, 9) for ca in (0, 1, 77, 65535)]
    assert seen_by_both(stage, *foreign) == [foreign, foreign]
    since = len(stage.gateway.log("WITNESS"))
    assert seen_by_both(stage, single_point(MASTER_CA, 9)) == [[], []]
    stage.gateway.wait_log("WITNESS", str(MASTER_CA), since=since)
    stage.assert_healthy()


def test_b08_originator_of_a_spontaneous_event_is_zero_towards_masters(stage: Stage) -> None:
    event = single_point(RTU_CA, 9)
    assert seen_by_both(stage, with_header(event, oa=1)) == [[with_header(event, ca=MASTER_CA)]] * 2
    stage.assert_healthy()


TAGS = {
    "month 0": "e80300010b0006",
    "month 13": "e80300010b0d06",
    "minute 60": "e8033c010b0506",
    "IV": "e80380010b0506",
    "61 s": "48ee00010b0506",
    "all ones": "ff" * 7,
}


@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS.keys())
def test_b10_odd_time_tags_are_forwarded_untouched(stage: Stage, tag: str) -> None:
    assert_reaches_both(stage, asdu(30, 3, RTU_CA, ONE_POINT + bytes.fromhex(tag)))


@pytest.mark.parametrize(
    "octets", ["0000c07f", "0000807f", "000080ff", "01000000"], ids=["NaN", "Inf", "-Inf", "denormal"]
)
def test_b11_odd_floating_point_numbers_are_forwarded_untouched(stage: Stage, octets: str) -> None:
    value = bytes.fromhex(octets) + b"\0"
    plain, tagged = (asdu(type_id, 3, RTU_CA, address(5) + value + tag) for type_id, tag in ((13, b""), (36, TIME)))
    assert_reaches_both(stage, plain, tagged)


def test_b12_longest_asdu_is_rewritten_in_place(stage: Stage) -> None:
    objects = b"".join(address(ioa) + b"\1" for ioa in range(60))
    longest = asdu(1, 3, RTU_CA, objects, vsq=60)
    sequence = asdu(9, 3, RTU_CA, address(1) + bytes(240), vsq=0x80 | 80)
    assert len(sequence) == 249
    assert_reaches_both(stage, longest, sequence)


def test_b13_end_of_initialisation_stays_here_and_is_logged(stage: Stage) -> None:
    assert_reaches_nobody(stage, initialised(RTU_CA), "started anew")


def test_b14_a_command_from_the_rtu_reaches_nobody(stage: Stage) -> None:
    assert_reaches_nobody(stage, single_command(RTU_CA, 100), "C_SC_NA_1")


def test_b15_a_file_that_nobody_asked_for_reaches_nobody(stage: Stage) -> None:
    section = asdu(125, 13, RTU_CA, address(1) + b"\1\0\1" + bytes((200,)) + bytes(200))
    assert_reaches_nobody(stage, section, "F_SG_NA_1")
