"""Faults planted into the gateway, each with the invariant that finds it."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from iec104mm2ss.gateway.attempts import Attempts
from iec104mm2ss.gateway.exchange import Exchange
from iec104mm2ss.gateway.group import Group
from iec104mm2ss.gateway.port import MasterPort
from iec104mm2ss.link.link import Link
from iec104mm2ss.link.sequence import SendWindow
from iec104mm2ss.record.refusals import Refusals
from iec104mm2ss.routing import dispatch, ring
from iec104mm2ss.routing.account import Account
from iec104mm2ss.routing.buffer import EventBuffer
from iec104mm2ss.routing.delivery import Delivery
from iec104mm2ss.routing.dispatch import Dispatch
from iec104mm2ss.routing.ledger import Ledger
from iec104mm2ss.routing.ownership import Ownership
from iec104mm2ss.routing.reader import Reader
from iec104mm2ss.routing.ring import Lane, Ring
from tests.simulation.invariant import Invariant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: `target.name` becomes what `change` makes of it; found by `invariant`."""

    text: str
    invariant: Invariant
    target: Any
    name: str
    change: Callable[[Any], Any]

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the program wrong for a while."""
        with mock.patch.object(self.target, self.name, self.change(getattr(self.target, self.name))):
            yield


def _instead(*, value: object) -> Callable[[Any], Any]:
    return lambda _: lambda *_, **__: value


def _swap(asdus: list[bytes]) -> list[bytes]:
    return asdus[::-1]


def _skip(asdus: list[bytes]) -> list[bytes]:
    return asdus[1:] if len(asdus) > 1 else asdus


def _changed_take(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Any], Any]:
    return lambda original: lambda self, n, now: change(original(self, n, now))


def _repeated(original: Any) -> Any:  # noqa: ANN401 - any method, as below
    def take(self: Reader, n: int, now: float) -> list[bytes]:
        asdus: list[bytes] = original(self, n, now)
        return [*asdus, asdus[-1]] if 1 < len(asdus) < n else asdus

    return take


def _sent_twice(original: Any) -> Any:  # noqa: ANN401
    def take(self: Dispatch, n: int, now: float) -> list[bytes]:
        asdus: list[bytes] = original(self, n, now)
        return [*asdus, asdus[-1]] if 0 < len(asdus) < n else asdus

    return take


def _refused_but_kept(_: Any) -> Any:  # noqa: ANN401
    def expire(self: Dispatch, request: Any, now: float) -> None:  # noqa: ANN401 - the request's type has no part in it
        self._refuse_late(request, now)
        self.wake()

    return expire


def _quality_lost(original: Any) -> Any:  # noqa: ANN401
    def append(self: Ring, asdus: Sequence[bytes], now: float) -> None:
        original(self, [asdu[:13] + b"\x80" + asdu[14:] for asdu in asdus], now)

    return append


def _everybody(_: Any) -> Any:  # noqa: ANN401
    def to_members(self: Delivery, requests: Sequence[Any], asdu: bytes, now: float) -> None:
        for request in requests:
            self._to_all(request, asdu, now)

    return to_members


def _other_groups_too(original: Any) -> Any:  # noqa: ANN401
    def drop(self: Group, reason: str) -> None:
        original(self, reason)
        for task in asyncio.all_tasks():
            if task.get_name().startswith("group ") and task is not asyncio.current_task():
                task.cancel()

    return drop


def _noticed(original: Any) -> Any:  # noqa: ANN401
    def fail(self: Exchange, master: Any, count: int) -> None:  # noqa: ANN401
        if count > 5:
            raise RuntimeError("a bug of ours")
        original(self, master, count)

    return fail


def _by_the_wall_clock(original: Any) -> Any:  # noqa: ANN401
    return lambda self, data, now: original(self, data, time.time() - 1_700_000_000)


def _after_a_day(original: Any) -> Any:  # noqa: ANN401
    return lambda self: original(self) + 86_400.0


def _left_open(_: Any) -> Any:  # noqa: ANN401
    def close(self: MasterPort) -> None:
        for task in (self._listening, self._probing):
            if task is not None:
                task.cancel()
        self._listening = self._probing = None

    return close


MUTANTS: Final = (
    Mutant("a reader skips an ASDU", Invariant.DELIVERY, Reader, "take", _changed_take(_skip)),
    Mutant("nothing is replayed", Invariant.DELIVERY, ring, "is_replayable", _instead(value=False)),
    Mutant("a batch goes out the wrong way round", Invariant.ORDER, Reader, "take", _changed_take(_swap)),
    Mutant("an ASDU goes out twice", Invariant.ORDER, Reader, "take", _repeated),
    Mutant("the quality of a value is lost", Invariant.CONTENT, Ring, "append", _quality_lost),
    Mutant("answers go to everybody", Invariant.ISOLATION, Delivery, "_to_members", _everybody),
    Mutant("another station's points are not withheld", Invariant.ISOLATION, Lane, "withholds", _instead(value=False)),
    Mutant("a request is handed on twice", Invariant.ONCE, Dispatch, "take", _sent_twice),
    Mutant("a command is sent after its refusal", Invariant.ONCE, Dispatch, "expire", _refused_but_kept),
    Mutant("commands wait for a minute", Invariant.LATE, dispatch, "COMMAND_AGE", lambda _: 60.0),
    Mutant("a select owns nothing", Invariant.SELECTION, Ownership, "owner", _instead(value=None)),
    Mutant("requests are never held", Invariant.SHIELD, Dispatch, "_is_held", _instead(value=False)),
    Mutant("the buffer never trims", Invariant.MEMORY, EventBuffer, "_trim", _instead(value=None)),
    Mutant("answers are not counted", Invariant.ACCOUNT, Account, "count", _instead(value=None)),
    Mutant("k is one too many", Invariant.PROTOCOL, SendWindow, "__init__", lambda init: lambda it, k: init(it, k + 1)),
    Mutant("an RTU is tried again once a day", Invariant.RECOVERY, Attempts, "_end_round", _after_a_day),
    Mutant("deadlines run by the wall clock", Invariant.RECOVERY, Link, "receive", _by_the_wall_clock),
    Mutant("an RTU's loss reaches other groups", Invariant.NEIGHBOUR, Group, "_drop", _other_groups_too),
    Mutant("ports stay open", Invariant.CLOSING, MasterPort, "close", _left_open),
    Mutant("a timer stays behind", Invariant.CLOSING, Refusals, "close", _instead(value=None)),
    Mutant("an acknowledgement fails", Invariant.NO_BUG, Exchange, "acknowledged", _noticed),
    Mutant("a deadline is forgotten", Invariant.RECOVERY, Ledger, "overdue", _instead(value=None)),
)
