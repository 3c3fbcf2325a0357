"""TShark reads the trace of conversations over the real transport; it shares no code with this project."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.trace import FrameTrace, PcapWriter, TracedFrame
from iec104mm2ss.transport.client import connect
from iec104mm2ss.transport.connection import Connection
from iec104mm2ss.transport.server import Listener
from tests.pcapfile import read
from tests.transport.recorder import HOST, Recorder, free_port, until

TSHARK = shutil.which("tshark")
CHECKED = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
NOTE = 0x400000
GOOD = "1"

STARTDT_ACT = bytes.fromhex("68 04 07 00 00 00")
TESTFR_ACT = bytes.fromhex("68 04 43 00 00 00")
# CA 32, OA 0 throughout
ASDUS = [
    bytes.fromhex(octets)
    for octets in (
        "01 01 03 00 20 00 bf 01 00 01",  # M_SP_NA_1, spontaneous, IOA 447, ON
        "1e 01 03 00 20 00 bf 01 00 00 be a0 03 0c 0e 0b 17",  # M_SP_TB_1, spontaneous, IOA 447, OFF
        "0d 02 14 00 20 00 e8 03 00 00 00 80 3f 00 e9 03 00 00 00 00 40 00",  # M_ME_NC_1, interrogated, IOA 1000, 1001
        "09 83 14 00 20 00 d0 07 00 01 00 00 02 00 00 03 00 00",  # M_ME_NA_1, interrogated, SQ, IOA 2000 to 2002
        "64 01 0a 00 20 00 00 00 00 14",  # C_IC_NA_1, activation termination, station
        "2e 01 07 00 20 00 09 52 00 01",  # C_DC_NA_1, activation confirmation, IOA 21001, OFF, execute
    )
]


class Trace:
    """What several connections say, in one list and one file; `octets` were received."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self.writer = PcapWriter(self._file)
        self.frames: list[TracedFrame] = []
        self.octets = 0

    def follow(self, connection: Connection, entry: str) -> None:
        traced = FrameTrace(entry, connection.local, connection.peer, connection.link.incomplete)

        def tap(outgoing: bool, octets: bytes) -> None:  # noqa: FBT001
            self.octets += 0 if outgoing else len(octets)
            for frame in traced.feed(outgoing, octets, time.time()):
                self.frames.append(frame)
                self.writer.write(frame)

        connection.tap = tap

    def has_received(self, octets: int) -> bool:
        return self.octets >= octets

    def close(self) -> None:
        self._file.close()


@asynccontextmanager
async def accepted(host: str, parameters: LinkParameters) -> AsyncIterator[tuple[int, list[Connection]]]:
    """Give a port that listens, and what it accepts."""
    number, connections = free_port(), list[Connection]()
    listener = Listener(
        number,
        parameters,
        bind=host,
        accepts=lambda _: True,
        on_connection=connections.append,
        on_refused=lambda *_: None,
    )
    await listener.open()
    try:
        yield number, connections
    finally:
        listener.close()
        for connection in connections:
            connection.close("test over")
            await connection.gone.wait()


async def converse(host: str, trace: Trace, asdus: int, *, at_the_rtu: bool) -> None:
    """Let an RTU send ASDUs as its window opens, several with one write, and trace one of the two ends."""
    outstation, centre = Recorder(), Recorder()
    parameters = LinkParameters(k=12, w=8)
    async with accepted(host, parameters) as (port, connections):
        client = await connect(host, port, parameters)
        await until(lambda: connections)
        server = connections[0]
        server.begin(outstation)
        client.begin(centre)
        trace.follow(server if at_the_rtu else client, f"{port}")
        client.start()
        await until(lambda: outstation.events)
        server.start()
        sources = (ASDUS[number % len(ASDUS)] for number in range(asdus))
        while server.link.sent < asdus:
            await until(lambda: server.window)
            server.send(list(islice(sources, server.window)))
        await until(lambda: client.link.received == asdus)
        client.test()
        await until(lambda: trace.frames[-1].text == "U TESTFR con")
        client.stop()
        await until(lambda: trace.frames[-1].text == "U STOPDT con")
        client.close("test over")
        await client.gone.wait()


