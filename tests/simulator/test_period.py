from iec104mm2ss.simulator.period import PeriodOfTests


def test_the_first_test_has_no_period() -> None:
    period = PeriodOfTests()
    assert period.tested(100.0) == "test frame"
    assert (period.last, period.smallest) == (None, None)


def test_last_and_smallest_period() -> None:
    period = PeriodOfTests()
    for now in (100.0, 120.0, 135.5):
        period.tested(now)
    assert period.tested(155.5) == "test frame 20.0 s after the one before, smallest period 15.5 s"
    assert (period.last, period.smallest) == (20.0, 15.5)
