"""How often a master tests its connection: what the simulator measures by never sending TESTFR act itself."""


class PeriodOfTests:
    """Seconds between the TESTFR acts of one connection: the last period and the smallest, None before the second."""

    def __init__(self) -> None:
        self.last: float | None = None
        self.smallest: float | None = None
        self._tested: float | None = None

    def tested(self, now: float) -> str:
        """Know of one more at `now`, monotonic seconds; return what there is to say of it."""
        before, self._tested = self._tested, now
        if before is None:
            return "test frame"
        self.last = now - before
        self.smallest = self.last if self.smallest is None else min(self.last, self.smallest)
        return f"test frame {self.last:.1f} s after the one before, smallest period {self.smallest:.1f} s"
