"""A small station for the tests, CA 32, and requests to it as octets."""

from datetime import UTC, datetime

from iec104mm2ss.simulator.point import Control, Point
from iec104mm2ss.simulator.station import Station

CA = 32
WALL = datetime(2026, 3, 5, 12, 3, 41, 198000, tzinfo=UTC)
TAG = bytes.fromhex("eea0030c85031a")  # 41 198 ms, minute 3, hour 12, Thursday the 5th, March, 2026
GATEWAY, OTHER = "gateway", "other connection"


def bay() -> Station:
    """Two switches, a fault, three measurements and a counter; the breaker must be selected, the lamp need not."""
    points = [
        Point(301, 31, 2),
        Point(303, 31, 1),
        Point(447, 30, 0),
        Point(11002, 36, 10.5),
        Point(11003, 13, -1.0),
        Point(11004, 35, -7, interrogated=False),
        Point(9001, 37, 70_000),
    ]
    controls = [Control(21001, 46, 301, select_required=True), Control(21002, 45, 447), Control(21003, 46, 999)]
    return Station(CA, points, controls)


def octets(text: str) -> bytes:
    """Octets from groups of hexadecimal digits."""
    return bytes.fromhex(text)


def ask(station: Station, request: str, *, session: str = GATEWAY, now: float = 100.0) -> list[str]:
    """Return the answers to a request in hexadecimal digits."""
    return [answer.hex() for answer in station.receive(octets(request), session, now, WALL)]


def digits(*texts: str) -> list[str]:
    """Return what `ask` returns, from groups of digits."""
    return [text.replace(" ", "") for text in texts]
