"""An index send with literal times."""

from iec104mm2ss.simulator.sending import Sending
from tests.simulator.data import signals

COMMAND = bytes.fromhex("2e010600 2000 095200 02")  # C_DC_NA_1 act, IOA 21001, ON
OTHER_COMMAND = bytes.fromhex("2e010600 2000 0a5200 02")  # IOA 21002


def sending(*lines: str, rtu: int = 32, duration: float | None = None) -> Sending:
    """Begin to send these rows at 100 s."""
    return Sending(signals(*lines), rtu=rtu, duration=duration, now=100.0)


def taken(sending: Sending, count: int, *, now: float) -> list[int]:
    """Return the IOAs of what goes out."""
    return [signal.row.ioa for signal in sending.take(count, now)]
