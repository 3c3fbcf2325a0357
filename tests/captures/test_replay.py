"""Recorded conversations played again through the running program, with the segmentation they had on the wire."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.endpoint import Connection, split_frames
from tests.peers import RawMaster, RawRtu, started_master
from tests.program import Gateway, Site
from tests.station import ACTCON, BROADCAST_CA, common_address, single_point, with_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MASTER_CA = 60000  # in no capture
LAST_IOA = 0xFEDCBA
PAUSE = 0.0005  # s between two segments, so that TCP does not join them
TO_ALL = {1, 2, 3, 11, 12}
ANSWERED_VALUES = {5, *range(20, 42)}
ADDRESSED_TO_ALL_STATIONS = {100, 101, 103, 105}
END_OF_INITIALISATION, INTERROGATION = 70, 100

WELL_FORMED = [
    ("IEC104_SQ.pcapng", 0),
    ("TestDissectIec104.pcap", 5),
    ("emreekin_104IPValue.tcp2404.pcap", 0),
    ("emreekin_104deneme.tcp2404.pcap", 0),
    ("emreekin_33.pcap", 0),
    ("emreekin_50.pcap", 0),
    ("emreekin_58_59.pcap", 0),
    ("emreekin_59.pcap", 0),
    ("emreekin_61.pcap", 0),
    ("emreekin_63.pcap", 0),
    ("emreekin_63_1.pcap", 0),
    ("ndpi_IEC104.pcap", 0),
    ("wireshark_iec104.pcap", 0),
]
every_conversation = pytest.mark.parametrize("name", WELL_FORMED, ids=lambda name: f"{name[0]}-{name[1]}")


class Segment(NamedTuple):
    """What one TCP segment carried, and whether the RTU sent it."""

    from_rtu: bool
    octets: bytes


Conversations = dict[tuple[str, int], list[Segment]]


@pytest.fixture(scope="module")
def conversations(request: pytest.FixtureRequest) -> Conversations:
    folder: Path = request.getfixturevalue("captures")
    found: Conversations = defaultdict(list)
    for line in (folder / "segments.jsonl").read_text(encoding="ascii").splitlines():
        record = json.loads(line)
        segment = Segment(record["dir"] == "s2m", bytes.fromhex(record["hex"]))
        found[record["file"], record["stream"]].append(segment)
    return found


class Burst(NamedTuple):
    """The fewest whole segments that hold whole APDUs."""

    from_rtu: bool
    segments: list[bytes]

    @property
    def frames(self) -> list[bytes]:
        return split_frames(b"".join(self.segments))[0]

    @property
    def asdus(self) -> list[bytes]:
        return [frame[6:] for frame in self.frames if not frame[2] & 1]


def bursts(segments: Sequence[Segment]) -> Iterator[Burst]:
    """Group what each side sent, in the order in which it was complete."""
    open_segments: dict[bool, list[bytes]] = {False: [], True: []}
    for from_rtu, octets in segments:
        held = open_segments[from_rtu]
        held.append(octets)
        if not split_frames(b"".join(held))[1]:
            yield Burst(from_rtu, held)
            open_segments[from_rtu] = []


def one_octet_each(segments: Sequence[Segment]) -> list[Segment]:
    return [Segment(from_rtu, bytes((octet,))) for from_rtu, octets in segments for octet in octets]


def play(link: Connection, burst: Burst) -> None:
    """Send a burst with the numbers of this connection and the borders that its segments had."""
    link.wait_for(lambda: link.window >= len(burst.asdus), "window")
    borders = itertools.accumulate(map(len, burst.segments))
    with link.sending():
        octets = b"".join(_renumbered(link, frame) for frame in burst.frames)
        pieces = [octets[start:end] for start, end in itertools.pairwise((0, *borders))]
        link.send_segments(pieces, pause=PAUSE)


def _renumbered(link: Connection, frame: bytes) -> bytes:
    if not frame[2] & 1:
        return link.next_i_frame(frame[6:])
    return link.next_s_frame() if frame[2] & 3 == 1 else frame


def rtu_address(segments: Sequence[Segment]) -> int:
    return next(common_address(asdu) for burst in bursts(segments) if burst.from_rtu for asdu in burst.asdus)


def as_master_sees(asdu: bytes, rtu_ca: int, *, oa: int = 0) -> bytes:
    return with_header(asdu, oa=oa, ca=MASTER_CA if common_address(asdu) == rtu_ca else None)


def as_rtu_sees(asdu: bytes, rtu_ca: int) -> bytes:
    """Return a request of the master with the CA that was its RTU's, sent with OA 1: it is the group's first row."""
    broadcast = common_address(asdu) == BROADCAST_CA and asdu[0] in ADDRESSED_TO_ALL_STATIONS
    return with_header(asdu, oa=1, ca=rtu_ca if broadcast else None)


def goes_to_everybody_unasked(asdu: bytes) -> bool:
    return asdu[0] != END_OF_INITIALISATION and asdu[2] & 63 in TO_ALL | ANSWERED_VALUES


class Played:
    """The gateway with an RTU and two masters of its number; the last event that each gets ends the play."""

    def __init__(self, rtu: RawRtu, rtu_ca: int, masters: tuple[RawMaster, RawMaster]) -> None:
        self.rtu, self.rtu_ca, self.masters = rtu, rtu_ca, masters

    def finish(self) -> list[list[bytes]]:
        self.rtu.link.post(single_point(self.rtu_ca, LAST_IOA))
        return [master.take_until(single_point(MASTER_CA, LAST_IOA)) for master in self.masters]


@pytest.fixture
def stage(tmp_path: Path, conversations: Conversations, name: tuple[str, int]) -> Iterator[Played]:
    rtu_ca = rtu_address(conversations[name])
    site = Site(t1=5, t2=1, t3=30)
    with RawRtu() as rtu:
        site.rtu(111, rtu_ca, rtu.port)
        ports = site.master(111, "M-1", MASTER_CA), site.master(111, "M-2", MASTER_CA)
        with Gateway(tmp_path, site), started_master(ports[0]) as first, started_master(ports[1]) as second:
            yield Played(rtu, rtu_ca, (first, second))


@pytest.mark.parametrize("cut", [list, one_octet_each], ids=["as recorded", "one octet per segment"])
@every_conversation
def test_a01_the_rtus_side_alone(
    stage: Played, conversations: Conversations, name: tuple[str, int], cut: type[list[Segment]]
) -> None:
    """Nobody has asked: values go to everybody, confirmations and terminations to nobody."""
    sent: list[bytes] = []
    for burst in bursts(cut(conversations[name])):
        if burst.from_rtu:
            play(stage.rtu.link, burst)
            sent += burst.asdus
    expected = [as_master_sees(asdu, stage.rtu_ca) for asdu in sent if goes_to_everybody_unasked(asdu)]
    assert stage.finish() == [expected, expected]
    assert len(stage.rtu.connections) == 1


class Play:
    """Both sides of a conversation in the order of the recording; collects what each should have got."""

    def __init__(self, stage: Played) -> None:
        self.stage = stage
        self.requests: list[bytes] = []
        self.for_asker: list[bytes] = []
        self.for_both: list[bytes] = []
        self._interrogations = 0

    def master_sends(self, burst: Burst) -> None:
        asker = self.stage.masters[0]
        asker.wait_for(lambda: len(asker.asdus) > len(self.for_asker), "what the RTU had sent before")
        play(asker, Burst(from_rtu=False, segments=[_from_our_master(burst, self.stage.rtu_ca)]))
        self.requests += burst.asdus

    def rtu_sends(self, burst: Burst) -> None:
        link = self.stage.rtu.link
        for part in _between_interrogations(burst):
            self._interrogations += sum(asdu[0] == INTERROGATION and asdu[2] == ACTCON for asdu in part.asdus)
            link.wait_for(lambda: self._has_come(link.asdus), "the requests that are answered now")
            play(link, part)
        for asdu in burst.asdus:
            self._expect(asdu)

    def _has_come(self, asdus: list[bytes]) -> bool:
        """Whether the RTU has every request; interrogations wait until the one before has ended."""
        others = sum(request[0] != INTERROGATION for request in self.requests)
        return len(asdus) >= others + self._interrogations

    def _expect(self, asdu: bytes) -> None:
        if _was_asked_for(asdu, self.requests):
            self.for_asker.append(as_master_sees(asdu, self.stage.rtu_ca, oa=asdu[3]))
        elif goes_to_everybody_unasked(asdu):
            self.for_asker.append(as_master_sees(asdu, self.stage.rtu_ca))
            self.for_both.append(self.for_asker[-1])


def _between_interrogations(burst: Burst) -> Iterator[Burst]:
    """Cut a burst where one interrogation's end and the confirmation of the next share a segment."""
    cuts = [n for n, frame in enumerate(burst.frames) if n and frame[6:7] == b"\x64" and frame[8] == ACTCON]
    if not cuts:
        yield burst
        return
    for start, end in itertools.pairwise((0, *cuts, len(burst.frames))):
        yield Burst(from_rtu=True, segments=burst.frames[start:end])


