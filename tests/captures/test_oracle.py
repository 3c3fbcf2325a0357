"""Every APDU of the public captures read as TShark reads it; TShark shares no code with this project."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from iec104mm2ss.wire import asdu
from iec104mm2ss.wire.apci import Framer, encode_i, encode_s
from iec104mm2ss.wire.describe import describe
from iec104mm2ss.wire.elements import Opaque, decode_objects, encode_objects

Stream = tuple[str, int, str]  # file, TCP stream, direction
Frame = tuple[int, bytes]
Columns = dict[str, list[int]]

MALFORMED = "TestDissectIec104.pcap"
FILES = [
    "IEC104_SQ.pcapng",
    MALFORMED,
    "emreekin_104IPValue.tcp2404.pcap",
    "emreekin_104deneme.tcp2404.pcap",
    "emreekin_33.pcap",
    "emreekin_50.pcap",
    "emreekin_58_59.pcap",
    "emreekin_59.pcap",
    "emreekin_61.pcap",
    "emreekin_63.pcap",
    "emreekin_63_1.pcap",
    "ndpi_IEC104.pcap",
    "wireshark_iec104.pcap",
]
# Streams of the malformed file whose masters send junk; the RTU's side of them and stream 5 are clean.
JUNK_STREAMS = [(MALFORMED, number, "m2s") for number in range(5)]
JUNK_SEGMENTS = {7, 9, 11, 16, 18, 23, 25, 36, 41, 56, 58, 71, 73, 75, 83, 94, 96}

APCI_COLUMNS = {"iec60870_104.type", "iec60870_104.utype", "iec60870_104.tx", "iec60870_104.rx"}
ASDU_COLUMNS = {
    "iec60870_asdu.typeid": asdu.type_id,
    "iec60870_asdu.sq": asdu.is_sequence,
    "iec60870_asdu.numix": asdu.object_count,
    "iec60870_asdu.causetx": asdu.cause,
    "iec60870_asdu.nega": asdu.is_negative,
    "iec60870_asdu.test": asdu.is_test,
    "iec60870_asdu.oa": asdu.originator,
    "iec60870_asdu.addr": asdu.common_address,
}
IOA_COLUMN = "iec60870_asdu.ioa"


def segments(captures: Path) -> dict[Stream, list[tuple[int, bytes]]]:
    """Frame number in the capture and octets of every TCP segment."""
    streams: dict[Stream, list[tuple[int, bytes]]] = defaultdict(list)
    for line in (captures / "segments.jsonl").read_text(encoding="utf-8").splitlines():
        segment = json.loads(line)
        octets = bytes.fromhex(segment["hex"])
        streams[segment["file"], segment["stream"], segment["dir"]].append((segment["frame"], octets))
    return streams


def oracle_rows(captures: Path) -> Iterator[tuple[Stream, int, Columns]]:
    """What TShark read in one frame of a capture: per column the numbers of all its APDUs."""
    with (captures / "tshark_oracle.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            stream = (row["file"], int(row["tcp.stream"]), "m2s" if row["tcp.dstport"] == "2404" else "s2m")
            columns = APCI_COLUMNS | ASDU_COLUMNS.keys() | {IOA_COLUMN}
            yield stream, int(row["frame.number"]), {name: numbers(row[name]) for name in columns}


def numbers(cell: str) -> list[int]:
    return [int(number, 0) for number in cell.split(",")] if cell else []


def oracle(captures: Path, skipped_segments: set[int]) -> dict[Stream, Columns]:
    """All that TShark read of each stream, joined."""
    streams: dict[Stream, Columns] = defaultdict(lambda: defaultdict(list))
    for stream, frame, columns in oracle_rows(captures):
        if stream[0] == MALFORMED and frame in skipped_segments:
            continue
        for name, values in columns.items():
            streams[stream][name] += values
    return streams


def read(frames: list[Frame]) -> Columns:
    """The same columns from this project's own reading."""
    columns: Columns = {name: [] for name in APCI_COLUMNS | ASDU_COLUMNS.keys() | {IOA_COLUMN}}
    for control, octets in frames:
        kind = control & 3 if control & 1 else 0
        columns["iec60870_104.type"].append(kind)
        if kind == 3:
            columns["iec60870_104.utype"].append((control & 0xFF) >> 2)
            continue
        columns["iec60870_104.rx"].append(control >> 17)
        if kind == 0:
            columns["iec60870_104.tx"].append((control & 0xFFFF) >> 1)
            read_asdu(columns, octets)
    return columns


