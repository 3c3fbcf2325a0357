"""The simulator as 20 RTUs, the gateway between, 5 masters at each: what the whole does in a test of a site."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.peers import RawMaster, started_master
from tests.program import Gateway, Site
from tests.simulator.program import RtuFile, SimulatorProgram
from tests.station import ACTCON, ACTTERM, SPONTANEOUS, address, asdu, interrogation

if TYPE_CHECKING:
    from pathlib import Path

RTUS, MASTERS = 20, 5
ROWS = [f"301,Y,1,{ioa},{ioa % 2},0" for ioa in range(1, 41)]
WITHIN = 30.0
_RENUMBERED = 1000
"""Every other master knows its RTU by a number of its own."""


def reports(ca: int) -> list[bytes]:
    """What an index send of all rows brings under this number."""
    return [asdu(1, SPONTANEOUS, ca, address(ioa) + bytes((ioa % 2,))) for ioa in range(1, 41)]


def seen_as(rtu: int, master: int) -> int:
    return rtu + _RENUMBERED * (master % 2)


def test_an_index_send_reaches_a_hundred_masters_with_the_number_of_their_rtu(tmp_path: Path) -> None:
    file, site = RtuFile(*ROWS), Site()
    (tmp_path / "simulator").mkdir()
    (tmp_path / "gateway").mkdir()
    trigger = "302,N,1,900,1,0,,45,999,1,20000"
    file.data["iodata.csv"] = (*ROWS, trigger)
    ports: dict[tuple[int, int], int] = {}
    for rtu in range(1, RTUS + 1):
        site.rtu(rtu, rtu, file.add(rtu, f"RTU-{rtu}"), name=f"RTU-{rtu}")
        for master in range(MASTERS):
            ports[rtu, master] = site.master(rtu, f"M-{rtu}-{master}", seen_as(rtu, master))
    with ExitStack() as exits:
        # The filter of index 302 holds every RTU back until one of its masters says that all are there.
        exits.enter_context(
            SimulatorProgram(tmp_path / "simulator", file, "--send", "302", "--send", "301", debug=False)
        )
        exits.enter_context(Gateway(tmp_path / "gateway", site, debug=False))
        masters = {place: exits.enter_context(started_master(port, within=WITHIN)) for place, port in ports.items()}
        for rtu in range(1, RTUS + 1):
            masters[rtu, 0].post(_go(rtu))
        for (rtu, master), connection in masters.items():
            _assert_all_came(connection, seen_as(rtu, master))
        _assert_interrogated_alone(masters)


def _go(rtu: int) -> bytes:
    return asdu(45, 6, rtu, address(999) + b"\x01")


def _assert_all_came(master: RawMaster, ca: int) -> None:
    """The signal that waited for the go, then every row once and in order, all with the number this master knows."""
    marker = asdu(1, SPONTANEOUS, ca, address(900) + b"\x01")
    master.take_until(marker, WITHIN)
    assert master.take(len(ROWS), WITHIN) == reports(ca)


def _assert_interrogated_alone(masters: dict[tuple[int, int], RawMaster]) -> None:
    """The values of an interrogation come to the master that asked, not to the others of its RTU."""
    for rtu in (1, RTUS):
        asking, other = masters[rtu, 1], masters[rtu, 2]
        before = other.received
        asking.post(interrogation(seen_as(rtu, 1)))
        answers = asking.take_until(interrogation(seen_as(rtu, 1), ACTTERM), WITHIN)
        assert answers[0] == interrogation(seen_as(rtu, 1), ACTCON)
        other.test()
        assert other.received == before
