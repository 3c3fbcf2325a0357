"""hat-drivers, a second foreign stack, as the RTU and as a master, with the program between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hat.drivers import iec104

from tests.matrix.hat_peers import HatRtu, Loop, data_message, running_master, running_rtu
from tests.peers import RawRtu, started_master
from tests.program import Gateway, Site, eventually
from tests.station import (
    ACTCON,
    ACTTERM,
    INTERROGATED,
    SELECT,
    Station,
    clock,
    initialised,
    interrogation,
    single_command,
    single_point,
)

if TYPE_CHECKING:
    from pathlib import Path

RTU_CA, MASTER_CA = 32, 33
ON = iec104.SingleData(iec104.SingleValue.ON, iec104.IndicationQuality(*[False] * 4))


def test_hat_rtu_with_raw_masters(tmp_path: Path) -> None:
    with Loop() as loop, running_rtu(loop, HatRtu(RTU_CA, {1: ON})) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        ports = [site.master(111, "M-1", MASTER_CA), site.master(111, "M-2", MASTER_CA + 1)]
        with Gateway(tmp_path, site), started_master(ports[0]) as first, started_master(ports[1]) as second:
            first.post(interrogation(33))
            assert first.take(3) == [
                interrogation(33, ACTCON),
                single_point(33, 1, cause=INTERROGATED),
                interrogation(33, ACTTERM),
            ]
            second.post(single_command(34, 100, SELECT | 1, oa=7), single_command(34, 100, 1, oa=7))
            assert second.take(3) == [
                single_command(34, 100, SELECT | 1, ACTCON, oa=7),
                single_command(34, 100, 1, ACTCON, oa=7),
                single_command(34, 100, 1, ACTTERM, oa=7),
            ]
            first.post(clock(33))
            assert first.take(1) == [clock(33, ACTCON)]
            loop.run(rtu.send(data_message(RTU_CA, 5, ON, iec104.DataResCause.SPONTANEOUS)))
            assert first.take_until(single_point(33, 5)) == []
            assert second.take_until(single_point(34, 5)) == []
        assert [type(request) for request in rtu.requests] == [
            iec104.InterrogationMsg,
            iec104.CommandMsg,
            iec104.CommandMsg,
            iec104.ClockSyncMsg,
        ]


def test_hat_master_with_a_raw_rtu(tmp_path: Path) -> None:
    with Loop() as loop, RawRtu(Station(RTU_CA, points={1: 1}, oa_of_confirmations=0, oa_of_data=0)) as rtu:
        site = Site()
        site.rtu(111, RTU_CA, rtu.port)
        port, other_port = site.master(111, "HAT", MASTER_CA), site.master(111, "RAW", MASTER_CA + 1)
        with Gateway(tmp_path, site), started_master(other_port) as other, running_master(loop, port) as master:
            eventually(lambda: len(master.messages) == 1, "M_EI")
            assert isinstance(master.messages[0], iec104.InitializationMsg)
            loop.run(master.send(_interrogation()))
            loop.run(master.send(_command()))
            eventually(lambda: len(master.messages) == 6, f"the answers among {master.messages}")
            rtu.link.post(single_point(RTU_CA, 9))
            eventually(lambda: len(master.messages) == 7, f"the event among {master.messages}")
            assert _kinds(master.messages[1:]) == [
                ("InterrogationMsg", "ACTIVATION_CONFIRMATION"),
                ("DataMsg", "INTERROGATED_STATION"),
                ("InterrogationMsg", "ACTIVATION_TERMINATION"),
                ("CommandMsg", "ACTIVATION_CONFIRMATION"),
                ("CommandMsg", "ACTIVATION_TERMINATION"),
                ("DataMsg", "SPONTANEOUS"),
            ]
            assert {message.asdu_address for message in master.messages} == {MASTER_CA}
            assert {message.originator_address for message in master.messages[1:6]} == {0, 4}
            assert other.take_until(single_point(34, 9)) == []
            assert other.asdus[0] == initialised(34)


def _interrogation() -> iec104.InterrogationMsg:
    cause = iec104.CommandReqCause.ACTIVATION
    return iec104.InterrogationMsg(False, 0, MASTER_CA, 20, False, cause)  # noqa: FBT003  hat's fields


def _command() -> iec104.CommandMsg:
    order = iec104.SingleCommand(iec104.SingleValue.ON, select=False, qualifier=0)
    return iec104.CommandMsg(False, 4, MASTER_CA, 100, order, False, None, iec104.CommandReqCause.ACTIVATION)  # noqa: FBT003


def _kinds(messages: list[Any]) -> list[tuple[str, str]]:
    return [(type(message).__name__, message.cause.name) for message in messages]
