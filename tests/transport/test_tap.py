import asyncio
import socket

from iec104mm2ss.link.parameters import LinkParameters
from tests.transport.recorder import HOST, Port, Recorder, pair, until

DEFAULTS = LinkParameters()
STARTDT_ACT = bytes.fromhex("68 04 07 00 00 00")
STARTDT_CON = bytes.fromhex("68 04 0b 00 00 00")
TESTFR_ACT = bytes.fromhex("68 04 43 00 00 00")
TESTFR_CON = bytes.fromhex("68 04 83 00 00 00")
# M_SP_NA_1, one object, spontaneous, OA 0, CA 32, IOA 11, ON
ON = bytes.fromhex("01 01 03 00 20 00 0b 00 00 01")


class Tap:
    """Keeps what went each way, joined."""

    def __init__(self) -> None:
        self.received = b""
        self.sent = b""

    def __call__(self, outgoing: bool, octets: bytes) -> None:  # noqa: FBT001
        if outgoing:
            self.sent += octets
        else:
            self.received += octets


def test_a_tap_gets_what_is_read_and_what_is_written_at_both_ends() -> None:
    async def scenario() -> None:
        server, client, outstation, centre = Recorder(), Recorder(), Tap(), Tap()
        async with pair(DEFAULTS, server, client) as (controlled, controlling):
            controlled.tap, controlling.tap = outstation, centre
            controlling.start()
            await until(lambda: server.events)
            controlled.start()
            controlled.send([ON])
            await until(lambda: len(client.events) == 2)
        i_frame = bytes.fromhex("68 0e 00 00 00 00") + ON
        assert (outstation.received, outstation.sent) == (STARTDT_ACT, STARTDT_CON + i_frame)
        assert (centre.sent, centre.received) == (outstation.received, outstation.sent)

    asyncio.run(scenario())


def test_a_tap_is_set_and_taken_away_while_the_connection_goes_on() -> None:
    async def scenario() -> None:
        port, owner, tap = Port(DEFAULTS), Recorder(), Tap()
        await port.listener.open()
        with socket.create_connection((HOST, port.number)) as peer:
            peer.sendall(STARTDT_ACT + TESTFR_ACT[:2])
            await until(lambda: port.accepted)
            connection = port.accepted[0]
            connection.begin(owner)
            await until(lambda: owner.events and connection.link.incomplete)
            assert connection.link.incomplete == TESTFR_ACT[:2]
            connection.tap = tap
            peer.sendall(TESTFR_ACT[2:])
            await until(lambda: tap.sent)
            connection.tap = None
            connection.start()
            assert (tap.received, tap.sent) == (TESTFR_ACT[2:], TESTFR_CON)
        port.listener.close()
        await connection.gone.wait()

    asyncio.run(scenario())


def test_a_tap_gets_the_octets_that_end_the_link() -> None:
    async def scenario() -> None:
        port, owner, tap = Port(DEFAULTS), Recorder(), Tap()
        await port.listener.open()
        with socket.create_connection((HOST, port.number)) as peer:
            await until(lambda: port.accepted)
            connection = port.accepted[0]
            connection.tap = tap
            connection.begin(owner)
            peer.sendall(b"GET / HTTP/1.1\r\n")
            await connection.gone.wait()
        assert tap.received == b"GET / HTTP/1.1\r\n"
        port.listener.close()

    asyncio.run(scenario())
