"""What the modelled stations have sent and asked: every ASDU can be told from every other."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.simulation.peer import Peer

VALUE, TAGGED, PRIVATE, COUNTER = 7, 33, 200, 15
"""Types that carry a number of four octets behind the IOA: M_BO_NA_1, M_BO_TB_1, a private one, M_IT_NA_1."""

NUMBERED: Final = frozenset((VALUE, TAGGED, PRIVATE, COUNTER))
REMEMBERED: Final = 70.0
"""Seconds for which the gateway knows who asked for what has not been answered."""

RequestKey = tuple[int, int, bytes]


@dataclass(slots=True)
class Sent:
    """An ASDU of the RTU, told from all others by its `number` where it is a value.

    `event` is what it tells of, the same if it is sent again on another connection; -1 where it is no event that is
    sent again. `place` is its place among those for all masters, -1 for answers. `at` is when it was put into the
    RTU's queue, `asked` when the gateway wrote the request to which it is an answer.
    """

    number: int
    asdu: bytes
    event: int
    place: int
    at: float
    peer: Peer
    asked: float


@dataclass(slots=True)
class Request:
    """A request of a master's session, as it wrote it.

    `read` is when the gateway read it, `handed_on` when it wrote it to the RTU. `allowed` where it may reach the RTU,
    `refused_by_rtu` once the RTU has sent a negative answer. `answers` are the octets of their causes.
    """

    asdu: bytes
    session: object
    read: float = inf
    handed_on: float = inf
    allowed: bool = True
    refused_by_rtu: bool = False
    answers: list[int] = field(default_factory=list)


def key_of(asdu: bytes) -> RequestKey:
    """What a request and its answers share, and no two commands: type, whether it cancels, the information object."""
    return asdu[0], int(asdu[2] & 0x3F in (8, 9)), asdu[6:]


class Book:
    """All commands of one group's masters, found by what the RTU gets, and numbers for them."""

    def __init__(self) -> None:
        self.requests: dict[RequestKey, Request] = {}
        self._serial = count(1)

    def next(self) -> int:
        """A number that no other command has."""
        return next(self._serial)

    def add(self, request: Request) -> None:
        self.requests[key_of(request.asdu)] = request
