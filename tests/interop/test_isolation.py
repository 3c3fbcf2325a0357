"""Two masters ask one RTU at the same moment: each gets exactly its own answers, the other sees none of them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.peers import RawMaster, RawRtu, started_master
from tests.program import Gateway, Site
from tests.stage import assert_event_arrives
from tests.station import (
    ACT,
    ACTCON,
    ACTTERM,
    COUNTED,
    DEACT,
    DEACTCON,
    INTERROGATED,
    NEGATIVE,
    REQUESTED,
    SELECT,
    Station,
    address,
    asdu,
    clock,
    counter_interrogation,
    initialised,
    interrogation,
    read,
    single_command,
    single_point,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RTU_CA, FIRST_CA, SECOND_CA = 32, 33, 34
POINT, OTHER_POINT = 100, 101


class Pair:
    """An RTU behind the gateway and its two masters, known to the RTU by the OAs 1 and 2."""

    def __init__(self, rtu: RawRtu, station: Station, first: RawMaster, second: RawMaster) -> None:
        self.rtu, self.station, self.first, self.second = rtu, station, first, second

    def at_once(self, first: list[bytes], second: list[bytes]) -> tuple[list[bytes], list[bytes]]:
        """Send both lists at the same moment; return what came to each, closed by an event that both get."""
        barrier = threading.Barrier(2)
        for master, asdus in ((self.first, first), (self.second, second)):
            master.post(lambda: _meet(barrier), *asdus)
        self.station.wait_idle(self.rtu.link, len(first) + len(second))
        return self.everything()

    def everything(self) -> tuple[list[bytes], list[bytes]]:
        """Return what came to each since last time, up to an event that is sent now."""
        first = assert_event_arrives(self.first, self.rtu.link, master_ca=FIRST_CA)
        second = assert_event_arrives(self.second, self.rtu.link, master_ca=SECOND_CA)
        return first, [answer for answer in second if answer[2] & 63 != 3]


def _meet(barrier: threading.Barrier) -> None:
    barrier.wait(5)


@contextmanager
def pair(folder: Path, station: Station) -> Iterator[Pair]:
    with RawRtu(station) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        ports = site.master(111, "M-1", FIRST_CA), site.master(111, "M-2", SECOND_CA)
        with Gateway(folder, site), started_master(ports[0]) as first, started_master(ports[1]) as second:
            yield Pair(rtu, station, first, second)


Habit = tuple[int | None, int | None]
OA_HABITS: dict[str, Habit] = {
    "mirrors the OA": (None, None),
    "answers with OA 0": (0, 0),
    "mirrors in confirmations only": (None, 0),
    "answers with an OA nobody has": (77, 77),
    "answers with the first master's OA": (1, 1),
    "answers with the second master's OA": (2, 2),
}
every_habit = pytest.mark.parametrize("habit", OA_HABITS.values(), ids=OA_HABITS.keys())


def interrogated(ca: int, oa: int) -> list[bytes]:
    """What one master gets for its interrogation of a station with the points 1 to 3."""
    values = [single_point(ca, ioa, value, cause=INTERROGATED, oa=oa) for ioa, value in ((1, 1), (2, 0), (3, 1))]
    return [interrogation(ca, ACTCON, oa=oa), *values, interrogation(ca, ACTTERM, oa=oa)]


def commanded(ca: int, ioa: int, oa: int) -> list[bytes]:
    """What one master gets for a select and an execute of ON."""
    return [
        single_command(ca, ioa, SELECT | 1, ACTCON, oa=oa),
        single_command(ca, ioa, 1, ACTCON, oa=oa),
        single_command(ca, ioa, 1, ACTTERM, oa=oa),
    ]


def of_type(answers: list[bytes], *type_ids: int) -> list[bytes]:
    return [answer for answer in answers if answer[0] in type_ids]


@every_habit
def test_b09_both_interrogate_and_command_at_once(tmp_path: Path, habit: Habit) -> None:
    with pair(tmp_path, Station(RTU_CA, delay=0.02, oa_of_confirmations=habit[0], oa_of_data=habit[1])) as both:
        first, second = both.at_once(
            [interrogation(FIRST_CA), single_command(FIRST_CA, POINT, SELECT | 1), single_command(FIRST_CA, POINT)],
            [
                interrogation(SECOND_CA, oa=9),
                single_command(SECOND_CA, OTHER_POINT, SELECT | 1, oa=9),
                single_command(SECOND_CA, OTHER_POINT, oa=9),
            ],
        )
    assert of_type(first, 45) == commanded(FIRST_CA, POINT, 0)
    assert of_type(second, 45) == commanded(SECOND_CA, OTHER_POINT, 9)
    assert of_type(first, 1, 100) == interrogated(FIRST_CA, 0)
    assert of_type(second, 1, 100) == interrogated(SECOND_CA, 9)
    assert len(first) == len(second) == 8


@every_habit
def test_b09_both_command_the_same_point_at_once(tmp_path: Path, habit: Habit) -> None:
    with pair(tmp_path, Station(RTU_CA, delay=0.02, oa_of_confirmations=habit[0], oa_of_data=habit[1])) as both:
        first, second = both.at_once([single_command(FIRST_CA, POINT, 1)], [single_command(SECOND_CA, POINT, 0, oa=9)])
    assert first == [single_command(FIRST_CA, POINT, 1, cause) for cause in (ACTCON, ACTTERM)]
    assert second == [single_command(SECOND_CA, POINT, 0, cause, oa=9) for cause in (ACTCON, ACTTERM)]


def test_same_point_selected_by_both_belongs_to_one(tmp_path: Path) -> None:
    with pair(tmp_path, Station(RTU_CA)) as both:
        both.first.post(single_command(FIRST_CA, POINT, SELECT | 1))
        assert both.first.take(1) == [single_command(FIRST_CA, POINT, SELECT | 1, ACTCON)]
        for order in (SELECT | 0, 0):
            both.second.post(single_command(SECOND_CA, POINT, order))
            assert both.second.take(1) == [single_command(SECOND_CA, POINT, order, ACTCON | NEGATIVE)]
        both.first.post(single_command(FIRST_CA, POINT, 1))
        assert both.first.take(2) == commanded(FIRST_CA, POINT, 0)[1:]
        both.second.post(single_command(SECOND_CA, POINT, SELECT | 0))
        assert both.second.take(1) == [single_command(SECOND_CA, POINT, SELECT | 0, ACTCON)]
        assert [request[-1] for request in both.station.requests] == [SELECT | 1, 1, SELECT | 0]


def test_cancelled_select_frees_the_point(tmp_path: Path) -> None:
    with pair(tmp_path, Station(RTU_CA)) as both:
        both.first.post(single_command(FIRST_CA, POINT, SELECT | 1))
        both.first.take(1)
        both.first.post(single_command(FIRST_CA, POINT, SELECT | 1, DEACT))
        assert both.first.take(1) == [single_command(FIRST_CA, POINT, SELECT | 1, DEACTCON)]
        both.second.post(single_command(SECOND_CA, POINT, SELECT | 0))
        assert both.second.take(1) == [single_command(SECOND_CA, POINT, SELECT | 0, ACTCON)]


@every_habit
def test_b09_counters_clock_and_read_go_to_the_asker(tmp_path: Path, habit: Habit) -> None:
    with pair(tmp_path, Station(RTU_CA, delay=0.02, oa_of_confirmations=habit[0], oa_of_data=habit[1])) as both:
        first, second = both.at_once([counter_interrogation(FIRST_CA), clock(FIRST_CA)], [read(SECOND_CA, 1, oa=9)])
    counters = [asdu(15, COUNTED, FIRST_CA, address(900 + n) + bytes((7 + n, 0, 0, 0, 0))) for n in (0, 1)]
    confirmation, termination = (counter_interrogation(FIRST_CA, cause) for cause in (ACTCON, ACTTERM))
    assert of_type(first, 15, 101) == [confirmation, *counters, termination]
    assert of_type(first, 103) == [clock(FIRST_CA, ACTCON)]
    assert len(first) == 5
    assert second == [single_point(SECOND_CA, 1, 1, cause=REQUESTED, oa=9)]


def test_slow_rtu_sees_one_interrogation_at_a_time(tmp_path: Path) -> None:
    """It would refuse the second one; the gateway serves both masters all the same."""
    station = Station(RTU_CA, delay=0.2, one_interrogation=True, oa_of_confirmations=0, oa_of_data=0)
    with pair(tmp_path, station) as both:
        both.first.post(interrogation(FIRST_CA))
        both.second.post(interrogation(SECOND_CA))
        assert both.first.take(5) == interrogated(FIRST_CA, 0)
        assert both.second.take(5) == interrogated(SECOND_CA, 0)
        assert station.refused_interrogations == 0


def test_five_masters_cost_a_slow_rtu_two_interrogations(tmp_path: Path) -> None:
    station = Station(RTU_CA, delay=0.3, one_interrogation=True)
    with RawRtu(station) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        ports = [site.master(111, f"M-{n}", 40 + n) for n in range(5)]
        with Gateway(tmp_path, site):
            masters = [started_master(port) for port in ports]
            masters[0].post(interrogation(40))
            assert masters[0].take(1) == [interrogation(40, ACTCON)]
            for n, master in enumerate(masters[1:], 1):
                master.post(interrogation(40 + n))
            assert masters[0].take(4) == interrogated(40, 0)[1:]
            for n, master in enumerate(masters[1:], 1):
                assert master.take(5) == interrogated(40 + n, 0)
            for master in masters:
                master.close()
        assert len(station.requests) == 2


def test_answers_nobody_asked_for_go_to_nobody(tmp_path: Path) -> None:
    with pair(tmp_path, Station(RTU_CA)) as both:
        both.rtu.link.post(
            interrogation(RTU_CA, ACTCON, oa=1),
            single_command(RTU_CA, POINT, 1, ACTCON, oa=2),
            single_command(RTU_CA, POINT, 1, ACTTERM),
            clock(RTU_CA, ACTCON | NEGATIVE, oa=1),
            initialised(RTU_CA),
        )
        assert both.everything() == ([], [])


def test_values_nobody_asked_for_go_to_all(tmp_path: Path) -> None:
    """Status is never thrown away."""
    with pair(tmp_path, Station(RTU_CA)) as both:
        both.rtu.link.post(single_point(RTU_CA, 7, cause=INTERROGATED, oa=1))
        first, second = both.everything()
    assert first == [single_point(FIRST_CA, 7, cause=INTERROGATED)]
    assert second == [single_point(SECOND_CA, 7, cause=INTERROGATED)]


def test_silent_rtu_blocks_no_other_master(tmp_path: Path) -> None:
    """An interrogation that is never answered, and the rest goes on."""
    with pair(tmp_path, Station(RTU_CA, silent_types={100})) as both:
        both.first.post(interrogation(FIRST_CA))
        both.second.post(single_command(SECOND_CA, POINT, 1), read(SECOND_CA, 1))
        assert len(both.second.take(3)) == 3
        assert both.everything()[0] == []


def test_answer_to_a_master_that_has_gone_reaches_nobody(tmp_path: Path) -> None:
    with pair(tmp_path, Station(RTU_CA, delay=0.3, oa_of_confirmations=0, oa_of_data=0)) as both:
        both.first.post(interrogation(FIRST_CA))
        both.rtu.link.wait_for(lambda: len(both.station.requests) == 1, "the request")
        both.first.close()
        both.station.wait_idle(both.rtu.link, 1)
        assert assert_event_arrives(both.second, both.rtu.link, master_ca=SECOND_CA) == []


def test_monitor_only_master_cannot_command(tmp_path: Path) -> None:
    station = Station(RTU_CA)
    with RawRtu(station) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port = site.master(111, "MONITOR", FIRST_CA, commands="N", clock="confirm")
        with Gateway(tmp_path, site) as gateway, started_master(port) as master:
            master.post(
                single_command(FIRST_CA, POINT), counter_interrogation(FIRST_CA, qualifier=0x45), clock(FIRST_CA)
            )
            assert master.take(3) == [
                single_command(FIRST_CA, POINT, 1, ACTCON | NEGATIVE),
                counter_interrogation(FIRST_CA, ACTCON | NEGATIVE, qualifier=0x45),
                clock(FIRST_CA, ACTCON),
            ]
            master.post(interrogation(FIRST_CA))
            assert master.take(5) == interrogated(FIRST_CA, 0)
            gateway.wait_log("MONITOR", "C_SC_NA_1")
        assert station.requests == [interrogation(RTU_CA, ACT, oa=1)]