@every_conversation
def test_both_sides(stage: Played, conversations: Conversations, name: tuple[str, int]) -> None:
    """The asker gets what it got in the recording, the other master what is for all; the RTU gets every request."""
    recorded = Play(stage)
    for burst in bursts(conversations[name]):
        if burst.from_rtu:
            recorded.rtu_sends(burst)
        else:
            recorded.master_sends(burst)
    assert stage.finish() == [recorded.for_asker, recorded.for_both]
    assert stage.rtu.link.asdus == [as_rtu_sees(asdu, stage.rtu_ca) for asdu in recorded.requests]


def _from_our_master(burst: Burst, rtu_ca: int) -> bytes:
    """Return the burst's frames with the number by which the master knows the RTU here."""

    def translated(frame: bytes) -> bytes:
        known = not frame[2] & 1 and common_address(frame[6:]) == rtu_ca
        return frame[:6] + with_header(frame[6:], ca=MASTER_CA) if known else frame

    return b"".join(map(translated, burst.frames))


def _was_asked_for(asdu: bytes, requests: list[bytes]) -> bool:
    cause = asdu[2] & 63
    if cause in range(20, 42):
        return any(request[0] == (100 if cause < 37 else 101) for request in requests)
    return cause not in TO_ALL and any(request[0] == asdu[0] for request in requests)


@pytest.mark.parametrize("stream", range(5))
def test_malformed_recording_ends_that_connection_alone(
    tmp_path: Path, conversations: Conversations, stream: int
) -> None:
    """The five streams of TestDissectIec104 that were made to break a decoder."""
    site = Site()
    with RawRtu() as rtu:
        site.rtu(111, 5, rtu.port)
        port, other_port = site.master(111, "M-1", MASTER_CA), site.master(111, "M-2", MASTER_CA)
        with Gateway(tmp_path, site) as gateway, RawMaster(port) as master, started_master(other_port) as other:
            segments = conversations["TestDissectIec104.pcap", stream]
            master.send_segments([segment.octets for segment in segments if not segment.from_rtu], pause=0.01)
            master.wait_closed()
            gateway.wait_log("M-1", "disconnected", "octet")
            rtu.link.post(single_point(5, LAST_IOA))
            assert other.take_until(single_point(MASTER_CA, LAST_IOA)) == []


def test_every_conversation_is_played(conversations: Conversations) -> None:
    malformed = {("TestDissectIec104.pcap", stream) for stream in range(5)}
    without_asdus = {("ndpi_IEC104.pcap", 1)}
    assert set(conversations) == {*WELL_FORMED} | malformed | without_asdus
