"""What foreign stations do otherwise, as docs/conformance.md has it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from hat.drivers import iec104, net

from iec104mm2ss.conformance.catalogue import CASES
from iec104mm2ss.conformance.subject import Order, Subject
from iec104mm2ss.conformance.verdict import Verdict
from iec104mm2ss.link.parameters import LinkParameters
from tests.conformance.side_by_side import STATIONS, TOO_LONG, ended, verdicts
from tests.interop.c104_bay import BREAKER, RTU_CA, BayRtu
from tests.matrix.hat_peers import Loop
from tests.program import free_port

SMALL = LinkParameters(t1=3, t2=2, t3=4)
RIGHT = frozenset({"t1-of-test", "t1-of-data", "t3-while-stopped", "t3-while-started"})
"""Both keep these time-outs; that is not waited for."""

LIB60870 = {
    "stop-waits",
    "length-too-short",
    "length-too-long",
    "unknown-function",
    "octet-by-octet",
    "read",
    "unknown-type",
    "unknown-ca",
    "unknown-ioa",
    "originator-address",
    "select-and-execute",
    "select-and-cancel",
}
"""What docs/conformance.md says of lib60870 as c104 has it."""


def subject(port: int) -> Subject:
    return Subject(
        host="127.0.0.1",
        port=port,
        ca=RTU_CA,
        parameters=SMALL,
        patience=2,
        quiet=0.5,
        tolerance=0.7,
        order=Order(BREAKER),
        may_set_clock=True,
    )


@contextmanager
def c104_rtu() -> Iterator[int]:
    rtu = BayRtu()
    constants = rtu.server.protocol_parameters
    constants.message_timeout, constants.confirm_interval, constants.keep_alive_interval = 3, 2, 4
    rtu.server.start()
    try:
        yield rtu.port
    finally:
        rtu.server.stop()


def test_what_lib60870_does_otherwise() -> None:
    with ExitStack() as exits:
        results = verdicts([subject(exits.enter_context(c104_rtu())) for _ in range(STATIONS)], {*RIGHT, "t3-restarts"})
    assert set(ended(results, Verdict.FAILED)) == LIB60870
    assert set(ended(results, Verdict.NOT_APPLICABLE)) == {"interrogation-groups"}


HAT = {
    "i-before-start",
    "i-after-stop",
    "s-before-start",
    "stop-waits",
    "i-without-asdu",
    "length-too-long",
    "t3-restarts",
}
"""What docs/conformance.md says of the links of hat-drivers."""
OF_THE_LINK = {case.name for case in CASES if not case.clause.startswith(("7", "-101", "9", "10"))} - TOO_LONG


class HatStation:
    """Answers every interrogation and test command; what else a station does is not hat's."""

    def __init__(self) -> None:
        self.port = free_port()

    async def open(self) -> None:
        self._server = await iec104.listen(
            self._serve,
            net.TcpAddress("127.0.0.1", self.port),
            response_timeout=SMALL.t1,
            supervisory_timeout=SMALL.t2,
            test_timeout=SMALL.t3,
        )

    async def close(self) -> None:
        await self._server.async_close()

    async def _serve(self, connection: iec104.Connection) -> None:
        with suppress(ConnectionError):
            while True:
                for request in await connection.receive():
                    await connection.send([request._replace(cause=_confirmed(request))])


def _confirmed(request: object) -> object:
    if isinstance(request, iec104.InterrogationMsg):
        return iec104.CommandResCause.ACTIVATION_CONFIRMATION
    return iec104.ActivationResCause.ACTIVATION_CONFIRMATION


@contextmanager
def hat_station(loop: Loop) -> Iterator[int]:
    station = HatStation()
    loop.run(station.open())
    try:
        yield station.port
    finally:
        loop.run(station.close())


def test_what_the_links_of_hat_drivers_do_otherwise() -> None:
    with ExitStack() as exits:
        loop = exits.enter_context(Loop())
        subjects = [subject(exits.enter_context(hat_station(loop))) for _ in range(STATIONS)]
        results = verdicts(subjects, {*RIGHT, *(case.name for case in CASES if case.name not in OF_THE_LINK)})
    assert set(ended(results, Verdict.FAILED)) == HAT