def read_asdu(columns: Columns, octets: bytes) -> None:
    for name, field in ASDU_COLUMNS.items():
        columns[name].append(int(field(octets)))
    columns[IOA_COLUMN] += asdu.ioas(octets)


def whole_frames(stream: list[tuple[int, bytes]]) -> list[Frame]:
    framer = Framer()
    frames = [frame for _, octets in stream for frame in zip(*framer.feed(octets), strict=True)]
    assert framer.fault is None
    assert framer.pending == 0
    return frames


def clean_frames(captures: Path) -> Iterator[Frame]:
    for stream, octets in segments(captures).items():
        if stream not in JUNK_STREAMS:
            yield from whole_frames(octets)


@pytest.mark.parametrize("file", FILES)
def test_clean_streams_read_as_tshark_reads_them(captures: Path, file: str) -> None:
    expected = oracle(captures, set())
    recorded = segments(captures)
    streams = [stream for stream in recorded if stream[0] == file and stream not in JUNK_STREAMS]
    assert streams
    for stream in streams:
        assert read(whole_frames(recorded[stream])) == expected[stream]


@pytest.mark.parametrize("stream", JUNK_STREAMS)
def test_segments_between_the_junk_read_as_tshark_reads_them(captures: Path, stream: Stream) -> None:
    legal = [(frame, octets) for frame, octets in segments(captures)[stream] if frame not in JUNK_SEGMENTS]
    assert read(whole_frames(legal)) == oracle(captures, JUNK_SEGMENTS)[stream]


def junk(captures: Path) -> Iterator[tuple[int, bytes]]:
    recorded = segments(captures)
    for stream in JUNK_STREAMS:
        yield from ((frame, octets) for frame, octets in recorded[stream] if frame in JUNK_SEGMENTS)


def test_junk_is_a_fault_and_gives_no_frame(captures: Path) -> None:
    for _, octets in junk(captures):
        framer = Framer()
        assert framer.feed(octets) == ([], [])
        assert framer.fault is not None


def test_what_stands_behind_the_junk_is_no_legal_apdu_either(captures: Path) -> None:
    """I- and S-frames of lengths 0 to 8, a U-frame of length 5: TShark shows some of them, a link must refuse all."""
    found = set()
    for frame, octets in junk(captures):
        start = octets.find(b"\x68")
        if 0 <= start < len(octets) - 2:
            framer = Framer()
            assert framer.feed(octets[start:]) == ([], [])
            assert "length" in (framer.fault or "")
            found.add(frame)
    assert found == {11, 16, 18, 23, 25, 36, 41, 56, 71, 73, 83, 94}


def test_the_list_of_files_is_the_whole_collection(captures: Path) -> None:
    assert sorted({file for file, _, _ in segments(captures)}) == FILES


def test_every_asdu_has_a_possible_structure(captures: Path) -> None:
    faults = {octets.hex(" "): asdu.fault(octets) for control, octets in clean_frames(captures) if control & 1 == 0}
    assert len(faults) > 150
    assert {octets: fault for octets, fault in faults.items() if fault} == {}


def test_every_object_is_decoded_and_encoded_to_the_same_octets(captures: Path) -> None:
    for control, octets in clean_frames(captures):
        if control & 1:
            continue
        objects = decode_objects(octets)
        assert not any(isinstance(element, Opaque) for _, element in objects)
        if not asdu.is_sequence(octets):
            assert encode_objects(asdu.type_id(octets), objects).hex(" ") == octets[6:].hex(" ")


def test_every_frame_is_described_without_complaint(captures: Path) -> None:
    for control, octets in clean_frames(captures):
        if control & 1 == 0:
            line = describe(encode_i((control & 0xFFFF) >> 1, control >> 17, [octets]))
            assert line.startswith("I S=")
            assert "FAULT" not in line
        elif control & 3 == 1:
            assert describe(encode_s(control >> 17)) == f"S R={control >> 17}"