async def stammer(trace: Trace) -> None:
    """Let a master send so that each read ends at another place in an APDU; trace the RTU's end from a half on."""
    asdu = bytes.fromhex("64 01 06 00 20 00 00 00 00 14")  # C_IC_NA_1, activation, station
    frames = [b"\x68\x0e" + bytes([2 * number, 0, 0, 0]) + asdu for number in range(17)]
    stream = STARTDT_ACT + b"".join(frames) + TESTFR_ACT
    owner = Recorder()
    async with accepted(HOST, LinkParameters()) as (port, connections):
        with socket.create_connection((HOST, port)) as peer:
            await until(lambda: connections)
            connections[0].begin(owner)
            peer.sendall(stream[:3])
            await until(lambda: connections[0].link.incomplete)
            trace.follow(connections[0], f"{port}")
            before = trace.octets - 3
            peer.sendall(stream[3:6])
            await until(lambda: owner.events)
            connections[0].start()
            for end in [*range(6 + 17, len(stream), 17), len(stream)]:
                peer.sendall(stream[trace.octets - before : end])
                await until(partial(trace.has_received, before + end))
            assert trace.frames[-1].text == "U TESTFR con"


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Trace, Path]]:
    path = tmp_path_factory.mktemp("trace") / "trace.pcap"
    with closing(Trace(path)) as made:
        asyncio.run(converse(HOST, made, 300, at_the_rtu=True))
        asyncio.run(converse(HOST, made, 60, at_the_rtu=False))
        asyncio.run(stammer(made))
        if has_ipv6():
            asyncio.run(converse("::1", made, 60, at_the_rtu=True))
            asyncio.run(converse("::1", made, 60, at_the_rtu=False))
        yield made, path


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_the_file_has_every_frame_of_the_trace_in_order(trace: tuple[Trace, Path]) -> None:
    traced, path = trace
    frames = traced.frames
    assert len(frames) > 400
    assert not [frame.text for frame in frames if "FAULT" in frame.text or "no APDU" in frame.text]
    assert [packet.payload for packet in read(path) if packet.payload] == [frame.octets for frame in frames]
    assert {frame.text for frame in frames} >= {"U STARTDT act", "U STARTDT con", "U STOPDT con", "S R=8"}


def tshark(path: Path, *options: str) -> list[list[str]]:
    """The columns of each packet that TShark prints."""
    assert TSHARK is not None
    command = [TSHARK, "-n", "-r", f"{path}", *CHECKED, "-T", "fields", *options]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=True)
    return [row.split("\t") for row in run.stdout.splitlines()]


needs_tshark = pytest.mark.skipif(TSHARK is None, reason="TShark is not installed")


@needs_tshark
def test_tshark_has_nothing_to_say_against_the_file(trace: tuple[Trace, Path]) -> None:
    traced, path = trace
    complaint = f"_ws.malformed or _ws.expert.severity >= {NOTE}"
    shown = ("-Y", complaint, "-e", "frame.number", "-e", "_ws.expert.message")
    assert tshark(path, *traced.writer.decode_as, *shown) == []


@needs_tshark
def test_tshark_finds_every_checksum_right(trace: tuple[Trace, Path]) -> None:
    _, path = trace
    rows = tshark(
        path, "-e", "ip.version", "-e", "ip.checksum.status", "-e", "ipv6.version", "-e", "tcp.checksum.status"
    )
    assert len(rows) == len(read(path))
    assert {tuple(row) for row in rows} <= {("4", GOOD, "", GOOD), ("6", "", "6", GOOD)}


@needs_tshark
def test_tshark_reads_the_same_apdus(trace: tuple[Trace, Path]) -> None:
    traced, path = trace
    fields = ("tcp.payload", "iec60870_104.type", "iec60870_104.tx", "iec60870_asdu.typeid")
    wanted = [word for field in fields for word in ("-e", field)]
    rows = tshark(path, *traced.writer.decode_as, "-Y", "iec60870_104", *wanted)
    assert rows == [[frame.octets.hex(), *columns(frame.octets)] for frame in traced.frames]


def columns(octets: bytes) -> tuple[str, str, str]:
    """APDU format, N(S) and type as TShark prints them."""
    if octets[2] & 1:
        return f"0x{octets[2] & 3:08x}", "", ""
    return "0x00000000", f"{octets[2] >> 1 | octets[3] << 7}", f"{octets[6]}"


@needs_tshark
def test_tshark_shows_the_moment_of_each_frame(trace: tuple[Trace, Path]) -> None:
    traced, path = trace
    shown = [float(moment) for [moment] in tshark(path, "-Y", "tcp.len > 0", "-e", "frame.time_epoch")]
    assert shown == pytest.approx([frame.moment for frame in traced.frames], rel=0, abs=2e-6)


@needs_tshark
def test_tshark_must_be_told_of_ports_other_than_2404(trace: tuple[Trace, Path]) -> None:
    _, path = trace
    assert tshark(path, "-Y", "iec60870_104", "-e", "frame.number") == []
