"""What is said of two ends whose constants do not fit."""

from iec104mm2ss.link import Link, LinkParameters, Role
from iec104mm2ss.record.watch import FullWindow, ShortWindow
from tests.link.octets import ASDU, i_frames, s_frame, started

LATE = "acknowledges late: its w may exceed our k (12)"
SHORT = "stops after 3 frames: its k may be below our w; set w=3"


def full(now: float = 0.0) -> Link:
    link = started(Role.CONTROLLED, now=now)
    link.send([ASDU] * 12, now)
    return link


def test_a_window_that_is_full_for_over_5_s_is_told_of_once_and_shown_for_a_minute() -> None:
    watch, link = FullWindow(), full()
    said = [watch.look(link, now) for now in (0.0, 1.0, 5.0, 5.1, 6.0)]
    assert said == ["", "", "", LATE, ""]
    assert watch.hampers(link, 65.9) == LATE
    assert watch.hampers(link, 66.0) == ""


def test_a_full_window_that_moves_on_is_none() -> None:
    watch, link = FullWindow(), full()
    watch.look(link, 0.0)
    link.receive(s_frame(6), 4.0)
    link.send([ASDU] * 6, 4.0)
    assert [watch.look(link, now) for now in (5.1, 10.1, 10.2)] == ["", "", LATE]


def test_a_window_with_a_place_left_is_none() -> None:
    watch, link = FullWindow(), full()
    watch.look(link, 0.0)
    link.receive(s_frame(1), 1.0)
    assert watch.look(link, 2.0) == ""
    link.send([ASDU], 3.0)
    assert [watch.look(link, now) for now in (6.0, 11.0)] == ["", ""]


class Rtu:
    """Sends frames, and is acknowledged when t2 (10 s) has run out."""

    def __init__(self, *, w: int = 8) -> None:
        self.link = started(Role.CONTROLLING, LinkParameters(w=w))
        self.watch = ShortWindow()
        self.now = 0.0
        self._sent = 0

    def sends(self, count: int, *, after: float = 0.05) -> str:
        self.now += after
        self.link.receive(i_frames(self._sent, count), self.now)
        self._sent += count
        return self.watch.received(self.link, self.now)

    def is_acknowledged(self) -> None:
        self.now += 10.0
        self.link.on_deadline(self.now)
        assert self.link.confirmed == self._sent


def stops(rtu: Rtu, *counts: int, after: float = 0.05) -> list[str]:
    """Let it send so many, wait for its acknowledgement and go on at once."""
    said = []
    for count in counts:
        said.append(rtu.sends(count, after=after))
        rtu.is_acknowledged()
    return said


def test_the_third_stop_at_the_same_number_is_told_of_once_and_stays() -> None:
    rtu = Rtu()
    assert stops(rtu, 3, 3, 3, 3, 3) == ["", "", "", SHORT, ""]
    assert rtu.watch.hampers == SHORT


def test_an_rtu_that_sends_one_by_one_is_no_other() -> None:
    rtu = Rtu()
    for _ in range(3):
        rtu.sends(1)
        rtu.now -= 0.05
        rtu.sends(2)
        rtu.now = rtu.link.next_deadline() - 10.0
        rtu.is_acknowledged()
    assert rtu.sends(1) == SHORT


def test_different_numbers_are_no_limit_of_the_rtus() -> None:
    rtu = Rtu()
    assert set(stops(rtu, 3, 4, 3, 4, 3, 4)) == {""}
    assert rtu.watch.hampers == ""


def test_an_rtu_that_sends_now_and_then_has_no_limit() -> None:
    assert set(stops(Rtu(), 3, 3, 3, 3, 3, after=1.0)) == {""}


def test_an_rtu_that_fills_our_w_has_no_limit() -> None:
    rtu = Rtu(w=3)
    assert {rtu.sends(3) for _ in range(6)} == {""}
    rtu = Rtu(w=8)
    stops(rtu, 3, 3)
    assert rtu.sends(8) == ""
    assert set(stops(rtu, 3, 3)) == {""}
