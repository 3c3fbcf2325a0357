import math

from iec104mm2ss.settings.simulation import Misbehaviour
from iec104mm2ss.simulator.misbehaviour import Answers
from iec104mm2ss.simulator.station import Station
from tests.simulator.bay import CA, GATEWAY, WALL, bay, digits, octets

GI = "64010605 2000 000000 14"  # C_IC act, OA 5
GI_CON, GI_TERM = digits("64010705 2000 000000 14", "64010a05 2000 000000 14")
GI_REFUSED = digits("64014705 2000 000000 14")
VALUES = digits(
    "03021405 2000 2d0100 02 2f0100 01",
    "01011405 2000 bf0100 00",
    "0d021405 2000 fa2a00 0000284100 fb2a00 000080bf00",
)
COUNTERS = "65010605 2000 000000 05"
BREAK_OFF = "64010805 2000 000000 14"  # C_IC deact
BROKEN_OFF = digits("64010905 2000 000000 14")  # deactcon
NOT_BROKEN_OFF = digits("64014905 2000 000000 14")
READ = "66010505 2000 fb2a00"
READ_VALUE = digits("0d010505 2000 fb2a00 000080bf00")
SELECT = "2e010605 2000 095200 81"
SELECTED = digits("2e010705 2000 095200 81")


class Port:
    """A station and the answers that wait on its port."""

    def __init__(self, wrong: Misbehaviour | None = None, station: Station | None = None) -> None:
        self.station = station or bay()
        self.answers = Answers() if wrong is None else Answers(wrong)

    def ask(self, request: str, now: float) -> None:
        asdu = octets(request)
        self.answers.put(asdu, self.station.receive(asdu, GATEWAY, now, WALL), now)

    def take(self, count: int, now: float) -> list[str]:
        return [asdu.hex() for asdu in self.answers.take(count, now)]


def test_a_good_rtu_answers_at_once_as_there_is_room() -> None:
    port = Port()
    port.ask(GI, 100.0)
    assert port.take(2, 100.0) == [GI_CON, VALUES[0]]
    assert len(port.answers) == 3
    assert port.answers.next_deadline(100.0) == math.inf
    assert port.take(0, 100.0) == []
    assert port.take(12, 100.0) == [*VALUES[1:], GI_TERM]
    assert len(port.answers) == 0
    assert port.answers.next_deadline(100.0) == math.inf


def test_answers_follow_those_of_the_requests_before() -> None:
    port = Port()
    port.ask(GI, 100.0)
    port.ask(READ, 100.0)
    assert port.take(12, 100.0) == [GI_CON, *VALUES, GI_TERM, *READ_VALUE]


def test_answers_that_nobody_waits_for_are_dropped() -> None:
    port = Port()
    port.ask(GI, 100.0)
    port.answers.clear()
    assert port.take(12, 100.0) == []


def test_mirror_oa() -> None:
    port = Port(Misbehaviour(mirror_oa=False))
    port.ask(GI, 100.0)
    assert [asdu[6:8] for asdu in port.take(12, 100.0)] == ["00"] * 5
    port.ask("69010605 2000 000000 01", 100.0)  # C_RP, OA 5: unknown type
    assert port.take(1, 100.0) == digits("69016c00 2000 000000 01")


def test_no_actterm() -> None:
    port = Port(Misbehaviour(no_actterm=True))
    port.ask(GI, 100.0)
    assert port.take(12, 100.0) == [GI_CON, *VALUES]


def test_answer_delay_holds_everything_back() -> None:
    port = Port(Misbehaviour(answer_delay=2.0))
    port.ask(READ, 100.0)
    port.ask(READ, 101.0)
    assert port.take(12, 101.9) == []
    assert port.answers.next_deadline(101.9) == 102.0
    assert port.take(12, 102.0) == READ_VALUE
    assert port.answers.next_deadline(102.0) == 103.0
    assert port.take(12, 103.0) == READ_VALUE


