"""Scripted controlling and controlled stations for the tests; see `endpoint` for what they have in common."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Self

from tests.endpoint import (
    DEFAULTS,
    PATIENCE,
    STARTDT_ACT,
    STARTDT_CON,
    STOPDT_ACT,
    STOPDT_CON,
    TESTFR_ACT,
    TESTFR_CON,
    Connection,
    Constants,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS_PER_SECOND = 40
"""Fewer than the 50 TESTFR act within a second for which the gateway closes a master (C08)."""


class RawMaster(Connection):
    """A controlling station. Connecting is tried again while the port refuses, at most `within` seconds."""

    def __init__(
        self,
        port: int,
        constants: Constants = DEFAULTS,
        *,
        source: str = "127.0.0.1",
        buffer: int = 0,
        within: float = PATIENCE,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__(_connect((host, port), source, buffer, within), constants)
        self._next_test = 0.0

    def start(self, within: float = PATIENCE) -> bytes:
        """STARTDT; return the M_EI that follows the confirmation."""
        confirmations = self.times_seen(STARTDT_CON)
        self.send_raw(STARTDT_ACT)
        self.wait_frame(STARTDT_CON, count=confirmations + 1, within=within)
        return self.take(1, within)[0]

    def stop(self, within: float = PATIENCE) -> None:
        confirmations = self.times_seen(STOPDT_CON)
        self.send_raw(STOPDT_ACT)
        self.wait_frame(STOPDT_CON, count=confirmations + 1, within=within)

    def test(self, within: float = PATIENCE) -> None:
        """TESTFR, confirmed: the gateway reads and answers on this connection."""
        time.sleep(max(0.0, self._next_test - time.monotonic()))
        self._next_test = time.monotonic() + 1 / TESTS_PER_SECOND
        confirmations = self.times_seen(TESTFR_CON)
        self.send_raw(TESTFR_ACT)
        self.wait_frame(TESTFR_CON, count=confirmations + 1, within=within)


def started_master(
    port: int, constants: Constants = DEFAULTS, *, source: str = "127.0.0.1", within: float = PATIENCE
) -> RawMaster:
    master = RawMaster(port, constants, source=source, within=within)
    master.start(within)
    return master


def is_let_in(port: int) -> bool:
    """Whether a connection made now gets a place; while others go, or are tested, it may not."""
    with RawMaster(port) as master:
        master.send_raw(TESTFR_ACT)
        master.wait_for(lambda: bool(master.ended or master.supervisory), "answer or end")
        return bool(master.supervisory)


def _connect(address: tuple[str, int], source: str, buffer: int, within: float) -> socket.socket:
    give_up = time.monotonic() + within
    while True:
        sock = socket.socket()
        if buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        try:
            sock.bind((source, 0))
            sock.connect(address)
        except OSError:
            sock.close()
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return sock


def is_listening(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class RawRtu:
    """A controlled station that listens on a port of its own and hands every ASDU to `station`.

    `connections` has every connection that was accepted, the newest last. `prepare` is called
    with each of them before it reads.
    """

    def __init__(
        self,
        station: Callable[[Connection, bytes], None] | None = None,
        constants: Constants = DEFAULTS,
        *,
        port: int = 0,
    ) -> None:
        self.connections: list[Connection] = []
        self.prepare: Callable[[Connection], None] | None = None
        self._station = station
        self._constants = constants
        self._changed = threading.Condition()
        self.port = port
        self.listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        if kind is None:
            assert [connection.fault for connection in self.connections if connection.fault] == []

    @property
    def link(self) -> Connection:
        """The newest connection; waits for the first."""
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self.connections), PATIENCE), "nobody connects"
            return self.connections[-1]

    def listen(self) -> None:
        """Accept connections, again on the same port after `silence`."""
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(16)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept_loop, args=(self._listener,), daemon=True)
        self._thread.start()

    def stop_listening(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def wait_link(self, count: int = 1, *, within: float = PATIENCE, started: bool = True) -> Connection:
        """Wait until the count-th connection exists and, unless not wanted, has been started; return it."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.connections) >= count, within), f"no connection {count}"
        link = self.connections[count - 1]
        if started:
            link.wait_for(lambda: link.started, "STARTDT", within)
        return link

    def close(self) -> None:
        self.stop_listening()
        for connection in self.connections:
            connection.close()

    def _accept_loop(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            connection = Connection(sock, self._constants, on_asdu=self._station, prepare=self.prepare)
            with self._changed:
                self.connections.append(connection)
                self._changed.notify_all()
