"""What this process tells systemd, which started it: sd_notify(3) and sd_watchdog_enabled(3), nothing anywhere else.

The protocol is a datagram of a few lines; packages for it would wrap this one call, bind libsystemd or keep a thread.
"""

import math
import os
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress


class Service:
    """The service manager's view of this process; of no effect without one (`NOTIFY_SOCKET` in `environment`).

    Nothing here raises or waits. What the manager's socket has no room for is said with the next message or beat.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._socket = _datagram_socket() if self._address else None
        self._interval = _watchdog_interval(environment) if self._socket is not None else math.inf
        self._feed_at = -math.inf if self._interval < math.inf else math.inf
        self._status = ""
        self._unsaid: dict[str, str] = {}

    @property
    def watchdog(self) -> float:
        """Seconds without a feeding `beat` after which systemd kills and restarts this process; inf without that."""
        return self._interval

    @property
    def listens(self) -> bool:
        """Whether there is a service manager to say anything to."""
        return self._socket is not None

    def ready(self) -> None:
        """Say that the service runs, or runs again after `reloading`."""
        for line in ("RELOADING", "MONOTONIC_USEC"):
            self._unsaid.pop(line, None)
        self._say(READY="1")

    def reloading(self) -> None:
        """Say that the configuration is read anew; `ready` must follow."""
        self._unsaid.pop("READY", None)
        # Type=notify-reload needs the time, so that an older READY=1 is not taken for the end of this reload.
        self._say(RELOADING="1", MONOTONIC_USEC=str(time.monotonic_ns() // 1000))

    def status(self, text: str) -> None:
        """Show a line of text in `systemctl status`; said again only when it has changed."""
        if text != self._status:
            self._status = text
            self._say(STATUS=" ".join(text.splitlines()))

    def stopping(self) -> None:
        """Say that the service ends; systemd's time for stopping begins."""
        self._say(STOPPING="1")

    def beat(self, now: float) -> None:
        """Feed the watchdog where half its time has passed. Call it every second, from the event loop alone.

        A thread would go on feeding while the loop hangs, and that is what the watchdog is for. `now` is monotonic
        seconds.
        """
        if now >= self._feed_at:
            self._feed_at = now + self._interval / 2
            self._say(WATCHDOG="1")
        elif self._unsaid:
            self._say()

    def close(self) -> None:
        """Close the socket; nothing is said any more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, **lines: str) -> None:
        if self._socket is None:
            return
        self._unsaid |= lines
        message = "\n".join(f"{name}={value}" for name, value in self._unsaid.items())
        with suppress(OSError):
            self._socket.sendto(message.encode(errors="replace"), self._address)
            self._unsaid.clear()


def _address(text: str) -> str:
    """Return where datagrams go: a path, or a name in the abstract namespace, which `@` stands for; else nothing."""
    return text.replace("@", "\0", 1) if text.startswith("@") else text if text.startswith("/") else ""


def _datagram_socket() -> socket.socket | None:
    if sys.platform == "win32":
        return None
    try:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    except OSError:
        return None
    made.settimeout(0)
    return made


def _watchdog_interval(environment: Mapping[str, str]) -> float:
    """Return seconds; inf where the watchdog is off or another process, whose environment was inherited, is meant."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    meant = environment.get("WATCHDOG_PID", str(os.getpid()))
    given = microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0
    return int(microseconds) / 1e6 if given and meant == str(os.getpid()) else math.inf
