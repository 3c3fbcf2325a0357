"""A master's request on its way to the RTU and back, and the session that made it."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from math import inf

from iec104mm2ss.routing.policy import WAITING_TO_WITHHOLD, MasterPolicy
from iec104mm2ss.routing.reader import Reader
from iec104mm2ss.routing.table import Kind
from iec104mm2ss.routing.watch import Watch
from iec104mm2ss.wire.asdu import common_address, ioa, is_test, originator, type_id

Key = tuple[int, int, int]
"""Type, CA and IOA: requests that share them cannot be told apart by an answer without OA."""

Point = tuple[int, int]
"""CA and IOA, whatever the type."""

Rivalry = tuple[int, ...]
"""What requests of different sessions share that go one after another: a key, of interrogations only the type."""


@dataclass(eq=False, slots=True)
class Session:
    """A started master. `oa` is what its requests carry towards the RTU, `who` is what the caller knows it by.

    `overflowing` while its requests are refused because too many wait.
    """

    who: Hashable
    policy: MasterPolicy
    reader: Reader
    oa: int
    waiting: list["Request"] = field(default_factory=list)
    overflowing: bool = False

    @property
    def watch(self) -> Watch:
        """What watches the commands of its row over all sessions."""
        return self.reader.account.watch

    @property
    def flooded(self) -> bool:
        """Whether so many of its requests wait that it should not be acknowledged yet."""
        return len(self.waiting) > WAITING_TO_WITHHOLD


@dataclass(eq=False, slots=True)
class Request:
    """One request of `asker`.

    `outgoing` is the ASDU for the RTU, `members` the sessions it serves with the ASDU that each sent. Without members
    it is an orphan: its master is gone and it swallows the rest of the answer.
    `deadline` ends its present stage; `sent` and `confirmed` are times, None before. `held` once its turn came in vain;
    `blocking` as long as others are held for its sake. `key` is what an answer carries for certain, `point` what the
    request is about, `rivalry` what no request of another session may share with it while it is on its way.
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
    held: bool = False
    blocking: bool = True
    key: Key = field(init=False)
    point: Point = field(init=False)
    rivalry: Rivalry = field(init=False)

    def __post_init__(self) -> None:
        self.key = type_id(self.outgoing), common_address(self.outgoing), ioa(self.outgoing)
        self.point = self.key[1:]
        self.rivalry = self.key[:1] if self.kind is Kind.INTERROGATION else self.key

    @property
    def type_id(self) -> int:
        """The type of the request; a confirmation repeats it."""
        return self.key[0]

    @property
    def askers(self) -> Collection[Session]:
        """The sessions that it serves; of an orphan the one that is gone."""
        return self.members or (self.asker,)

    def asked_like(self, other: "Request") -> bool:
        """Whether one answer of the RTU can serve both interrogations: same type, qualifier, CA and T bit."""
        mergeable = self.kind is other.kind is Kind.INTERROGATION and not (self.command or other.command)
        return mergeable and self._is_about_the_same_as(other)

    def deactivates(self, interrogation: "Request") -> bool:
        """Whether this cancel is one of that interrogation: same type, qualifier, CA and T bit."""
        return interrogation.kind is Kind.INTERROGATION and self._is_about_the_same_as(interrogation)

    def _is_about_the_same_as(self, other: "Request") -> bool:
        return (
            self.outgoing[6:] == other.outgoing[6:]
            and self.key == other.key
            and is_test(self.outgoing) == is_test(other.outgoing)
        )

    def addressees(self) -> dict[Reader, int]:
        """Return who gets the answer, each with the OA that it used itself."""
        return {session.reader: originator(asdu) for session, asdu in self.members.items()}
