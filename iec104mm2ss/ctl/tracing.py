"""`trace`: the frames of one connection, or of both sides of a group, as lines or as a capture file."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import shlex
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, cast

from iec104mm2ss.console.requests import Frame, Trace
from iec104mm2ss.console.table import many
from iec104mm2ss.ctl.commands import RefusedError, items
from iec104mm2ss.ctl.output import complain, say
from iec104mm2ss.trace import PcapWriter, TracedFrame, frame_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from iec104mm2ss.console.client import Client

LEVELS: Final = ("link", "data", "raw")
STANDARD_OUTPUT: Final = "-"


def trace(options: argparse.Namespace, client: Client) -> int:
    """Print frames as they come, or write them as a capture file, until so many have come or so long has passed."""
    frames = itertools.islice(_frames(options, client), options.count)
    if options.pcap is None:
        for frame in frames:
            say([_line(frame, options)])
    else:
        _capture(options.pcap, frames)
    return 0


def _frames(options: argparse.Namespace, client: Client) -> Iterator[TracedFrame]:
    """Give the frames of the wanted level until the time is over."""
    over = threading.Event()

    def end() -> None:
        over.set()
        client.interrupt()

    timer = threading.Timer(options.seconds or threading.TIMEOUT_MAX, end)
    timer.daemon = True
    timer.start()
    try:
        for item in items(client, Trace(options.entry)):
            if isinstance(item, Frame) and options.level in {None, "raw", item.level}:
                yield _traced(item)
    except OSError:
        if not over.is_set():
            raise
    finally:
        timer.cancel()


def _traced(frame: Frame) -> TracedFrame:
    return TracedFrame(
        moment=frame.moment,
        entry=frame.key,
        outgoing=frame.outgoing,
        local=frame.local,
        peer=frame.peer,
        octets=bytes.fromhex(frame.octets),
        text=frame.text,
        level=cast("Literal['link', 'data']", frame.level),
    )


def _line(frame: TracedFrame, options: argparse.Namespace) -> str:
    if options.level == "raw":
        return frame_line(dataclasses.replace(frame, text=frame.octets.hex(" ")))
    return frame_line(frame, octets=options.hex)


def _capture(name: str, frames: Iterator[TracedFrame]) -> None:
    """Write a capture file; how many frames it has is said on standard error, also after Ctrl-C."""
    count = 0
    with _capture_file(name) as file:
        writer = PcapWriter(file)
        try:
            for frame in frames:
                writer.write(frame)
                count += 1
        finally:
            hint = f"; to decode them: {shlex.join(['tshark', '-r', name, *writer.decode_as])}" if count else ""
            complain(f"{many(count, 'frame')}{hint}")


@contextlib.contextmanager
def _capture_file(name: str) -> Iterator[BinaryIO]:
    if name == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        return
    try:
        file = Path(name).open("xb")  # noqa: SIM115 - closed below; only opening it may raise what is caught here
    except FileExistsError:
        raise RefusedError(f"{name} exists already and is not overwritten: choose another name") from None
    except OSError as error:
        raise RefusedError(f"{name} cannot be written: {error.strerror or error}") from None
    with file:
        yield file
