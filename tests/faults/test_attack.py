"""Group G of the faults: an attacker who has a master's address walks over the RTU's points by a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.peers import RawMaster
from tests.stage import MASTER_CA
from tests.station import ACTCON, ACTTERM, NEGATIVE, interrogation, single_command

if TYPE_CHECKING:
    from tests.stage import Stage

FIRST, LAST = 100, 139
ALARM_WITHIN = 5.0


def attack(master: RawMaster, cause: int) -> None:
    """TESTFR before anything else, an interrogation, every point on, every point off; `cause` ends each command."""
    master.test()
    master.start()
    master.post(interrogation(MASTER_CA))
    master.take_until(interrogation(MASTER_CA, ACTTERM))
    for order in (1, 0):
        master.post(*(single_command(MASTER_CA, ioa, order) for ioa in range(FIRST, LAST + 1)))
        master.take_until(single_command(MASTER_CA, LAST, order, cause))


def test_g15_a_walk_over_points_raises_an_alarm_and_ends_no_connection(stage: Stage) -> None:
    log = stage.victims_log()
    with stage.victim(started=False) as victim:
        attack(victim, ACTTERM)
        stage.gateway.wait_log("VICTIM", "alarm: 20 different points", since=log, within=ALARM_WITHIN)
        victim.test()
    assert stage.gateway.log("VICTIM")[log:].count("alarm:") == 1
    stage.assert_healthy()


def test_g15_a_walk_that_is_refused_raises_an_alarm(stage: Stage) -> None:
    with RawMaster(stage.monitor_port) as monitor:
        attack(monitor, ACTCON | NEGATIVE)
        stage.gateway.wait_log("MONITOR", "alarm: commands to 5 different points refused", within=ALARM_WITHIN)
    stage.assert_healthy()
