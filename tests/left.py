"""What a loop and its process hold, to find out whether something is left behind."""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

DESCRIPTORS = Path("/proc/self/fd")
_TCP = (socket.AF_INET, socket.AF_INET6)


def _timers() -> int:
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    return sum(not handle.cancelled() for handle in scheduled)


def _listening() -> Iterator[int]:
    """Give the TCP ports on which sockets of this process listen."""
    for link in tuple(DESCRIPTORS.iterdir()):
        with suppress(FileNotFoundError):
            if str(link.readlink()).startswith("socket:"):
                with socket.socket(fileno=os.dup(int(link.name))) as sock:
                    if sock.family in _TCP and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                        yield int(sock.getsockname()[1])


@dataclass
class Left:
    """Tasks by name, timers that will fire, open descriptors, and the ports on which sockets listen."""

    tasks: Counter[str] = field(default_factory=lambda: Counter(task.get_name() for task in asyncio.all_tasks()))
    timers: int = field(default_factory=_timers)
    descriptors: int = field(default_factory=lambda: len(list(DESCRIPTORS.iterdir())))
    listening: frozenset[int] = field(default_factory=lambda: frozenset(_listening()))


async def settled(before: Left) -> None:
    """Wait until nothing more is held than before; no timer of this function's own counts."""
    for _ in range(250):
        if Left() == before:
            break
        await asyncio.sleep(0.02)
    assert Left() == before
