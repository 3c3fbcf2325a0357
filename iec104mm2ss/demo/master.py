"""A controlling station that watches over itself: whatever it receives it must have been owed or have asked for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from iec104mm2ss.link.events import Event, Received
from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.transport.client import connect
from iec104mm2ss.wire.asdu import (
    build,
    cause,
    common_address,
    ioas,
    is_negative,
    object_count,
    originator,
    type_id,
)
from iec104mm2ss.wire.causes import Cause, cause_label
from iec104mm2ss.wire.elements import Command, Element, Qualifier, decode_objects, encode_objects
from iec104mm2ss.wire.types import TypeId

if TYPE_CHECKING:
    from iec104mm2ss.demo.ledger import Account
    from iec104mm2ss.transport.connection import Connection

_ANSWER_WITHIN: Final = 5.0
_RETRY_CONNECT: Final = 0.05
_STATION_INTERROGATION: Final = Qualifier(20)
_REPORTS: Final = frozenset({Cause.SPONTANEOUS, Cause.RETURN_REMOTE})
_VALUES: Final = {TypeId.C_IC_NA_1: Cause.INTERROGATED_BY_STATION}


class Audience(Protocol):
    """Who follows what the master sees."""

    def reported(self, account: Account, asdu: bytes) -> None:
        """Know a report of the RTU."""

    def over(self, reason: str) -> None:
        """Know that the master has lost its connection."""

    def failed(self, bug: Exception) -> None:
        """Know that this program failed."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The last value of a point, why it came and when (monotonic seconds)."""

    element: Element
    cause: str
    at: float


@dataclass(slots=True)
class _Request:
    """A request and what has come for it; `last` is the cause that ends it, `over` tells whether it did."""

    asdu: bytes
    last: Cause
    over: asyncio.Future[bool]
    answers: list[bytes] = field(default_factory=list)

    def is_answered_by(self, asdu: bytes) -> bool:
        if originator(asdu) != originator(self.asdu):
            return False
        if type_id(asdu) == type_id(self.asdu):
            return ioas(asdu) == ioas(self.asdu)
        return cause(asdu) == _VALUES.get(TypeId(type_id(self.asdu)))

    def add(self, asdu: bytes) -> None:
        self.answers.append(asdu)
        if is_negative(asdu) or cause(asdu) == self.last:
            self.end(answered=True)

    def end(self, *, answered: bool) -> None:
        if not self.over.done():
            self.over.set_result(answered)


class Master:
    """One connection to a master's port of the gateway, which is not made again once it is lost."""

    def __init__(self, account: Account, audience: Audience) -> None:
        self.account = account
        self.points: dict[int, Shown] = {}
        self.last_answer = "none yet"
        self._audience = audience
        self._open: list[_Request] = []
        self._connection: Connection | None = None
        self._initialised = asyncio.Event()

    async def join(self, port: int) -> None:
        """Connect as soon as the gateway opens the port, start, and wait for the end of initialisation."""
        while self._connection is None:
            try:
                self._connection = await connect("127.0.0.1", port, LinkParameters())
            except OSError:
                await asyncio.sleep(_RETRY_CONNECT)
        self._connection.begin(self)
        self._connection.start()
        await self._initialised.wait()

    async def leave(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close("the demonstration ends")
            await connection.gone.wait()

    async def interrogate(self) -> int | None:
        """Ask for all values; return how many came, None if refused or unanswered."""
        objects = encode_objects(TypeId.C_IC_NA_1, [(0, _STATION_INTERROGATION)])
        answers = await self._ask(self._activation(TypeId.C_IC_NA_1, objects), Cause.ACTIVATION_TERM)
        if answers is None or is_negative(answers[-1]):
            self.last_answer = _outcome(answers)
            return None
        count = sum(object_count(asdu) for asdu in answers if cause(asdu) == Cause.INTERROGATED_BY_STATION)
        self.last_answer = f"{count} values, terminated"
        return count

    async def select(self, ioa: int, order: int) -> str:
        """Select a double command; return how that was answered."""
        return await self._command(ioa, Command(order, select=True), Cause.ACTIVATION_CON)

    async def execute(self, ioa: int, order: int) -> str:
        """Execute a double command; return how that was answered."""
        return await self._command(ioa, Command(order), Cause.ACTIVATION_TERM)

    async def _command(self, ioa: int, command: Command, last: Cause) -> str:
        objects = encode_objects(TypeId.C_DC_NA_1, [(ioa, command)])
        answers = await self._ask(self._activation(TypeId.C_DC_NA_1, objects), last)
        outcome = _outcome(answers)
        self.last_answer = f"{'select' if command.select else 'execute'} {outcome}"
        return outcome

    def _activation(self, number: int, objects: bytes) -> bytes:
        # Originator address 0 with every master: that is what most of them send, and it must not matter.
        return build(number, Cause.ACTIVATION, self.account.ca, objects)

    async def _ask(self, asdu: bytes, last: Cause) -> list[bytes] | None:
        if self._connection is None or not self._connection.window:
            self.account.unanswered += 1
            return None
        request = _Request(asdu, last, asyncio.get_running_loop().create_future())
        self._open.append(request)
        self._connection.send([asdu])
        patience = asyncio.get_running_loop().call_later(_ANSWER_WITHIN, lambda: request.end(answered=False))
        answered = await request.over
        patience.cancel()
        self._open.remove(request)
        self.account.answered += answered
        self.account.unanswered += not answered
        return request.answers if answered else None

    def on_events(self, _connection: Connection, events: list[Event]) -> None:
        """Take what the gateway sent."""
        for event in events:
            if isinstance(event, Received):
                for asdu in event.asdus:
                    self._take(asdu)

    def _take(self, asdu: bytes) -> None:
        if type_id(asdu) == TypeId.M_EI_NA_1 and not self._initialised.is_set():
            self._initialised.set()
        elif cause(asdu) in _REPORTS:
            self._audience.reported(self.account, asdu)
            self._show(asdu)
        else:
            self._take_answer(asdu)

    def _take_answer(self, asdu: bytes) -> None:
        request = next((it for it in self._open if it.is_answered_by(asdu)), None)
        if request is None or common_address(asdu) != self.account.ca:
            self.account.strange += 1
            return
        if cause(asdu) == Cause.INTERROGATED_BY_STATION:
            self._show(asdu)
        request.add(asdu)

    def _show(self, asdu: bytes) -> None:
        now, why = asyncio.get_running_loop().time(), cause_label(cause(asdu))
        for ioa, element in decode_objects(asdu):
            self.points[ioa] = Shown(element, why, now)

    def on_closed(self, _connection: Connection, reason: str) -> None:
        """Report a loss that was not asked for; nothing more is answered."""
        for request in self._open:
            request.end(answered=False)
        if self._connection is not None:
            self._audience.over(f"{self.account.name} lost its connection: {reason}")

    def on_bug(self, _connection: Connection, bug: Exception) -> None:
        """Report a failure of this program."""
        self._audience.failed(bug)


def _outcome(answers: list[bytes] | None) -> str:
    if answers is None:
        return "unanswered"
    if is_negative(answers[-1]):
        return "refused"
    return ", ".join("terminated" if cause(asdu) == Cause.ACTIVATION_TERM else "confirmed" for asdu in answers)
