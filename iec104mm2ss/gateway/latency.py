"""How long ASDUs of an RTU are in the gateway."""

from iec104mm2ss.metrics.figures import Histogram


class Latency(Histogram):
    """From the read of a batch to the end of writing it to every master whose window was open; one value a batch."""

    def __init__(self) -> None:
        super().__init__((0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0))
