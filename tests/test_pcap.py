from ipaddress import IPv6Address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iec104mm2ss.trace import PcapWriter, TracedFrame
from tests.pcapfile import ACK, PSH, SYN, Packet, one_complement_sum, read

LOCAL, PEER = "10.1.9.1:40001", "10.1.9.4:2404"
U_FRAME = bytes.fromhex("68 04 07 00 00 00")
I_FRAME = bytes.fromhex("68 0e 58 06 50 00 01 01 03 00 20 00 bf 01 00 01")
DATA = PSH | ACK


def sent(octets: bytes, local: str = LOCAL, peer: str = PEER, moment: float = 1.0) -> TracedFrame:
    return TracedFrame(moment, "111/S", True, local, peer, octets, "", "link")  # noqa: FBT003


def received(octets: bytes, local: str = LOCAL, peer: str = PEER, moment: float = 1.0) -> TracedFrame:
    return TracedFrame(moment, "111/S", False, local, peer, octets, "", "link")  # noqa: FBT003


def written(path: Path, *frames: TracedFrame) -> list[Packet]:
    with path.open("wb") as file:
        writer = PcapWriter(file)
        for frame in frames:
            writer.write(frame)
    return read(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.pcap"


def payloads(packets: list[Packet]) -> list[bytes]:
    return [packet.payload for packet in packets if packet.payload]


def test_a_connection_begins_with_a_handshake_at_the_time_of_its_first_frame(path: Path) -> None:
    packets = written(path, sent(U_FRAME, moment=1_700_000_000.25))
    local, peer = "10.1.9.1 40001", "10.1.9.4 2404"
    assert [(p.source, p.target, p.sequence, p.acknowledged, p.flags, p.payload) for p in packets] == [
        (local, peer, 0, 0, SYN, b""),
        (peer, local, 0, 1, SYN | ACK, b""),
        (local, peer, 1, 1, ACK, b""),
        (local, peer, 1, 1, DATA, U_FRAME),
    ]
    assert {p.moment for p in packets} == {1_700_000_000_250_000}


def test_both_ends_offer_a_window_that_no_trace_fills(path: Path) -> None:
    # maximum segment size 1440; no operation, window scale 14
    offer = bytes.fromhex("02 04 05 a0 01 03 03 0e")
    packets = written(path, sent(U_FRAME))
    assert [p.options for p in packets] == [offer, offer, b"", b""]


def test_numbers_count_the_octets_of_each_direction(path: Path) -> None:
    packets = written(path, sent(U_FRAME), received(I_FRAME), received(U_FRAME), sent(I_FRAME))[3:]
    assert [(p.sequence, p.acknowledged) for p in packets] == [(1, 1), (1, 7), (17, 7), (7, 23)]
    assert payloads(packets) == [U_FRAME, I_FRAME, U_FRAME, I_FRAME]


def test_numbers_begin_again_after_32_bits(path: Path) -> None:
    with path.open("wb") as file:
        writer = PcapWriter(file)
        writer.write(sent(U_FRAME))
        writer._connections[LOCAL, PEER]._local.sequence = 0xFFFFFFFE
        writer.write(sent(U_FRAME))
        writer.write(received(U_FRAME))
        writer.write(sent(U_FRAME))
    assert [(p.sequence, p.acknowledged) for p in read(path)[4:]] == [(0xFFFFFFFE, 1), (1, 4), (4, 7)]


def test_connections_in_one_file_count_apart(path: Path) -> None:
    master = "10.1.9.1:2407", "10.1.1.16:53122"
    packets = written(path, received(I_FRAME), sent(I_FRAME, *master), received(U_FRAME), sent(U_FRAME, *master))
    assert [(p.source, p.sequence) for p in packets if p.payload] == [
        ("10.1.9.4 2404", 1),
        ("10.1.9.1 2407", 1),
        ("10.1.9.4 2404", 17),
        ("10.1.9.1 2407", 17),
    ]


@pytest.mark.parametrize(
    ("local", "peer", "client"),
    [
        ("10.1.9.1:40001", "10.1.9.4:2404", "10.1.9.1 40001"),
        ("10.1.9.1:2404", "10.1.9.4:40001", "10.1.9.4 40001"),
        ("10.1.9.1:2407", "10.1.9.4:40001", "10.1.9.4 40001"),
        ("10.1.9.1:1025", "10.1.9.4:2404", "10.1.9.1 1025"),
    ],
)
def test_the_end_that_listens_has_port_2404_or_else_the_lower_one(
    path: Path, local: str, peer: str, client: str
) -> None:
    assert written(path, received(U_FRAME, local, peer))[0].source == client


@pytest.mark.parametrize(
    ("local", "peer", "source", "target"),
    [
        ("[2001:db8::1]:40001", "[2001:db8::4]:2404", "2001:db8::1 40001", "2001:db8::4 2404"),
        ("[fe80::1%eth0]:40001", "[fe80::2%eth0]:2404", "fe80::1 40001", "fe80::2 2404"),
        ("10.1.9.1:40001", "[2001:db8::4]:2404", f"{IPv6Address('::ffff:10.1.9.1')} 40001", "2001:db8::4 2404"),
        ("10.1.9.1:40001", "?", "10.1.9.1 40001", "0.0.0.0 0"),
    ],
)
def test_addresses_of_every_kind(path: Path, local: str, peer: str, source: str, target: str) -> None:
    last = written(path, sent(U_FRAME, local, peer))[-1]
    assert (last.source, last.target) == (source, target)


def test_an_address_that_is_none_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="rtu"):
        written(path, sent(U_FRAME, "rtu:2404"))


