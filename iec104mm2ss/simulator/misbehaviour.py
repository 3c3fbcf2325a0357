"""The answers that wait on a port, and what an RTU does wrong with them on purpose."""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from iec104mm2ss.settings.simulation import Misbehaviour
from iec104mm2ss.wire.asdu import HEADER_LENGTH, cause, originator, type_id, with_cause, with_originator
from iec104mm2ss.wire.causes import Cause
from iec104mm2ss.wire.types import TypeId

_INTERROGATIONS: Final = frozenset({TypeId.C_IC_NA_1, TypeId.C_CI_NA_1})
_CONFIRMATIONS: Final = frozenset({Cause.ACTIVATION_CON, Cause.DEACTIVATION_CON})
_NOTHING_WRONG: Final = Misbehaviour()


def described(misbehaviour: Misbehaviour) -> dict[str, str]:
    """Return what is not as it should be, by the options of a row; empty for a good RTU."""
    options = {
        "mirror_oa": "" if misbehaviour.mirror_oa else "N",
        "ack_delay": f"{misbehaviour.ack_delay:g}" if misbehaviour.ack_delay else "",
        "answer_delay": f"{misbehaviour.answer_delay:g}" if misbehaviour.answer_delay else "",
        "no_actterm": "Y" if misbehaviour.no_actterm else "",
        "refuse_second_gi": "Y" if misbehaviour.refuse_second_gi else "",
        "drop_after": _drop_after(misbehaviour),
    }
    return {name: text for name, text in options.items() if text}


def _drop_after(misbehaviour: Misbehaviour) -> str:
    if misbehaviour.drop_frames is not None:
        return str(misbehaviour.drop_frames)
    return "" if misbehaviour.drop_seconds is None else f"{misbehaviour.drop_seconds:g}s"


class _Waiting(NamedTuple):
    due: float
    asdu: bytes
    request: bytes

    @property
    def is_confirmation(self) -> bool:
        return cause(self.asdu) in _CONFIRMATIONS


class Answers:
    """The answers to the requests on one connection, in order, until they are due and there is room for them.

    None overtakes another. `now` is monotonic seconds. An interrogation runs until its last answer is taken; while it
    does it can be deactivated, which drops what is left of it, and a second one refused.

    Of the misbehaviour it does what concerns answers: `ack_delay` holds confirmations back and with them what follows
    them, `answer_delay` everything.
    """

    def __init__(self, misbehaviour: Misbehaviour = _NOTHING_WRONG) -> None:
        self._wrong = misbehaviour
        self._waiting: deque[_Waiting] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def interrogated(self) -> bool:
        """Whether an interrogation is not yet answered to its end."""
        return any(type_id(it.request) in _INTERROGATIONS for it in self._waiting)

    def put(self, request: bytes, answers: Sequence[bytes], now: float) -> None:
        """Add what the station answers to a request."""
        for asdu in self._altered(self._judged(request, answers)):
            self._waiting.append(_Waiting(self._due(asdu, now), asdu, request))

    def take(self, count: int, now: float) -> list[bytes]:
        """Return what goes out now, at most `count`; it counts as sent."""
        taken: list[bytes] = []
        while len(taken) < count and self._waiting and self._waiting[0].due <= now:
            taken.append(self._waiting.popleft().asdu)
        return taken

    def next_deadline(self, now: float) -> float:
        """When `take` has something that it has not now; infinite where only room is missing."""
        if not self._waiting or self._waiting[0].due <= now:
            return math.inf
        return self._waiting[0].due

    def clear(self) -> None:
        """Drop what waits: whoever asked has stopped or is gone."""
        self._waiting.clear()

    def _judged(self, request: bytes, answers: Sequence[bytes]) -> Sequence[bytes]:
        """Return the answers that hold now that it is known whether an interrogation still runs."""
        if not answers or type_id(request) not in _INTERROGATIONS:
            return answers
        first = answers[0]
        if cause(first) == Cause.DEACTIVATION_CON and self._break_off(request):
            return [with_cause(first, Cause.DEACTIVATION_CON, negative=False)]
        if cause(first) == Cause.ACTIVATION_CON and self._refuses(request):
            return [with_cause(first, Cause.ACTIVATION_CON, negative=True)]
        return answers

    def _break_off(self, deactivation: bytes) -> bool:
        """Drop what is left of the interrogation that is meant; whether there was anything."""
        kept = [it for it in self._waiting if it.is_confirmation or _meant(it.request) != _meant(deactivation)]
        running = len(kept) < len(self._waiting)
        self._waiting = deque(kept)
        return running

    def _refuses(self, request: bytes) -> bool:
        if not self._wrong.refuse_second_gi or type_id(request) != TypeId.C_IC_NA_1:
            return False
        return any(type_id(it.request) == TypeId.C_IC_NA_1 and not it.is_confirmation for it in self._waiting)

    def _altered(self, answers: Iterable[bytes]) -> Iterator[bytes]:
        for asdu in answers:
            if not (self._wrong.no_actterm and cause(asdu) == Cause.ACTIVATION_TERM):
                yield asdu if self._wrong.mirror_oa else with_originator(asdu, 0)

    def _due(self, asdu: bytes, now: float) -> float:
        due = now + self._wrong.answer_delay + (self._wrong.ack_delay if cause(asdu) in _CONFIRMATIONS else 0)
        return max(due, self._waiting[-1].due) if self._waiting else due


def _meant(request: bytes) -> tuple[int, int, bytes]:
    """What an interrogation and its deactivation have in common: type, OA and object with its qualifier."""
    return type_id(request), originator(request), request[HEADER_LENGTH:]