def test_ack_delay_holds_confirmations_back_and_what_follows_them() -> None:
    port = Port(Misbehaviour(ack_delay=3.0))
    port.ask(READ, 100.0)
    port.ask(GI, 100.0)
    port.ask(READ, 100.0)
    assert port.take(12, 102.9) == READ_VALUE
    assert port.answers.next_deadline(102.9) == 103.0
    assert port.take(12, 103.0) == [GI_CON, *VALUES, GI_TERM, *READ_VALUE]


def test_both_delays_add_up() -> None:
    port = Port(Misbehaviour(ack_delay=3.0, answer_delay=2.0))
    port.ask(SELECT, 100.0)
    assert port.take(12, 104.9) == []
    assert port.take(12, 105.0) == SELECTED


def test_a_good_rtu_serves_a_second_interrogation_after_the_first() -> None:
    port = Port()
    port.ask(GI, 100.0)
    port.ask(GI, 100.0)
    assert port.take(12, 100.0) == [GI_CON, *VALUES, GI_TERM] * 2


def test_refuse_second_gi_while_answers_of_the_first_wait() -> None:
    port = Port(Misbehaviour(refuse_second_gi=True))
    port.ask(GI, 100.0)
    assert port.take(4, 100.0) == [GI_CON, *VALUES]
    port.ask(GI, 100.0)
    port.ask(COUNTERS, 100.0)
    assert port.take(12, 100.0)[:3] == [GI_TERM, *GI_REFUSED, *digits("65010705 2000 000000 05")]
    port.ask(GI, 101.0)
    assert port.take(12, 101.0) == [GI_CON, *VALUES, GI_TERM]


def test_a_refused_interrogation_does_not_run() -> None:
    port = Port(Misbehaviour(refuse_second_gi=True))
    port.ask("64010605 2000 000000 24", 100.0)  # group 16, of which there is none
    port.ask(GI, 100.0)
    assert port.take(12, 100.0) == [*digits("64014705 2000 000000 24"), GI_CON, *VALUES, GI_TERM]


def test_a_running_interrogation_is_broken_off() -> None:
    port = Port()
    port.ask(GI, 100.0)
    assert port.take(2, 100.0) == [GI_CON, VALUES[0]]
    port.ask(READ, 100.0)
    port.ask(BREAK_OFF, 100.0)
    assert port.take(12, 100.0) == [*READ_VALUE, *BROKEN_OFF]


def test_an_interrogation_that_was_not_confirmed_yet_is_before_it_is_broken_off() -> None:
    port = Port()
    port.ask(GI, 100.0)
    port.ask("64010805 ffff 000000 14", 100.0)  # of every CA
    assert port.take(12, 100.0) == [GI_CON, *BROKEN_OFF]


def test_an_interrogation_that_is_over_cannot_be_broken_off() -> None:
    port = Port()
    port.ask(GI, 100.0)
    port.take(12, 100.0)
    port.ask(BREAK_OFF, 100.0)
    assert port.take(12, 100.0) == NOT_BROKEN_OFF


def test_only_the_interrogation_that_is_meant_is_broken_off() -> None:
    port = Port()
    port.ask(GI, 100.0)
    port.ask("64010806 2000 000000 14", 100.0)  # of OA 6
    port.ask("64010805 2000 000000 15", 100.0)  # of group 1
    port.ask("65010805 2000 000000 05", 100.0)  # of counters
    refused = digits("64014906 2000 000000 14", "64014905 2000 000000 15", "65014905 2000 000000 05")
    assert port.take(12, 100.0) == [GI_CON, *VALUES, GI_TERM, *refused]


def test_an_interrogation_with_an_unknown_cause_is_not_judged() -> None:
    port = Port(Misbehaviour(refuse_second_gi=True))
    port.ask(GI, 100.0)
    port.ask("64010505 2000 000000 14", 100.0)
    assert port.take(12, 100.0)[-1:] == digits("64016d05 2000 000000 14")


def test_what_the_station_does_not_answer_leaves_nothing() -> None:
    port = Port(station=Station(CA))
    port.ask("64010605 2000", 100.0)  # without an object
    assert len(port.answers) == 0
