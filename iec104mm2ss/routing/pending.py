"""The requests that the RTU has and has not finished: whose answer is this?"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from iec104mm2ss.routing.request import Key, Request
from iec104mm2ss.routing.table import (
    ACTIVATION_CONFIRMATION,
    COUNTER_CAUSES,
    COUNTER_INTERROGATION,
    DEACTIVATION_CONFIRMATION,
    INTERROGATION,
    INTERROGATION_CAUSES,
    READ,
    TERMINATION,
    TIME_TAGGED,
    Kind,
    qualifier,
)
from iec104mm2ss.wire.asdu import cause, common_address, ioa, ioas, originator, type_id

Rank = tuple[int, ...]


class Pending:
    """Requests handed to the RTU, found by what an answer repeats of them."""

    def __init__(self) -> None:
        self._by_key: dict[Key, list[Request]] = {}
        self._interrogations: dict[int, list[Request]] = {INTERROGATION: [], COUNTER_INTERROGATION: []}

    def __iter__(self) -> Iterator[Request]:
        return chain.from_iterable(self._by_key.values())

    def add(self, request: Request) -> None:
        """Expect the answer to `request`, which has just been handed on."""
        self._by_key.setdefault(request.key, []).append(request)
        if request.kind is Kind.INTERROGATION:
            self._interrogations[request.type_id].append(request)

    def remove(self, request: Request) -> None:
        """Expect nothing more for `request`."""
        requests = self._by_key[request.key]
        requests.remove(request)
        if not requests:
            del self._by_key[request.key]
        if request.kind is Kind.INTERROGATION:
            self._interrogations[request.type_id].remove(request)

    def with_key(self, key: Key) -> Iterable[Request]:
        """Return the requests that share `key`, oldest first."""
        return self._by_key.get(key, ())

    def interrogations(self, number: int) -> Iterable[Request]:
        """Return the interrogations of type `number` (100 or 101), oldest first."""
        return self._interrogations[number]

    def of_type(self, number: int) -> Iterator[Request]:
        """Return all requests of one type."""
        return (request for request in self if request.type_id == number)

    def originators(self) -> set[int]:
        """Return the OAs that an answer may still carry."""
        return {originator(request.outgoing) for request in self}

    def asked_for(self, asdu: bytes) -> Request | None:
        """Return the request that a confirmation or termination answers: information object, then OA, then newest."""
        number = cause(asdu)
        candidates = self.with_key((type_id(asdu), common_address(asdu), ioa(asdu)))
        fitting = (request for request in candidates if _may_answer(number, request.kind))
        return _best(
            fitting,
            lambda it: (_fits(number, it), _object_match(asdu, it), _oa_match(asdu, it), _stage(number, it)),
        )

    def reads_for(self, asdu: bytes) -> list[Request]:
        """Return the reads that a requested value (COT 5) answers: it may hold the objects of several."""
        answered = (self._read_for(asdu, address) for address in frozenset(ioas(asdu)))
        return [request for request in answered if request is not None]

    def _read_for(self, asdu: bytes, address: int) -> Request | None:
        ca, number = common_address(asdu), type_id(asdu)
        candidates = chain(self.with_key((READ, ca, address)), self.with_key((number, ca, address)))
        reads = (request for request in candidates if request.kind is Kind.READ)
        return _best(reads, lambda it: (int(it.type_id == number), _oa_match(asdu, it)))

    def interrogated_for(self, asdu: bytes) -> Request | None:
        """Return the interrogation that an interrogated value (COT 20-41) answers.

        RTUs are seen that answer a group's interrogation with the cause of the whole station, so that the qualifier
        only ranks.
        """
        number = cause(asdu)
        asked = INTERROGATION if number in INTERROGATION_CAUSES else COUNTER_INTERROGATION
        ca = common_address(asdu)
        same_ca = (request for request in self._interrogations[asked] if request.key[1] == ca)
        return _best(same_ca, lambda it: (_qualifier_match(number, it), _oa_match(asdu, it)))


def _best(oldest_first: Iterable[Request], rank: Callable[[Request], Rank]) -> Request | None:
    """Return the request with the highest rank: the newest of several, or its session's first one like it.

    For an RTU answers in order, but one that it left unanswered has no claim on what comes later.
    """
    candidates = list(oldest_first)
    if len(candidates) < 2:  # noqa: PLR2004 - nothing to be ranked
        return candidates[0] if candidates else None
    best = max(reversed(candidates), key=rank)
    like_it = (best.asker, best.blocking, rank(best))
    return next(request for request in candidates if (request.asker, request.blocking, rank(request)) == like_it)


def _may_answer(number: int, kind: Kind) -> bool:
    if number == DEACTIVATION_CONFIRMATION:
        return kind is Kind.CANCEL
    return number != TERMINATION or kind is not Kind.CANCEL


def _fits(number: int, request: Request) -> int:
    """A cancel ends at ACTCON too, but only where nothing else could have it."""
    return int(number != ACTIVATION_CONFIRMATION or request.kind is not Kind.CANCEL)


_CP56_LENGTH = 7


def _object_match(asdu: bytes, request: Request) -> int:
    """2: the whole information object is repeated; 1: all but its time tag, which some RTUs replace."""
    if asdu[6:] == request.outgoing[6:]:
        return 2
    untagged = request.outgoing[6:-_CP56_LENGTH] if request.type_id in TIME_TAGGED else None
    return int(asdu[6:-_CP56_LENGTH] == untagged)


def _oa_match(asdu: bytes, request: Request) -> int:
    return int(originator(asdu) == originator(request.outgoing))


def _stage(number: int, request: Request) -> int:
    """Of two requests that nothing else tells apart, a confirmation is for the unconfirmed, a termination not."""
    return int((request.confirmed is None) == (number != TERMINATION))


_ALL_COUNTERS = 5
_COUNTER_GROUP_BITS = 0x3F


def _qualifier_match(number: int, request: Request) -> int:
    """QOI 20-36 has the numbers of its causes; QCC asks with 5 for what comes as 37, with 1-4 for 38-41."""
    asked = qualifier(request.outgoing)
    if number not in COUNTER_CAUSES:
        return int(asked == number)
    return int(asked & _COUNTER_GROUP_BITS == (number - COUNTER_CAUSES.start or _ALL_COUNTERS))
