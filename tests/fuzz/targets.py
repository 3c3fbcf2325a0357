"""What is fuzzed: each target takes any octets and raises when something that must hold does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from iec104mm2ss.console.codec import ASK, FOLLOW, CodecError, decode, encode
from iec104mm2ss.settings import parse
from iec104mm2ss.wire.apci import START, Framer
from iec104mm2ss.wire.describe import describe
from tests.fuzz.link_target import link
from tests.fuzz.routing_target import routing

Target = Callable[[bytes], None]
SITE = Path("site.csv")
LONGEST_APDU = 255


def framing(octets: bytes) -> None:
    """Any octets in any two pieces give the same frames, which are the octets again, and can be shown."""
    whole, split = Framer(), Framer()
    frames = whole.feed(octets)
    cut = octets[0] % len(octets) if octets else 0
    first, second = split.feed(octets[:cut]), split.feed(octets[cut:])
    assert (first[0] + second[0], first[1] + second[1]) == frames
    assert (split.fault, split.rest) == (whole.fault, whole.rest)
    apdus = [_apdu(control, asdu) for control, asdu in zip(*frames, strict=True)]
    assert octets.startswith(b"".join(apdus))
    assert whole.fault is not None or b"".join(apdus) + whole.rest == octets
    assert len(whole.rest) < min(LONGEST_APDU, 2 + whole.rest[1] if len(whole.rest) > 1 else 2)
    for apdu in apdus:
        assert describe(apdu).isprintable()


def _apdu(control: int, asdu: bytes) -> bytes:
    return bytes((START, 4 + len(asdu))) + control.to_bytes(4, "little") + asdu


def settings(octets: bytes) -> None:
    """Any octets are read as a site file; what cannot be used is said in lines that can be printed."""
    loaded = parse(octets, SITE)
    assert loaded.usable or loaded.refused
    for problem in loaded.problems:
        assert problem.text
        assert "\n" not in str(problem)


def control(octets: bytes) -> None:
    """Any line of the control socket is refused, or a message that is written as it was read."""
    try:
        tag, message = decode(octets, ASK, FOLLOW)
    except CodecError as error:
        _check_reason(error)
        return
    assert decode(encode(tag, message), tag) == (tag, message)


def _check_reason(error: CodecError) -> None:
    assert str(error).isprintable()


TARGETS: dict[str, Target] = {
    "framing": framing,
    "link": link,
    "routing": routing,
    "settings": settings,
    "control": control,
}
