from dataclasses import replace

from iec104mm2ss.console.rates import Rates
from iec104mm2ss.console.snapshot import Snapshot
from tests.gui.fake_line import FakeLine, rtu


def at(uptime: float, received: int, sent: int) -> Snapshot:
    return replace(FakeLine([rtu(1, received=received, sent=sent)]).snapshot(), uptime=uptime)


def rates(*snapshots: Snapshot) -> tuple[float | None, float | None]:
    found = Rates()
    for snapshot in snapshots:
        found.take(snapshot)
    return found.of(snapshots[-1].entries[0])


def test_one_snapshot_says_nothing() -> None:
    assert rates(at(10, 5, 5)) == (None, None)


def test_two_snapshots_give_the_difference_a_second() -> None:
    assert rates(at(10, 100, 0), at(12, 108, 1)) == (4.0, 0.5)


def test_what_is_older_than_five_seconds_does_not_count() -> None:
    assert rates(at(0, 0, 0), at(1, 1000, 0), at(3, 1000, 0), at(6, 1000, 10)) == (0.0, 2.0)


def test_a_program_that_began_anew_does_not_give_negative_rates() -> None:
    assert rates(at(100, 5000, 5000), at(1, 3, 3)) == (None, None)
    assert rates(at(100, 5000, 5000), at(1, 3, 3), at(2, 5, 4)) == (2.0, 1.0)


def test_another_process_is_another_program() -> None:
    assert rates(at(10, 5, 5), replace(at(12, 9, 9), pid=1)) == (None, None)


def test_an_entry_that_is_new_has_no_rate_yet() -> None:
    found = Rates()
    found.take(at(1, 0, 0))
    found.take(replace(at(2, 0, 0), entries=(rtu(2),)))
    assert found.of(rtu(2)) == (None, None)
