"""A display of its own, Xvfb, whose pixels lie in a file: no package is needed to take a picture of it."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from docs.screenshots.png import encode

if TYPE_CHECKING:
    from pathlib import Path

# XWDFileHeader of X11/XWDFile.h: big-endian words, of which these are of use.
_WORDS = 25
_HEADER_SIZE, _BITS_PER_PIXEL, _BYTES_PER_LINE, _COLOURS = 0, 11, 12, 19
_COLOUR_SIZE = 12
_PIXEL_BITS, _RGB = 32, 0xFFFFFF


class DisplayError(Exception):
    """There is no display, for the reason that its text says."""


class Display:
    """Runs as long as its context; `environment` is for the programs that shall use it."""

    def __init__(self, folder: Path, *, size: tuple[int, int], dots_per_inch: int) -> None:
        program = shutil.which("Xvfb")
        if program is None:
            raise DisplayError("Xvfb is missing; on Debian: apt install xvfb")
        screen = f"{size[0]}x{size[1]}x24"
        kept = ["-fbdir", str(folder), "-nolisten", "tcp", "-nocursor"]
        reading, writing = os.pipe()
        quiet = subprocess.DEVNULL
        self._server = subprocess.Popen(
            [program, "-displayfd", str(writing), "-screen", "0", screen, "-dpi", str(dots_per_inch), *kept],
            pass_fds=[writing],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
        )
        os.close(writing)
        with os.fdopen(reading) as numbers:
            self._number = numbers.readline().strip()
        self.screen = Screen(folder / "Xvfb_screen0")

    def __enter__(self) -> Self:
        if not self._number:
            raise DisplayError("Xvfb does not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait(10)

    @property
    def environment(self) -> dict[str, str]:
        """What programs need to find it."""
        return {"DISPLAY": f":{self._number}"}


@dataclass(frozen=True, slots=True)
class Screen:
    """The file in which Xvfb keeps what is seen: a dump in the format of xwd."""

    file: Path

    def picture(self, width: int, height: int) -> bytes:
        """Return what is seen so far from its upper left corner, as PNG."""
        dump = self.file.read_bytes()
        words = struct.unpack_from(f">{_WORDS}I", dump)
        if words[_BITS_PER_PIXEL] != _PIXEL_BITS:
            raise DisplayError(f"the display has {words[_BITS_PER_PIXEL]} bits per pixel, expected {_PIXEL_BITS}")
        start = words[_HEADER_SIZE] + words[_COLOURS] * _COLOUR_SIZE
        pixels: list[int] = []
        for row in range(height):
            line = struct.unpack_from(f"<{width}I", dump, start + row * words[_BYTES_PER_LINE])
            pixels += (pixel & _RGB for pixel in line)
        return encode(width, height, pixels)
