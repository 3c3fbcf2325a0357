"""The simulator and a gateway's port conform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iec104mm2ss.conformance.subject import Order, Subject
from iec104mm2ss.conformance.verdict import Verdict
from iec104mm2ss.link.parameters import LinkParameters
from tests.conformance.side_by_side import STATIONS, ended, verdicts
from tests.program import Gateway, Site
from tests.simulator.program import SWITCHES, RtuFile, SimulatorProgram

if TYPE_CHECKING:
    from pathlib import Path

    from iec104mm2ss.conformance.run import Result

SMALL = LinkParameters(t1=3, t2=2, t3=1)
TIMES: dict[str, Any] = {"t1": 3, "t2": 2, "t3": 1}
"""The same as options of a row."""
GROUPED = (*SWITCHES[:3], "301,Y,31,301,1,0,,,,,,CB,group=1", *SWITCHES[4:])


def subject(port: int, ca: int) -> Subject:
    return Subject(
        host="127.0.0.1",
        port=port,
        ca=ca,
        parameters=SMALL,
        patience=15,
        quiet=0.5,
        tolerance=2,
        order=Order(21001, 46, 2),
        may_set_clock=True,
    )


def assert_conforms(results: dict[str, Result]) -> None:
    assert ended(results, Verdict.FAILED) == {}
    assert ended(results, Verdict.INCONCLUSIVE) == {}
    # The simulator executes without a select, too.
    assert set(ended(results, Verdict.NOT_APPLICABLE)) == {"select-and-cancel"}


def test_the_simulator_conforms(tmp_path: Path) -> None:
    file = RtuFile(*GROUPED)
    ports = {ca: file.add(ca, f"RTU-{ca}", **TIMES) for ca in range(1, STATIONS + 1)}
    with SimulatorProgram(tmp_path, file) as program:
        program.wait_listening(*ports.values())
        results = verdicts([subject(port, ca) for ca, port in ports.items()])
    assert_conforms(results)


def test_a_gateways_port_conforms(tmp_path: Path) -> None:
    file, site = RtuFile(*GROUPED), Site()
    (tmp_path / "simulator").mkdir()
    (tmp_path / "gateway").mkdir()
    ports: dict[int, int] = {}
    for ca in range(1, STATIONS + 1):
        site.rtu(ca, ca, file.add(ca, f"RTU-{ca}"), name=f"RTU-{ca}")
        ports[ca + 100] = site.master(ca, f"M-{ca}", ca + 100, **TIMES)
    with SimulatorProgram(tmp_path / "simulator", file), Gateway(tmp_path / "gateway", site) as gateway:
        for ca in range(1, STATIONS + 1):
            gateway.wait_log(f"RTU-{ca}", "started", within=20)
        results = verdicts([subject(port, ca) for ca, port in ports.items()])
    assert_conforms(results)
