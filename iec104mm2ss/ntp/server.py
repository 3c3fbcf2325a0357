"""One time server, asked in a thread of its own: neither a dead name server nor a silent host holds up anything."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

from iec104mm2ss.ntp.answer import ImplausibleError, judged, question
from iec104mm2ss.ntp.clock import SystemClock

if TYPE_CHECKING:
    from iec104mm2ss.ntp.answer import Answer
    from iec104mm2ss.ntp.clock import Clock

_PORT = 123
_LONGEST_REPLY = 1024
_PATIENCE_PER_ADDRESS = 5.0
_PATIENCE = 20.0

FAILURES = (OSError, UnicodeError, ImplausibleError)
"""Why a server gave no answer: the network's fault, a name that cannot be one, or an answer that cannot be true."""


class TimeServer:
    """A server by its name or address.

    `port` is UDP. `patience` is how many seconds looking its name up and asking all its addresses may take together.
    """

    def __init__(
        self, name: str, *, port: int = _PORT, clock: Clock | None = None, patience: float = _PATIENCE
    ) -> None:
        self.name = name
        self._port = port
        self._clock = clock or SystemClock()
        self._patience = patience
        self._asked: Future[Answer] | None = None

    async def ask(self) -> Answer:
        """Return its answer; raises one of FAILURES, which `reason` turns into words."""
        # A thread that still waits is not joined by a second one, for years.
        if self._asked is None or self._asked.done():
            self._asked = self._ask_in_thread()
        async with asyncio.timeout(self._patience):
            return await asyncio.wrap_future(self._asked)

    def _ask_in_thread(self) -> Future[Answer]:
        answer: Future[Answer] = Future()
        answer.set_running_or_notify_cancel()

        def ask() -> None:
            try:
                answer.set_result(self._ask_in_turn())
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                answer.set_exception(error)

        Thread(target=ask, name=f"ask {self.name}", daemon=True).start()
        return answer

    def _ask_in_turn(self) -> Answer:
        """Ask the name's addresses until one answers: the first may be IPv6 on a machine that has none."""
        *others, last = socket.getaddrinfo(self.name, self._port, type=socket.SOCK_DGRAM)
        for family, _, _, _, address in others:
            try:
                return self._exchange(family, address)
            except (OSError, ImplausibleError):
                continue
        return self._exchange(last[0], last[4])

    def _exchange(self, family: int, address: tuple[object, ...]) -> Answer:
        """Ask one address.

        ntplib's own `request` hides the time stamp that the answer must repeat, takes an answer from any port, and
        waits for ever while others' datagrams come in. A connected socket hears nobody else, and hears of refusals.
        """
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(_PATIENCE_PER_ADDRESS)
            sock.connect(address)
            asked = question(self._clock.read().wall)
            sock.send(asked.to_data())
            reply = sock.recv(_LONGEST_REPLY)
            return judged(reply, asked, self._clock.read())


def reason(failure: Exception) -> str:
    """Why a server gave no answer, in words that stay the same while the reason does."""
    match failure:
        case TimeoutError():
            return "no answer"
        case OSError(strerror=str(text)):
            return text
        case UnicodeError():
            return "not a name that can be looked up"
        case _:
            return str(failure)
