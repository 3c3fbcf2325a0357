"""PNG files with a palette of at most 256 colours: small, and lossless for windows, which have few."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_COLOURS = 256
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EIGHT_BITS, _INDEXED = 8, 3


def encode(width: int, height: int, pixels: Sequence[int]) -> bytes:
    """Return a picture of `width * height` pixels, each 0xRRGGBB, row by row from the top.

    Of more than 256 colours the most frequent stay; the others become the one that is nearest.
    """
    counts = Counter(pixels)
    palette = [colour for colour, _ in counts.most_common(MOST_COLOURS)]
    places = {colour: place for place, colour in enumerate(palette)}
    for colour in counts.keys() - places.keys():
        places[colour] = _nearest(colour, palette)
    indices = bytes(places[pixel] for pixel in pixels)
    # Each row begins with the number of its filter; 0 is none, the best for indices.
    rows = b"".join(b"\0" + indices[at : at + width] for at in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, _EIGHT_BITS, _INDEXED, 0, 0, 0)
    colours = b"".join(colour.to_bytes(3, "big") for colour in palette)
    chunks = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _nearest(colour: int, palette: Iterable[int]) -> int:
    red, green, blue = colour.to_bytes(3, "big")

    def distance(other: int) -> int:
        r, g, b = other.to_bytes(3, "big")
        return (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2

    return min(enumerate(palette), key=lambda item: distance(item[1]))[0]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
