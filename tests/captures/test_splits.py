"""Every recorded conversation cut into two at every octet: the same frames, and the same life of a link."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from iec104mm2ss.link import Link, LinkParameters, Role
from iec104mm2ss.wire.apci import Framer
from tests.link.octets import STARTDT_ACT, STARTDT_CON, i_frame, s_frame
from tests.link.test_fuzz import Totals

if TYPE_CHECKING:
    from pathlib import Path

Streams = dict[tuple[str, int, str], bytes]


@pytest.fixture(scope="module")
def streams(request: pytest.FixtureRequest) -> Streams:
    folder: Path = request.getfixturevalue("captures")
    found: Streams = defaultdict(bytes)
    for line in (folder / "segments.jsonl").read_text(encoding="ascii").splitlines():
        record = json.loads(line)
        found[record["file"], record["stream"], record["dir"]] += bytes.fromhex(record["hex"])
    return found


def test_every_cut_gives_the_same_frames(streams: Streams) -> None:
    for name, octets in streams.items():
        whole = Framer()
        frames = whole.feed(octets)
        for cut in range(len(octets) + 1):
            framer = Framer()
            first, second = framer.feed(octets[:cut]), framer.feed(octets[cut:])
            got = first[0] + second[0], first[1] + second[1]
            assert (got, framer.fault, framer.rest) == (frames, whole.fault, whole.rest), f"{name} cut at {cut}"


def renumbered(octets: bytes) -> bytes:
    """The same APDUs with the numbers that they would have on a new connection; what is no APDU stays at the end."""
    framer, sent, parts = Framer(), 0, []
    for control, asdu in zip(*framer.feed(octets), strict=True):
        if not control & 1:
            parts.append(i_frame(sent, 0, asdu))
            sent += 1
        else:
            parts.append(s_frame(0) if control & 3 == 1 else b"\x68\x04" + control.to_bytes(4, "little"))
    taken = sum(map(len, parts))
    return b"".join(parts) + octets[taken:]


def life(role: Role, *pieces: bytes) -> tuple[Totals, str | None, int]:
    """What a started link makes of these octets."""
    link = Link(role, LinkParameters(k=32767, w=32767), 0.0)
    totals = Totals()
    if role is Role.CONTROLLED:
        link.receive(STARTDT_ACT, 0.0)
        link.start(0.0)
    else:
        link.start(0.0)
        link.receive(STARTDT_CON, 0.0)
    for piece in pieces:
        totals.add(link.receive(piece, 1.0))
    return totals, link.close_reason, link.received


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.name)
def test_every_cut_gives_a_link_the_same_life(streams: Streams, role: Role) -> None:
    side = "m2s" if role is Role.CONTROLLED else "s2m"
    lasting = 0
    for name, recorded in streams.items():
        if name[2] != side:
            continue
        octets = renumbered(recorded)
        expected = life(role, octets)
        lasting += expected[1] is None
        for cut in range(len(octets) + 1):
            assert life(role, octets[:cut], octets[cut:]) == expected, f"{name} cut at {cut}"
    assert lasting >= 5, "most recordings are lived to their end"
