"""An ASDU of the RTU goes out: to every master, or to those who asked for it."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, takewhile
from operator import eq, itemgetter
from typing import Final

from iec104mm2ss.routing.dispatch import Dispatch
from iec104mm2ss.routing.ledger import Ledger
from iec104mm2ss.routing.notes import Tally
from iec104mm2ss.routing.policy import Policy
from iec104mm2ss.routing.request import Request
from iec104mm2ss.routing.table import (
    DEACTIVATION_CONFIRMATION,
    DESTINATIONS,
    DIRECTORY,
    Destination,
    Kind,
    is_private,
)
from iec104mm2ss.routing.transfer import Transfer
from iec104mm2ss.wire.asdu import EXPECTED_LENGTH, cause, fault, is_negative, type_id, with_originator
from iec104mm2ss.wire.describe import describe_asdu

Handler = Callable[[bytes, float], None]

_FIRST_OCTETS: Final = itemgetter(slice(4))


@lru_cache(maxsize=4096)
def _length_of_values(first: bytes) -> int:
    """Return how long an ASDU is that begins with these four octets, if it goes to everybody as it is; else 0.

    An RTU uses few combinations of type, qualifier and cause, so that most ASDUs need nothing but to be looked up here.
    It is 0 for every private type, as their length is not known: whether these are blocked is asked for them alone.
    """
    if DESTINATIONS[first[0] << 6 | first[2] & 0x3F] or first[3]:
        return 0
    return max(EXPECTED_LENGTH[first[0] << 8 | first[1]], 0)


class Delivery:
    """Appends what the RTU sends to the event buffer, with its addressees."""

    def __init__(self, policy: Policy, ledger: Ledger, dispatch: Dispatch, transfer: Transfer) -> None:
        self.policy = policy
        self._ledger = ledger
        self._dispatch = dispatch
        self._transfer = transfer
        self._handlers: dict[int, Handler] = {
            Destination.ASKER: self._answer,
            Destination.READER: self._read,
            Destination.INTERROGATOR: self._interrogated,
            Destination.TRANSFER: self._file,
            Destination.RESTARTED: self._restarted,
            Destination.NOBODY: self._misplaced,
        }

    def receive(self, asdus: Sequence[bytes], now: float) -> bool:
        """Take the ASDUs of one batch in order; returns whether all are values for everybody."""
        only_values = all(map(eq, map(_length_of_values, map(_FIRST_OCTETS, asdus)), map(len, asdus)))
        if only_values:
            self._ledger.buffer.append(asdus, now)
        else:
            self._sort(asdus if self.policy.private_types else self._without_private(asdus), now)
        return only_values

    def _sort(self, asdus: Sequence[bytes], now: float) -> None:
        """Take ASDUs of any kind in order; runs for everybody stay runs."""
        run: list[bytes] = []
        for asdu in asdus:
            expected = EXPECTED_LENGTH[asdu[0] << 8 | asdu[1]]
            if expected and expected != len(asdu):
                self._malformed(asdu)
            elif target := DESTINATIONS[asdu[0] << 6 | asdu[2] & 0x3F]:
                self._flush(run, now)
                run = []
                self._handlers[target](asdu, now)
            else:
                run.append(with_originator(asdu, 0) if asdu[3] else asdu)
        self._flush(run, now)

    def _without_private(self, asdus: Sequence[bytes]) -> list[bytes]:
        for asdu in filter(is_private, asdus):
            # A station that sends one of them sends many.
            first = not self._ledger.notes.tally[Tally.PRIVATE]
            text = f"{describe_asdu(asdu)}: dropped, private types are blocked; further ones are counted only"
            self._ledger.notes.count(Tally.PRIVATE, text if first else "")
        return [asdu for asdu in asdus if not is_private(asdu)]

    def _flush(self, run: Sequence[bytes], now: float) -> None:
        if run:
            self._ledger.buffer.append(run, now)

    def _everybody(self, asdu: bytes, now: float) -> None:
        self._ledger.buffer.append((with_originator(asdu, 0),), now)

    def _malformed(self, asdu: bytes) -> None:
        self._ledger.notes.count(Tally.MALFORMED, f"dropped: {fault(asdu)}")

    def _restarted(self, asdu: bytes, _now: float) -> None:
        # Many RTUs send it after every STARTDT, so it is nothing to be warned of.
        self._ledger.notes.count(Tally.END_OF_INITIALISATION)
        self._ledger.notes.tell(None, f"{describe_asdu(asdu)}: the RTU has started anew; not forwarded")

    def _misplaced(self, asdu: bytes, _now: float) -> None:
        self._ledger.notes.count(Tally.MISPLACED, f"{describe_asdu(asdu)}: dropped, only a master sends this")

    def _unasked(self, asdu: bytes) -> None:
        self._ledger.notes.count(Tally.UNASKED, f"{describe_asdu(asdu)}: dropped, nobody asked for it")

    def _answer(self, asdu: bytes, now: float) -> None:
        request = self._ledger.pending.asked_for(asdu)
        if request is None:
            self._unasked(asdu)
            return
        self._to_members((request,), asdu, now)
        if cause(asdu) == DEACTIVATION_CONFIRMATION and not is_negative(asdu):
            self._cancelled(request, now)
        self._ledger.answered(request, asdu, now)
        self._dispatch.wake()

    def _cancelled(self, cancel: Request, now: float) -> None:
        """End what a confirmed deactivation stopped, which is nothing that the RTU got after it."""
        before = takewhile(lambda it: it is not cancel, self._ledger.pending.with_key(cancel.key))
        for request in [it for it in before if cancel.asker in it.askers]:
            if cancel.deactivates(request) or request.kind in (Kind.SELECT, Kind.EXECUTE):
                self._ledger.end(request, "cancelled", now)

    def _read(self, asdu: bytes, now: float) -> None:
        requests = self._ledger.pending.reads_for(asdu)
        if not requests:
            self._everybody(asdu, now)
            return
        self._to_members(requests, asdu, now)
        for request in requests:
            self._ledger.end(request, "read", now)
        self._dispatch.wake()

    def _interrogated(self, asdu: bytes, now: float) -> None:
        request = self._ledger.pending.interrogated_for(asdu)
        if request is None:
            self._everybody(asdu, now)
            return
        self._ledger.progressed(request, now)
        if self.policy.copy_interrogation_data:
            self._to_all(request, asdu, now)
        else:
            self._to_members((request,), asdu, now)

    def _to_members(self, requests: Sequence[Request], asdu: bytes, now: float) -> None:
        addressees = dict(chain.from_iterable(request.addressees().items() for request in requests))
        if addressees:
            self._ledger.buffer.append_for(addressees, asdu, now)
        else:
            self._ledger.notes.count(Tally.SWALLOWED)

    def _to_all(self, request: Request, asdu: bytes, now: float) -> None:
        everybody = {session.reader: 0 for session in self._dispatch.sessions}
        self._ledger.buffer.append_for(everybody | request.addressees(), asdu, now)

    def _file(self, asdu: bytes, now: float) -> None:
        if self._transfer.is_leftover(asdu, now):
            self._ledger.notes.count(Tally.SWALLOWED)
            return
        session = self._transfer.holder(now)
        if session is not None:
            self._ledger.buffer.append_for({session.reader: self._transfer.oa}, asdu, now)
            self._transfer.answered(asdu, now)
        elif type_id(asdu) == DIRECTORY:
            self._everybody(asdu, now)
        else:
            self._unasked(asdu)
