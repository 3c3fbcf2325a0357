"""What fuzzing begins with: octets that mean something to their target, made here, and the captures where they are."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

from iec104mm2ss.wire.apci import Framer
from tests.fuzz.link_target import U_FRAMES
from tests.fuzz.routing_target import TEMPLATES
from tests.link.octets import i_frame, s_frame
from tests.settings.texts import SEED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).with_name("corpus")
CAPTURES = ROOT.parent / "shared" / "captures" / "segments.jsonl"
SCRIPTS = 64
PIECE = 29  # octets that one step of the link's script can receive

REQUESTS = [
    '{"ask": "Status"}',
    '{"ask": "Show", "key": "111/S"}',
    '{"ask": "Log", "key": "111/2407", "lines": 20}',
    '{"follow": "Trace", "key": "111"}',
    '{"follow": "Log", "key": "OSI-1", "lines": 0}',
    '{"ask": "Edit", "key": "111/2407", "cells": {"k": "20", "hosts": "10.1.1.0/24"}, "check": true}',
    '{"ask": "Reload", "check": false}',
    '{"ask": "Save", "path": "copy.csv"}',
    '{"ask": "Send", "index": 7, "seconds": 1.5}',
    '{"ask": "Send", "index": 7, "seconds": null}',
    '{"ask": "StopSending"}',
]


def framing() -> list[bytes]:
    """Frames of every kind, alone and together."""
    data = [i_frame(ns, ns // 2, asdu) for ns, asdu in enumerate(TEMPLATES)]
    return [*U_FRAMES, s_frame(7), b"".join(data[:3]), b"".join(data), b"\x68\x0e\x00", b"\x68\xfe", b"GET / HTTP/1.1"]


def scripts() -> list[bytes]:
    """Random decisions: every octet is one."""
    source = random.Random(104)
    return [source.randbytes(source.randrange(4, 96)) for _ in range(SCRIPTS)]


def settings() -> list[bytes]:
    """The sample of the seed, whole and its lines, in several encodings."""
    rows = (ROOT / "config" / "site-example.csv").read_text(encoding="utf-8").splitlines()
    texts = [SEED, SEED.replace(",", ";"), *SEED.splitlines(), *rows]
    return [*(text.encode() for text in texts), SEED[:300].encode("utf-16"), b"\xef\xbb\xbf" + SEED[:300].encode()]


def control() -> list[bytes]:
    """Each request once."""
    return [request.encode() for request in REQUESTS]


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "framing": framing,
    "link": scripts,
    "routing": scripts,
    "settings": settings,
    "control": control,
}


def corpus(target: str) -> list[bytes]:
    """Inputs that once reached something new, one a line in hexadecimal."""
    path = CORPUS / f"{target}.txt"
    lines = path.read_text(encoding="ascii").split() if path.exists() else []
    return [bytes.fromhex(line) for line in lines]


def save_corpus(target: str, inputs: list[bytes]) -> None:
    lines = sorted({item.hex() for item in inputs if item}, key=lambda line: (len(line), line))
    (CORPUS / f"{target}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def captured(target: str) -> Iterator[bytes]:
    """Recorded segments as inputs of a target; nothing where the captures are not beside the project."""
    if target not in _FROM_SEGMENT or not CAPTURES.exists():
        return
    for line in CAPTURES.read_text(encoding="ascii").splitlines():
        octets = bytes.fromhex(json.loads(line)["hex"])
        if octets:
            yield _FROM_SEGMENT[target](octets)


def _link_script(octets: bytes) -> bytes:
    pieces = [octets[at : at + PIECE].ljust(PIECE, b"\0") for at in range(0, len(octets), PIECE)]
    return b"\x01" + b"".join(bytes((PIECE - 1 << 1,)) + piece for piece in pieces)


def _routing_script(octets: bytes) -> bytes:
    sent = list(filter(None, Framer().feed(octets)[1]))
    return b"\x08" + b"".join(bytes((2 + n % 2 * 6, 0xF0, len(asdu) - 6)) + asdu for n, asdu in enumerate(sent))


_FROM_SEGMENT: dict[str, Callable[[bytes], bytes]] = {
    "framing": bytes,
    "link": _link_script,
    "routing": _routing_script,
}
