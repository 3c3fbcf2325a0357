"""Whatever octets come, in whatever pieces: no exception, and the pieces do not matter."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from iec104mm2ss.link import (
    Acknowledged,
    Closed,
    Discarded,
    Event,
    Link,
    LinkParameters,
    LinkTested,
    Received,
    Role,
    State,
    Tolerated,
)
from tests.link.octets import (
    ASDU,
    EVERY_OPEN_LINK,
    OTHER,
    STARTDT_ACT,
    STARTDT_CON,
    STOPDT_ACT,
    STOPDT_CON,
    TESTFR_ACT,
    TESTFR_CON,
    i_frame,
    link_in,
    s_frame,
)

places = st.sampled_from(EVERY_OPEN_LINK)
u_frames = st.sampled_from([STARTDT_ACT, STARTDT_CON, STOPDT_ACT, STOPDT_CON, TESTFR_ACT, TESTFR_CON])
garbage = st.binary(max_size=5) | st.sampled_from([b"\x68", b"\x68\x04\x17\x00\x00\x00", b"\x68\x04\x43\x01\x00\x00"])


@dataclass
class Totals:
    """What a series of calls reported, regardless of how it was split into events."""

    asdus: list[bytes] = field(default_factory=list)
    acknowledged: int = 0
    discarded: int = 0
    tested: bool = False
    tolerated: bool = False
    others: list[Event] = field(default_factory=list)

    def add(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Received(asdus):
                    self.asdus += asdus
                case Acknowledged(count):
                    self.acknowledged += count
                case Discarded(count):
                    self.discarded += count
                case LinkTested():
                    self.tested = True
                case Tolerated():
                    self.tolerated = True
                case _:
                    self.others.append(event)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Mostly a plausible peer: its numbers count, its acknowledgements grow, now and then something else."""
    ns = nr = 0
    parts: list[bytes] = []
    for kind in draw(st.lists(st.sampled_from("IIIISSUUG"), max_size=30)):
        nr += draw(st.sampled_from([0, 0, 1]))
        match kind:
            case "I":
                parts.append(i_frame(ns, nr, draw(st.sampled_from([ASDU, OTHER]))))
                ns += 1
            case "S":
                parts.append(s_frame(nr))
            case "U":
                parts.append(draw(u_frames))
            case _:
                parts.append(draw(garbage))
    return b"".join(parts)


def prepared(role: Role, state: State) -> Link:
    link = link_in(role, state, LinkParameters(k=20, w=4))
    if state is State.STARTED:
        link.send([ASDU] * 10, 0.0)
    return link


def feed(link: Link, pieces: list[bytes]) -> Totals:
    totals = Totals()
    for piece in pieces:
        totals.add(link.receive(piece, 1.0))
    return totals


@settings(max_examples=300, deadline=None)
@given(places, streams(), st.lists(st.integers(1, 400), max_size=12))
def test_any_segmentation_reports_the_same(place: tuple[Role, State], stream: bytes, cuts: list[int]) -> None:
    whole, split, octets = (prepared(*place) for _ in range(3))
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    expected = feed(whole, [stream])
    assert feed(split, [stream[a:b] for a, b in pairwise(edges)]) == expected
    assert feed(octets, [stream[at : at + 1] for at in range(len(stream))]) == expected
    for link in (split, octets):
        assert (link.state, link.close_reason) == (whole.state, whole.close_reason)
        assert (link.received, link.acknowledged, link.held) == (whole.received, whole.acknowledged, whole.held)


@settings(max_examples=300, deadline=None)
@given(places, st.lists(st.binary(max_size=40) | streams(), max_size=8))
def test_random_octets_never_raise(place: tuple[Role, State], pieces: list[bytes]) -> None:
    link = prepared(*place)
    totals = feed(link, pieces)
    assert totals.others[-1:] == [Closed(link.close_reason)] if link.close_reason else link.state is not State.CLOSED
    assert len(totals.asdus) + totals.discarded == link.received
    link.on_deadline(1000.0)
    assert link.next_deadline() > 1000.0