def test_junk_longer_than_a_segment_is_cut(path: Path) -> None:
    junk = bytes(range(256)) * 70
    packets = written(path, received(junk), received(U_FRAME))
    assert max(map(len, payloads(packets))) == 1440
    assert b"".join(payloads(packets)) == junk + U_FRAME


def test_a_part_of_a_microsecond_carries_into_the_seconds(path: Path) -> None:
    assert written(path, sent(U_FRAME, moment=1_699_999_999.9999998))[0].moment == 1_700_000_000_000_000


ports = st.integers(0, 65535)
addresses = st.ip_addresses(v=4) | st.ip_addresses(v=6).map("[{}]".format)
ends = st.builds("{}:{}".format, addresses, ports)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ends, ends, st.binary(min_size=1, max_size=300))
def test_every_checksum_is_right(path: Path, local: str, peer: str, octets: bytes) -> None:
    packets = written(path, sent(octets, local, peer), received(octets, local, peer))
    assert payloads(packets) == [octets, octets]


def test_the_reader_of_these_tests_sees_a_wrong_octet(path: Path) -> None:
    written(path, sent(U_FRAME))
    octets = bytearray(path.read_bytes())
    octets[-1] ^= 1
    path.write_bytes(octets)
    with pytest.raises(AssertionError):
        read(path)
    # RFC 1071, section 3
    assert one_complement_sum(bytes.fromhex("00 01 f2 03 f4 f5 f6 f7")) == 0xDDF2


def test_a_reader_sees_whole_packets_after_each_frame(path: Path) -> None:
    with path.open("wb") as file:
        writer = PcapWriter(file)
        assert read(path) == []
        for count in range(1, 4):
            writer.write(sent(U_FRAME))
            assert payloads(read(path)) == [U_FRAME] * count


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_the_callers_to_report() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        PcapWriter(full)


@pytest.mark.parametrize(
    ("connections", "options"),
    [
        ([], ()),
        ([(LOCAL, PEER)], ()),
        ([("10.1.9.1:2407", "10.1.1.16:53122")], ("-d", "tcp.port==2407,iec60870_104")),
        (
            [("[::1]:2408", "[::1]:53122"), (LOCAL, PEER), ("10.1.9.1:53000", "10.1.9.4:2407"), ("[::1]:2408", "?")],
            ("-d", "tcp.port==2407,iec60870_104", "-d", "tcp.port==2408,iec60870_104"),
        ),
    ],
)
def test_ports_other_than_2404_are_named_for_wireshark(
    path: Path, connections: list[tuple[str, str]], options: tuple[str, ...]
) -> None:
    with path.open("wb") as file:
        writer = PcapWriter(file)
        for local, peer in connections:
            writer.write(sent(U_FRAME, local, peer))
        assert writer.decode_as == options
