from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from iec104mm2ss.settings.signal_cells import TYPES
from iec104mm2ss.settings.signals import parse_signals
from iec104mm2ss.simulator.database import control_of, point_of
from iec104mm2ss.simulator.inventory import Inventory
from iec104mm2ss.simulator.station import Station
from iec104mm2ss.wire.asdu import fault
from tests.simulator.bay import CA, WALL, octets

NUMBERS = ["0", "1", "3", "-1", "0.5", "-64", "63", "301", "32767", "-32768", "0xFFFFFFFF", "-2147483648", "3.4e38"]
REMARKS = st.lists(st.sampled_from(["quality=IV", "quality=OV+NT", "group=4", "group=16", "Q0"]), max_size=2)
ROWS = st.builds(
    "{0},Y,{1},{2},{3},0,,,,,,{4}".format,
    st.sampled_from(["7", "!"]),
    st.sampled_from(sorted(TYPES)),
    st.sampled_from(["0", "301", "302", "16777215"]),
    st.sampled_from(NUMBERS),
    REMARKS.map(",".join),
)


@given(st.lists(ROWS, max_size=10))
def test_every_row_that_the_settings_accept_can_be_simulated(lines: list[str]) -> None:
    rows = parse_signals("\n".join(lines).encode(), Path("iodata.csv")).rows
    points = [point_of(row) for row in rows if not row.is_command]
    station = Station.of(CA, Inventory(points, (control_of(row) for row in rows if row.is_command)))
    asdus = [station.report(point, WALL) for point in points]
    for qualifier in range(20, 37):
        asdus += station.receive(octets("64010600 2000 000000") + bytes((qualifier,)), "", 0.0, WALL)
    assert [asdu.hex() for asdu in asdus if fault(asdu) is not None] == []
