"""What the operating system has to know about this process: its signals and its limits."""

import asyncio
import signal
import sys
from collections.abc import Callable

if sys.platform != "win32":
    import resource


def on_stop_signal(stop: Callable[[str], None]) -> None:
    """Call `stop` with the signal's name on SIGTERM and SIGINT, from the running loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        if sys.platform == "win32":
            signal.signal(number, lambda received, _: loop.call_soon_threadsafe(stop, signal.Signals(received).name))
        else:
            loop.add_signal_handler(number, stop, number.name)


def raise_file_limit() -> None:
    """Let 200 groups with 5 masters each open their 2200 sockets where the soft limit is the usual 1024."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def survive_background() -> None:
    """Let a program that reads a terminal go on where it is put into the background: reading fails then, no more."""
    if sys.platform != "win32":
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
