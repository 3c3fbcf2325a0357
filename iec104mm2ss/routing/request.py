"""A master's request on its way to the RTU and back, and the session that made it."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import count
from math import inf

from iec104mm2ss.routing.policy import WAITING_TO_WITHHOLD, MasterPolicy
from iec104mm2ss.routing.reader import Reader
from iec104mm2ss.routing.table import Kind
from iec104mm2ss.wire.asdu import common_address, ioa, is_test, originator, type_id

Key = tuple[int, int, int]
"""Type, CA and IOA: requests that share them cannot be told apart by an answer without OA."""

Point = tuple[int, int]
"""CA and IOA, whatever the type."""

_serial = count()


@dataclass(eq=False, slots=True)
class Session:
    """A started master. `oa` is what its requests carry towards the RTU, `who` is what the caller knows it by."""

    who: Hashable
    policy: MasterPolicy
    reader: Reader
    oa: int
    waiting: list["Request"] = field(default_factory=list)

    @property
    def flooded(self) -> bool:
        """Whether so many of its requests wait that it should not be acknowledged for now."""
        return len(self.waiting) > WAITING_TO_WITHHOLD


@dataclass(eq=False, slots=True)
class Request:
    """One request of `asker`.

    `outgoing` is the ASDU for the RTU, `members` the sessions it serves with the ASDU that each sent. Without members
    it is an orphan: its master is gone and it swallows the rest of the answer.
    `deadline` ends its present stage; `sent` and `confirmed` are times, None before.
    """

    kind: Kind
    asker: Session
    outgoing: bytes
    members: dict[Session, bytes]
    arrived: float
    command: bool
    deadline: float = inf
    sent: float | None = None
    confirmed: float | None = None
    blocking: bool = True
    serial: int = field(default_factory=_serial.__next__)

    @property
    def type_id(self) -> int:
        """The type of the request; a confirmation repeats it."""
        return type_id(self.outgoing)

    @property
    def key(self) -> Key:
        """What an answer to it carries for certain."""
        return type_id(self.outgoing), common_address(self.outgoing), ioa(self.outgoing)

    @property
    def point(self) -> Point:
        """The point that it is about."""
        return common_address(self.outgoing), ioa(self.outgoing)

    @property
    def orphaned(self) -> bool:
        """Whether nobody is left who would want the answer."""
        return not self.members

    def asked_like(self, other: "Request") -> bool:
        """Whether one answer of the RTU can serve both interrogations: same type, qualifier, CA and T bit."""
        return (
            self.kind is other.kind is Kind.INTERROGATION
            and not (self.command or other.command)
            and self.outgoing[6:] == other.outgoing[6:]
            and self.key == other.key
            and is_test(self.outgoing) == is_test(other.outgoing)
        )

    def addressees(self) -> dict[Reader, int]:
        """Return who gets the answer, each with the OA that it used itself."""
        return {session.reader: originator(asdu) for session, asdu in self.members.items()}
