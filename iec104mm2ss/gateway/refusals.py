"""Who was turned away, and how often the log says so."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from iec104mm2ss.console.snapshot import RefusedPeer

if TYPE_CHECKING:
    from typing import Protocol

    class Record(Protocol):
        """Where it is written."""

        def tell(self, text: str, *, level: int) -> None:
            """Write a line."""


_INTERVAL: Final = 60.0
_MOST_HOSTS: Final = 100
_OTHERS: Final = "other hosts"


def host_of(peer: str) -> str:
    """Return the host of `host:port` or `[host]:port`."""
    return peer.rpartition(":")[0].strip("[]")


@dataclass(slots=True)
class _Refused:
    count: int
    at: float
    reason: str


class Refusals:
    """Each host's first one is told at once, then once a minute how many more there were.

    At most 100 hosts are remembered; further ones within a minute are told of together.
    """

    def __init__(self, record: Record) -> None:
        self.total = 0
        self._record = record
        self._hosts: OrderedDict[str, _Refused] = OrderedDict()
        self._untold: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, peer: str, reason: str) -> None:
        """Count a refusal of `peer` (`host:port`)."""
        host = host_of(peer)
        self.total += 1
        self._remember(host, reason)
        if self.is_known(host):
            self._untold[host] += 1
        elif len(self._untold) < _MOST_HOSTS:
            self._untold[host] = 0
            self._record.tell(f"refused {peer}: {reason}", level=logging.WARNING)
        else:
            self._untold[_OTHERS] = self._untold.get(_OTHERS, 0) + 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_INTERVAL, self._report)

    def is_known(self, host: str) -> bool:
        """Whether the log has told of this host within the last minute."""
        return host in self._untold

    def peers(self) -> tuple[RefusedPeer, ...]:
        """Return the hosts, the latest first."""
        now = time.monotonic()
        return tuple(
            RefusedPeer(host=host, count=it.count, age=now - it.at, reason=it.reason)
            for host, it in reversed(self._hosts.items())
        )

    def close(self) -> None:
        """Tell what has not been told; the row is no longer there."""
        if self._timer is not None:
            self._timer.cancel()
            self._tell()
        self._timer = None
        self._untold = {}

    def _remember(self, host: str, reason: str) -> None:
        earlier = self._hosts.pop(host, None)
        self._hosts[host] = _Refused(earlier.count + 1 if earlier else 1, time.monotonic(), reason)
        if len(self._hosts) > _MOST_HOSTS:
            self._hosts.popitem(last=False)

    def _report(self) -> None:
        self._tell()
        self._untold = {host: 0 for host, count in self._untold.items() if count and host != _OTHERS}
        self._timer = asyncio.get_running_loop().call_later(_INTERVAL, self._report) if self._untold else None

    def _tell(self) -> None:
        for host, count in self._untold.items():
            if count:
                self._record.tell(f"refused {host}: {count} more in the last minute", level=logging.WARNING)
