"""What the RTU sent and what each master received of it: the demonstration keeps books on itself."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from iec104mm2ss.wire.asdu import with_common_address


@dataclass(slots=True)
class Event:
    """One report of the RTU, in the words of `text`; `missing` counts the masters that have yet to receive it."""

    asdu: bytes
    text: str
    missing: int


@dataclass(slots=True)
class Account:
    """What one master is owed and what it got. Everything but `received` and `answered` should stay 0."""

    name: str
    ca: int
    owed: deque[Event] = field(default_factory=deque)
    received: int = 0
    lost: int = 0
    strange: int = 0
    answered: int = 0
    unanswered: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, doubled, out of order, somebody else's or unanswered."""
        return not (self.owed or self.lost or self.strange or self.unanswered)

    def arrived(self, asdu: bytes) -> Event | None:
        """Settle a report that came, octet by octet what the RTU sent but for the CA; None for one that nobody owes.

        Those before it that did not come are lost: no report overtakes another.
        """
        place = next((at for at, event in enumerate(self.owed) if self._is(event, asdu)), None)
        if place is None:
            self.strange += 1
            return None
        for _ in range(place):
            self.owed.popleft()
        self.lost += place
        self.received += 1
        event = self.owed.popleft()
        event.missing -= 1
        return event

    def _is(self, event: Event, asdu: bytes) -> bool:
        return with_common_address(event.asdu, self.ca) == asdu


class Ledger:
    """The accounts of all masters; `sent` counts reports of the RTU."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.accounts = accounts
        self.sent = 0
        self._settled = asyncio.Event()

    def report(self, asdu: bytes, text: str) -> None:
        """Owe a report to every master, before it is sent."""
        self.sent += 1
        event = Event(asdu, text, len(self.accounts))
        for account in self.accounts:
            account.owed.append(event)
        self._settled.clear()

    def arrived(self, account: Account, asdu: bytes) -> Event | None:
        """Settle a report with a master; return it if that was the last one to receive it."""
        event = account.arrived(asdu)
        if not any(it.owed for it in self.accounts):
            self._settled.set()
        return event if event is not None and event.missing == 0 else None

    async def settled(self, within: float) -> bool:
        """Wait until nobody is owed anything, at most `within` seconds; return whether it came to that."""
        if not any(it.owed for it in self.accounts):
            return True
        try:
            async with asyncio.timeout(within):
                await self._settled.wait()
        except TimeoutError:
            return False
        return True
