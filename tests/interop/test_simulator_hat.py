"""hat-drivers as the master of the simulator, which runs as its users start it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from hat.drivers import iec104

from tests.matrix.hat_peers import HatMaster
from tests.simulator.program import RtuFile, SimulatorProgram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CA, OA = 32, 5
ON, OFF = iec104.DoubleValue.ON, iec104.DoubleValue.OFF


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[HatMaster]:
    master = HatMaster()
    await master.open(port)
    try:
        (initialised,) = await master.take(1)
        assert isinstance(initialised, iec104.InitializationMsg)
        yield master
    finally:
        await master.stop()


def interrogation(qualifier: int = 20) -> iec104.InterrogationMsg:
    return iec104.InterrogationMsg(False, OA, CA, qualifier, False, iec104.CommandReqCause.ACTIVATION)  # noqa: FBT003  hat's fields


def command(value: iec104.DoubleValue, *, select: bool, ioa: int = 21001, ca: int = CA) -> iec104.CommandMsg:
    order = iec104.DoubleCommand(value, select=select, qualifier=0)
    return iec104.CommandMsg(False, OA, ca, ioa, order, False, None, iec104.CommandReqCause.ACTIVATION)  # noqa: FBT003  hat's fields


def kinds(messages: list[Any]) -> list[tuple[str, str]]:
    return [(type(message).__name__, message.cause.name) for message in messages]


def with_simulator(folder: Path, file: RtuFile, port: int, scenario: Any, *arguments: str) -> None:  # noqa: ANN401
    async def run() -> None:
        async with connected(port) as master:
            await scenario(master)

    with SimulatorProgram(folder, file, *arguments) as simulator:
        simulator.wait_listening(port)
        asyncio.run(run())


def test_an_interrogation_is_complete(tmp_path: Path) -> None:
    async def scenario(master: HatMaster) -> None:
        await master.send(interrogation())
        messages = await master.take_to(iec104.InterrogationMsg, "ACTIVATION_TERMINATION")
        assert kinds(messages[:1]) == [("InterrogationMsg", "ACTIVATION_CONFIRMATION")]
        values = messages[1:-1]
        assert [(message.io_address, message.cause.name) for message in values] == [
            (ioa, "INTERROGATED_STATION") for ioa in (301, 303, 447, 11003)
        ]
        assert [values[0].data.value, values[1].data.value] == [OFF, ON]
        assert {message.originator_address for message in messages} == {OA}

    file = RtuFile()
    with_simulator(tmp_path, file, file.add(CA), scenario)


def test_a_group_without_members_is_refused(tmp_path: Path) -> None:
    async def scenario(master: HatMaster) -> None:
        await master.send(interrogation(21))
        (answer,) = await master.take(1)
        assert (answer.cause.name, answer.is_negative_confirm) == ("ACTIVATION_CONFIRMATION", True)

    file = RtuFile()
    with_simulator(tmp_path, file, file.add(CA), scenario)


def test_select_and_execute_with_the_status_between(tmp_path: Path) -> None:
    async def scenario(master: HatMaster) -> None:
        await master.send(command(ON, select=True))
        (selected,) = await master.take(1)
        assert (selected.cause.name, selected.is_negative_confirm) == ("ACTIVATION_CONFIRMATION", False)
        await master.send(command(ON, select=False))
        confirmed, status, terminated = await master.take(3)
        assert kinds([confirmed, terminated]) == [
            ("CommandMsg", "ACTIVATION_CONFIRMATION"),
            ("CommandMsg", "ACTIVATION_TERMINATION"),
        ]
        assert (status.io_address, status.data.value, status.cause.name) == (301, ON, "REMOTE_COMMAND")

    file = RtuFile()
    with_simulator(tmp_path, file, file.add(CA), scenario)


def test_unknown_object_and_common_address_are_confirmed_negatively(tmp_path: Path) -> None:
    async def scenario(master: HatMaster) -> None:
        await master.send(command(ON, select=False, ioa=29999))
        await master.send(command(ON, select=False, ca=CA + 1))
        answers = await master.take(2)
        assert [(answer.cause.name, answer.is_negative_confirm) for answer in answers] == [
            ("UNKNOWN_IO_ADDRESS", True),
            ("UNKNOWN_ASDU_ADDRESS", True),
        ]

    file = RtuFile()
    with_simulator(tmp_path, file, file.add(CA), scenario)


def test_an_index_send_of_a_thousand_rows_comes_once_and_in_order(tmp_path: Path) -> None:
    async def scenario(master: HatMaster) -> None:
        messages = await master.take(1000)
        assert [message.io_address for message in messages] == list(range(1, 1001))
        assert {message.cause.name for message in messages} == {"SPONTANEOUS"}

    file = RtuFile(*(f"301,Y,{(30, 31, 36)[ioa % 3]},{ioa},1,0" for ioa in range(1, 1001)))
    with_simulator(tmp_path, file, file.add(CA), scenario, "--send", "0")
