"""The command that takes the pictures of the windows."""

import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from docs.screenshots.png import encode
from tests.program import ROOT, environment

RED, WHITE = 0xFF0000, 0xFFFFFF


def chunks(png: bytes) -> dict[bytes, bytes]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = {}, 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert png[at + 8 + length : at + 12 + length] == zlib.crc32(kind + data).to_bytes(4, "big")
        found[kind], at = data, at + 12 + length
    return found


def test_a_picture_has_a_palette_and_rows_of_its_places() -> None:
    parts = chunks(encode(2, 2, [WHITE, RED, WHITE, WHITE]))
    assert list(parts) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert parts[b"IHDR"] == struct.pack(">IIBBBBB", 2, 2, 8, 3, 0, 0, 0)
    assert parts[b"PLTE"] == b"\xff\xff\xff\xff\x00\x00"
    assert zlib.decompress(parts[b"IDAT"]) == b"\0\0\1" + b"\0\0\0"


def test_colours_beyond_the_palette_become_the_nearest() -> None:
    greys = [grey * 0x010101 for grey in range(256)]
    parts = chunks(encode(257, 2, [*greys, 0x800001, *greys, 0x000001]))
    assert len(parts[b"PLTE"]) == 256 * 3
    rows = zlib.decompress(parts[b"IDAT"])
    palette = [parts[b"PLTE"][at : at + 3] for at in range(0, 768, 3)]
    assert (palette[rows[257]], palette[rows[-1]]) == (b"\x2b\x2b\x2b", b"\x00\x00\x00")


@pytest.mark.skipif(sys.platform == "win32", reason="Xvfb is a server of X11")
def test_the_command_takes_pictures_of_a_real_window(tmp_path: Path) -> None:
    net = f"127.{random.SystemRandom().randint(105, 250)}"
    command = [sys.executable, "-m", "docs.screenshots", "--tour", "attached", "--to", str(tmp_path), "--net", net]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(debug=False), capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    parts = chunks((tmp_path / "attached.png").read_bytes())
    width, height = struct.unpack_from(">II", parts[b"IHDR"])
    assert width >= 1200
    assert height >= 600
    pixels = zlib.decompress(parts[b"IDAT"])
    used = [pixels.count(place) / len(pixels) for place in range(len(parts[b"PLTE"]) // 3)]
    # No colour has it all, and letters have many shades.
    assert max(used) < 0.9
    assert sum(share > 0 for share in used) > 50
